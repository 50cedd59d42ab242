import { beforeAll, describe, expect, test } from "vitest";
import {
  call,
  expectRefusal,
  issue,
  makeService,
  makeTeam,
  sealed,
  send,
  startWorker,
  storeToken,
  type Answer,
  type Sending,
} from "../support.ts";

let team = "";
let otherTeam = "";
let key = "";
let id = "";
let token = "";

beforeAll(async () => {
  team = (await makeTeam()).id;
  otherTeam = (await makeTeam()).id;
  ({ key } = await makeService());
  ({ id, token } = await issue(team, {
    profile_id: "p1",
    permissions: ["EMM.Devices.VIEW", "EMM.DeviceCommands.LOCK"],
  }));
});

interface Asking extends Sending {
  readonly query?: string;
}

/** Asks as the proxy would, for a call of the token's holder. */
function ask({ query = `team=${team}`, as = token, headers = {}, ...rest }: Asking = {}): Promise<Answer> {
  const path = query === "" ? "/v1/forward-auth" : `/v1/forward-auth?${query}`;
  return call("GET", path, { as, headers: { "X-Jeton-Service-Key": key, ...headers }, ...rest });
}

function xHeaders({ headers }: Answer): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith("x-jeton-")));
}

describe("an allowed call", () => {
  test("is 200 and tells the token, its team, its profile and its permissions", async () => {
    const answer = await ask({ query: `permission=EMM.DeviceCommands.LOCK&team=${team}` });
    expect(answer.status).toBe(200);
    expect(xHeaders(answer)).toEqual({
      "x-jeton-token": id,
      "x-jeton-team": team,
      "x-jeton-profile": "p1",
      "x-jeton-permissions": [
        "EMM.DeviceCommands.LOCK",
        "EMM.Devices.VIEW",
        "EMM.EnrolmentTokens.VIEW",
        "EMM.Groups.VIEW",
        "EMM.Policies.VIEW",
        "EMM.Team.VIEW",
      ].join(","),
    });
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
  });

  test("may come by seed 002's scheme, in any case", async () => {
    for (const scheme of ["Zoho-oauthtoken", "zoho-OAUTHTOKEN", "bearer", "BEARER"]) {
      expect((await ask({ headers: { Authorization: `${scheme} ${token}` } })).status).toBe(200);
    }
  });

  test.each(["text/html", "image/png", "text/html;q=0.9, */*;q=0", "nonsense"])(
    "is answered whatever its caller accepts: %s",
    async (accept) => {
      expect((await ask({ headers: { Accept: accept } })).status).toBe(200);
      expectRefusal(await ask({ as: sealed("pat"), headers: { Accept: accept } }), 401, "COM0013");
    },
  );

  test("shows a service that has catalogues no permission of any other", async () => {
    const { key: narrow } = await makeService({ catalogues: ["MDMOnDemand"] });
    const { token: broad } = await issue(team, {
      permissions: ["EMM.Devices.VIEW", "MDMOnDemand.MDMUser.READ"],
    });
    const answer = await ask({ as: broad, headers: { "X-Jeton-Service-Key": narrow } });
    expect(answer.headers.get("X-Jeton-Permissions")).toBe("MDMOnDemand.MDMUser.READ");
  });

  test("is answered to HEAD as to GET", async () => {
    const response = await send("HEAD", `/v1/forward-auth?team=${team}`, {
      as: token,
      headers: { "X-Jeton-Service-Key": key },
    });
    expect([response.status, response.headers.get("X-Jeton-Token")]).toEqual([200, id]);
  });

  test("tells what is left of the token's rate limit", async () => {
    const { token: limited } = await issue(team, {
      permissions: ["EMM.Devices.VIEW"],
      rate_limit: { limit: 5, window_seconds: 600 },
    });
    const { headers } = await ask({ as: limited });
    expect([headers.get("RateLimit-Limit"), headers.get("RateLimit-Remaining")]).toEqual(["5", "4"]);
    expect(Number(headers.get("RateLimit-Reset"))).toBeGreaterThan(0);
  });
});

describe("a profile", () => {
  test.each([
    ["none", null, ""],
    ["beyond ASCII", "Käufer プロ 1", "K%C3%A4ufer%20%E3%83%97%E3%83%AD%201"],
    ["with a line break", "p1\r\nX-Jeton-Team: team_other", "p1%0D%0AX-Jeton-Team:%20team_other"],
    ["with a percent sign", "100%41", "100%2541"],
    ["of an emoji", "😀", "%F0%9F%98%80"],
  ])("%s is one harmless header", async (_, profile, expected) => {
    const stored = await storeToken(team, { profile_id: profile });
    const answer = await ask({ as: stored });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("X-Jeton-Profile")).toBe(expected);
    expect(answer.headers.get("X-Jeton-Team")).toBe(team);
  });
});

