import { env, exports } from "cloudflare:workers";
import { base64url } from "jose";
import * as oauth from "oauth4webapi";
import { beforeAll, describe, expect, test } from "vitest";
import { authorize, type Authority, type AuthorizeOptions } from "../../../src/guard/index.ts";
import { hashCredential } from "../../../src/operations/credentials.ts";
import { fireJobs } from "./jobs.ts";
import { encoded, hashOf, ISSUER, makeProver, prove, TOKEN_URL, unsigned, type Prover } from "./proofs.ts";
import {
  credentials,
  expectError,
  expectTokens,
  ownerOf,
  post,
  REDIRECT,
  refresh,
  storeClient,
  storeCode,
  type OAuthAnswer,
  type TestClient,
} from "./support.ts";
import {
  call,
  check,
  expectRefusal,
  issue,
  makeService,
  ORIGIN,
  rows,
  sealed,
  storeToken,
} from "../support.ts";

let prover: Prover;
let server: TestClient;
let mobile: TestClient;
let service = "";

beforeAll(async () => {
  prover = await makeProver();
  server = await storeClient();
  mobile = await storeClient("mobile");
  service = (await makeService()).key;
});

/** Redeems a new code with a proof. */
async function redeemWith(proof: string | null, client = server): Promise<OAuthAnswer> {
  const { code } = await storeCode(client);
  return post("/oauth/v2/token", codeRequest(client, code), {
    headers: proof === null ? {} : { DPoP: proof },
  });
}

function codeRequest(client: TestClient, code: string): Record<string, string> {
  return { grant_type: "authorization_code", code, redirect_uri: REDIRECT, ...credentials(client) };
}

/** An access token that is bound to the prover's key, by hand. */
async function boundToken(team = server.team, key = prover.key): Promise<string> {
  const row = { kind: "at", proof_key: key, client_id: server.id, user_id: await ownerOf(team) };
  return storeToken(team, row, sealed("at"));
}

/** What an API of the owner's is called by. */
const API_URL = "https://api.example/devices/1";

async function proofFor(token: string, more: Parameters<typeof prove>[1] = {}) {
  const parts = { method: "GET", url: API_URL, token, ...more };
  return { jwt: await prove(prover, parts), method: "GET", url: API_URL };
}

