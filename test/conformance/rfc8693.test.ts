import { describe, expect, test } from "vitest";
import { driveClock, sealed } from "../worker/support.ts";
import {
  credentials,
  expectError,
  expectTokens,
  LOCK_SCOPE,
  post,
  VIEW,
  type OAuthAnswer,
  type TestClient,
} from "../worker/oauth/support.ts";
import { register, REVOKE, TOKEN, tokensOf } from "./support.ts";

const clock = driveClock();

const GRANT = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
const VIEW_SCOPE = LOCK_SCOPE.replace("EMM.DeviceCommands.LOCK ", "");

function exchange(
  client: TestClient,
  token: string,
  more: Readonly<Record<string, string>> = {},
): Promise<OAuthAnswer> {
  return post(TOKEN, {
    grant_type: GRANT,
    subject_token: token,
    subject_token_type: ACCESS_TOKEN,
    ...credentials(client),
    ...more,
  });
}

describe("a request (section 2.1)", () => {
  test.each(["subject_token", "subject_token_type"])(
    "RFC 8693, section 2.1: %s is required",
    async (name) => {
      const client = await register();
      const { access_token } = await tokensOf(client);
      expectError(await exchange(client, access_token, { [name]: "" }), 400, "invalid_request");
    },
  );

  test("RFC 8693, section 2.1: actor_token_type without an actor_token is refused, and the other way round", async () => {
    const client = await register();
    const { access_token } = await tokensOf(client);
    const alone = await exchange(client, access_token, { actor_token_type: ACCESS_TOKEN });
    expectError(alone, 400, "invalid_request");
    expectError(await exchange(client, access_token, { actor_token: access_token }), 400, "invalid_request");
  });

  test("RFC 8693, section 2.1: the subject token is validated as its type says", async () => {
    const client = await register();
    const { access_token, refresh_token } = await tokensOf(client);
    for (const token of ["garbage", sealed("at"), refresh_token]) {
      expectError(await exchange(client, token), 400, "invalid_request");
    }
    await post(REVOKE, { token: access_token, ...credentials(client) });
    expectError(await exchange(client, access_token), 400, "invalid_request");
    const late = (await tokensOf(client)).access_token;
    clock.advance(3_600_000);
    expectError(await exchange(client, late), 400, "invalid_request");
  });

  test("RFC 8693, section 2.1: a confidential client authenticates, and exchanges tokens of its own", async () => {
    const [client, other] = [await register(), await register()];
    const { access_token } = await tokensOf(client);
    expectError(await exchange(client, access_token, { client_secret: "" }), 401, "invalid_client");
    expectError(await exchange(other, access_token), 400, "invalid_request");
  });

  test("RFC 8693, section 2.1: a type of token that cannot be given is refused", async () => {
    const client = await register();
    const { access_token } = await tokensOf(client);
    for (const type of ["jwt", "refresh_token", "saml2"]) {
      const requested_token_type = `urn:ietf:params:oauth:token-type:${type}`;
      expectError(await exchange(client, access_token, { requested_token_type }), 400, "invalid_request");
    }
  });
});

describe("an answer (section 2.2)", () => {
  test("RFC 8693, section 2.2.1: says what was issued, of which type, and is stored by nobody", async () => {
    const client = await register();
    const answer = await exchange(client, (await tokensOf(client)).access_token);
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
    expect(expectTokens(answer)).toMatchObject({
      access_token: expect.stringMatching(/^jtn_at_/) as unknown,
      issued_token_type: ACCESS_TOKEN,
      token_type: "Bearer",
      expires_in: expect.any(Number) as unknown,
    });
  });

  test("RFC 8693, section 2.2.1: names the scope where it is less than was asked for or had", async () => {
    const client = await register();
    const { access_token } = await tokensOf(client);
    expect(expectTokens(await exchange(client, access_token, { scope: VIEW })).scope).toBe(VIEW_SCOPE);
  });

  test("RFC 8693, section 2.2.2: a target that cannot be served is invalid_target", async () => {
    const client = await register();
    const { access_token } = await tokensOf(client, { resource: "https://one.example" });
    for (const more of [{ audience: "somebody" }, { resource: "https://two.example" }]) {
      expectError(await exchange(client, access_token, more), 400, "invalid_target");
    }
  });
});

test("RFC 8693, section 5: an exchange gives nothing that the subject token does not have, and for no longer", async () => {
  const client = await register();
  const { access_token } = await tokensOf(client);
  const narrow = expectTokens(await exchange(client, access_token, { scope: VIEW })).access_token;
  expectError(await exchange(client, narrow, { scope: LOCK_SCOPE }), 400, "invalid_scope");
  clock.advance(3_000_000);
  expect(expectTokens(await exchange(client, access_token)).expires_in).toBeLessThanOrEqual(600);
});
