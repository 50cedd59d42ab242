import { beforeAll, describe, expect, test } from "vitest";
import { LANGUAGES } from "../../../../src/domain/language.ts";
import { apiRoutes } from "../../../../src/routes/api/table.ts";
import {
  call,
  expectAnswer,
  expectRefusal,
  issue,
  makeService,
  makeTeam,
  OPERATOR_KEY,
  sealed,
  send,
  type Answer,
} from "../../support.ts";

let team = "";
let token = "";
let key = "";
beforeAll(async () => {
  team = (await makeTeam()).id;
  ({ token } = await issue(team, { permissions: ["EMM.Team.VIEW"] }));
  ({ key } = await makeService());
});

/** A path of the route, as a request may write it. */
function pathOf(template: string): string {
  return template.replace("{team}", team).replaceAll(/\{\w+\}/g, "x");
}

const PATHS = [...new Set(apiRoutes.filter(({ anyMethod }) => !anyMethod).map(({ path }) => path))];
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

describe("a known path with another method", () => {
  test.each(PATHS)("%s is 405 COM0001 with Allow, whoever asks", async (template) => {
    const taken: string[] = apiRoutes.filter(({ path }) => path === template).map(({ method }) => method);
    const allow = [...(taken.includes("GET") ? ["HEAD"] : []), ...taken].toSorted().join(", ");
    for (const method of [...METHODS, "OPTIONS", "QUERY"].filter((each) => !taken.includes(each))) {
      for (const as of [OPERATOR_KEY, null]) {
        const answer = await call(method, pathOf(template), { as });
        expectRefusal(answer, 405, "COM0001");
        expect(answer.headers.get("Allow"), method).toBe(allow);
      }
    }
  });

  test("is not fooled by a method that a header names", async () => {
    const headers = {
      "X-HTTP-Method-Override": "DELETE",
      "X-HTTP-Method": "DELETE",
      "X-Method-Override": "DELETE",
    };
    const answer = await call("POST", `/v1/teams/${team}?_method=DELETE`, { headers });
    expectRefusal(answer, 405, "COM0001");
  });

  test("HEAD is GET without the body", async () => {
    const head = await send("HEAD", `/v1/teams/${team}`);
    const get = await send("GET", `/v1/teams/${team}`);
    expect([head.status, await head.text(), head.headers.get("ETag")]).toEqual([
      200,
      "",
      get.headers.get("ETag"),
    ]);
    expect((await send("HEAD", `/v1/teams/${team}`, { as: null })).status).toBe(401);
  });
});

describe("an unknown path", () => {
  test.each([
    "/",
    "/nope",
    "/v1",
    "/v1/",
    "/v1/nope",
    "/v1/teams/",
    "/v1/teams/a/b/c/d/e",
    "/v1x",
    "/v",
    "/version",
    "/V1/teams",
    "//v1/teams",
  ])("%s is 404 COM0008", async (path) => {
    for (const method of METHODS) expectRefusal(await call(method, path), 404, "COM0008");
  });

  test.each([
    "/v2",
    "/v2/teams",
    "/v0/check",
    "/v10/teams",
    "/v11",
    "/v999999999999999999999/x",
    "/v01/teams",
  ])("%s is 400 COM0012", async (path) => {
    for (const method of METHODS) expectRefusal(await call(method, path, { as: null }), 400, "COM0012");
  });
});

