import * as oauth from "oauth4webapi";
import { isCallable } from "../domain/public-address.ts";
import type { SsoRefusal } from "../domain/sso-refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import type { SsoConnectionRow } from "../store/sso-connections.ts";
import { hashCredential } from "./credentials.ts";
import type { Deps } from "./deps.ts";

/*
 * An OpenID provider, as a relying party meets it (OpenID Connect Core, section 3.1). The library does the
 * protocol; here is what is asked of every request that leaves, and what is made of every failure.
 */

const TIMEOUT_MS = 5_000;

/** Far more than any provider's metadata, keys or tokens. */
const MAX_BYTES = 256 * 1024;

/** RFC 8176, section 2: more than one factor was used. */
const MULTI_FACTOR = "mfa";

const MAX_SUBJECT = 255;

type Provider = Pick<Deps, "send" | "allowLoopback">;
type Connection = Pick<SsoConnectionRow, "id" | "issuer" | "clientId">;

/** What an ID token says, once it has been proven to be the provider's, for us, and of this flow. */
export interface IdentityClaims {
  readonly subject: string;
  readonly multiFactor: boolean;
  /** All of them, unread. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * The secrets of one flow, all made of the one that the browser keeps: the store holds none of them, so
 * that whoever reads it can finish nobody's sign-in.
 */
export function flowSecrets(browserSecret: string): { readonly nonce: string; readonly verifier: string } {
  return {
    nonce: hashCredential(`nonce ${browserSecret}`),
    verifier: hashCredential(`verifier ${browserSecret}`),
  };
}

/** Where the browser goes to sign in there. */
export async function authorizationUrl(
  provider: Provider,
  connection: Connection,
  flow: { readonly state: string; readonly browserSecret: string; readonly redirectUri: string },
): Promise<Result<string, SsoRefusal>> {
  return attempt(async () => {
    const server = await discover(provider, connection);
    const endpoint = new URL(server.authorization_endpoint ?? "");
    if (!isCallable(endpoint, provider)) throw new Error("the authorization endpoint is no public address");
    const { nonce, verifier } = flowSecrets(flow.browserSecret);
    const parameters = {
      client_id: connection.clientId,
      redirect_uri: flow.redirectUri,
      response_type: "code",
      scope: "openid email",
      state: flow.state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    };
    for (const [name, value] of Object.entries(parameters)) endpoint.searchParams.set(name, value);
    return endpoint.href;
  });
}

/**
 * Redeems the code that a browser brought back. The ID token's signature is verified although it comes over
 * TLS from the token endpoint: it costs one request, and no proxy in between has to be trusted.
 * @param callback the query of the redirect back
 */
export async function redeemCode(
  provider: Provider,
  connection: Connection & { readonly clientSecret: string },
  {
    callback,
    state,
    browserSecret,
    redirectUri,
  }: { callback: URLSearchParams; state: string; browserSecret: string; redirectUri: string },
): Promise<Result<IdentityClaims, SsoRefusal>> {
  return attempt(async () => {
    const server = await discover(provider, connection);
    const client = { client_id: connection.clientId };
    const options = requestOptions(provider);
    const { nonce, verifier } = flowSecrets(browserSecret);
    // RFC 9207: `iss` is looked at here, and required of providers that say they send it.
    const parameters = oauth.validateAuthResponse(server, client, callback, state);
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      clientAuthentication(server, connection.clientSecret),
      parameters,
      redirectUri,
      verifier,
      options,
    );
    const expected = { expectedNonce: nonce, requireIdToken: true };
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, expected);
    await oauth.validateApplicationLevelSignature(server, response, options);
    const claims = oauth.getValidatedIdTokenClaims(tokens);
    if (claims === undefined || claims.sub.length > MAX_SUBJECT) throw new Error("no usable ID token");
    const { amr } = claims;
    const multiFactor = Array.isArray(amr) && amr.includes(MULTI_FACTOR);
    return { subject: claims.sub, multiFactor, claims };
  });
}

async function discover(provider: Provider, { issuer }: Connection): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer);
  const response = await oauth.discoveryRequest(url, requestOptions(provider));
  const server = await oauth.processDiscoveryResponse(url, response);
  // The library compares parsed URLs; an ID token's `iss` is compared as text, and so is this.
  if (server.issuer !== issuer) throw new Error("the metadata is another issuer's");
  return server;
}

/** The method that RFC 8414 takes for granted, unless the provider names only the other one. */
function clientAuthentication(
  { token_endpoint_auth_methods_supported: methods }: oauth.AuthorizationServer,
  secret: string,
): oauth.ClientAuth {
  const postOnly = methods?.includes("client_secret_post") && !methods.includes("client_secret_basic");
  return postOnly ? oauth.ClientSecretPost(secret) : oauth.ClientSecretBasic(secret);
}

function requestOptions({ send, allowLoopback }: Provider) {
  const fetchSafely = async (
    address: string,
    { method, headers, body }: { method: string; headers: Record<string, string>; body?: unknown },
  ): Promise<Response> => {
    // Each address comes from the provider's own metadata: it could name one inside our network.
    if (!isCallable(new URL(address), { allowLoopback })) throw new Error("no public address");
    const request = new Request(address, {
      method,
      headers,
      ...(body instanceof URLSearchParams ? { body } : {}),
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return capped(await send(request));
  };
  return {
    [oauth.customFetch]: fetchSafely,
    // oxlint-disable-next-line no-deprecated -- what may be plain http is decided above, by the address
    [oauth.allowInsecureRequests]: allowLoopback,
  };
}

/** The whole answer, read here: no provider makes us read without end. */
async function capped(response: Response): Promise<Response> {
  const { status, headers, body } = response;
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (body !== null) {
    for await (const chunk of body as ReadableStream<Uint8Array>) {
      length += chunk.byteLength;
      if (length > MAX_BYTES) throw new Error("the answer is too long");
      chunks.push(chunk);
    }
  }
  const kept = new Headers();
  const type = headers.get("Content-Type");
  if (type !== null) kept.set("Content-Type", type);
  return new Response(isBodiless(status) ? null : await new Blob(chunks).text(), { status, headers: kept });
}

function isBodiless(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

/** Whatever goes wrong in here is the provider's doing, or its administrator's; none of it is ours. */
async function attempt<Value>(work: () => Promise<Value>): Promise<Result<Value, SsoRefusal>> {
  try {
    return ok(await work());
  } catch (error) {
    if (error instanceof oauth.AuthorizationResponseError) return err({ kind: "provider_declined" });
    return err({ kind: "provider_failed", detail: codeOf(error) });
  }
}

/** The library's own word for what was wrong; never text of the provider's. */
function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}