describe("permissions", () => {
  const both = "permission=EMM.DeviceCommands.LOCK&permission=EMM.DeviceCommands.WIPE";

  test("are repeatable, and the token needs all of them", async () => {
    const refused = await ask({ query: `${both}&team=${team}` });
    expect(expectRefusal(refused, 403, "TOK0001").missing).toEqual(["EMM.DeviceCommands.WIPE"]);
    const { token: strong } = await issue(team, {
      permissions: ["EMM.Devices.VIEW", "EMM.DeviceCommands.LOCK", "EMM.DeviceCommands.WIPE"],
    });
    expect((await ask({ query: `${both}&team=${team}`, as: strong })).status).toBe(200);
  });

  test("that no catalogue has are the proxy's mistake", async () => {
    for (const permission of ["EMM.DeviceCommands.EXPLODE", "EMM.DeviceCommands.ALL", "", "*"]) {
      const query = `permission=${encodeURIComponent(permission)}&team=${team}`;
      expectRefusal(await ask({ query }), 400, "COM0005");
    }
  });
});

describe("the team", () => {
  test("is required: without one a token would act for any", async () => {
    for (const query of ["", "team=", "permission=EMM.Devices.VIEW", "teams=any"]) {
      expectRefusal(await ask({ query }), 400, "COM0005");
    }
  });

  test("must be the token's own, existing or not", async () => {
    for (const asked of [otherTeam, "team_none", "ANY", "any%20", `${team}%00`]) {
      const refused = await ask({ query: `team=${asked}` });
      expectRefusal(refused, 403, "TOK0002");
      expect(xHeaders(refused)).toEqual({ "x-jeton-status": "403" });
    }
  });

  test("may be said not to matter, with team=any", async () => {
    expect((await ask({ query: "team=any" })).headers.get("X-Jeton-Team")).toBe(team);
  });

  test("counts the first time it is named: one added behind changes nothing", async () => {
    expectRefusal(await ask({ query: `team=${otherTeam}&team=any` }), 403, "TOK0002");
  });
});

describe("a refused call", () => {
  test("without a credential is 401 with a bare challenge", async () => {
    const refused = await ask({ as: null });
    expectRefusal(refused, 401, "COM0013");
    expect(refused.headers.get("WWW-Authenticate")).toBe('Bearer realm="jeton"');
    expect(refused.headers.get("X-Jeton-Status")).toBe("401");
  });

  test("with a credential that is none is 401 with a challenge that says so", async () => {
    const refused = await ask({ as: sealed("pat") });
    expectRefusal(refused, 401, "COM0013");
    expect(refused.headers.get("WWW-Authenticate")).toMatch(
      /^Bearer realm="jeton", error="invalid_token", error_description="[\x20-\x21\x23-\x5b\x5d-\x7e]+"$/,
    );
  });

  test("without a permission is 403, and the challenge names the scope that would do", async () => {
    const refused = await ask({ query: `permission=EMM.DeviceCommands.WIPE&team=${team}` });
    expectRefusal(refused, 403, "TOK0001");
    const challenge = refused.headers.get("WWW-Authenticate");
    expect(challenge).toContain('error="insufficient_scope"');
    expect(challenge).toContain('scope="EMM.DeviceCommands.WIPE"');
  });

  test("of a revoked or expired token is 401 with its own code", async () => {
    expectRefusal(await ask({ as: await storeToken(team, { revoked_at: Date.now() }) }), 401, "TOK0005");
    expectRefusal(await ask({ as: await storeToken(team, { expires_at: Date.now() }) }), 401, "TOK0004");
  });

  test("of another region's token names the right address", async () => {
    const refused = await ask({ as: sealed("pat", { region: "eu" }) });
    expect(expectRefusal(refused, 401, "TOK0003").region?.base_url).toBe("https://tokens.example.eu");
  });

  test("with two credentials is 400, as everywhere", async () => {
    const headers = { Authorization: `Bearer ${token}, Bearer ${token}` };
    expectRefusal(await ask({ headers }), 400, "COM0014");
  });

  test("beyond the rate limit is 429 with Retry-After", async () => {
    const { token: limited } = await issue(team, {
      permissions: ["EMM.Devices.VIEW"],
      rate_limit: { limit: 1, window_seconds: 600 },
    });
    expect((await ask({ as: limited })).status).toBe(200);
    const refused = await ask({ as: limited });
    expectRefusal(refused, 429, "COM0002");
    expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(590);
    expect(refused.headers.get("RateLimit-Remaining")).toBe("0");
  });

  test("speaks the language of its caller", async () => {
    const refused = await ask({ as: null, headers: { "Accept-Language": "de" } });
    const body = expectRefusal(refused, 401, "COM0013");
    expect(refused.headers.get("Content-Language")).toBe("de");
    expect(body.localized_error_description).not.toBe(body.error_description);
  });
});

