import { env, exports } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { defaultOrigin } from "../../src/deployments.ts";
import { SESSION_COOKIE, SSO_COOKIE } from "../../src/routes/session-cookie.ts";
import { call, expectAnswer, makeTeam, ORIGIN, unique, type AnswerBody, type Worker } from "./support.ts";

/*
 * An OpenID provider that signs real ID tokens and is as strict with us as a real one, and a browser that
 * goes to it and comes back.
 */

export const CLIENT_ID = "jeton";
export const CLIENT_SECRET = "the-provider+secret";

/** Where providers send browsers back to. */
const REDIRECT_URI = `${defaultOrigin("us")}/signin/sso/callback`;

type Claims = Readonly<Record<string, unknown>>;
type Signer = (input: string) => Promise<Uint8Array | string>;

/** How the provider misbehaves, if it does. */
export interface Lies {
  /** In the place of the claims that an honest token has; undefined leaves one out. */
  readonly claims?: Claims;
  readonly header?: Claims;
  readonly sign?: Signer;
  /** In the place of the token endpoint's answer. */
  readonly answer?: () => Response;
}

export interface Key {
  readonly alg: "RS256" | "ES256";
  readonly jwk: JsonWebKey & { kid: string };
  readonly sign: (input: string) => Promise<Uint8Array>;
}

const RS256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
const ES256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

export async function makeKey(alg: Key["alg"], kid: string = unique("key")): Promise<Key> {
  const algorithm =
    alg === "RS256" ? { ...RS256, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) } : ES256;
  const pair = (await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
  const jwk = (await crypto.subtle.exportKey("jwk", pair.publicKey)) as JsonWebKey;
  const sign = async (input: string) =>
    new Uint8Array(
      await crypto.subtle.sign(
        alg === "RS256" ? RS256 : ES256,
        pair.privateKey,
        new TextEncoder().encode(input),
      ),
    );
  return { alg, jwk: { ...jwk, kid, alg, use: "sig" }, sign };
}

/** What a strict provider insists on. */
function demand(actual: unknown, wanted: unknown): void {
  expect(actual).toEqual(wanted);
}

export class Provider {
  readonly issuer: string;
  readonly key: Key;
  metadata: Claims;
  /** Every request that reached it. */
  readonly asked: string[] = [];
  /** As it is registered there. */
  redirectUri = REDIRECT_URI;
  /** Answers in the place of its own, by path. */
  readonly overrides = new Map<string, () => Response | Promise<Response>>();
  readonly #codes = new Map<string, { query: URLSearchParams; claims: Claims; lies: Lies }>();