describe("at the token endpoint, a proof", () => {
  test.each(["ES256", "PS256", "RS256", "EdDSA", "Ed25519"])(
    "by %s binds the access token to its key",
    async (alg) => {
      const by = await makeProver(alg);
      const tokens = expectTokens(await redeemWith(await prove(by)));
      expect(tokens.token_type).toBe("DPoP");
      const stored = await rows(
        "SELECT proof_key FROM access_tokens WHERE hash = ?",
        hashCredential(tokens.access_token),
      );
      expect(stored).toEqual([{ proof_key: by.key }]);
      const { body } = await post("/oauth/v2/introspect", {
        token: tokens.access_token,
        ...credentials(server),
      });
      expect(body).toMatchObject({ active: true, token_type: "DPoP", cnf: { jkt: by.key } });
    },
  );

  test("that was not sent leaves a bearer token", async () => {
    expect(expectTokens(await redeemWith(null)).token_type).toBe("Bearer");
  });

  test("binds a public client's refresh token, and a confidential one's not", async () => {
    const tokens = expectTokens(await redeemWith(await prove(prover), mobile));
    const first = tokens.refresh_token ?? "";
    expectError(await refresh(mobile, first), 400, "invalid_grant");
    const another = await prove(await makeProver());
    const stolen = await post(
      "/oauth/v2/token",
      { grant_type: "refresh_token", refresh_token: first, ...credentials(mobile) },
      { headers: { DPoP: another } },
    );
    expect(expectError(stolen, 400, "invalid_grant")).toContain("bound to a key");
    const own = await post(
      "/oauth/v2/token",
      { grant_type: "refresh_token", refresh_token: first, ...credentials(mobile) },
      { headers: { DPoP: await prove(prover) } },
    );
    expect(expectTokens(own).token_type).toBe("DPoP");

    const confidential = expectTokens(await redeemWith(await prove(prover)));
    const unproven = expectTokens(await refresh(server, confidential.refresh_token ?? ""));
    expect(unproven.token_type).toBe("Bearer");
  });

  test("may name its URL in any form that is the same", async () => {
    const forms = [
      "https://TOKENS.example.com:443/oauth/v2/token",
      `${TOKEN_URL}?a=b#c`,
      `${ISSUER}/oauth/%76%32/token`,
    ];
    for (const htu of forms) {
      expect(expectTokens(await redeemWith(await prove(prover, { claims: { htu } }))).token_type).toBe(
        "DPoP",
      );
    }
  });

  test("is good within 60 s of the clock, in either direction", async () => {
    const now = Math.floor(Date.now() / 1000);
    for (const iat of [now - 55, now + 55]) {
      expectTokens(await redeemWith(await prove(prover, { claims: { iat } })));
    }
    for (const iat of [now - 65, now + 65, undefined, String(now), null]) {
      const answer = await redeemWith(await prove(prover, { claims: { iat } }));
      expectError(answer, 400, "invalid_dpop_proof");
    }
  });

  test.each<[string, (other: Prover) => Promise<string> | string, RegExp]>([
    ["for another URL", () => prove(prover, { url: `${ISSUER}/oauth/v2/introspect` }), /htu/],
    ["for another host", () => prove(prover, { url: "https://evil.example/oauth/v2/token" }), /htu/],
    [
      "for the host that the request names",
      () => prove(prover, { url: "https://jeton.test/oauth/v2/token" }),
      /htu/,
    ],
    ["for another scheme", () => prove(prover, { url: "http://tokens.example.com/oauth/v2/token" }), /htu/],
    [
      "with a name before the host",
      () => prove(prover, { url: "https://a@tokens.example.com/oauth/v2/token" }),
      /htu/,
    ],
    ["without a URL", () => prove(prover, { claims: { htu: undefined } }), /htu/],
    ["for another method", () => prove(prover, { method: "GET" }), /htm/],
    ["for a method in another case", () => prove(prover, { method: "post" }), /htm/],
    ["without a jti", () => prove(prover, { claims: { jti: undefined } }), /jti/],
    ["with an empty jti", () => prove(prover, { claims: { jti: "" } }), /jti/],
    ["with a jti that is no text", () => prove(prover, { claims: { jti: 7 } }), /jti/],
    ["of another type", () => prove(prover, { header: { typ: "JWT" } }), /typ/],
    ["of no type", () => prove(prover, { header: { typ: undefined } }), /typ/],
    [
      "that nobody signed",
      () =>
        unsigned(
          { typ: "dpop+jwt", alg: "none", jwk: prover.jwk },
          { htm: "POST", htu: TOKEN_URL, jti: "n" },
        ),
      /alg/,
    ],
    [
      "by HS256 with the public key as the secret",
      async () =>
        prove(prover, {
          header: { alg: "HS256" },
          signer: new TextEncoder().encode(JSON.stringify(prover.jwk)),
        }),
      /alg/,
    ],
    [
      "by HS256 with a secret that it brings along",
      () =>
        prove(prover, {
          header: { alg: "HS256", jwk: { kty: "oct", k: encoded({ a: 1 }) } },
          signer: new TextEncoder().encode(JSON.stringify({ a: 1 })),
        }),
      /alg/,
    ],
    [
      "by another key than the one that it names",
      (other) => prove(prover, { signer: other.privateKey }),
      /signature/,
    ],
    [
      "with its private key along",
      async (other) => {
        const { d } = (await crypto.subtle.exportKey("jwk", other.privateKey)) as JsonWebKey;
        return prove(other, { header: { jwk: { ...other.jwk, d } } });
      },
      /jwk/,
    ],
    [
      "with a part of its private key along",
      async () => {
        const rsa = await makeProver("RS256");
        return prove(rsa, { header: { jwk: { ...rsa.jwk, p: "AQAB" } } });
      },
      /jwk/,
    ],
    ["without a key", () => prove(prover, { header: { jwk: undefined } }), /jwk/],
    [
      "with the address of a key",
      () => prove(prover, { header: { jwk: undefined, jku: "https://evil.example" } }),
      /jwk/,
    ],
    [
      "with a key for encryption",
      () => prove(prover, { header: { jwk: { ...prover.jwk, use: "enc" } } }),
      /jwk/,
    ],
    [
      "with a key of another curve",
      () => prove(prover, { header: { jwk: { ...prover.jwk, crv: "P-384" } } }),
      /jwk/,
    ],
    [
      "with a point off the curve",
      () => prove(prover, { header: { jwk: { ...prover.jwk, y: prover.jwk.x } } }),
      /jwk/,
    ],
    ["that must be understood in a way of its own", () => tampered({ crit: ["new"], new: 1 }), /signed JWT/],
    ["that is no JWT", () => "garbage", /signed JWT/],
    ["that is too large", () => prove(prover, { claims: { padding: "x".repeat(5_000) } }), /too large/],
    ["that was tampered with", async () => `${(await prove(prover)).slice(0, -6)}AAAAAA`, /signature/],
  ])("%s is refused, and says why", async (_what, make, why) => {
    const answer = await redeemWith(await make(await makeProver()));
    expect(expectError(answer, 400, "invalid_dpop_proof")).toMatch(why);
  });

  async function tampered(header: object): Promise<string> {
    const [, payload, signature] = (await prove(prover)).split(".");
    return `${encoded({ typ: "dpop+jwt", alg: "ES256", jwk: prover.jwk, ...header })}.${payload}.${signature}`;
  }

  test("by an RSA key under 2048 bits is refused", async () => {
    const { privateKey, publicKey } = (await crypto.subtle.generateKey(
      {
        name: "RSASSA-PKCS1-v1_5",
        modulusLength: 1024,
        publicExponent: new Uint8Array([1, 0, 1]),
        hash: "SHA-256",
      },
      true,
      ["sign", "verify"],
    )) as CryptoKeyPair;
    const jwk = (await crypto.subtle.exportKey("jwk", publicKey)) as { n: string; e: string };
    const header = { typ: "dpop+jwt", alg: "RS256", jwk: { kty: "RSA", n: jwk.n, e: jwk.e } };
    const claims = { htm: "POST", htu: TOKEN_URL, iat: Math.floor(Date.now() / 1000), jti: "short" };
    const input = `${encoded(header)}.${encoded(claims)}`;
    const signature = await crypto.subtle.sign(
      "RSASSA-PKCS1-v1_5",
      privateKey,
      new TextEncoder().encode(input),
    );
    const answer = await redeemWith(`${input}.${base64url.encode(new Uint8Array(signature))}`);
    expect(expectError(answer, 400, "invalid_dpop_proof")).toMatch(/jwk/);
  });

  test("is one: two in a request are refused", async () => {
    const { code } = await storeCode(server);
    // As two headers of one name arrive.
    const DPoP = `${await prove(prover)}, ${await prove(prover)}`;
    const answer = await post("/oauth/v2/token", codeRequest(server, code), { headers: { DPoP } });
    expect(expectError(answer, 400, "invalid_dpop_proof")).toMatch(/more than one/);
  });

  test("works once: of 20 at once, one", async () => {
    const proof = await prove(prover);
    const codes = await Promise.all(Array.from({ length: 20 }, () => storeCode(server)));
    const answers = await Promise.all(
      codes.map(({ code }) =>
        post("/oauth/v2/token", codeRequest(server, code), { headers: { DPoP: proof } }),
      ),
    );
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused).toHaveLength(19);
    for (const answer of refused)
      expect(expectError(answer, 400, "invalid_dpop_proof")).toMatch(/used before/);
  });

  test("with the jti of another key's is that key's own", async () => {
    const other = await makeProver();
    expectTokens(await redeemWith(await prove(prover, { claims: { jti: "the same" } })));
    expectTokens(await redeemWith(await prove(other, { claims: { jti: "the same" } })));
    expectError(
      await redeemWith(await prove(other, { claims: { jti: "the same" } })),
      400,
      "invalid_dpop_proof",
    );
  });

  test("that is refused leaves the code unused", async () => {
    const { code } = await storeCode(server);
    const bad = { headers: { DPoP: await prove(prover, { method: "PUT" }) } };
    expectError(await post("/oauth/v2/token", codeRequest(server, code), bad), 400, "invalid_dpop_proof");
    expectTokens(
      await post("/oauth/v2/token", codeRequest(server, code), { headers: { DPoP: await prove(prover) } }),
    );
  });

  test("is made anew for a retry, which gets the same answer", async () => {
    const { code } = await storeCode(server);
    const ask = async (by: Prover) =>
      post("/oauth/v2/token", codeRequest(server, code), { headers: { DPoP: await prove(by) } });
    const first = expectTokens(await ask(prover));
    expect(expectTokens(await ask(prover))).toEqual(first);
    // By another key it is another request: a replay.
    expectError(await ask(await makeProver()), 400, "invalid_grant");
  });

  test("has to be by the key to which the authorization request bound the code", async () => {
    const { code } = await storeCode(server, { token: { proof_key: prover.key } });
    const request = codeRequest(server, code);
    expectError(await post("/oauth/v2/token", request), 400, "invalid_grant");
    const other = await prove(await makeProver());
    expectError(await post("/oauth/v2/token", request, { headers: { DPoP: other } }), 400, "invalid_grant");
    expectTokens(await post("/oauth/v2/token", request, { headers: { DPoP: await prove(prover) } }));
  });
});

