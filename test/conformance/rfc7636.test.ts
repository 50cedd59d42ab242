import { expect, test } from "vitest";
import { expectError, expectTokens, redeem } from "../worker/oauth/support.ts";
import { expectReturnedError } from "../worker/oauth/visitor.ts";
import { authorization, CHALLENGE, codeOf, ownerOf, PKCE, register, VERIFIER } from "./support.ts";

test("RFC 7636, section 4.2: S256 is implemented, as appendix B computes it", async () => {
  const client = await register();
  expectTokens(await redeem(client, await codeOf(client, PKCE), { code_verifier: VERIFIER }));
});

test("RFC 7636, section 4.3: a challenge without a method means plain, which is not taken for S256", async () => {
  const client = await register();
  const link = authorization(client, { code_challenge: CHALLENGE });
  expectReturnedError(await (await ownerOf(client)).get(link), "invalid_request");
});

test("RFC 7636, section 4.4: a challenge cannot be got out of the code", async () => {
  const client = await register();
  expect(await codeOf(client, PKCE)).not.toContain(CHALLENGE);
});

test("RFC 7636, section 4.4.1: a public client that sends no challenge is refused by invalid_request", async () => {
  for (const type of ["browser", "mobile"] as const) {
    const client = await register(type);
    const link = authorization(client, { code_challenge: null, code_challenge_method: null });
    expectReturnedError(await (await ownerOf(client)).get(link), "invalid_request");
  }
});

test("RFC 7636, section 4.4.1: a transformation that is not supported is refused by invalid_request", async () => {
  const client = await register("mobile");
  const owner = await ownerOf(client);
  for (const method of ["plain", "s256", "S512"]) {
    const link = authorization(client, { code_challenge_method: method });
    expectReturnedError(await owner.get(link), "invalid_request");
  }
});

test("RFC 7636, section 4.6: a verifier whose transformation is not the challenge is invalid_grant", async () => {
  const client = await register("mobile");
  const code = await codeOf(client);
  for (const wrong of [CHALLENGE, VERIFIER.toUpperCase(), `${VERIFIER}x`]) {
    expectError(await redeem(client, code, { code_verifier: wrong }), 400, "invalid_grant");
  }
  expectTokens(await redeem(client, code, { code_verifier: VERIFIER }));
});

test("RFC 7636, section 4.6: a code with a challenge gives nothing without a verifier", async () => {
  const client = await register("mobile");
  expectError(await redeem(client, await codeOf(client)), 400, "invalid_grant");
});