describe("the service key", () => {
  test.each([
    ["missing", ""],
    ["garbage", "x"],
    ["unknown", sealed("sk")],
    ["of another region", sealed("sk", { region: "eu" })],
    ["a token", sealed("pat")],
  ])("%s is 500, so that it is never the caller's fault", async (_, bad) => {
    const refused = await ask({ headers: { "X-Jeton-Service-Key": bad } });
    expectRefusal(refused, 500, "COM0004");
    expect(xHeaders(refused)).toEqual({ "x-jeton-status": "500" });
  });

  test("is not taken from Authorization, nor is the operator's key any", async () => {
    expectRefusal(await call("GET", `/v1/forward-auth?team=${team}`, { as: key }), 500, "COM0004");
    const operator = { "X-Jeton-Service-Key": "jtn-dev-operator-key" };
    expectRefusal(await ask({ headers: operator }), 500, "COM0004");
  });

  test("ends with its service", async () => {
    const { service, key: gone } = await makeService();
    await call("DELETE", `/v1/services/${service.id}`);
    const at = await startWorker();
    expectRefusal(await ask({ at, headers: { "X-Jeton-Service-Key": gone } }), 500, "COM0004");
  });
});

describe("the caller's address", () => {
  let inside = "";

  beforeAll(async () => {
    inside = (await issue(team, { permissions: ["EMM.Devices.VIEW"], allowed_ips: ["198.51.100.0/24"] }))
      .token;
  });

  test("is what the proxy says in X-Jeton-Client-IP", async () => {
    const allowed = await ask({ as: inside, headers: { "X-Jeton-Client-IP": "198.51.100.7" } });
    expect(allowed.status).toBe(200);
    const refused = await ask({ as: inside, headers: { "X-Jeton-Client-IP": "203.0.113.7" } });
    expectRefusal(refused, 403, "TOK0006");
  });

  test.each(["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP", "True-Client-IP"])(
    "is not what %s says, which is anybody's to write",
    async (header) => {
      const value = header === "Forwarded" ? "for=198.51.100.7" : "198.51.100.7";
      expectRefusal(await ask({ as: inside, headers: { [header]: value } }), 403, "TOK0006");
      const both = { [header]: value, "X-Jeton-Client-IP": "203.0.113.7" };
      expectRefusal(await ask({ as: inside, headers: both }), 403, "TOK0006");
    },
  );

  test.each(["", "unknown", "198.51.100.7, 203.0.113.7", "198.51.100.7:443", "198.51.100.0/24"])(
    "that is none, such as %j, does for no token with allowed addresses",
    async (text) => {
      expectRefusal(await ask({ as: inside, headers: { "X-Jeton-Client-IP": text } }), 403, "TOK0006");
      expect((await ask({ headers: { "X-Jeton-Client-IP": text } })).status).toBe(200);
    },
  );

  test("comes in another header where the proxy's own URL names it", async () => {
    const query = `team=${team}&client_ip_header=X-Real-IP`;
    const headers = { "X-Real-IP": "198.51.100.7", "X-Jeton-Client-IP": "203.0.113.7" };
    expect((await ask({ query, as: inside, headers })).status).toBe(200);
    const swapped = { "X-Real-IP": "203.0.113.7", "X-Jeton-Client-IP": "198.51.100.7" };
    expectRefusal(await ask({ query, as: inside, headers: swapped }), 403, "TOK0006");
  });

  test("cannot come in a header that is no header name", async () => {
    for (const name of ["", "X Real IP", "X-Real-IP%0D%0A", "%C3%A4"]) {
      expectRefusal(await ask({ query: `team=${team}&client_ip_header=${name}` }), 400, "COM0005");
    }
  });
});

test("another method is 405: the method of the call that is asked about belongs elsewhere", async () => {
  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
    const refused = await call(method, `/v1/forward-auth?team=${team}`, { as: token });
    expectRefusal(refused, 405, "COM0001");
    expect(refused.headers.get("Allow")).toBe("GET, HEAD");
  }
});

test("a token in the query of the proxy's own URL is refused, for it would stand in a log", async () => {
  expectRefusal(await ask({ query: `team=${team}&access_token=${token}`, as: null }), 400, "COM0014");
});