  constructor(key: Key, issuer = `https://${unique("login")}.example.com`) {
    this.issuer = issuer;
    this.key = key;
    this.metadata = {
      issuer,
      authorization_endpoint: `${issuer}/authorize?tenant=1`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/keys`,
      authorization_response_iss_parameter_supported: true,
      id_token_signing_alg_values_supported: ["RS256", "ES256", "HS256", "none"],
    };
  }

  async answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    this.asked.push(request.url);
    const override = this.overrides.get(pathname);
    if (override !== undefined) return override();
    if (pathname === "/.well-known/openid-configuration") return Response.json(this.metadata);
    if (pathname === "/keys") return Response.json({ keys: [this.key.jwk] });
    return pathname === "/token" ? this.#redeem(request) : new Response("", { status: 404 });
  }

  /** Signs somebody in who arrives by this link, and gives the query that they go back with. */
  authorize(url: string, claims: Claims, lies: Lies = {}): URLSearchParams {
    const { origin, searchParams: query } = new URL(url);
    demand(origin, this.issuer);
    demand(query.get("client_id"), CLIENT_ID);
    demand(query.get("response_type"), "code");
    demand(query.get("redirect_uri"), this.redirectUri);
    demand(query.get("code_challenge_method"), "S256");
    demand(query.get("tenant"), "1");
    const code = unique("code");
    this.#codes.set(code, { query, claims, lies });
    return new URLSearchParams({ code, state: query.get("state") ?? "", iss: this.issuer });
  }

  async #redeem(request: Request): Promise<Response> {
    const form = new URLSearchParams(new TextDecoder().decode(await request.arrayBuffer()));
    const grant = this.#codes.get(form.get("code") ?? "");
    if (grant === undefined) return Response.json({ error: "invalid_grant" }, { status: 400 });
    this.#codes.delete(form.get("code") ?? "");
    // Both are form-encoded within Basic (RFC 6749, section 2.3.1).
    const basic = atob(request.headers.get("Authorization")?.replace("Basic ", "") ?? "").split(":");
    demand(basic.map(decodeURIComponent), [CLIENT_ID, CLIENT_SECRET]);
    demand(form.get("grant_type"), "authorization_code");
    demand(form.get("redirect_uri"), this.redirectUri);
    const digest = await crypto.subtle.digest(
      "SHA-256",
      new TextEncoder().encode(form.get("code_verifier") ?? ""),
    );
    demand(base64url(new Uint8Array(digest)), grant.query.get("code_challenge"));
    if (grant.lies.answer !== undefined) return grant.lies.answer();
    const idToken = await this.#idToken(grant.query, grant.claims, grant.lies);
    return Response.json({ access_token: "opaque", token_type: "Bearer", id_token: idToken });
  }

  async #idToken(query: URLSearchParams, person: Claims, lies: Lies): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: this.issuer,
      aud: CLIENT_ID,
      iat: now,
      exp: now + 300,
      nonce: query.get("nonce"),
      ...person,
      ...lies.claims,
    };
    const header = { alg: this.key.alg, kid: this.key.jwk.kid, ...lies.header };
    const input = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`;
    const signature = await (lies.sign ?? this.key.sign)(input);
    return `${input}.${base64url(signature)}`;
  }
}

export function base64url(data: string | Uint8Array): string {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

/** Lets these providers answer whoever calls out; everything else out there is silent. */
export function openWorld(...providers: readonly Provider[]): void {
  vi.stubGlobal("fetch", async (request: Request) => {
    const provider = providers.find(({ issuer }) => issuer === new URL(request.url).origin);
    if (provider === undefined) throw new Error("unreachable");
    const response = await provider.answer(request);
    const location = response.headers.get("Location");
    // As the platform does it, for whoever does not ask otherwise.
    return location === null || request.redirect !== "follow" ? response : fetch(new Request(location));
  });
}

export interface SsoTeam {
  readonly id: string;
  readonly slug: string;
  readonly domain: string;
  readonly connection: string;
}

/** A team with a proven domain, connected to the provider. */
export async function makeSsoTeam(
  provider: Provider,
  sending: { readonly name?: string } = {},
): Promise<SsoTeam> {
  const { id, slug } = await makeTeam();
  const domain = `${unique("kayak")}.example.org`;
  await proveDomain(id, domain);
  const sso = await connect(id, provider, { allowed_domains: [domain], ...sending });
  return { id, slug, domain, connection: sso.id };
}

export async function proveDomain(team: string, name: string): Promise<void> {
  await env.DB.prepare(
    "INSERT INTO domains (id, team_id, name, challenge, verified_at, created_at) VALUES (?, ?, ?, 'x', 1, 1)",
  )
    .bind(unique("dom"), team, name)
    .run();
}

export async function connect(
  team: string,
  { issuer }: Provider,
  more: object,
  sending: object = {},
): Promise<AnswerBody<"SsoConnection">["sso_connection"]> {
  const body = { name: "Login", issuer, client_id: CLIENT_ID, client_secret: CLIENT_SECRET, ...more };
  const answer = await call("POST", `/v1/teams/${team}/sso-connections`, { ...sending, body });
  return expectAnswer(answer, 201, "SsoConnection").sso_connection;
}

/** Whom an honest provider means, in a domain. */
export function claimsOf(domain: string, more: Claims = {}): Claims & { email: string; sub: string } {
  const sub = unique("sub");
  return { sub, email: `${sub}@${domain}`, email_verified: true, ...more };
}

/** Keeps cookies, and nothing else. */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly at: Worker;
  readonly ip: string;

  constructor(at: Worker = (request) => exports.default.fetch(request)) {
    this.at = at;
    // Each has an address of its own, or the limits of one would be all tests'.
    serial += 1;
    this.ip = `192.0.2.${serial % 250}:${serial}`;
  }

  async get(path: string): Promise<Response> {
    return this.#send(new Request(ORIGIN + path, { headers: this.#headers(), redirect: "manual" }));
  }

  async post(path: string, form: Record<string, string>, site = "same-origin"): Promise<Response> {
    const headers = { ...this.#headers(), "Sec-Fetch-Site": site };
    const body = new URLSearchParams(form);
    return this.#send(new Request(ORIGIN + path, { method: "POST", body, headers, redirect: "manual" }));
  }

  /** What its session does on the API. */
  get session(): string | undefined {
    return this.cookies.get(SESSION_COOKIE);
  }

  #headers(): Record<string, string> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    return { "CF-Connecting-IP": this.ip, ...(cookie === "" ? {} : { Cookie: cookie }) };
  }

  async #send(request: Request): Promise<Response> {
    const response = await this.at(request);
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "") this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }
}

let serial = 0;

/** Presses "Continue with …", and gives where that leads. */
export async function startSso(browser: Browser, connection: string, more: Record<string, string> = {}) {
  const response = await browser.post("/signin/sso", { connection, ...more });
  expect(response.status, await response.clone().text()).toBe(303);
  expect(browser.cookies.has(SSO_COOKIE)).toBe(true);
  return response.headers.get("Location") ?? "";
}

export function finishSso(browser: Browser, query: URLSearchParams): Promise<Response> {
  return browser.get(`/signin/sso/callback?${query.toString()}`);
}

/** The whole way, there and back. */
export async function goBySso(
  browser: Browser,
  { provider, connection }: { provider: Provider; connection: string },
  claims: Claims,
  { lies = {}, form = {} }: { lies?: Lies; form?: Record<string, string> } = {},
): Promise<Response> {
  const url = await startSso(browser, connection, form);
  return finishSso(browser, provider.authorize(url, claims, lies));
}

/** Expects a page that refuses, and gives its text. */
export async function expectProblem(response: Response, status: number, text: RegExp): Promise<string> {
  const html = await response.text();
  expect([response.status, response.headers.get("Content-Type")], html).toEqual([
    status,
    "text/html; charset=UTF-8",
  ]);
  expect(html).toMatch(text);
  expect(response.headers.getSetCookie().join()).not.toContain(SESSION_COOKIE);
  return html;
}
