import { describe, expect, test } from "vitest";
import { check, driveClock, issue, makeService, rows, sealed } from "../support.ts";
import {
  expectError,
  expectTokens,
  post,
  redeem,
  refresh,
  storeClient,
  storeCode,
  type TestClient,
} from "./support.ts";

const clock = driveClock();
const SUCCESS = { status: "success" };

async function tokensOf(client: TestClient) {
  return expectTokens(await redeem(client, (await storeCode(client)).code));
}

function revoke(parameters: Record<string, string>) {
  return post("/oauth/v2/token/revoke", parameters);
}

describe("revoking a token (RFC 7009)", () => {
  test("a refresh token takes its access tokens with it, within the freshness bound", async () => {
    const client = await storeClient();
    const { access_token, refresh_token = "" } = await tokensOf(client);
    const { key } = await makeService();
    expect(await check(key, { token: access_token })).toMatchObject({ allowed: true });

    const answer = await revoke({ token: refresh_token, client_id: client.id, client_secret: client.secret });

    expect([answer.status, answer.body]).toEqual([200, SUCCESS]);
    clock.advance(1_001);
    expect(await check(key, { token: access_token })).toMatchObject({ reason: "revoked_token" });
    expect(expectError(await refresh(client, refresh_token), 400, "invalid_grant")).toContain("revoked");
  });

  test("an access token ends alone", async () => {
    const client = await storeClient();
    const { access_token, refresh_token = "" } = await tokensOf(client);
    const { key } = await makeService();

    expect(
      (await revoke({ token: access_token, client_id: client.id, client_secret: client.secret })).status,
    ).toBe(200);

    clock.advance(1_001);
    expect(await check(key, { token: access_token })).toMatchObject({ reason: "revoked_token" });
    expectTokens(await refresh(client, refresh_token));
  });

  test("a refresh token alone suffices, as seed 002 sends it, in the query or the body", async () => {
    const client = await storeClient();
    const one = await tokensOf(client);
    const two = await tokensOf(client);

    const inQuery = await post(`/oauth/v2/token/revoke?refresh_token=${one.refresh_token}`, {});
    const inBody = await revoke({ token: two.refresh_token ?? "" });

    expect([inQuery.body, inBody.body]).toEqual([SUCCESS, SUCCESS]);
    expectError(await refresh(client, one.refresh_token ?? ""), 400, "invalid_grant");
    expectError(await refresh(client, two.refresh_token ?? ""), 400, "invalid_grant");
  });

  test("another client's token is left alone, and answered as if it were done", async () => {
    const client = await storeClient();
    const other = await storeClient();
    const { access_token, refresh_token = "" } = await tokensOf(client);
    const as = { client_id: other.id, client_secret: other.secret };

    expect((await revoke({ token: refresh_token, ...as })).body).toEqual(SUCCESS);
    expect((await revoke({ token: access_token, ...as })).body).toEqual(SUCCESS);

    clock.advance(1_001);
    const { key } = await makeService();
    expect(await check(key, { token: access_token })).toMatchObject({ allowed: true });
    expectTokens(await refresh(client, refresh_token));
  });

  test("an unknown token, a team's own token and one that is none are 200 and change nothing", async () => {
    const client = await storeClient();
    const own = await issue(client.team);
    const as = { client_id: client.id, client_secret: client.secret };

    for (const token of ["nonsense", sealed("rt"), sealed("at"), own.token]) {
      expect((await revoke({ token, ...as })).status).toBe(200);
    }

    clock.advance(1_001);
    const { key } = await makeService();
    expect(await check(key, { token: own.token })).toMatchObject({ allowed: true });
  });

  test("an access token needs its client, and a wrong secret ends nothing", async () => {
    const client = await storeClient();
    const { access_token, refresh_token = "" } = await tokensOf(client);

    expectError(await revoke({ token: access_token }), 401, "invalid_client");
    expectError(
      await revoke({ token: refresh_token, client_id: client.id, client_secret: sealed("cs") }),
      401,
      "invalid_client",
    );
    expectTokens(await refresh(client, refresh_token));
  });

  test("another region's token is sent to its region", async () => {
    const client = await storeClient();
    const token = sealed("rt", { region: "jp" });

    const description = expectError(await revoke({ token }), 400, "invalid_grant");

    expect(description).toContain("https://tokens.example.jp");
    expectError(await revoke({ client_id: client.id, client_secret: client.secret }), 400, "invalid_request");
  });

  test("is in the audit trail once, however often it is asked for", async () => {
    const client = await storeClient();
    const { code, grant } = await storeCode(client);
    const { refresh_token = "" } = expectTokens(await redeem(client, code));

    await Promise.all(Array.from({ length: 5 }, () => revoke({ token: refresh_token })));

    const events = await rows(
      "SELECT type FROM audit_events WHERE subject = ? AND type = 'grant.revoked'",
      grant,
    );
    expect(events).toHaveLength(1);
  });
});
