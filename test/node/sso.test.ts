import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startJeton, type RunningJeton } from "../running-jeton.ts";

/*
 * Single sign-on over real HTTP, on the runtime's own `fetch`: what a stubbed one lets pass is seen here.
 * The provider and the DNS resolver are one server on a loopback address, which development may call.
 */

const OPERATOR = { Authorization: "Bearer jtn-dev-operator-key", "Content-Type": "application/json" };
const DOMAIN = "acme.example.org";
const EMAIL = `ann@${DOMAIN}`;

let provider: Server;
let issuer = "";
let jeton: RunningJeton;
let privateKey: CryptoKey;
let publicJwk: object;
let challenge = "";
let nonce = "";

beforeAll(async () => {
  const pair = await generateKeyPair("RS256");
  privateKey = pair.privateKey;
  publicJwk = { ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "RS256" };
  provider = createServer((request, response) => {
    answer(request)
      .then((body) => {
        response.setHeader("Content-Type", "application/json");
        response.end(JSON.stringify(body));
      })
      .catch(() => response.destroy());
  });
  provider.listen(0, "127.0.0.1");
  await once(provider, "listening");
  issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  jeton = await startJeton({ vars: { DNS_RESOLVER: `${issuer}/dns-query` } });
});

afterAll(async () => {
  await jeton.stop();
  provider.close();
});

async function answer(request: IncomingMessage): Promise<object> {
  switch (new URL(request.url ?? "", issuer).pathname) {
    case "/dns-query":
      return { Status: 0, Answer: [{ type: 16, data: JSON.stringify(challenge) }] };
    case "/.well-known/openid-configuration":
      return {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/keys`,
      };
    case "/keys":
      return { keys: [publicJwk] };
    case "/token":
      return { access_token: "opaque", token_type: "Bearer", id_token: await idToken() };
    default:
      return {};
  }
}

function idToken(): Promise<string> {
  return new SignJWT({ email: EMAIL, email_verified: true, nonce })
    .setProtectedHeader({ alg: "RS256", kid: "k1" })
    .setIssuer(issuer)
    .setAudience("jeton")
    .setSubject("ann")
    .setIssuedAt()
    .setExpirationTime("5m")
    .sign(privateKey);
}

async function operate<Body>(path: string, body: object): Promise<Body> {
  const init = { method: "POST", headers: OPERATOR, body: JSON.stringify(body) };
  const response = await fetch(`${jeton.url}/v1/teams/${path}`, init);
  expect(response.status, await response.clone().text()).toBeLessThan(300);
  return (await response.json()) as Body;
}

test("an invited person signs in by their team's provider, and their session acts in the team", async () => {
  const team = await jeton.makeTeam();
  const { domain } = await operate<{ domain: { id: string; dns_record: { value: string } } }>(
    `${team}/domains`,
    { name: DOMAIN },
  );
  challenge = domain.dns_record.value;
  await operate(`${team}/domains/${domain.id}/verify`, {});
  const { sso_connection: sso } = await operate<{ sso_connection: { id: string } }>(
    `${team}/sso-connections`,
    { name: "Acme", issuer, client_id: "jeton", client_secret: "s3cret", allowed_domains: [DOMAIN] },
  );
  await operate(`${team}/members`, { email: EMAIL, role: "owner" });

  const start = await fetch(`${jeton.url}/signin/sso`, {
    method: "POST",
    headers: { "Sec-Fetch-Site": "same-origin" },
    body: new URLSearchParams({ connection: sso.id }),
    redirect: "manual",
  });
  const there = new URL(start.headers.get("Location") ?? "");
  expect([start.status, there.origin, there.pathname]).toEqual([303, issuer, "/authorize"]);
  nonce = there.searchParams.get("nonce") ?? "";
  // The test's Jeton has a port that its own origin does not know of.
  const back = new URL(new URL(there.searchParams.get("redirect_uri") ?? "").pathname, jeton.url);
  expect(back.pathname).toBe("/signin/sso/callback");
  back.search = new URLSearchParams({ code: "one", state: there.searchParams.get("state") ?? "" }).toString();
  const flow = start.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const finish = await fetch(back, { headers: { Cookie: flow }, redirect: "manual" });
  expect([finish.status, finish.headers.get("Location")]).toEqual([303, "/console"]);
  const session = finish.headers.getSetCookie().find((line) => line.startsWith("__Host-jeton_session="));
  const headers = { Cookie: session?.split(";")[0] ?? "" };
  expect((await fetch(`${jeton.url}/v1/teams/${team}`, { headers })).status).toBe(200);
  expect(await (await fetch(`${jeton.url}/console`, { headers })).text()).toContain(EMAIL);
});
