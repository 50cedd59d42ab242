import { describe, expect, test } from "vitest";
import { driveClock, sealed, send } from "../worker/support.ts";
import {
  credentials,
  expectError,
  expectTokens,
  LOCK_SCOPE,
  post,
  redeem,
  REDIRECT,
  type OAuthAnswer,
  type TestClient,
} from "../worker/oauth/support.ts";
import {
  acceptedCode,
  AUTH,
  expectConsent,
  expectProblem,
  expectReturnedError,
} from "../worker/oauth/visitor.ts";
import { ownerOf, PAR, readDocument, register, SERVER_METADATA } from "./support.ts";

const clock = driveClock();

const WANTED = { redirect_uri: REDIRECT, response_type: "code", scope: LOCK_SCOPE, state: "s" };

function push(client: TestClient, more: Readonly<Record<string, string>> = {}): Promise<OAuthAnswer> {
  return post(PAR, { ...WANTED, ...credentials(client), ...more });
}

async function pushed(client: TestClient): Promise<string> {
  const { status, body } = await push(client);
  expect(status).toBe(201);
  return (body as { request_uri?: string }).request_uri ?? "";
}

function linkOf(client: TestClient, requestUri: string, more: Readonly<Record<string, string>> = {}): string {
  const query = { client_id: client.id, request_uri: requestUri, ...more };
  return `${AUTH}?${new URLSearchParams(query).toString()}`;
}

describe("pushing (section 2)", () => {
  test("RFC 9126, section 2: the endpoint is an https URL in the metadata (section 5)", async () => {
    const metadata = await readDocument(SERVER_METADATA);
    expect(metadata["pushed_authorization_request_endpoint"]).toMatch(/^https:\/\/[^#]+$/);
  });

  test("RFC 9126, section 2.1: the client authenticates as at the token endpoint", async () => {
    const client = await register();
    expectError(await push(client, { client_secret: "" }), 401, "invalid_client");
    expectError(await push(client, { client_secret: sealed("cs") }), 401, "invalid_client");
  });

  test("RFC 9126, section 2.1: a request_uri is refused in a pushed request", async () => {
    const client = await register();
    expectError(await push(client, { request_uri: await pushed(client) }), 400, "invalid_request");
  });

  test("RFC 9126, section 2.1: the request is validated as one at the authorization endpoint", async () => {
    const client = await register();
    expectError(await push(client, { redirect_uri: "https://evil.example" }), 400, "invalid_request");
    expectError(await push(client, { response_type: "token" }), 400, "unsupported_response_type");
    expectError(await push(client, { scope: "Nothing.Like.THAT" }), 400, "invalid_scope");
    expectError(await push(await register("mobile")), 400, "invalid_request");
  });

  test("RFC 9126, section 2.2: the answer is a 201 of JSON with a request_uri and its lifetime, which nobody stores", async () => {
    const { status, headers, body } = await push(await register());
    expect(status).toBe(201);
    expect(headers.get("Content-Type")).toMatch(/^application\/json/);
    expect(headers.get("Cache-Control")).toContain("no-store");
    const { request_uri, expires_in } = body as Record<string, unknown>;
    expect(Number.isInteger(expires_in) && Number(expires_in) > 0).toBe(true);
    // 43 digits of base 62 are 256 bits.
    expect(request_uri).toMatch(/^urn:ietf:params:oauth:request_uri:[0-9A-Za-z]{43}$/);
  });

  test("RFC 9126, section 2.3: another method is a 405, and too large a request a 413", async () => {
    expect((await send("GET", PAR, { as: null })).status).toBe(405);
    const client = await register();
    for (const length of [10_000, 70_000]) {
      expectError(await push(client, { state: "x".repeat(length) }), 413, "invalid_request");
    }
  });
});

describe("using it (section 4)", () => {
  test("RFC 9126, section 2.2: a request_uri is its client's, and no other's", async () => {
    const [client, other] = [await register(), await register()];
    const link = linkOf(other, await pushed(client));
    await expectProblem(await (await ownerOf(client)).get(link), 400, /another client/);
  });

  test("RFC 9126, section 4: client_id stands beside it", async () => {
    const client = await register();
    const query = new URLSearchParams({ request_uri: await pushed(client) }).toString();
    await expectProblem(await (await ownerOf(client)).get(`${AUTH}?${query}`), 400, /client/);
  });

  test("RFC 9126, section 4: what was pushed is what counts, and nothing beside it", async () => {
    const client = await register();
    const owner = await ownerOf(client);
    const link = linkOf(client, await pushed(client));
    expectReturnedError(await owner.get(`${link}&scope=EMM.Team.VIEW`), "invalid_request");
    expect(expectTokens(await redeem(client, await acceptedCode(owner, link))).scope).toBe(LOCK_SCOPE);
  });

  test("RFC 9126, section 4: a request_uri is used once", async () => {
    const client = await register();
    const owner = await ownerOf(client);
    const link = linkOf(client, await pushed(client));
    await acceptedCode(owner, link);
    await expectProblem(await owner.get(link), 400, /used before/);
  });

  test("RFC 9126, section 4: an expired request_uri is refused as an invalid one", async () => {
    const client = await register();
    const link = linkOf(client, await pushed(client));
    await expectConsent(await (await ownerOf(client)).get(link));
    clock.advance(600_000);
    await expectProblem(await (await ownerOf(client)).get(link), 400, /expired/);
    await expectProblem(await (await ownerOf(client)).get(linkOf(client, "urn:made:up")), 400, /request_uri/);
  });
});