test("a client library gets a bound token, and uses it at the management API", async () => {
  const as: oauth.AuthorizationServer = { issuer: ISSUER, token_endpoint: TOKEN_URL };
  const client: oauth.Client = { client_id: server.id };
  const verifier = oauth.generateRandomCodeVerifier();
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
  const { code } = await storeCode(server, {
    grant: { permissions: JSON.stringify(["EMM.Team.VIEW"]), access_type: "online" },
    token: { code_challenge: await oauth.calculatePKCECodeChallenge(verifier) },
  });
  const callback = oauth.validateAuthResponse(
    as,
    client,
    new URL(`${REDIRECT}?code=${code}&iss=${ISSUER}`),
    oauth.skipStateCheck,
  );
  const here = { [oauth.customFetch]: toTheWorker };
  const response = await oauth.authorizationCodeGrantRequest(
    as,
    client,
    oauth.ClientSecretPost(server.secret),
    callback,
    REDIRECT,
    verifier,
    { DPoP, ...here },
  );
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, response);
  expect(tokens.token_type).toBe("dpop");
  const url = new URL(`${ISSUER}/v1/teams/${server.team}?with=query`);
  const answer = await oauth.protectedResourceRequest(tokens.access_token, "GET", url, new Headers(), null, {
    DPoP,
    ...here,
  });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ team: { id: server.team } });
});

