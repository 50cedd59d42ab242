import { beforeAll, describe, expect, test } from "vitest";
import { check, driveClock, makeService, send } from "../worker/support.ts";
import { ISSUER, makeProver, prove, unsigned, type Prover } from "../worker/oauth/proofs.ts";
import {
  credentials,
  expectError,
  expectTokens,
  LOCK_SCOPE,
  post,
  REDIRECT,
  VIEW,
  type OAuthAnswer,
  type TestClient,
} from "../worker/oauth/support.ts";
import {
  codeOf,
  INTROSPECT,
  PAR,
  readDocument,
  register,
  SERVER_METADATA,
  TOKEN,
  verifierOf,
} from "./support.ts";

const clock = driveClock();

let prover: Prover;
let server: TestClient;

beforeAll(async () => {
  prover = await makeProver();
  server = await register();
});

/** Asks for a token, which no code is needed for. */
function ask(proof: string): Promise<OAuthAnswer> {
  const request = { grant_type: "client_credentials", scope: LOCK_SCOPE, ...credentials(server) };
  return post(TOKEN, request, { headers: { DPoP: proof } });
}

async function expectRefused(proof: string): Promise<void> {
  expectError(await ask(proof), 400, "invalid_dpop_proof");
}

async function redeemWith(proof: string, client: TestClient, code: string): Promise<OAuthAnswer> {
  const request = { grant_type: "authorization_code", code, redirect_uri: REDIRECT };
  return post(
    TOKEN,
    { ...request, ...credentials(client), ...verifierOf(client) },
    { headers: { DPoP: proof } },
  );
}

function refreshWith(proof: string | null, client: TestClient, token: string): Promise<OAuthAnswer> {
  const request = { grant_type: "refresh_token", refresh_token: token, ...credentials(client) };
  return post(TOKEN, request, { headers: proof === null ? {} : { DPoP: proof } });
}

const now = () => Math.floor(Date.now() / 1000);

describe("a proof is checked (section 4.3)", () => {
  test("RFC 9449, section 4.3: a right one gives a token of type DPoP (section 5)", async () => {
    expect(expectTokens(await ask(await prove(prover))).token_type).toBe("DPoP");
  });

  test("RFC 9449, section 4.3, check 1: there is one", async () => {
    await expectRefused(`${await prove(prover)}, ${await prove(prover)}`);
  });

  test("RFC 9449, section 4.3, check 2: it is a JWT", async () => {
    await expectRefused("garbage");
  });

  test.each(["htm", "htu", "iat", "jti"])("RFC 9449, section 4.3, check 3: it has %s", async (name) => {
    await expectRefused(await prove(prover, { claims: { [name]: undefined } }));
  });

  test("RFC 9449, section 4.3, check 4: its typ is dpop+jwt", async () => {
    for (const typ of ["JWT", undefined]) await expectRefused(await prove(prover, { header: { typ } }));
  });

  test("RFC 9449, section 4.3, check 5: its alg is asymmetric, and not none", async () => {
    const claims = { htm: "POST", htu: `${ISSUER}${TOKEN}`, iat: now(), jti: "unsigned" };
    await expectRefused(unsigned({ typ: "dpop+jwt", alg: "none", jwk: prover.jwk }, claims));
    const signer = new TextEncoder().encode(JSON.stringify(prover.jwk));
    await expectRefused(await prove(prover, { header: { alg: "HS256" }, signer }));
  });

  test("RFC 9449, section 4.3, check 6: its signature is by the key in it", async () => {
    await expectRefused(await prove(prover, { signer: (await makeProver()).privateKey }));
  });

  test("RFC 9449, section 4.3, check 7: the key in it has no private part", async () => {
    await expectRefused(await prove(prover, { header: { jwk: { ...prover.jwk, d: "AAAA" } } }));
  });

  test("RFC 9449, section 4.3, check 8: its htm is the method", async () => {
    await expectRefused(await prove(prover, { method: "GET" }));
  });

  test("RFC 9449, section 4.3, check 9: its htu is the URL, without query and fragment", async () => {
    await expectRefused(await prove(prover, { url: `${ISSUER}${PAR}` }));
    expectTokens(await ask(await prove(prover, { url: `${ISSUER}${TOKEN}?a=b#c` })));
  });

  test("RFC 9449, section 4.3, check 11: it was made just now", async () => {
    for (const off of [-3_600, 3_600]) {
      await expectRefused(await prove(prover, { claims: { iat: now() + off } }));
    }
  });

  test("RFC 9449, section 11.1: it is good once", async () => {
    const proof = await prove(prover);
    expectTokens(await ask(proof));
    await expectRefused(proof);
  });
});

