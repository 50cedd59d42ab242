import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { Authority, CheckInput } from "../../src/guard/index.ts";
import { call, check, issue, makeService, makeTeam, rows, sealed, storeToken } from "./support.ts";

let team = "";
let key = "";
let token = "";

beforeAll(async () => {
  team = (await makeTeam()).id;
  ({ key } = await makeService());
  ({ token } = await issue(team, {
    profile_id: "p1",
    permissions: ["EMM.Devices.VIEW", "EMM.DeviceCommands.LOCK", "MDMOnDemand.MDMUser.READ"],
  }));
});

/**
 * The entrypoint as a service binding has it; `props` is what the binding's configuration says. That this
 * compiles is a promise too: a binding can be handed to the guard as it is.
 */
function bound(props: object = {}): Authority {
  return exports.Authority({ props });
}

/** What two answers to one question can differ in: the moment. */
function timeless(answer: { readonly as_of: string }): object {
  return { ...answer, as_of: null };
}

describe("a question over a service binding", () => {
  test("gets the answer of POST /v1/check, whatever it is", async () => {
    const revoked = await storeToken(team, { revoked_at: Date.now() });
    const expired = await storeToken(team, { expires_at: Date.now() });
    const elsewhere = await storeToken(team, { kind: "at", audience: "https://other.example" }, sealed("at"));
    const inside = (await issue(team, { permissions: ["EMM.Devices.VIEW"], allowed_ips: ["198.51.100.7"] }))
      .token;
    const questions: CheckInput[] = [
      { token },
      { token, permissions: ["EMM.DeviceCommands.LOCK"], team, ip: "203.0.113.7", cost: 3 },
      { token: "garbage" },
      { token: sealed("pat", { region: "eu" }) },
      { token: sealed("pat") },
      { token: elsewhere },
      { token, team: "team_other" },
      { token: revoked, team },
      { token: expired, team },
      { token: inside, ip: "203.0.113.7" },
      { token, permissions: ["EMM.DeviceCommands.WIPE"] },
    ];
    const reasons: (string | null)[] = [];
    for (const question of questions) {
      const answer = await bound().check(question);
      expect(timeless(answer)).toEqual(timeless(await check(key, question)));
      reasons.push(answer.reason);
    }
    expect(reasons).toEqual([
      null,
      null,
      "malformed_token",
      "wrong_region",
      "unknown_token",
      "wrong_audience",
      "wrong_team",
      "revoked_token",
      "expired_token",
      "ip_not_allowed",
      "missing_permission",
    ]);
  });

  test("says up to which moment changes are applied", async () => {
    const before = Date.now();
    const { as_of } = await bound().check({ token });
    expect(Date.parse(as_of)).toBeGreaterThan(before - 1_000);
    expect(Date.parse(as_of)).toBeLessThanOrEqual(Date.now());
  });

  test("is answered in the language of its caller, which English is without one", async () => {
    const input = { token: "garbage" };
    const plain = (await bound().check(input)).error;
    expect(plain?.localized_error_description).toBe(plain?.error_description);
    const french = (await bound().check(input, { acceptLanguage: "fr" })).error;
    expect(french?.error_description).toBe(plain?.error_description);
    expect(french?.localized_error_description).not.toBe(plain?.error_description);
  });

  test("charges the token's rate limit, shared with every other way to ask", async () => {
    const { token: limited } = await issue(team, {
      permissions: ["EMM.Devices.VIEW"],
      rate_limit: { limit: 3, window_seconds: 600 },
    });
    expect((await bound().check({ token: limited, cost: 2 })).rate_limit?.remaining).toBe(1);
    expect((await check(key, { token: limited })).rate_limit?.remaining).toBe(0);
    const refused = await bound().check({ token: limited });
    expect(refused).toMatchObject({ allowed: false, reason: "rate_limited", error: { status: 429 } });
    expect(refused.error?.retry_after).toBeGreaterThan(590);
  });
});

describe("a question that is none", () => {
  test.each([
    ["nothing", undefined, "COM0005"],
    ["null", null, "COM0005"],
    ["a text", "garbage", "COM0005"],
    ["a list", [], "COM0005"],
    ["no token", {}, "COM0005"],
    ["a token that is no text", { token: 1 }, "COM0005"],
    ["an unknown member", { token: "x", admin: true }, "COM0005"],
    ["a cost of nothing", { token: "x", cost: 0 }, "COM0005"],
    ["an address that is none", { token: "x", ip: "anywhere" }, "COM0005"],
    ["a permission that no catalogue has", { token: "x", permissions: ["EMM.Nothing.VIEW"] }, "COM0005"],
    ["a grade's ALL", { token: "x", permissions: ["EMM.Groups.ALL"] }, "COM0005"],
  ])("%s is answered with the error and no reason, and allows nothing", async (_, question, code) => {
    const answer = await bound().check(question as unknown as CheckInput);
    expect(answer).toMatchObject({
      allowed: false,
      reason: null,
      missing: [],
      token: null,
      rate_limit: null,
      error: { status: 400, error_code: code },
    });
    const overHttp = await call("POST", "/v1/check", { as: key, body: JSON.stringify(question ?? null) });
    expect(overHttp.status).toBe(400);
    expect(answer.error).toEqual({ status: 400, ...(overHttp.body as object) });
  });

  test("a value of the question's own stands nowhere in the error", async () => {
    const answer = await bound().check({ token: "jtn_secret", permissions: ["My.Secret.PERMISSION"] });
    expect(JSON.stringify(answer)).not.toMatch(/jtn_secret|My\.Secret/);
  });
});

describe("what the binding's configuration says of the bound Worker", () => {
  test("catalogues limit what it asks about and what it sees", async () => {
    const narrow = bound({ catalogues: ["MDMOnDemand"] });
    const asked = await narrow.check({ token, permissions: ["EMM.Devices.VIEW"] });
    expect(asked).toMatchObject({ allowed: false, reason: null, error: { error_code: "COM0005" } });
    const { token: seen } = await narrow.check({ token });
    expect(seen?.permissions).toEqual(["MDMOnDemand.MDMUser.READ"]);
  });

  test("a resource is whom an OAuth token must be meant for", async () => {
    const audience = "https://devices.example/api";
    const meant = await storeToken(team, { kind: "at", audience }, sealed("at"));
    expect(await bound({ resource: audience }).check({ token: meant })).toMatchObject({ allowed: true });
    expect(await bound().check({ token: meant })).toMatchObject({ reason: "wrong_audience" });
  });

  test("its name stands in the audit trail of denied checks", async () => {
    const { id, token: denied } = await issue(team);
    await bound({ service: "device-api" }).check({ token: denied, permissions: ["EMM.DeviceCommands.LOCK"] });
    await bound().check({ token: denied, permissions: ["EMM.DeviceCommands.LOCK"] });
    const events = await rows<{ subject: string }>(
      "SELECT subject FROM audit_events WHERE type = 'check.denied' AND actor = ? ORDER BY id",
      id,
    );
    expect(events.map(({ subject }) => subject)).toEqual(["device-api", "binding"]);
  });

  test("a question cannot say it itself", async () => {
    const input = { token, service: "device-api" } as CheckInput;
    expect(await bound().check(input)).toMatchObject({ reason: null, error: { status: 400 } });
  });
});
