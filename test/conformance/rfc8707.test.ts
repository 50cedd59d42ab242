import { describe, expect, test } from "vitest";
import { check, makeService } from "../worker/support.ts";
import {
  credentials,
  expectError,
  expectTokens,
  post,
  redeem,
  refresh,
  VIEW,
  type TestClient,
} from "../worker/oauth/support.ts";
import { decide, expectReturn, expectReturnedError } from "../worker/oauth/visitor.ts";
import { authorization, codeOf, INTROSPECT, ownerOf, PAR, register, TOKEN, tokensOf } from "./support.ts";

const ONE = "https://one.example/api";
const TWO = "https://two.example/api";

/** No absolute URIs, and some with a fragment. */
const WRONG = ["one.example", "/api", `${ONE}#here`, "https://one.example/a b"];

async function audienceOf(client: TestClient, token: string): Promise<unknown> {
  const { body } = await post(INTROSPECT, { token, ...credentials(client) });
  return (body as { aud?: unknown }).aud;
}

describe("the parameter (section 2)", () => {
  test("RFC 8707, section 2: a resource is an absolute URI without a fragment, or invalid_target", async () => {
    const client = await register();
    const owner = await ownerOf(client);
    for (const resource of WRONG) {
      expectReturnedError(await owner.get(authorization(client, { resource })), "invalid_target");
      const request = { grant_type: "client_credentials", scope: VIEW, resource, ...credentials(client) };
      expectError(await post(TOKEN, request), 400, "invalid_target");
    }
  });

  test("RFC 8707, section 2: several may be named, by repeating it", async () => {
    const client = await register();
    const link = `${authorization(client, { resource: ONE })}&resource=${encodeURIComponent(TWO)}`;
    const { code = "" } = expectReturn(await decide(await ownerOf(client), link)).parameters;
    expect(await audienceOf(client, expectTokens(await redeem(client, code)).access_token)).toEqual([
      ONE,
      TWO,
    ]);
  });

  test("RFC 8707, section 2: it is read in a pushed request as well", async () => {
    const client = await register();
    const request = {
      ...credentials(client),
      redirect_uri: "https://app.example/callback",
      response_type: "code",
      scope: VIEW,
    };
    expectError(await post(PAR, { ...request, resource: `${ONE}#here` }), 400, "invalid_target");
  });
});

describe("what it gives (sections 2.1 and 2.2)", () => {
  test("RFC 8707, section 2.1: a code is for the resources that were asked for, and its token for them", async () => {
    const client = await register();
    const { access_token } = await tokensOf(client, { resource: ONE });
    expect(await audienceOf(client, access_token)).toBe(ONE);
  });

  test("RFC 8707, section 2.2: a token request may choose among them, and has no others", async () => {
    const client = await register();
    const code = await codeOf(client, { resource: ONE });
    expectError(await redeem(client, code, { resource: TWO }), 400, "invalid_target");
    expectTokens(await redeem(client, code, { resource: ONE }));
  });

  test("RFC 8707, section 2.2: a refresh widens to no resource that was not granted", async () => {
    const client = await register();
    const { refresh_token } = await tokensOf(client, { resource: ONE });
    expectError(await refresh(client, refresh_token, { resource: TWO }), 400, "invalid_target");
    expect(await audienceOf(client, expectTokens(await refresh(client, refresh_token)).access_token)).toBe(
      ONE,
    );
  });
});

test("RFC 8707, section 3: a token for one resource is refused at another", async () => {
  const { access_token } = await tokensOf(await register(), { resource: ONE });
  const [here, there] = [await makeService({ resource: ONE }), await makeService({ resource: TWO })];
  expect(await check(here.key, { token: access_token })).toMatchObject({ allowed: true });
  expect(await check(there.key, { token: access_token })).toMatchObject({ reason: "wrong_audience" });
});
