import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { driveClock, issue, makeService, sealed } from "../support.ts";
import { expectError, expectTokens, LOCK_SCOPE, post, redeem, storeClient, storeCode } from "./support.ts";

const clock = driveClock();
const INACTIVE = { active: false };

function asService(token: string, key: string) {
  return post("/oauth/v2/introspect", { token }, { headers: { Authorization: `Bearer ${key}` } });
}

describe("introspection (RFC 7662)", () => {
  test("tells a service what an access token is worth now", async () => {
    const client = await storeClient();
    const { code, user } = await storeCode(client);
    const { access_token } = expectTokens(await redeem(client, code));
    const { key } = await makeService();

    const { status, body } = await asService(access_token, key);

    const now = Math.floor(Date.now() / 1000);
    expect([status, body]).toEqual([
      200,
      {
        active: true,
        scope: LOCK_SCOPE,
        client_id: client.id,
        sub: user,
        iss: "https://tokens.example.com",
        iat: now,
        exp: now + 3600,
        jti: expect.stringMatching(/^tok_/) as unknown,
        token_type: "Bearer",
        team: client.team,
      },
    ]);
  });

  test("knows refresh tokens and team access tokens as well", async () => {
    const client = await storeClient();
    const { refresh_token = "" } = expectTokens(await redeem(client, (await storeCode(client)).code));
    const team = await issue(client.team);
    const { key } = await makeService();

    expect((await asService(refresh_token, key)).body).toMatchObject({
      active: true,
      token_type: "refresh_token",
    });
    expect((await asService(team.token, key)).body).toMatchObject({ active: true, sub: team.id });
  });

  test("says of a token that is not in force only that", async () => {
    const client = await storeClient();
    const { access_token, refresh_token = "" } = expectTokens(
      await redeem(client, (await storeCode(client)).code),
    );
    const { key } = await makeService();

    for (const token of ["nonsense", sealed("at"), sealed("rt"), sealed("sk")]) {
      expect((await asService(token, key)).body).toEqual(INACTIVE);
    }
    const foreign = sealed("at", { region: "eu" });
    expect((await asService(foreign, key)).body).toEqual({
      ...INACTIVE,
      region: { code: "eu", base_url: "https://tokens.example.eu" },
    });
    clock.advance(3_600_000);
    expect((await asService(access_token, key)).body).toEqual(INACTIVE);
    await post("/oauth/v2/token/revoke", { token: refresh_token });
    expect((await asService(refresh_token, key)).body).toEqual(INACTIVE);
  });

  test("reveals a token to its own client, and nothing to another", async () => {
    const client = await storeClient();
    const other = await storeClient();
    const { access_token } = expectTokens(await redeem(client, (await storeCode(client)).code));
    const as = ({ id, secret }: { id: string; secret: string }) =>
      post("/oauth/v2/introspect", { token: access_token, client_id: id, client_secret: secret });

    expect((await as(client)).body).toMatchObject({ active: true, client_id: client.id });
    expect((await as(other)).body).toEqual(INACTIVE);
  });

  test("shows a service its own catalogues alone, and nothing that is meant for another resource", async () => {
    const client = await storeClient();
    const { code } = await storeCode(client, { grant: { audience: "https://one.example" } });
    const { access_token } = expectTokens(await redeem(client, code));
    const narrow = await makeService({ catalogues: ["MDMOnDemand"], resource: "https://one.example" });
    const other = await makeService({ resource: "https://two.example" });

    expect((await asService(access_token, narrow.key)).body).toMatchObject({ active: true, scope: "" });
    expect((await asService(access_token, other.key)).body).toEqual(INACTIVE);
  });

  test("is refused to whoever does not say who they are, and to public clients", async () => {
    const client = await storeClient("mobile");

    expectError(await post("/oauth/v2/introspect", { token: "x" }), 401, "invalid_client");
    expectError(
      await post("/oauth/v2/introspect", { token: "x", client_id: client.id }),
      401,
      "invalid_client",
    );
    expectError(await asService("x", sealed("sk")), 401, "invalid_token");
  });

  test("finds a suspended team's tokens out of force", async () => {
    const client = await storeClient();
    const { access_token } = expectTokens(await redeem(client, (await storeCode(client)).code));
    const { key } = await makeService();
    await env.DB.prepare("UPDATE teams SET status = 'suspended' WHERE id = ?").bind(client.team).run();

    expect((await asService(access_token, key)).body).toEqual(INACTIVE);
  });
});
