import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from "jose";
import { exports } from "cloudflare:workers";
import * as oauth from "oauth4webapi";
import { beforeAll, describe, expect, test } from "vitest";
import { encoded, ISSUER, TOKEN_URL, unsigned } from "./proofs.ts";
import {
  expectError,
  expectTokens,
  LOCK_SCOPE,
  post,
  REDIRECT,
  storeClient,
  storeCode,
  type OAuthAnswer,
  type TestClient,
} from "./support.ts";
import { call, makeTeam, ORIGIN, unique } from "../support.ts";

const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

interface Pair {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
  readonly kid: string;
  readonly alg: string;
}

let own: Pair;
let older: Pair;
let client: TestClient;

beforeAll(async () => {
  own = await makePair("ES256");
  older = await makePair("RS256");
  client = await withKeys([own, older]);
});

async function makePair(alg: string): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  return { privateKey, jwk: { ...jwk, kid }, kid, alg };
}

function withKeys(pairs: readonly Pair[], more: object = {}): Promise<TestClient> {
  return storeClient("server", { jwks: JSON.stringify({ keys: pairs.map(({ jwk }) => jwk) }), ...more });
}

const now = () => Math.floor(Date.now() / 1000);

interface Parts {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly signer?: CryptoKey | Uint8Array;
  readonly by?: Pair;
  readonly of?: TestClient;
}

/** A right assertion but for what is said otherwise; undefined leaves a member out. */
function assert({ claims = {}, header = {}, by = own, signer = by.privateKey, of = client }: Parts = {}) {
  const all = {
    iss: of.id,
    sub: of.id,
    aud: ISSUER,
    iat: now(),
    exp: now() + 60,
    jti: unique("jti"),
    ...claims,
  };
  return new SignJWT(JSON.parse(JSON.stringify(all)) as Record<string, unknown>)
    .setProtectedHeader({ alg: by.alg, kid: by.kid, ...header })
    .sign(signer);
}

function asking(assertion: string): Record<string, string> {
  return { client_assertion_type: ASSERTION_TYPE, client_assertion: assertion };
}

/** Redeems a new code of the client's. */
async function redeemBy(
  assertion: string,
  more: Record<string, string> = {},
  of = client,
): Promise<OAuthAnswer> {
  const { code } = await storeCode(of);
  return post("/oauth/v2/token", codeRequest(code, { ...asking(assertion), ...more }));
}

function codeRequest(code: string, more: Record<string, string>): Record<string, string> {
  return { grant_type: "authorization_code", code, redirect_uri: REDIRECT, ...more };
}