/** As the platform does: the deployment's own origin leads to the Worker. */
function toTheWorker(url: string, init: oauth.CustomFetchOptions<string, unknown>): Promise<Response> {
  const { method, headers, body } = init;
  const sent = body instanceof URLSearchParams ? { body } : {};
  return exports.default.fetch(new Request(url.replace(ISSUER, ORIGIN), { method, headers, ...sent }));
}

describe("a check of a token that is bound to a key", () => {
  test("allows it with a proof, once", async () => {
    const token = await boundToken();
    const proof = await proofFor(token);
    expect(await check(service, { token, proof })).toMatchObject({ allowed: true, reason: null });
    expect(await check(service, { token, proof })).toMatchObject({ allowed: false, reason: "invalid_proof" });
    expect(await check(service, { token, proof: await proofFor(token) })).toMatchObject({ allowed: true });
  });

  test("lets one of 20 at once with the same proof through", async () => {
    const token = await boundToken();
    const proof = await proofFor(token);
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => check(service, { token, proof })));
    expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(1);
  });

  test("refuses it as a bearer token, and shows nothing of it", async () => {
    const verdict = await check(service, { token: await boundToken() });
    expect(verdict).toMatchObject({
      allowed: false,
      reason: "invalid_proof",
      token: null,
      error: { status: 401, error_code: "COM0013" },
    });
    expect(verdict.error?.error_description).toContain("missing");
  });

  test("ignores query and fragment of the URL, on either side", async () => {
    const token = await boundToken();
    const { jwt } = await proofFor(token, { url: `${API_URL}?a=1` });
    const proof = { jwt, method: "GET", url: `${API_URL}?b=2#c` };
    expect(await check(service, { token, proof })).toMatchObject({ allowed: true });
  });

  test.each<[string, (token: string) => Promise<{ jwt: string; method: string; url: string }>, string]>([
    ["for another URL", async (token) => proofFor(token, { url: "https://api.example/devices/2" }), "htu"],
    ["for another method", async (token) => proofFor(token, { method: "DELETE" }), "htm"],
    ["for a URL that is none", async (token) => ({ ...(await proofFor(token)), url: "" }), "htu"],
    ["for another token", async (token) => proofFor(token, { token: sealed("at") }), "ath"],
    ["for no token", async (token) => proofFor(token, { claims: { ath: undefined } }), "ath"],
    [
      "that is old",
      async (token) => proofFor(token, { claims: { iat: Math.floor(Date.now() / 1000) - 120 } }),
      "iat",
    ],
    [
      "by another key",
      async (token) => {
        const jwt = await prove(await makeProver(), { method: "GET", url: API_URL, token });
        return { jwt, method: "GET", url: API_URL };
      },
      "key",
    ],
    [
      "that names the key and is signed by another",
      async (token) => proofFor(token, { signer: (await makeProver()).privateKey }),
      "signature",
    ],
    ["that is empty", async () => ({ jwt: "", method: "GET", url: API_URL }), "missing"],
  ])("refuses a proof %s", async (_what, make, problem) => {
    const token = await boundToken();
    const verdict = await check(service, { token, proof: await make(token) });
    expect(verdict).toMatchObject({ allowed: false, reason: "invalid_proof", token: null });
    expect(verdict.error?.error_description).toContain(`DPoP: ${problem}`);
  });

  test("refuses a token that is bound to none when it comes with a proof", async () => {
    const token = await storeToken(server.team, { kind: "at" }, sealed("at"));
    const verdict = await check(service, { token, proof: await proofFor(token) });
    expect(verdict).toMatchObject({ allowed: false, reason: "invalid_proof" });
    expect(verdict.error?.error_description).toContain("unbound");
    expect(await check(service, { token })).toMatchObject({ allowed: true });
  });

  test("writes nothing for proofs that do not hold", async () => {
    const token = await boundToken();
    const count = () => rows<{ n: number }>("SELECT count(*) AS n FROM seen_jwts");
    const [before] = await count();
    const other = await makeProver();
    for (let round = 0; round < 5; round += 1) {
      const jwt = await prove(other, { method: "GET", url: API_URL, token });
      await check(service, { token, proof: { jwt, method: "GET", url: API_URL } });
    }
    expect(await count()).toEqual([before]);
  });

  test("leaves a denial in the audit trail: somebody has the token and not its key", async () => {
    const token = await boundToken();
    await check(service, { token });
    const [row] = await rows<{ detail: string }>(
      `SELECT detail FROM audit_events WHERE type = 'check.denied'
        AND actor = (SELECT id FROM access_tokens WHERE hash = ?)`,
      hashCredential(token),
    );
    expect(JSON.parse(row?.detail ?? "{}")).toMatchObject({ reason: "invalid_proof" });
  });

  test("takes a proof only as it is described", async () => {
    const token = await boundToken();
    for (const proof of [null, "jwt", { jwt: "x" }, { ...(await proofFor(token)), more: 1 }]) {
      expectRefusal(await call("POST", "/v1/check", { as: service, body: { token, proof } }), 400, "COM0005");
    }
  });
});

