import { expect } from "vitest";
import { makeClient } from "../worker/clients.ts";
import {
  expectTokens,
  LOCK_SCOPE,
  ownerOf as userOf,
  redeem,
  REDIRECT,
  type TestClient,
  type TokenBody,
} from "../worker/oauth/support.ts";
import { acceptedCode, linkOf, visitor, type Visitor } from "../worker/oauth/visitor.ts";
import { signIn } from "../worker/people.ts";
import { makeTeam, send } from "../worker/support.ts";

export const TOKEN = "/oauth/v2/token";
export const REVOKE = "/oauth/v2/token/revoke";
export const INTROSPECT = "/oauth/v2/introspect";
export const PAR = "/oauth/v2/par";
export const DEVICE = "/oauth/v2/device";
export const SERVER_METADATA = "/.well-known/oauth-authorization-server";
export const RESOURCE_METADATA = "/.well-known/oauth-protected-resource";

/** The pair of RFC 7636, appendix B. */
export const VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
export const CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
export const PKCE = { code_challenge: CHALLENGE, code_challenge_method: "S256" } as const;

/** Asks again though it was agreed before, and for a refresh token. */
const ASKING = { access_type: "offline", prompt: "consent" } as const;

let home: Promise<string> | null = null;

/** The one team in which a file's clients are registered. */
export function homeTeam(): Promise<string> {
  home ??= makeTeam().then(({ id }) => id);
  return home;
}

/** Registers a client as its owner does, over the management API. */
export async function register(type: TestClient["type"] = "server", more: object = {}): Promise<TestClient> {
  const team = await homeTeam();
  const redirects = type === "self" || type === "device" ? {} : { redirect_uris: [REDIRECT] };
  const fields = { permissions: LOCK_SCOPE.split(" "), ...redirects, ...more };
  const { id, secret } = await makeClient(team, type, fields);
  return { id, secret: secret ?? "", team, type };
}

/** The browser of the client's team's owner, who has just signed in, whatever a test does with the clock. */
export async function ownerOf({ team }: TestClient): Promise<Visitor> {
  return visitor(await signIn(await userOf(team)));
}

export function isPublic({ type }: TestClient): boolean {
  return type !== "server" && type !== "self";
}

/** A link to the consent page, with what a client of the type has to send; null leaves a parameter out. */
export function authorization(
  client: TestClient,
  more: Readonly<Record<string, string | null>> = {},
): string {
  return linkOf(client, { ...ASKING, ...(isPublic(client) ? PKCE : {}), ...more });
}

/** A code, as its owner gives it on the consent page. */
export async function codeOf(
  client: TestClient,
  more: Readonly<Record<string, string | null>> = {},
): Promise<string> {
  const redirectUri = more["redirect_uri"] ?? REDIRECT;
  return acceptedCode(await ownerOf(client), authorization(client, more), redirectUri);
}

/** What redeeming a code of the client's takes beside it. */
export function verifierOf(client: TestClient): Record<string, string> {
  return isPublic(client) ? { code_verifier: VERIFIER } : {};
}

export type Tokens = TokenBody & { readonly refresh_token: string };

/** An access token and a refresh token, by way of the consent page. */
export async function tokensOf(
  client: TestClient,
  more: Readonly<Record<string, string | null>> = {},
): Promise<Tokens> {
  const tokens = expectTokens(await redeem(client, await codeOf(client, more), verifierOf(client)));
  expect(tokens.refresh_token).toMatch(/^jtn_rt_/);
  return tokens as Tokens;
}

/** A document that is there for everybody. */
export async function readDocument(path: string): Promise<Record<string, unknown>> {
  const response = await send("GET", path, { as: null });
  expect(response.status).toBe(200);
  return response.json();
}

export function basic({ id, secret }: Pick<TestClient, "id" | "secret">): Record<string, string> {
  return { Authorization: `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}` };
}
