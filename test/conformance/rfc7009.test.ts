import { expect, test } from "vitest";
import { makeService, sealed } from "../worker/support.ts";
import {
  credentials,
  expectError,
  expectTokens,
  post,
  refresh,
  type TestClient,
} from "../worker/oauth/support.ts";
import { INTROSPECT, readDocument, register, REVOKE, SERVER_METADATA, tokensOf } from "./support.ts";

let service: Promise<string> | null = null;

async function isActive(token: string): Promise<unknown> {
  service ??= makeService().then(({ key }) => key);
  const headers = { Authorization: `Bearer ${await service}` };
  return ((await post(INTROSPECT, { token }, { headers })).body as { active?: boolean }).active;
}

function revoke(client: TestClient, parameters: Record<string, string>) {
  return post(REVOKE, { ...parameters, ...credentials(client) });
}

test("RFC 7009, section 2: refresh tokens can be revoked, and access tokens as well", async () => {
  const client = await register();
  const { access_token, refresh_token } = await tokensOf(client);
  expect((await revoke(client, { token: access_token })).status).toBe(200);
  expect([await isActive(access_token), await isActive(refresh_token)]).toEqual([false, true]);
  expect((await revoke(client, { token: refresh_token })).status).toBe(200);
  expectError(await refresh(client, refresh_token), 400, "invalid_grant");
});

test("RFC 7009, section 2: the endpoint is reached by TLS", async () => {
  expect((await readDocument(SERVER_METADATA))["revocation_endpoint"]).toMatch(/^https:\/\/[^#]+$/);
});

test("RFC 7009, section 2.1: revoking a refresh token ends its access tokens", async () => {
  const client = await register("mobile");
  const { access_token, refresh_token } = await tokensOf(client);
  await revoke(client, { token: refresh_token });
  expect(await isActive(access_token)).toBe(false);
});

test("RFC 7009, section 2.1: a token is found whatever token_type_hint says of it", async () => {
  const client = await register();
  for (const hint of ["access_token", "something_else"]) {
    const { refresh_token } = await tokensOf(client);
    expect((await revoke(client, { token: refresh_token, token_type_hint: hint })).status).toBe(200);
    expect(await isActive(refresh_token)).toBe(false);
  }
  const { access_token } = await tokensOf(client);
  await revoke(client, { token: access_token, token_type_hint: "refresh_token" });
  expect(await isActive(access_token)).toBe(false);
});

test("RFC 7009, section 2.1: a confidential client's credentials are validated first", async () => {
  const client = await register();
  const { access_token } = await tokensOf(client);
  const wrong = { token: access_token, client_id: client.id, client_secret: sealed("cs") };
  expectError(await post(REVOKE, wrong), 401, "invalid_client");
  expectError(await post(REVOKE, { token: access_token, client_id: client.id }), 401, "invalid_client");
  expect(await isActive(access_token)).toBe(true);
});

test("RFC 7009, section 2.1: a token is revoked for the client to which it was issued, and for no other", async () => {
  const [client, other] = [await register(), await register()];
  const { access_token, refresh_token } = await tokensOf(client);
  for (const token of [access_token, refresh_token]) await revoke(other, { token });
  expect([await isActive(access_token), await isActive(refresh_token)]).toEqual([true, true]);
});

test("RFC 7009, section 2.2: an invalid token is no error", async () => {
  const client = await register();
  for (const token of ["garbage", sealed("rt"), sealed("at")]) {
    expect((await revoke(client, { token })).status).toBe(200);
  }
});

test("RFC 7009, section 2.2.1: errors are those of RFC 6749, section 5.2", async () => {
  expectError(await revoke(await register(), {}), 400, "invalid_request");
});

test("RFC 7009, section 2: a token that was revoked is refused from then on, also a public client's", async () => {
  const client = await register("browser");
  const { refresh_token } = await tokensOf(client);
  const next = expectTokens(await refresh(client, refresh_token)).refresh_token ?? "";
  await revoke(client, { token: next });
  expectError(await refresh(client, next), 400, "invalid_grant");
});