test("through a service binding it is the same", async () => {
  const authority: Authority = exports.Authority({ props: {} });
  const token = await boundToken();
  const proof = await proofFor(token);
  expect(await authority.check({ token })).toMatchObject({ reason: "invalid_proof" });
  expect(await authority.check({ token, proof })).toMatchObject({ allowed: true });
  expect(await authority.check({ token, proof })).toMatchObject({ reason: "invalid_proof" });
});

describe("the guard", () => {
  /** A request to an API of the owner's, guarded over a service binding. */
  async function guarded(headers: Readonly<Record<string, string>>, more: Partial<AuthorizeOptions> = {}) {
    const authority: Authority = exports.Authority({ props: {} });
    const options = { authority, team: () => server.team, permissions: ["EMM.Devices.VIEW"], ...more };
    return authorize(new Request(`${API_URL}?a=b`, { headers }), options);
  }

  test("lets a bound token through with its proof, once", async () => {
    const token = await boundToken();
    const { jwt: DPoP } = await proofFor(token);
    const headers = { Authorization: `DPoP ${token}`, DPoP };
    expect(await guarded(headers)).toMatchObject({ allowed: true });
    expect(await guarded(headers)).toMatchObject({ allowed: false });
  });

  test("refuses it as Bearer even with a good proof, and without one, and with another's", async () => {
    const token = await boundToken();
    const { jwt: DPoP } = await proofFor(token);
    const foreign = await prove(await makeProver(), { method: "GET", url: API_URL, token });
    for (const headers of [
      { Authorization: `Bearer ${token}`, DPoP },
      { Authorization: `DPoP ${token}` },
      { Authorization: `DPoP ${token}`, DPoP: foreign },
    ]) {
      const authorization = await guarded(headers);
      const response = authorization.allowed ? null : authorization.response;
      expect(response?.status).toBe(401);
      expect(response?.headers.get("WWW-Authenticate")).toMatch(/^DPoP realm="jeton", error="invalid_token"/);
    }
    expect(await guarded({ Authorization: `DPoP ${token}`, DPoP })).toMatchObject({ allowed: true });
  });

  test("wants the proof for the URL that callers use, where something in front rewrites it", async () => {
    const token = await boundToken();
    const outside = "https://outside.example/api/devices/1";
    const { jwt: DPoP } = await proofFor(token, { url: outside });
    const headers = { Authorization: `DPoP ${token}`, DPoP };
    expect(await guarded(headers)).toMatchObject({ allowed: false });
    expect(await guarded(headers, { url: () => outside })).toMatchObject({ allowed: true });
  });
});

