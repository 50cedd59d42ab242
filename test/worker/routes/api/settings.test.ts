import { beforeEach, describe, expect, test } from "vitest";
import {
  call,
  check,
  expectAnswer,
  expectRefusal,
  issue,
  makeService,
  makeTeam,
  rows,
  statusesOf,
  wholeStore,
} from "../../support.ts";

let team = "";
beforeEach(async () => {
  team = (await makeTeam()).id;
});

describe("a team's security", () => {
  const path = () => `/v1/teams/${team}/security`;

  test("is shown and changed member by member, with an ETag that tells of the change", async () => {
    const before = await call("GET", path());
    expect(expectAnswer(before, 200, "Security").security).toEqual({
      require_2fa: false,
      sign_in_methods: ["password", "passkey", "sso"],
      android_enterprise_id: null,
      session_minutes: 720,
    });
    const body = { require_2fa: true, android_enterprise_id: "LC02abc", session_minutes: 30 };
    const after = await call("PATCH", path(), { body });
    expect(expectAnswer(after, 200, "Security").security).toMatchObject(body);
    expect(after.headers.get("ETag")).not.toBe(before.headers.get("ETag"));
    const stale = { "If-Match": before.headers.get("ETag") ?? "" };
    expectRefusal(
      await call("PATCH", path(), { body: { require_2fa: false }, headers: stale }),
      412,
      "COM0015",
    );
  });

  test.each([
    { require_2fa: "yes" },
    { sign_in_methods: [] },
    { sign_in_methods: ["telepathy"] },
    { session_minutes: 4 },
    { session_minutes: 43_201 },
    { session_minutes: 5.5 },
    { android_enterprise_id: "with space" },
    { two_factor: true },
  ])("refuses %o", async (body) => {
    expectRefusal(await call("PATCH", path(), { body }), 400, "COM0005");
  });

  test("never leaves a team without a way to sign in", async () => {
    const alone = { sign_in_methods: ["sso"] };
    expectRefusal(await call("PATCH", path(), { body: alone }), 409, "COM0010");
    expectAnswer(
      await call("PATCH", path(), { body: { sign_in_methods: ["passkey", "sso"] } }),
      200,
      "Security",
    );
  });

  test("is on record with what it was before and after", async () => {
    await call("PATCH", path(), { body: { require_2fa: true } });
    const [event] = await rows<{ type: string; detail: string }>(
      "SELECT type, detail FROM audit_events WHERE team_id = ? ORDER BY rowid DESC",
      team,
    );
    expect(event?.type).toBe("team.security_updated");
    expect(JSON.parse(event?.detail ?? "")).toEqual({
      before: { requireTwoFactor: false },
      after: { requireTwoFactor: true },
    });
  });
});

describe("a team's billing", () => {
  const path = () => `/v1/teams/${team}/billing`;

  test("shows the plan, what it allows, what is used of it, and whom to bill", async () => {
    await issue(team);
    expect(expectAnswer(await call("GET", path()), 200, "Billing").billing).toEqual({
      plan: "standard",
      quotas: { access_tokens: 10_000, checks_per_minute: null, webhooks: 20, clients: 50 },
      usage: { access_tokens: 1, clients: 0, webhooks: 0 },
      billing_contact: null,
      payment_reference: null,
    });
    const body = {
      plan: "enterprise",
      billing_contact: { name: "Ana", email: "ana@example.com" },
      payment_reference: "cus_123",
    };
    expect(expectAnswer(await call("PATCH", path(), { body }), 200, "Billing").billing).toMatchObject(body);
    expect(expectAnswer(await call("GET", "/v1/plans", { as: null }), 200, "Plans").plans).toHaveLength(3);
  });

  test.each([
    { plan: "gold" },
    { billing_contact: { name: "Ana" } },
    { billing_contact: { name: "Ana", email: "ana" } },
    { payment_reference: "" },
  ])("refuses %o", async (body) => {
    expectRefusal(await call("PATCH", path(), { body }), 400, "COM0005");
  });

  test("a quota of tokens is exact under any number of parallel requests, and the answer names it", async () => {
    const small = (await makeTeam({ plan: "free" })).id;
    const body = { name: "x", permissions: ["EMM.Devices.VIEW"] };
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => call("POST", `/v1/teams/${small}/access-tokens`, { body })),
    );
    expect(statusesOf(answers)).toEqual({ 201: 20, 409: 10 });
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.body).toMatchObject({
      error_code: "COM0010",
      quota: { name: "access_tokens", limit: 20 },
    });
    const [one] = answers.filter(({ status }) => status === 201);
    const { access_token: made } = expectAnswer(one ?? answers[0]!, 201, "CreatedAccessToken");
    await call("DELETE", `/v1/teams/${small}/access-tokens/${made.id}`);
    expect((await call("POST", `/v1/teams/${small}/access-tokens`, { body })).status).toBe(201);
  });

  test("a plan that is too small for what the team has is refused", async () => {
    await Promise.all(Array.from({ length: 21 }, () => issue(team)));
    const answer = await call("PATCH", path(), { body: { plan: "free" } });
    expect(expectRefusal(answer, 409, "COM0010")).toMatchObject({
      quota: { name: "access_tokens", limit: 20 },
    });
  });
});

