import { beforeAll, describe, expect, test } from "vitest";
import {
  call,
  expectAnswer,
  expectRefusal,
  issue,
  makeTeam,
  sealed,
  statusesOf,
  storeToken,
  unique,
  type IssuedToken,
} from "../../support.ts";

const CREATE = "EMM.AccessTokens.CREATE";
const VIEW = "EMM.Devices.VIEW";
const LOCK = "EMM.DeviceCommands.LOCK";
const WIPE = "EMM.DeviceCommands.WIPE";

let team = "";
let other = "";
beforeAll(async () => {
  [team, other] = [(await makeTeam()).id, (await makeTeam()).id];
});

function maker(permissions: string[], more: object = {}): Promise<IssuedToken> {
  return issue(team, { permissions: [CREATE, ...permissions], ...more });
}

function createAs(as: string, body: object, { of = team, ip = "203.0.113.7" } = {}) {
  const headers = { "CF-Connecting-IP": ip };
  return call("POST", `/v1/teams/${of}/access-tokens`, {
    as,
    body: { name: unique("made"), ...body },
    headers,
  });
}

describe("a token that makes a token", () => {
  test("can give what it holds, all of it, and is named as the maker", async () => {
    const made = await maker([LOCK, VIEW]);
    const { access_token } = expectAnswer(
      await createAs(made.token, { permissions: [LOCK, VIEW, CREATE] }),
      201,
      "CreatedAccessToken",
    );
    expect(access_token).toMatchObject({
      created_by: made.id,
      permissions: made.access_token.permissions,
      expires_at: null,
    });
  });

  test("cannot give what it does not hold: 403 that names each, sorted, and nothing is made", async () => {
    const { token } = await maker([VIEW]);
    const refused = await createAs(token, { permissions: [WIPE, VIEW, LOCK] });
    expect(expectRefusal(refused, 403, "TOK0001").missing).toEqual([LOCK, WIPE]);
    expect((await call("GET", `/v1/teams/${team}/access-tokens`)).text).not.toContain(
      "EMM.DeviceCommands.WIPE",
    );
  });

  test.each([
    [
      "a grade above its own",
      ["EMM.Roles.VIEW"],
      { permissions: ["EMM.Roles.MANAGE"] },
      ["EMM.Roles.MANAGE"],
    ],
    [
      "ALL of what it holds in part",
      ["EMM.Roles.MANAGE"],
      { permissions: ["EMM.Roles.ALL"] },
      ["EMM.Roles.DELETE"],
    ],
    [
      "a set that it holds in part",
      ["EnterpriseCommunications.Profiles.READ"],
      { permission_sets: ["profiles-and-data"] },
      ["EnterpriseCommunications.Profiles.DELETE", "EnterpriseCommunications.Profiles.WRITE"],
    ],
    [
      "what its request brings by implication",
      [],
      { permissions: [VIEW] },
      [VIEW, "EMM.EnrolmentTokens.VIEW", "EMM.Groups.VIEW", "EMM.Policies.VIEW"],
    ],
    [
      "another catalogue's",
      [VIEW],
      { permissions: ["MDMOnDemand.MDMUser.READ"] },
      ["MDMOnDemand.MDMUser.READ"],
    ],
  ])("cannot give %s", async (_what, held, wanted, missing) => {
    const { token } = await maker(held);
    expect(expectRefusal(await createAs(token, wanted), 403, "TOK0001").missing).toEqual(missing);
  });

  test("may not without AccessTokens.CREATE, and is told which scope would do", async () => {
    const { token } = await issue(team, { permissions: [VIEW, "EMM.AccessTokens.VIEW"] });
    const refused = await createAs(token, { permissions: [VIEW] });
    expect(expectRefusal(refused, 403, "TOK0001").missing).toEqual([CREATE]);
    expect(refused.headers.get("WWW-Authenticate")).toMatch(
      /^Bearer .*error="insufficient_scope".*scope="EMM\.AccessTokens\.CREATE"/,
    );
  });

  test("may not when CREATE is of another catalogue or resource", async () => {
    const { token } = await issue(team, {
      permissions: ["MDMOnDemand.MDMUser.CREATE", "EMM.AccessTokens.VIEW"],
    });
    expectRefusal(await createAs(token, { permissions: ["EMM.Team.VIEW"] }), 403, "TOK0001");
  });

  test("keeps what it gives in the chain: a grandchild cannot have more than its parent", async () => {
    const first = await maker([LOCK, VIEW]);
    const second = expectAnswer(
      await createAs(first.token, { permissions: [CREATE, VIEW] }),
      201,
      "CreatedAccessToken",
    );
    const third = await createAs(second.token ?? "", { permissions: [LOCK, VIEW] });
    expect(expectRefusal(third, 403, "TOK0001").missing).toEqual([LOCK]);
  });
});