describe("refresh tokens (section 5)", () => {
  test("RFC 9449, section 5: a public client's is bound to the key, and useless without it", async () => {
    const client = await register("mobile");
    const given = await redeemWith(await prove(prover), client, await codeOf(client));
    const { refresh_token = "" } = expectTokens(given);
    expectError(await refreshWith(null, client, refresh_token), 400, "invalid_grant");
    const other = await prove(await makeProver());
    expectError(await refreshWith(other, client, refresh_token), 400, "invalid_grant");
    expectTokens(await refreshWith(await prove(prover), client, refresh_token));
  });

  test("RFC 9449, section 5: a confidential client's is not, since it is bound to its credentials", async () => {
    const given = await redeemWith(await prove(prover), server, await codeOf(server));
    const { refresh_token = "" } = expectTokens(given);
    const other = await prove(await makeProver());
    expect(expectTokens(await refreshWith(other, server, refresh_token)).token_type).toBe("DPoP");
  });

  test("RFC 9449, section 5.1: the metadata name the algorithms, and none is not among them", async () => {
    const { dpop_signing_alg_values_supported: algorithms } = await readDocument(SERVER_METADATA);
    expect(algorithms).toContain("ES256");
    expect(algorithms).not.toContain("none");
  });

  test("RFC 9449, section 6.2: introspection names the key's thumbprint", async () => {
    const { access_token } = expectTokens(await ask(await prove(prover)));
    const { body } = await post(INTROSPECT, { token: access_token, ...credentials(server) });
    expect(body).toMatchObject({ token_type: "DPoP", cnf: { jkt: prover.key } });
  });
});

describe("at a resource (section 7)", () => {
  let token = "";
  beforeAll(async () => {
    token = expectTokens(await ask(await prove(prover))).access_token;
  });

  function get(scheme: string, proof: string | null): Promise<Response> {
    const headers = { Authorization: `${scheme} ${token}`, ...(proof === null ? {} : { DPoP: proof }) };
    return send("GET", `/v1/teams/${server.team}`, { as: null, headers });
  }

  const proof = (by = prover, of = token) =>
    prove(by, { method: "GET", url: `${ISSUER}/v1/teams/${server.team}`, token: of });

  test("RFC 9449, section 7.1: a bound token is taken under the scheme DPoP with its proof", async () => {
    expect((await get("DPoP", await proof())).status).toBe(200);
  });

  test("RFC 9449, section 7.1: without a right proof it is a 401 with a challenge that names the algorithms", async () => {
    const wrong = [
      null,
      await proof(await makeProver()),
      await proof(prover, `${token}x`),
      await prove(prover),
    ];
    for (const sent of wrong) {
      const { status, headers } = await get("DPoP", sent);
      expect(status).toBe(401);
      expect(headers.get("WWW-Authenticate")).toMatch(/DPoP .*algs="[^"]*ES256/);
    }
  });

  test("RFC 9449, section 7.2: a bound token is refused under the scheme Bearer", async () => {
    expect((await get("Bearer", await proof())).status).toBe(401);
    expect((await get("Bearer", null)).status).toBe(401);
    const { key } = await makeService();
    expect(await check(key, { token })).toMatchObject({ allowed: false });
  });
});

describe("authorization requests (section 10)", () => {
  test("RFC 9449, section 10: a code that is bound by dpop_jkt needs a proof by that key", async () => {
    const code = await codeOf(server, { dpop_jkt: prover.key });
    const other = await redeemWith(await prove(await makeProver()), server, code);
    expect(["invalid_grant", "invalid_dpop_proof"]).toContain(other.body.error);
    expectTokens(await redeemWith(await prove(prover), server, code));
  });

  test("RFC 9449, section 10.1: a pushed request may prove the key, and names no other", async () => {
    const client = await register();
    const wanted = { redirect_uri: REDIRECT, response_type: "code", scope: VIEW, ...credentials(client) };
    const headers = async () => ({ DPoP: await prove(prover, { url: `${ISSUER}${PAR}` }) });
    expect((await post(PAR, wanted, { headers: await headers() })).status).toBe(201);
    const { key } = await makeProver();
    const differs = await post(PAR, { ...wanted, dpop_jkt: key }, { headers: await headers() });
    expectError(differs, 400, "invalid_request");
  });
});

test("RFC 9449, section 5: a token that is bound lives no longer than others, and a proof not as long", async () => {
  const proof = await prove(prover);
  clock.advance(121_000);
  await expectRefused(proof);
});