describe("the credential", () => {
  /** Of each kind of access, one. */
  const guarded: [string, string][] = [
    ["GET", "/v1/teams"],
    ["POST", "/v1/check"],
    ["GET", "/v1/teams/team_x/access-tokens"],
  ];

  /** A challenge but for what every one of a team's API has in common (RFC 9728, section 5.1). */
  const challengeOf = ({ headers }: Answer): string =>
    (headers.get("WWW-Authenticate") ?? "").replace(
      ', resource_metadata="https://tokens.example.com/.well-known/oauth-protected-resource"',
      "",
    );

  test.each(guarded)(
    "of %s %s: none is 401 COM0013, and the challenge has no error code",
    async (method, path) => {
      const none: Record<string, string>[] = [
        {},
        { Authorization: "" },
        { Authorization: "Bearer" },
        { Authorization: "Bearer " },
        { Authorization: "Basic b3BlcmF0b3I6eA==" },
        { Authorization: `Token ${OPERATOR_KEY}` },
        { Authorization: OPERATOR_KEY },
        { "X-Api-Key": OPERATOR_KEY },
        { Cookie: `token=${OPERATOR_KEY}` },
      ];
      for (const headers of none) {
        const answer = await call(method, path, { as: null, headers });
        expectRefusal(answer, 401, "COM0013");
        expect(challengeOf(answer)).toBe('Bearer realm="jeton"');
      }
    },
  );

  test.each(guarded)("of %s %s: an unknown one is 401 COM0013 with invalid_token", async (method, path) => {
    for (const as of [
      "garbage",
      "jtn-dev-operator-kex",
      `${OPERATOR_KEY}x`,
      sealed("pat"),
      sealed("rt"),
      "🔑",
    ]) {
      const answer = await call(method, path, { as: encodeURI(as) });
      expectRefusal(answer, 401, "COM0013");
      expect(challengeOf(answer)).toMatch(
        /^Bearer realm="jeton", error="invalid_token", error_description="[^"\\]+"$/,
      );
    }
  });

  test("without the permission is 403 TOK0001 with insufficient_scope and the scope that would do", async () => {
    const answer = await call("GET", `/v1/teams/${team}/access-tokens`, { as: token });
    expectRefusal(answer, 403, "TOK0001");
    expect(challengeOf(answer)).toMatch(
      /^Bearer realm="jeton", error="insufficient_scope", error_description="[^"\\]+", scope="EMM\.AccessTokens\.VIEW"$/,
    );
  });

  test("of another region is 401 TOK0003 with the region to go to", async () => {
    const answer = await call("GET", `/v1/teams/${team}`, { as: sealed("pat", { region: "eu" }) });
    expect(expectRefusal(answer, 401, "TOK0003").region).toEqual({
      code: "eu",
      base_url: "https://tokens.example.eu",
    });
  });

  test("of a token that is no operator's is 403 where only the operator may", async () => {
    expectRefusal(await call("GET", "/v1/teams", { as: token }), 403, "TOK0001");
  });

  test.each(["Bearer", "bearer", "BEARER", "Zoho-oauthtoken", "zoho-oauthtoken", "ZOHO-OAUTHTOKEN"])(
    "may come by scheme %s",
    async (scheme) => {
      const headers = { Authorization: `${scheme} ${token}` };
      expectAnswer(await call("GET", `/v1/teams/${team}`, { as: null, headers }), 200, "Team");
    },
  );

  test("in the query is 400 COM0014, alone or beside the header, for every route and spelling", async () => {
    for (const { method, path } of apiRoutes) {
      // There the credential and the query are somebody else's, passed on.
      if (path.startsWith("/v1/forward-auth")) continue;
      for (const query of [
        `access_token=${token}`,
        "access_token",
        "x=1&access_token=",
        "access%5Ftoken=x",
      ]) {
        for (const as of [null, OPERATOR_KEY]) {
          expectRefusal(await call(method, `${pathOf(path)}?${query}`, { as }), 400, "COM0014");
        }
      }
    }
  });

  test("twice is 400 COM0014", async () => {
    const headers = { Authorization: `Bearer ${token}, Bearer ${OPERATOR_KEY}` };
    expectRefusal(await call("GET", `/v1/teams/${team}`, { as: null, headers }), 400, "COM0014");
    const request = new Headers();
    request.append("Authorization", `Bearer ${token}`);
    request.append("Authorization", `Bearer ${token}`);
    const joined = { Authorization: request.get("Authorization") ?? "" };
    expectRefusal(await call("GET", `/v1/teams/${team}`, { as: null, headers: joined }), 400, "COM0014");
  });

  test("is asked for before anything else is said about the request", async () => {
    const answers = [
      await call("POST", "/v1/teams", { as: null, body: "{", headers: { "Content-Type": "text/plain" } }),
      await call("PATCH", `/v1/teams/${team}`, { as: key, body: "" }),
      await call("GET", "/v1/teams?limit=0", { as: "garbage" }),
    ];
    for (const answer of answers) expectRefusal(answer, 401, "COM0013");
  });
});