describe("the expiry of the maker", () => {
  test.each([
    [undefined, "the maker's, when none is asked for"],
    [7_200, "the maker's, when a later one is asked for"],
    [315_360_000, "the maker's, when the latest one is asked for"],
  ])("bounds what it makes: with expires_in %s it is %s", async (expires_in, _which) => {
    const { token, access_token } = await maker([VIEW], { expires_in: 3_600 });
    const made = expectAnswer(
      await createAs(token, { permissions: [VIEW], expires_in }),
      201,
      "CreatedAccessToken",
    );
    expect(made.access_token.expires_at).toBe(access_token.expires_at);
  });

  test("lets an earlier one be", async () => {
    const { token, access_token } = await maker([VIEW], { expires_in: 3_600 });
    const made = expectAnswer(
      await createAs(token, { permissions: [VIEW], expires_in: 60 }),
      201,
      "CreatedAccessToken",
    );
    expect(Date.parse(made.access_token.expires_at ?? "")).toBeLessThan(
      Date.parse(access_token.expires_at ?? ""),
    );
  });

  test("once passed, ends its making too", async () => {
    const expired = await storeToken(team, {
      expires_at: Date.now() - 1,
      permissions: `["${CREATE}","${VIEW}"]`,
    });
    expectRefusal(await createAs(expired, { permissions: [VIEW] }), 401, "TOK0004");
  });
});

describe("the addresses of the maker", () => {
  const allowed_ips = ["203.0.113.0/24", "2001:db8::/32"];

  test.each([
    [undefined, allowed_ips],
    [["203.0.113.7"], ["203.0.113.7"]],
    [["0.0.0.0/0"], ["203.0.113.0/24"]],
    [["::/0"], ["2001:db8::/32"]],
    [
      ["203.0.0.0/8", "2001:db8:1::/48"],
      ["203.0.113.0/24", "2001:db8:1::/48"],
    ],
    [["198.51.100.1", "203.0.113.9"], ["203.0.113.9"]],
  ])("bound what it makes: of %j there is %j left", async (wanted, expected) => {
    const { token } = await maker([VIEW], { allowed_ips });
    const made = expectAnswer(
      await createAs(token, { permissions: [VIEW], allowed_ips: wanted }),
      201,
      "CreatedAccessToken",
    );
    expect(made.access_token.allowed_ips).toEqual(expected);
  });

  test("with none in common make it impossible: 422", async () => {
    const { token } = await maker([VIEW], { allowed_ips });
    expectRefusal(
      await createAs(token, { permissions: [VIEW], allowed_ips: ["198.51.100.1"] }),
      422,
      "COM0009",
    );
  });

  test("hold for the making itself: elsewhere, or from an address that nobody vouches for, it is refused", async () => {
    const { token } = await maker([VIEW], { allowed_ips });
    expectRefusal(await createAs(token, { permissions: [VIEW] }, { ip: "198.51.100.1" }), 403, "TOK0006");
    const forwarded = {
      "X-Forwarded-For": "203.0.113.7",
      Forwarded: "for=203.0.113.7",
      "X-Real-IP": "203.0.113.7",
    };
    const path = `/v1/teams/${team}/access-tokens`;
    const answer = await call("POST", path, {
      as: token,
      body: { name: "x", permissions: [VIEW] },
      headers: forwarded,
    });
    expectRefusal(answer, 403, "TOK0006");
  });
});

describe("another team", () => {
  test("is 403 TOK0002 for a token, whether it exists or not, in every call and in the same words", async () => {
    const { token } = await issue(team, { permission_sets: ["emm-full"] });
    const stranger = await issue(other);
    for (const of of [other, "team_0000000000000000000000000x", "nonsense", "%27%20OR%201=1"]) {
      const base = `/v1/teams/${of}`;
      const list = `${base}/access-tokens`;
      const answers = [
        await call("GET", base, { as: token }),
        await call("PATCH", base, { as: token, body: { name: "Mine" } }),
        await call("GET", list, { as: token }),
        await call("POST", list, { as: token, body: { name: "x", permissions: [VIEW] } }),
        await call("GET", `${list}/${stranger.id}`, { as: token }),
        await call("POST", `${list}/${stranger.id}/revoke`, { as: token }),
        await call("DELETE", `${list}/${stranger.id}`, { as: token }),
      ];
      const texts = answers.map((answer) => expectRefusal(answer, 403, "TOK0002").error_description);
      expect(new Set(texts).size).toBe(1);
    }
    const shown = await call("GET", `/v1/teams/${other}/access-tokens/${stranger.id}`);
    expect(expectAnswer(shown, 200, "AccessToken").access_token.revoked_at).toBeNull();
  });

  test("is 404 for the operator when it does not exist", async () => {
    const list = "/v1/teams/team_0000000000000000000000000x/access-tokens";
    expectRefusal(await call("GET", list), 404, "COM0008");
    expectRefusal(await call("POST", list, { body: { name: "x", permissions: [VIEW] } }), 404, "COM0008");
    expectRefusal(await call("GET", `${list}/tok_x`), 404, "COM0008");
    expectRefusal(await call("POST", `${list}/tok_x/revoke`), 404, "COM0008");
    expectRefusal(await call("DELETE", `${list}/tok_x`), 404, "COM0008");
  });

  test("keeps its tokens out of reach by their ids under one's own team: 404, and they live on", async () => {
    const { token } = await issue(team, { permission_sets: ["emm-full"] });
    const stranger = await issue(other);
    for (const as of [token, undefined]) {
      const path = `/v1/teams/${team}/access-tokens/${stranger.id}`;
      const sending = as === undefined ? {} : { as };
      expectRefusal(await call("GET", path, sending), 404, "COM0008");
      expectRefusal(await call("DELETE", path, sending), 404, "COM0008");
      expectRefusal(await call("POST", `${path}/revoke`, sending), 404, "COM0008");
    }
    const shown = await call("GET", `/v1/teams/${other}/access-tokens/${stranger.id}`);
    expect(expectAnswer(shown, 200, "AccessToken").access_token.revoked_at).toBeNull();
  });
});

