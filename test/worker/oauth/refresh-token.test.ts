import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { check, driveClock, makeService, rows, sealed } from "../support.ts";
import {
  expectError,
  expectTokens,
  LOCK,
  LOCK_SCOPE,
  redeem,
  REDIRECT,
  refresh,
  storeClient,
  storeCode,
  VIEW,
  type TestClient,
} from "./support.ts";

const clock = driveClock();

async function refreshTokenOf(client: TestClient, grant: Record<string, unknown> = {}): Promise<string> {
  const { code } = await storeCode(client, { grant });
  return expectTokens(await redeem(client, code)).refresh_token ?? "";
}

describe("a confidential client's refresh token", () => {
  test("gives a new access token and stays as it is, however long", async () => {
    const client = await storeClient();
    const token = await refreshTokenOf(client);

    const first = expectTokens(await refresh(client, token));
    clock.advance(400 * 86_400_000);
    const second = expectTokens(await refresh(client, token, { redirect_uri: REDIRECT }));

    expect(first).not.toHaveProperty("refresh_token");
    expect(second.access_token).not.toBe(first.access_token);
    expect(second.scope).toBe(LOCK_SCOPE);
    clock.advance(600_000);
  });

  test("gives ten access tokens in ten minutes, exactly, and says when the next one comes", async () => {
    const client = await storeClient();
    const token = await refreshTokenOf(client);

    const answers = await Promise.all(Array.from({ length: 40 }, () => refresh(client, token)));

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(30);
    for (const answer of refused) {
      expectError(answer, 429, "rate_limited");
      expect(answer.headers.get("Retry-After")).toBe("600");
    }
    clock.advance(599_999);
    const still = await refresh(client, token);
    expectError(still, 429, "rate_limited");
    expect(still.headers.get("Retry-After")).toBe("1");
    clock.advance(1);
    expectTokens(await refresh(client, token));
  });

  test("is asked for less, and never for more than was granted", async () => {
    const client = await storeClient();
    const token = await refreshTokenOf(client);

    expect(expectTokens(await refresh(client, token, { scope: VIEW })).scope).not.toContain(LOCK);
    expectError(
      await refresh(client, token, { scope: "EMM.DeviceCommands.WIPE,EMM.Devices.VIEW" }),
      400,
      "invalid_scope",
    );
    expect(expectTokens(await refresh(client, token)).scope).toBe(LOCK_SCOPE);
  });

  test("widens to no resource that was not granted", async () => {
    const client = await storeClient();
    const token = await refreshTokenOf(client, { audience: "https://one.example" });

    expectError(await refresh(client, token, { resource: "https://two.example" }), 400, "invalid_target");
    expectTokens(await refresh(client, token, { resource: "https://one.example" }));
  });

  test("confers no more than its user holds now", async () => {
    const client = await storeClient();
    const { code, user } = await storeCode(client);
    const tokens = expectTokens(await redeem(client, code));
    await env.DB.prepare(
      `INSERT INTO roles (id, team_id, name, description, permissions, version, changed_by, created_at, updated_at)
       VALUES ('rol_view', ?, 'View', '', '["EMM.Devices.VIEW","EMM.Team.VIEW"]', 1, 'x', 0, 0)`,
    )
      .bind(client.team)
      .run();
    await env.DB.prepare("UPDATE members SET role = 'rol_view' WHERE user_id = ?").bind(user).run();

    expect(expectTokens(await refresh(client, tokens.refresh_token ?? "")).scope).toBe(
      "EMM.Devices.VIEW EMM.Team.VIEW",
    );
  });

  test("is refused with an unregistered redirect_uri, from another client, made up, forged or elsewhere", async () => {
    const client = await storeClient();
    const other = await storeClient();
    const token = await refreshTokenOf(client);

    expectError(await refresh(client, token, { redirect_uri: "https://evil.example" }), 400, "invalid_grant");
    expect(expectError(await refresh(other, token), 400, "invalid_grant")).toContain("another client");
    for (const wrong of ["nonsense", sealed("rt"), sealed("gc"), sealed("rt", { key: "another key" })]) {
      expectError(await refresh(client, wrong), 400, "invalid_grant");
    }
    expect(
      expectError(await refresh(client, sealed("rt", { region: "in" })), 400, "invalid_grant"),
    ).toContain("region in");
    expectTokens(await refresh(client, token));
  });
});

describe("a public client's refresh token", () => {
  test("is replaced at each use; the old one used again ends all, with an event", async () => {
    const client = await storeClient("mobile");
    const { code, grant } = await storeCode(client);
    const first = expectTokens(await redeem(client, code));
    const second = expectTokens(await refresh(client, first.refresh_token ?? ""));
    const third = expectTokens(await refresh(client, second.refresh_token ?? ""));
    expect(new Set([first.refresh_token, second.refresh_token, third.refresh_token]).size).toBe(3);

    clock.advance(10_001);
    expect(expectError(await refresh(client, first.refresh_token ?? ""), 400, "invalid_grant")).toContain(
      "used before",
    );

    expectError(await refresh(client, third.refresh_token ?? ""), 400, "invalid_grant");
    clock.advance(1_001);
    const { key } = await makeService();
    expect(await check(key, { token: third.access_token })).toMatchObject({ reason: "revoked_token" });
    const events = await rows("SELECT type FROM audit_events WHERE subject = ?", grant);
    expect(events).toContainEqual({ type: "refresh_token.reuse_detected" });
  });

  test("whose answer was lost is given again to the same request within 10 s", async () => {
    const client = await storeClient("browser");
    const token = await refreshTokenOf(client);
    const first = expectTokens(await refresh(client, token));

    clock.advance(10_000);
    const again = expectTokens(await refresh(client, token));

    expect(again).toEqual(first);
    expectTokens(await refresh(client, again.refresh_token ?? ""));
  });

  test("of fifty uses at once, one wins: the others get the very same tokens", async () => {
    const client = await storeClient("mobile");
    const { code, grant } = await storeCode(client);
    const token = expectTokens(await redeem(client, code)).refresh_token ?? "";

    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(client, token)));

    expect(new Set(answers.map((answer) => expectTokens(answer).refresh_token)).size).toBe(1);
    expect(await rows("SELECT id FROM access_tokens WHERE grant_id = ?", grant)).toHaveLength(2);
  });

  test("cannot be rotated around the limit of access tokens", async () => {
    const client = await storeClient("mobile");
    let token = await refreshTokenOf(client);
    for (let count = 0; count < 10; count += 1) {
      token = expectTokens(await refresh(client, token)).refresh_token ?? "";
    }

    expectError(await refresh(client, token), 429, "rate_limited");
    clock.advance(600_000);
    expectTokens(await refresh(client, token));
  });

  test("ignores a secret that the client sends", async () => {
    const client = await storeClient("mobile");
    const token = await refreshTokenOf(client);

    expectTokens(await refresh(client, token, { client_secret: "whatever" }));
  });
});