describe("Accept", () => {
  const tryAccept = (accept: string): Promise<Answer> =>
    call("GET", `/v1/teams/${team}`, { headers: { Accept: accept } });

  test.each([
    "",
    "*/*",
    "application/*",
    "application/json",
    "APPLICATION/JSON",
    "text/html, application/json;q=0.1",
    "text/html, */*;q=0.001",
    "application/json; charset=utf-8",
  ])("%j is met", async (accept) => {
    expectAnswer(await tryAccept(accept), 200, "Team");
  });

  test.each([
    "text/html",
    "application/xml",
    "application/json;q=0",
    "application/*;q=0, text/html",
    "*/*;q=0.0",
    "application/json;q=0, */*",
    "garbage",
    "text/*",
  ])("%j is 406 COM0014", async (accept) => {
    expectRefusal(await tryAccept(accept), 406, "COM0014");
  });
});

describe("Accept-Language", () => {
  test.each(LANGUAGES)("%s is spoken, and Content-Language says so", async (language) => {
    const headers = { "Accept-Language": `xx, ${language}-XX;q=0.9, en;q=0.1` };
    const answer = await call("GET", "/v1/nope", { headers });
    const { error_description, localized_error_description } = expectRefusal(answer, 404, "COM0008");
    expect(answer.headers.get("Content-Language")).toBe(language);
    expect(answer.headers.get("Vary")).toContain("Accept-Language");
    expect(error_description).toBe("There is nothing at this path. Check the URL.");
    if (language === "en") expect(localized_error_description).toBe(error_description);
    else expect(localized_error_description).not.toBe(error_description);
  });

  test.each(["", "*", "xx", ";;;", "q=1", "de;q=0", "\t", "a".repeat(5_000), "en-US,en;q=0.5", "日本語"])(
    "garbage is no error, and gives English: %j",
    async (language) => {
      const answer = await call("GET", "/v1/nope", { headers: { "Accept-Language": encodeURI(language) } });
      expectRefusal(answer, 404, "COM0008");
      expect(answer.headers.get("Content-Language")).toBe("en");
    },
  );
});

describe("GET /v1/errors", () => {
  test("lists every code that an answer can have, in the language that is asked for, to anyone", async () => {
    const answer = await call("GET", "/v1/errors", { as: null, headers: { "Accept-Language": "ja" } });
    const { errors } = expectAnswer(answer, 200, "Errors");
    const codes = errors.map(({ error_code }) => error_code);
    const com = Array.from({ length: 15 }, (_, n) => `COM${String(n + 1).padStart(4, "0")}`);
    const tok = Array.from({ length: 8 }, (_, n) => `TOK000${n + 1}`);
    expect(codes).toEqual(
      expect.arrayContaining([...com, ...tok, "COM0021", "COM00020", "LOC0001", "SDE0003", "CMD0001"]),
    );
    expect(new Set(codes).size).toBe(codes.length);
    expect(answer.headers.get("Content-Language")).toBe("ja");
    for (const { statuses, error_description, localized_error_description } of errors) {
      expect(statuses.length).toBeGreaterThan(0);
      expect(localized_error_description).not.toBe(error_description);
    }
  });
});

test("no answer may be kept by a cache, except where it says so itself", async () => {
  for (const path of [
    `/v1/teams/${team}`,
    "/v1/nope",
    "/v1/teams?limit=0",
    `/v1/teams/${team}/access-tokens`,
  ]) {
    expect((await call("GET", path)).headers.get("Cache-Control")).toBe("no-store");
  }
});

test("GET /healthz tells anyone that the region serves", async () => {
  const health = expectAnswer(await call("GET", "/healthz", { as: null }), 200, "Health");
  expect(health).toEqual({
    status: "ok",
    region: "us",
    version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
  });
});