describe("forward-auth", () => {
  async function ask(
    headers: Readonly<Record<string, string>>,
    path = `/v1/forward-auth?team=${server.team}`,
  ) {
    return call("GET", path, { as: null, headers: { "X-Jeton-Service-Key": service, ...headers } });
  }

  const where = { "X-Jeton-Method": "GET", "X-Jeton-Url": API_URL };

  test.each(["DPoP", "X-Jeton-DPoP"])("lets a bound token through with its proof in %s", async (name) => {
    const token = await boundToken();
    const { jwt } = await proofFor(token);
    const headers = { Authorization: `DPoP ${token}`, [name]: jwt, ...where };
    expect((await ask(headers)).status).toBe(200);
    expectRefusal(await ask(headers), 401, "COM0013");
  });

  test("does so for Envoy as well", async () => {
    const token = await boundToken();
    const { jwt } = await proofFor(token);
    const asked = { "X-Jeton-Permission": "EMM.Devices.VIEW", "X-Jeton-Team": server.team };
    const answer = await ask(
      { Authorization: `dpop ${token}`, DPoP: jwt, ...where, ...asked },
      "/v1/forward-auth/envoy",
    );
    expect(answer.status).toBe(200);
  });

  test("refuses it as Bearer, with or without a proof, and challenges for one", async () => {
    const token = await boundToken();
    const { jwt } = await proofFor(token);
    for (const scheme of ["Bearer", "Zoho-oauthtoken"]) {
      const answer = await ask({ Authorization: `${scheme} ${token}`, DPoP: jwt, ...where });
      expectRefusal(answer, 401, "COM0013");
      expect(answer.headers.get("WWW-Authenticate")).toMatch(
        /^DPoP realm="jeton", error="invalid_token", error_description="[^"\\]+", algs="ES256 PS256 RS256 EdDSA Ed25519"$/,
      );
    }
  });

  test("refuses it where the proxy does not say what was called", async () => {
    const token = await boundToken();
    const { jwt } = await proofFor(token);
    expectRefusal(await ask({ Authorization: `DPoP ${token}`, DPoP: jwt }), 401, "COM0013");
  });

  test("refuses a bearer token under the scheme DPoP", async () => {
    const { token } = await issue(server.team);
    expectRefusal(await ask({ Authorization: `DPoP ${token}`, ...where }), 401, "COM0013");
    expect((await ask({ Authorization: `Bearer ${token}`, ...where })).status).toBe(200);
  });
});