describe("what each call needs", () => {
  test("is the permission that the contract names: the grade below it does not do", async () => {
    const target = await issue(team);
    const item = `/v1/teams/${team}/access-tokens/${target.id}`;
    const needs: [string, string, object | undefined, string, string][] = [
      ["GET", `/v1/teams/${team}/access-tokens`, undefined, "EMM.AccessTokens.VIEW", "EMM.Team.VIEW"],
      ["GET", item, undefined, "EMM.AccessTokens.VIEW", "EMM.Team.VIEW"],
      [
        "POST",
        `/v1/teams/${team}/access-tokens`,
        { name: "x", permissions: ["EMM.Team.VIEW"] },
        "EMM.AccessTokens.CREATE",
        "EMM.AccessTokens.VIEW",
      ],
      ["POST", `${item}/revoke`, undefined, "EMM.AccessTokens.DELETE", "EMM.AccessTokens.CREATE"],
      ["DELETE", item, undefined, "EMM.AccessTokens.DELETE", "EMM.AccessTokens.CREATE"],
      ["GET", `/v1/teams/${team}`, undefined, "EMM.Team.VIEW", "MDMOnDemand.MDMUser.READ"],
      ["PATCH", `/v1/teams/${team}`, { preferences: {} }, "EMM.Team.MANAGE", "EMM.Team.VIEW"],
    ];
    for (const [method, path, body, enough, tooLittle] of needs) {
      const sending = body === undefined ? {} : { body };
      const [strong, weak] = await Promise.all(
        [enough, tooLittle].map((held) => issue(team, { permissions: [held] })),
      );
      const refused = await call(method, path, { ...sending, as: weak!.token });
      expect(expectRefusal(refused, 403, "TOK0001").missing).toEqual([enough]);
      expect(
        (await call(method, path, { ...sending, as: strong!.token })).status,
        `${method} ${path}`,
      ).toBeLessThan(300);
    }
  });
});

describe("an OAuth access token that manages", () => {
  const permissions = '["EMM.AccessTokens.VIEW","EMM.Team.VIEW"]';

  test("is taken when it is bound to nothing, or to this region's own origin", async () => {
    for (const audience of [null, "https://tokens.example.com"]) {
      const as = await storeToken(team, { kind: "at", audience, permissions }, sealed("at"));
      expectAnswer(await call("GET", `/v1/teams/${team}/access-tokens`, { as }), 200, "AccessTokens");
    }
  });

  test("is refused when it is meant for another service: 403 TOK0008", async () => {
    const as = await storeToken(
      team,
      { kind: "at", audience: "https://other.example", permissions },
      sealed("at"),
    );
    expectRefusal(await call("GET", `/v1/teams/${team}/access-tokens`, { as }), 403, "TOK0008");
  });
});

test("a rate limit holds for managing as it does for checks: 429 with Retry-After", async () => {
  const rate_limit = { limit: 2, window_seconds: 60 };
  const { token } = await issue(team, { permissions: ["EMM.Team.VIEW"], rate_limit });
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => call("GET", `/v1/teams/${team}`, { as: token })),
  );
  expect(statusesOf(answers)).toEqual({ 200: 2, 429: 3 });
  const refused = await call("GET", `/v1/teams/${team}`, { as: token });
  expectRefusal(refused, 429, "COM0002");
  expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThanOrEqual(1);
  expect(Number(refused.headers.get("Retry-After"))).toBeLessThanOrEqual(60);
});
