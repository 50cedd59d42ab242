import { describe, expect, test } from "vitest";
import { driveClock, makeService, sealed, send } from "../worker/support.ts";
import { credentials, expectError, post } from "../worker/oauth/support.ts";
import { basic, INTROSPECT, readDocument, register, REVOKE, SERVER_METADATA, tokensOf } from "./support.ts";

const clock = driveClock();

async function asService(token: string, more: Readonly<Record<string, string>> = {}) {
  const { key } = await makeService();
  return post(INTROSPECT, { token, ...more }, { headers: { Authorization: `Bearer ${key}` } });
}

describe("a request (section 2.1)", () => {
  test("RFC 7662, section 2: the endpoint is reached by TLS", async () => {
    expect((await readDocument(SERVER_METADATA))["introspection_endpoint"]).toMatch(/^https:\/\/[^#]+$/);
  });

  test("RFC 7662, section 2.1: is a POST of a form, with the token", async () => {
    const client = await register();
    const { access_token } = await tokensOf(client);
    const { status, body } = await post(INTROSPECT, { token: access_token, ...credentials(client) });
    expect([status, body]).toMatchObject([200, { active: true }]);
    expectError(await post(INTROSPECT, credentials(client)), 400, "invalid_request");
    expect((await send("GET", `${INTROSPECT}?token=${access_token}`)).status).toBe(405);
  });

  test("RFC 7662, section 2.1: is authorized, or tokens could be guessed", async () => {
    const { access_token } = await tokensOf(await register());
    expectError(await post(INTROSPECT, { token: access_token }), 401, "invalid_client");
    const { id } = await register("mobile");
    expectError(await post(INTROSPECT, { token: access_token, client_id: id }), 401, "invalid_client");
  });

  test("RFC 7662, section 2.1: finds a token whatever token_type_hint says of it", async () => {
    const { access_token, refresh_token } = await tokensOf(await register());
    expect((await asService(access_token, { token_type_hint: "refresh_token" })).body).toMatchObject({
      active: true,
    });
    expect((await asService(refresh_token, { token_type_hint: "nonsense" })).body).toMatchObject({
      active: true,
    });
  });
});

describe("an answer (section 2.2)", () => {
  test("RFC 7662, section 2.2: is JSON with a boolean active, times in whole seconds and the scope as one text", async () => {
    const { access_token } = await tokensOf(await register());
    const { headers, body } = await asService(access_token);
    expect(headers.get("Content-Type")).toMatch(/^application\/json/);
    const { active, exp, iat, scope } = body as Record<string, unknown>;
    expect([active, Number.isInteger(exp), Number.isInteger(iat), typeof scope]).toEqual([
      true,
      true,
      true,
      "string",
    ]);
  });

  test("RFC 7662, section 2.2: of a token that is none, expired or revoked says that it is not active, and nothing else", async () => {
    const client = await register();
    const { access_token, refresh_token } = await tokensOf(client);
    for (const token of ["garbage", sealed("at"), sealed("rt"), client.secret]) {
      expect((await asService(token)).body).toEqual({ active: false });
    }
    clock.advance(3_600_000);
    expect((await asService(access_token)).body).toEqual({ active: false });
    await post(REVOKE, { token: refresh_token });
    expect((await asService(refresh_token)).body).toEqual({ active: false });
  });

  test("RFC 7662, section 2.2: of another client's token says that it is not active, and that is no error", async () => {
    const { access_token } = await tokensOf(await register());
    const answer = await post(INTROSPECT, { token: access_token, ...credentials(await register()) });
    expect([answer.status, answer.body]).toEqual([200, { active: false }]);
  });
});

describe("an error (section 2.3)", () => {
  test("RFC 7662, section 2.3: wrong client credentials are a 401, as RFC 6749 has it", async () => {
    const { id } = await register();
    const answer = await post(INTROSPECT, { token: "x" }, { headers: basic({ id, secret: "wrong" }) });
    expectError(answer, 401, "invalid_client");
    expect(answer.headers.get("WWW-Authenticate")).toMatch(/^Basic /);
  });

  test("RFC 7662, section 2.3: a bearer credential that is not in force is a 401 with a challenge, as RFC 6750 has it", async () => {
    for (const key of [sealed("sk"), (await tokensOf(await register())).access_token]) {
      const headers = { Authorization: `Bearer ${key}` };
      const answer = await post(INTROSPECT, { token: "x" }, { headers });
      expectError(answer, 401, "invalid_token");
      expect(answer.headers.get("WWW-Authenticate")).toMatch(/^Bearer .*error="invalid_token"/);
    }
  });
});

test("RFC 7662, section 4: an answer is kept by nobody, and is the state of this moment", async () => {
  const client = await register();
  const { access_token } = await tokensOf(client);
  const before = await asService(access_token);
  expect(before.headers.get("Cache-Control")).toBe("no-store");
  expect(before.body).toMatchObject({ active: true });
  await post(REVOKE, { token: access_token, ...credentials(client) });
  expect((await asService(access_token)).body).toEqual({ active: false });
});