describe("the management API", () => {
  const url = () => `${ISSUER}/v1/teams/${server.team}`;
  const path = () => `/v1/teams/${server.team}`;
  const view = { permissions: JSON.stringify(["EMM.Team.VIEW"]) };

  async function tokenForApi(): Promise<string> {
    const row = {
      kind: "at",
      proof_key: prover.key,
      client_id: server.id,
      user_id: await ownerOf(server.team),
      ...view,
    };
    return storeToken(server.team, row, sealed("at"));
  }

  test("takes a bound token with its proof, and not as Bearer", async () => {
    const token = await tokenForApi();
    const DPoP = await prove(prover, { method: "GET", url: url(), token });
    const headers = { Authorization: `DPoP ${token}`, DPoP };
    expect((await call("GET", path(), { as: null, headers })).status).toBe(200);
    expectRefusal(await call("GET", path(), { as: null, headers }), 401, "COM0013");
    expectRefusal(await call("GET", path(), { as: token }), 401, "COM0013");
    const fresh = await prove(prover, { method: "GET", url: url(), token });
    const asBearer = await call("GET", path(), { as: token, headers: { DPoP: fresh } });
    expectRefusal(asBearer, 401, "COM0013");
    expect(asBearer.headers.get("WWW-Authenticate")).toMatch(/^DPoP .*resource_metadata="https:/);
  });

  test("wants the proof for its own origin, whatever host the request names", async () => {
    const token = await tokenForApi();
    const DPoP = await prove(prover, { method: "GET", url: `https://jeton.test${path()}`, token });
    expectRefusal(
      await call("GET", path(), { as: null, headers: { Authorization: `DPoP ${token}`, DPoP } }),
      401,
      "COM0013",
    );
  });

  test("takes no operator key and no service key under the scheme DPoP", async () => {
    const Authorization = `DPoP ${env.OPERATOR_KEY}`;
    const DPoP = await prove(prover, { method: "GET", url: `${ISSUER}/v1/teams` });
    expectRefusal(
      await call("GET", "/v1/teams", { as: null, headers: { Authorization, DPoP } }),
      401,
      "COM0013",
    );
    expectRefusal(await call("GET", path(), { as: null, headers: { Authorization, DPoP } }), 401, "COM0013");
    const asService = await call("POST", "/v1/check", {
      as: null,
      headers: { Authorization: `DPoP ${service}` },
      body: { token: "x" },
    });
    expectRefusal(asService, 401, "COM0013");
  });
});

test("used proofs are forgotten once they are too old to be used again", async () => {
  const token = await boundToken();
  await check(service, { token, proof: await proofFor(token) });
  const count = () => rows("SELECT hash FROM seen_jwts WHERE expires_at < ?", Date.now());
  await env.DB.prepare("UPDATE seen_jwts SET expires_at = 1").run();
  expect((await count()).length).toBeGreaterThan(0);
  await fireJobs();
  expect(await count()).toEqual([]);
});

test("a proof's ath is the hash of the token as it stands in the header", () => {
  // RFC 9449, section 7.1, figure 13.
  expect(hashOf("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU")).toBe(
    "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo",
  );
});