describe("a client with keys", () => {
  test.each(["ES256", "PS256", "RS256", "EdDSA", "Ed25519"])(
    "authenticates by one of them, by %s",
    async (alg) => {
      const by = await makePair(alg);
      const of = await withKeys([by]);
      expectTokens(await redeemBy(await assert({ by, of }), {}, of));
    },
  );

  test("is told by the assertion alone, or names itself as well", async () => {
    expectTokens(await redeemBy(await assert()));
    expectTokens(await redeemBy(await assert(), { client_id: client.id }));
  });

  test("may use any of its keys, with or without its name", async () => {
    for (const by of [own, older]) {
      expectTokens(await redeemBy(await assert({ by })));
      expectTokens(await redeemBy(await assert({ by, header: { kid: undefined } })));
    }
  });

  test.each([
    ["the issuer", ISSUER],
    ["the token endpoint", TOKEN_URL],
    ["a list of one", [ISSUER]],
  ])("names %s as the audience", async (_what, aud) => {
    expectTokens(await redeemBy(await assert({ claims: { aud } })));
  });

  test("authenticates by it at revocation and introspection, whose own address is an audience there", async () => {
    const { access_token: token } = expectTokens(await redeemBy(await assert()));
    const aud = `${ISSUER}/oauth/v2/introspect`;
    const { body } = await post("/oauth/v2/introspect", {
      token,
      ...asking(await assert({ claims: { aud } })),
    });
    expect(body).toMatchObject({ active: true, scope: LOCK_SCOPE, client_id: client.id });
    const wrong = await post("/oauth/v2/token/revoke", {
      token,
      ...asking(await assert({ claims: { aud } })),
    });
    expectError(wrong, 401, "invalid_client");
    expect((await post("/oauth/v2/token/revoke", { token, ...asking(await assert()) })).status).toBe(200);
    const after = await post("/oauth/v2/introspect", { token, ...asking(await assert()) });
    expect(after.body).toEqual({ active: false });
  });

  test("gets the same answer for a retry, whose assertion is a new one", async () => {
    const { code } = await storeCode(client);
    const first = expectTokens(await post("/oauth/v2/token", codeRequest(code, asking(await assert()))));
    const again = expectTokens(
      await post("/oauth/v2/token", codeRequest(code, asking(await assert({ by: older })))),
    );
    expect(again).toEqual(first);
  });

  test("cannot use a secret, though one is stored", async () => {
    const { code } = await storeCode(client);
    const bySecret = { client_id: client.id, client_secret: client.secret };
    expectError(await post("/oauth/v2/token", codeRequest(code, bySecret)), 401, "invalid_client");
    const both = { ...bySecret, ...asking(await assert()) };
    expectError(await post("/oauth/v2/token", codeRequest(code, both)), 400, "invalid_request");
    expectError(
      await post("/oauth/v2/token", codeRequest(code, { client_id: client.id })),
      401,
      "invalid_client",
    );
  });

  test("that registered at the API uses a library", async () => {
    const pair = await oauth.generateKeyPair("Ed25519", { extractable: true });
    const key = { kid: "mine", ...(await exportJWK(pair.publicKey)) };
    const { id: team } = await makeTeam();
    const body = {
      type: "server",
      name: "By key",
      homepage_url: "https://app.example",
      redirect_uris: [REDIRECT],
      permissions: LOCK_SCOPE.split(" "),
      jwks: { keys: [key] },
    };
    const registered = await call("POST", `/v1/teams/${team}/clients`, { body });
    expect(registered.status, registered.text).toBe(201);
    const { client: made } = registered.body as { client: { id: string } };
    const verifier = oauth.generateRandomCodeVerifier();
    const { code } = await storeCode(
      { id: made.id, secret: "", team, type: "server" },
      { token: { code_challenge: await oauth.calculatePKCECodeChallenge(verifier) } },
    );
    const as: oauth.AuthorizationServer = { issuer: ISSUER, token_endpoint: TOKEN_URL };
    const it: oauth.Client = { client_id: made.id };
    const callback = oauth.validateAuthResponse(
      as,
      it,
      new URL(`${REDIRECT}?code=${code}&iss=${ISSUER}`),
      oauth.skipStateCheck,
    );
    const response = await oauth.authorizationCodeGrantRequest(
      as,
      it,
      oauth.PrivateKeyJwt({ key: pair.privateKey, kid: "mine" }),
      callback,
      REDIRECT,
      verifier,
      {
        [oauth.customFetch]: (url, { method, headers, body: form }) =>
          exports.default.fetch(new Request(url.replace(ISSUER, ORIGIN), { method, headers, body: form })),
      },
    );
    const tokens = await oauth.processAuthorizationCodeResponse(as, it, response);
    expect(tokens.scope).toBe(LOCK_SCOPE);
  });
});