describe("the operator's view", () => {
  test("finds teams by part of their name or slug, in any case, and by status", async () => {
    const { id } = await makeTeam({ name: "Ünique 100%_Team" });
    const find = async (query: string) =>
      expectAnswer(await call("GET", `/v1/teams?${query}`), 200, "Teams").teams.map((found) => found.id);
    expect(await find(`q=${encodeURIComponent("100%_t")}`)).toEqual([id]);
    expect(await find("q=%25")).toEqual([id]);
    expect(await find(`q=${encodeURIComponent("' OR 1=1 --")}`)).toEqual([]);
    await call("PATCH", `/v1/teams/${id}`, { body: { status: "suspended" } });
    expect(await find("status=suspended")).toEqual([id]);
    expectRefusal(await call("GET", "/v1/teams?status=asleep"), 400, "COM0005");
  });

  test("finds people by part of their address", async () => {
    await makeTeam({ owner: { email: "Findable.Person@example.com" } });
    const { users } = expectAnswer(await call("GET", "/v1/users?q=findable.P"), 200, "Users");
    expect(users.map(({ email }) => email)).toEqual(["findable.person@example.com"]);
  });

  test("counts what the region holds", async () => {
    const read = async () => expectAnswer(await call("GET", "/v1/totals"), 200, "Totals").totals;
    const before = await read();
    const { id } = await issue(team);
    await issue(team);
    await call("DELETE", `/v1/teams/${team}/access-tokens/${id}`);
    const after = await read();
    expect(after.access_tokens.live - before.access_tokens.live).toBe(1);
    expect(after.access_tokens.revoked - before.access_tokens.revoked).toBe(1);
  });

  test("ends everything of a team in one call, and nothing of another's", async () => {
    const other = (await makeTeam()).id;
    const { key } = await makeService();
    const mine = await Promise.all(Array.from({ length: 5 }, () => issue(team)));
    const spared = await issue(other);
    const answer = await call("POST", `/v1/teams/${team}/revoke-all`);
    expect(expectAnswer(answer, 200, "RevokedAll").revoked).toEqual({ access_tokens: 5, sessions: 0 });
    for (const { token } of mine) {
      await expect
        .poll(async () => (await check(key, { token })).reason, { timeout: 5000, interval: 20 })
        .toBe("revoked_token");
    }
    expect((await check(key, { token: spared.token })).allowed).toBe(true);
    const again = await call("POST", `/v1/teams/${team}/revoke-all`);
    expect(expectAnswer(again, 200, "RevokedAll").revoked).toEqual({ access_tokens: 0, sessions: 0 });
    const shown = await call("DELETE", `/v1/teams/${team}/access-tokens/${mine[0]?.id}`);
    expect(expectAnswer(shown, 200, "RevokedAccessToken").effective_by).toBe(
      expectAnswer(answer, 200, "RevokedAll").effective_by,
    );
  });

  test("ends everything of a person: sessions and tokens that they made", async () => {
    const { owner } = expectAnswer(
      await call("POST", "/v1/teams", {
        body: {
          name: "x",
          slug: "ends-a-person",
          owner: { email: "gone@example.com", password: "long enough" },
        },
      }),
      201,
      "CreatedTeam",
    );
    const made = await issue(team);
    await rows("UPDATE access_tokens SET created_by = ? WHERE id = ?", owner?.id, made.id);
    await rows(
      "INSERT INTO sessions (hash, id, user_id, created_at, last_seen_at, expires_at, two_factor) VALUES ('h', 's', ?, 0, 0, 9e15, 0)",
      owner?.id,
    );
    const answer = await call("POST", `/v1/users/${owner?.id}/revoke-all`);
    expect(expectAnswer(answer, 200, "RevokedAll").revoked).toEqual({ access_tokens: 1, sessions: 1 });
    expectRefusal(await call("POST", "/v1/users/usr_nobody/revoke-all"), 404, "COM0008");
  });

  test("suspends and restores: a suspended team is refused within the bound, and works again after", async () => {
    const { key } = await makeService();
    const { token } = await issue(team);
    const reasonBecomes = (reason: string | null) =>
      expect
        .poll(async () => (await check(key, { token })).reason, { timeout: 5000, interval: 20 })
        .toBe(reason);
    await reasonBecomes(null);
    await call("PATCH", `/v1/teams/${team}`, { body: { status: "suspended" } });
    await reasonBecomes("team_suspended");
    await call("PATCH", `/v1/teams/${team}`, { body: { status: "active" } });
    await reasonBecomes(null);
  });
});

test("no secret of this file stands in the store", async () => {
  const { token } = await issue(team);
  const { key } = await makeService();
  const store = await wholeStore();
  expect(store).not.toContain(token);
  expect(store).not.toContain(key);
});
