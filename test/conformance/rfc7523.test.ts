import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type CryptoKey } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { driveClock, unique } from "../worker/support.ts";
import { encoded, ISSUER, TOKEN_URL, unsigned } from "../worker/oauth/proofs.ts";
import {
  expectError,
  expectTokens,
  post,
  VIEW,
  type OAuthAnswer,
  type TestClient,
} from "../worker/oauth/support.ts";
import { readDocument, register, SERVER_METADATA, TOKEN } from "./support.ts";

const clock = driveClock();

const TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

let key: CryptoKey;
let kid = "";
let client: TestClient;

beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = await exportJWK(publicKey);
  kid = await calculateJwkThumbprint(jwk);
  key = privateKey;
  client = await register("server", { jwks: { keys: [{ ...jwk, kid }] } });
});

const now = () => Math.floor(Date.now() / 1000);

/** A right assertion but for what is said otherwise; undefined leaves a claim out. */
function assertion(
  claims: Readonly<Record<string, unknown>> = {},
  signer: CryptoKey | Uint8Array = key,
  alg = "ES256",
) {
  return new SignJWT(JSON.parse(JSON.stringify({ ...usual(), ...claims })) as Record<string, unknown>)
    .setProtectedHeader({ alg, kid })
    .sign(signer);
}

function usual() {
  return { iss: client.id, sub: client.id, aud: ISSUER, exp: now() + 60, jti: unique("jti") };
}

function ask(jwt: string, more: Readonly<Record<string, string>> = {}): Promise<OAuthAnswer> {
  return post(TOKEN, {
    grant_type: "client_credentials",
    scope: VIEW,
    client_assertion_type: TYPE,
    client_assertion: jwt,
    ...more,
  });
}

async function expectRefused(jwt: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
  expectError(await ask(jwt, more), 401, "invalid_client");
}

describe("client authentication by a JWT", () => {
  test("RFC 7523, section 2.2: is by client_assertion_type and client_assertion, which holds one JWT", async () => {
    expectTokens(await ask(await assertion()));
    const two = `${await assertion()},${await assertion()}`;
    await expectRefused(two, { client_id: client.id });
    expectError(await ask(await assertion(), { client_assertion_type: `${TYPE}x` }), 400, "invalid_request");
  });

  test("RFC 7523, section 2.2: a client_id beside it names the same client", async () => {
    expectTokens(await ask(await assertion(), { client_id: client.id }));
    await expectRefused(await assertion(), { client_id: (await register()).id });
  });

  test("RFC 7523, section 3: contains who issued it, and that is the client", async () => {
    await expectRefused(await assertion({ iss: undefined }));
    await expectRefused(await assertion({ iss: "https://elsewhere.example" }));
  });

  test("RFC 7523, section 3: contains its subject, and that is the client_id", async () => {
    await expectRefused(await assertion({ sub: undefined }), { client_id: client.id });
    await expectRefused(await assertion({ sub: "somebody" }), { client_id: client.id });
  });

  test("RFC 7523, section 3: contains this server as its audience", async () => {
    for (const aud of [undefined, "https://elsewhere.example", `${ISSUER}.evil.example`]) {
      await expectRefused(await assertion({ aud }));
    }
    expectTokens(await ask(await assertion({ aud: TOKEN_URL })));
  });

  test("RFC 7523, section 3: contains when it expires, and is refused then", async () => {
    await expectRefused(await assertion({ exp: undefined }));
    const jwt = await assertion();
    clock.advance(60_000 + 61_000);
    await expectRefused(jwt);
  });

  test("RFC 7523, section 3: is refused before its nbf", async () => {
    await expectRefused(await assertion({ nbf: now() + 120 }));
  });

  test("RFC 7523, section 3: is refused when it was issued in the future, or is to last for long", async () => {
    await expectRefused(await assertion({ iat: now() + 120 }));
    await expectRefused(await assertion({ exp: now() + 86_400 }));
  });

  test("RFC 7523, section 3: is good once, by its jti", async () => {
    const jwt = await assertion();
    expectTokens(await ask(jwt));
    await expectRefused(jwt);
    await expectRefused(await assertion({ jti: undefined }));
  });

  test("RFC 7523, section 3: is signed, by the client's key", async () => {
    const { privateKey } = await generateKeyPair("ES256");
    await expectRefused(await assertion({}, privateKey));
    await expectRefused(unsigned({ alg: "none" }, usual()));
    await expectRefused(await assertion({}, new TextEncoder().encode(client.id.padEnd(32, "x")), "HS256"));
    const [header, , signature] = (await assertion()).split(".");
    await expectRefused(`${header}.${encoded({ ...usual(), exp: now() + 61 })}.${signature}`);
  });

  test("RFC 7523, section 3: is a JWT, valid in every other way", async () => {
    await expectRefused("garbage", { client_id: client.id });
  });

  test("RFC 7523, section 3.2: is refused by invalid_client", async () => {
    expectError(await ask(await assertion({ aud: "x" })), 401, "invalid_client");
  });
});

test("RFC 7523, section 2.1: the grant that takes a JWT for an authorization is not offered, and refused", async () => {
  const grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
  expect((await readDocument(SERVER_METADATA))["grant_types_supported"]).not.toContain(grant);
  const jwt = await assertion();
  expectError(
    await ask(await assertion(), { grant_type: grant, assertion: jwt }),
    400,
    "unsupported_grant_type",
  );
});