describe("an assertion", () => {
  test("works once: of 20 at once, one", async () => {
    const assertion = await assert();
    const codes = await Promise.all(Array.from({ length: 20 }, () => storeCode(client)));
    const answers = await Promise.all(
      codes.map(({ code }) => post("/oauth/v2/token", codeRequest(code, asking(assertion)))),
    );
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused).toHaveLength(19);
    for (const answer of refused) expect(expectError(answer, 401, "invalid_client")).toMatch(/used before/);
  });

  test("with the jti of another client's is that client's own", async () => {
    const other = await withKeys([own]);
    const claims = { jti: "the same" };
    expectTokens(await redeemBy(await assert({ claims })));
    expectTokens(await redeemBy(await assert({ claims, of: other }), {}, other));
    expectError(await redeemBy(await assert({ claims, of: other }), {}, other), 401, "invalid_client");
  });

  test("may be from a clock that is a little off", async () => {
    expectTokens(await redeemBy(await assert({ claims: { exp: now() - 30, iat: now() - 90 } })));
    expectTokens(await redeemBy(await assert({ claims: { iat: now() + 30, nbf: now() + 30 } })));
  });

  test.each<[string, () => Promise<string> | string, RegExp]>([
    ["of another issuer", () => assert({ claims: { iss: "https://evil.example" } }), /iss and sub/],
    ["about somebody else", () => assert({ claims: { sub: "cli_us_other" } }), /iss and sub/],
    ["of nobody", () => assert({ claims: { iss: undefined } }), /iss and sub/],
    ["for another server", () => assert({ claims: { aud: "https://evil.example" } }), /aud/],
    [
      "for another server as well",
      () => assert({ claims: { aud: [ISSUER, "https://evil.example"] } }),
      /aud/,
    ],
    ["for the host that the request names", () => assert({ claims: { aud: ORIGIN } }), /aud/],
    ["for nobody", () => assert({ claims: { aud: undefined } }), /aud/],
    ["for an empty list", () => assert({ claims: { aud: [] } }), /aud/],
    ["that never expires", () => assert({ claims: { exp: undefined } }), /exp/],
    ["that has expired", () => assert({ claims: { exp: now() - 90 } }), /expired/],
    ["that expires in an hour", () => assert({ claims: { exp: now() + 3600 } }), /600 s/],
    ["that expires at a word", () => assert({ claims: { exp: "soon" } }), /no number/],
    ["from the future", () => assert({ claims: { iat: now() + 90 } }), /iat/],
    ["that is not valid yet", () => assert({ claims: { nbf: now() + 90 } }), /not valid yet/],
    ["without a jti", () => assert({ claims: { jti: undefined } }), /jti/],
    ["with a jti that is no text", () => assert({ claims: { jti: 1 } }), /jti/],
    ["that nobody signed", () => unsigned({ alg: "none" }, rightClaims()), /alg/],
    [
      "by HS256 with the public key as the secret",
      () => assert({ header: { alg: "HS256" }, signer: new TextEncoder().encode(JSON.stringify(own.jwk)) }),
      /alg/,
    ],
    [
      "by HS256 with the client's stored secret",
      () => assert({ header: { alg: "HS256" }, signer: new TextEncoder().encode(client.secret) }),
      /alg/,
    ],
    [
      "by a key of somebody else",
      async () => assert({ signer: (await makePair("ES256")).privateKey }),
      /signature/,
    ],
    [
      "by a key that it brings along",
      async () => {
        const other = await makePair("ES256");
        return assert({ signer: other.privateKey, header: { jwk: other.jwk } });
      },
      /signature/,
    ],
    ["by a key that nobody knows", () => assert({ header: { kid: "unknown" } }), /no key/],
    ["by an algorithm that is not its key's", () => assert({ header: { kid: older.kid } }), /no key/],
    ["that is no JWT", () => `${encoded({ alg: "ES256" })}.${encoded(rightClaims())}.AAAA`, /signature/],
    ["that is too large", () => assert({ claims: { padding: "x".repeat(9_000) } }), /too large/],
  ])("%s is refused, and says why", async (_what, make, why) => {
    const answer = await redeemBy(await make(), { client_id: client.id });
    expect(expectError(answer, 401, "invalid_client")).toMatch(why);
  });

  function rightClaims() {
    return { iss: client.id, sub: client.id, aud: ISSUER, exp: now() + 60, jti: unique("jti") };
  }

  test("of one client is none of another's, which has the same key", async () => {
    const other = await withKeys([own]);
    const answer = await redeemBy(await assert(), { client_id: other.id }, other);
    expect(expectError(answer, 401, "invalid_client")).toMatch(/iss and sub/);
  });

  test("says nothing where it names nobody, or comes under another type", async () => {
    expectError(await redeemBy("garbage"), 401, "invalid_client");
    expectError(await redeemBy(await assert({ claims: { sub: undefined } })), 401, "invalid_client");
    const typed = { client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:saml2-bearer" };
    expectError(await redeemBy(await assert(), typed), 400, "invalid_request");
  });

  test("does not authenticate a client without keys", async () => {
    const plain = await storeClient();
    const answer = await redeemBy(await assert({ of: plain }), {}, plain);
    expectError(answer, 401, "invalid_client");
  });

  test("that is refused leaves the code unused, and its jti too", async () => {
    const { code } = await storeCode(client);
    const jti = unique("jti");
    const bad = await assert({ claims: { jti, aud: "https://evil.example" } });
    expectError(await post("/oauth/v2/token", codeRequest(code, asking(bad))), 401, "invalid_client");
    const good = await assert({ claims: { jti } });
    expectTokens(await post("/oauth/v2/token", codeRequest(code, asking(good))));
  });
});
