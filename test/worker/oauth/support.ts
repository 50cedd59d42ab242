import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { ClientType } from "../../../src/domain/client.ts";
import { hashCredential } from "../../../src/operations/credentials.ts";
import { join, type Person } from "../people.ts";
import { makeTeam, sealed, send, unique, type Worker } from "../support.ts";

export const LOCK = "EMM.DeviceCommands.LOCK";
export const WIPE = "EMM.DeviceCommands.WIPE";
export const VIEW = "EMM.Devices.VIEW";
/** What `EMM.DeviceCommands.LOCK` and what it requires come to, as answers write it. */
export const LOCK_SCOPE =
  "EMM.DeviceCommands.LOCK EMM.Devices.VIEW EMM.EnrolmentTokens.VIEW EMM.Groups.VIEW EMM.Policies.VIEW EMM.Team.VIEW";
export const REDIRECT = "https://app.example/callback";

export interface TestClient {
  readonly id: string;
  readonly secret: string;
  readonly team: string;
  readonly type: ClientType;
}

/** Stores a row by hand, for what is made elsewhere. */
export async function store(table: string, row: Readonly<Record<string, unknown>>): Promise<void> {
  const columns = Object.keys(row);
  await env.DB.prepare(
    `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
  )
    .bind(...Object.values(row))
    .run();
}

/** A client as registration would store it, with one secret. */
export async function storeClient(
  type: ClientType = "server",
  more: Readonly<Record<string, unknown>> = {},
): Promise<TestClient> {
  const team = typeof more["team_id"] === "string" ? more["team_id"] : (await makeTeam()).id;
  const id = `cli_us_${unique("client").replaceAll("-", "")}`;
  const secret = sealed("cs");
  const now = Date.now();
  await store("clients", {
    id,
    team_id: team,
    type,
    name: unique("App"),
    homepage_url: "https://app.example",
    redirect_uris: JSON.stringify(type === "self" || type === "device" ? [] : [REDIRECT]),
    js_origins: JSON.stringify(type === "browser" ? ["https://app.example"] : []),
    permissions: JSON.stringify(LOCK_SCOPE.split(" ").concat(WIPE).sort()),
    jwks: null,
    regions: "[]",
    same_secret_everywhere: 0,
    version: 1,
    changed_by: "test",
    created_at: now,
    created_by: "operator",
    updated_at: now,
    ...more,
  });
  await store("client_secrets", { hash: hashCredential(secret), client_id: id, created_at: now });
  return { id, secret, team, type };
}

export interface TestCode {
  readonly code: string;
  readonly grant: string;
  readonly team: string;
  readonly user: string | null;
}

/** A grant token as the consent page would store it, for an owner of the client's team unless told otherwise. */
export async function storeCode(
  client: TestClient,
  {
    grant: grantMore = {},
    token: tokenMore = {},
  }: { grant?: Readonly<Record<string, unknown>>; token?: Readonly<Record<string, unknown>> } = {},
): Promise<TestCode> {
  const code = sealed("gc");
  const grant = unique("grt_stored");
  const now = Date.now();
  const user = "user_id" in grantMore ? (grantMore["user_id"] as string | null) : await ownerOf(client.team);
  await store("grants", {
    id: grant,
    team_id: client.team,
    client_id: client.id,
    user_id: user,
    holder: user ?? "operator",
    permissions: JSON.stringify(LOCK_SCOPE.split(" ")),
    audience: null,
    access_type: "offline",
    not_after: null,
    allowed_ips: null,
    created_at: now,
    ...grantMore,
  });
  await store("grant_tokens", {
    hash: hashCredential(code),
    grant_id: grant,
    client_id: client.id,
    redirect_uri: client.type === "self" ? null : REDIRECT,
    code_challenge: null,
    proof_key: null,
    created_at: now,
    expires_at: now + 60_000,
    ...tokenMore,
  });
  return { code, grant, team: client.team, user };
}

const owners = new Map<string, Promise<Person>>();

/** The one owner that a team of these tests has. */
export async function ownerOf(team: string): Promise<string> {
  return (await ownerPerson(team)).user;
}

export function ownerPerson(team: string): Promise<Person> {
  const known = owners.get(team) ?? join(team, "owner");
  owners.set(team, known);
  return known;
}

export interface TokenBody {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly api_domain: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly scope: string;
  readonly state?: string;
  readonly issued_token_type?: string;
}

export interface OAuthAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Partial<TokenBody> & { readonly error?: string; readonly error_description?: string };
}

export type Parameters = Readonly<Record<string, string>> | readonly (readonly [string, string])[];

/** Posts a form to an OAuth endpoint, and holds every error to RFC 6749's shape. */
export async function post(
  path: string,
  parameters: Parameters,
  { headers = {}, at }: { headers?: Readonly<Record<string, string>>; at?: Worker } = {},
): Promise<OAuthAnswer> {
  const pairs = Array.isArray(parameters) ? parameters : Object.entries(parameters);
  const response = await send("POST", path, {
    as: null,
    headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams(pairs as [string, string][]).toString(),
    ...(at === undefined ? {} : { at }),
  });
  const text = await response.text();
  const body = (text === "" ? {} : JSON.parse(text)) as OAuthAnswer["body"];
  expect(response.headers.get("Cache-Control"), text).toBe("no-store");
  if (response.status >= 400) {
    expect(Object.keys(body).sort(), text).toEqual(["error", "error_description"]);
    // RFC 6749, section 5.2.
    expect(body.error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
  }
  return { status: response.status, headers: response.headers, body };
}

export function credentials(client: TestClient): Record<string, string> {
  const confidential = client.type === "server" || client.type === "self";
  return { client_id: client.id, ...(confidential ? { client_secret: client.secret } : {}) };
}

/** Redeems a code as the client would. */
export function redeem(
  client: TestClient,
  code: string,
  more: Record<string, string> = {},
): Promise<OAuthAnswer> {
  return post("/oauth/v2/token", {
    grant_type: "authorization_code",
    code,
    ...credentials(client),
    ...(client.type === "self" ? {} : { redirect_uri: REDIRECT }),
    ...more,
  });
}

export function refresh(
  client: TestClient,
  token: string,
  more: Record<string, string> = {},
): Promise<OAuthAnswer> {
  return post("/oauth/v2/token", {
    grant_type: "refresh_token",
    refresh_token: token,
    ...credentials(client),
    ...more,
  });
}

export function expectTokens({ status, body }: OAuthAnswer): TokenBody {
  expect(status, JSON.stringify(body)).toBe(200);
  return body as TokenBody;
}

export function expectError({ status, body }: OAuthAnswer, expected: number, error: string): string {
  expect([status, body.error], body.error_description).toEqual([expected, error]);
  return body.error_description ?? "";
}
