import { CLIENT_TYPES, type ClientType } from "./client.ts";
import { isMembers } from "./jws.ts";
import { isClientId } from "./public-id.ts";
import { isRegionCode, type RegionCode } from "./region.ts";

/*
 * What the home region of a client tells another one (contract, section 9), as the claims of a JWT: how the client
 * is registered, and nothing about people.
 */

/** Tells such a JWT from every other one that a region signs (RFC 8725, section 3.11). */
export const REGISTRATION_TYPE = "client-registration+jwt";

/** More than are ever in force at once. */
const MOST_SECRETS = 10;
/** Far more than a registration may have; what is in them is tested where they are used. */
const MOST_ITEMS = 1_000;
const MOST_CHARACTERS = 1_000;

export interface RegisteredSecret {
  /** SHA-256, in hex. */
  readonly hash: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

/** Everything by which another region lets a client act. Times in milliseconds. */
export interface EnabledClient {
  readonly name: string;
  /** The team's id at home; no team of that id is here. */
  readonly team: string;
  readonly teamStatus: "active" | "suspended";
  readonly homepageUrl: string | null;
  readonly redirectUris: readonly string[];
  readonly jsOrigins: readonly string[];
  readonly permissions: readonly string[];
  readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] } | null;
  /** Beside the home region. */
  readonly regions: readonly RegionCode[];
  readonly sameSecretEverywhere: boolean;
  readonly createdAt: number;
  readonly secrets: readonly RegisteredSecret[];
}

export interface Registration {
  readonly clientId: string;
  readonly type: ClientType;
  /** A higher one replaces a lower one. */
  readonly version: number;
  /** Null: disabled there, or deleted. */
  readonly enabled: EnabledClient | null;
}

/** Whose word counts about a client, null: the id is none. */
export function homeOf(clientId: string): RegionCode | null {
  const region = clientId.slice(4, 6);
  return isClientId(clientId) && isRegionCode(region) ? region : null;
}

/** The claims beside those of every JWT; read by `readRegistration`. */
export function registrationClaims({ clientId, type, version, enabled }: Registration): object {
  return {
    version,
    client: {
      id: clientId,
      type,
      enabled: enabled !== null,
      ...(enabled === null
        ? {}
        : {
            name: enabled.name,
            team: enabled.team,
            team_status: enabled.teamStatus,
            homepage_url: enabled.homepageUrl,
            redirect_uris: enabled.redirectUris,
            js_origins: enabled.jsOrigins,
            permissions: enabled.permissions,
            jwks: enabled.jwks,
            regions: enabled.regions,
            same_secret_everywhere: enabled.sameSecretEverywhere,
            created_at: enabled.createdAt,
            secret_hashes: enabled.secrets.map(({ hash, createdAt, expiresAt }) => ({
              hash,
              created_at: createdAt,
              expires_at: expiresAt,
            })),
          }),
    },
  };
}

/** Null when these are no claims of a registration. Members that are not known are ignored: a newer region has more. */
export function readRegistration(claims: Readonly<Record<string, unknown>>): Registration | null {
  const { version, client } = claims;
  if (!isTime(version) || version < 1 || !isMembers(client)) return null;
  const { id, type: named, enabled: isEnabled } = client;
  const type = CLIENT_TYPES.find((known) => known === named);
  if (!isText(id) || homeOf(id) === null || type === undefined) return null;
  if (isEnabled === false) return { clientId: id, type, version, enabled: null };
  const enabled = isEnabled === true ? readEnabled(client) : null;
  return enabled && { clientId: id, type, version, enabled };
}

function readEnabled(client: Readonly<Record<string, unknown>>): EnabledClient | null {
  const {
    name,
    team,
    team_status: teamStatus,
    homepage_url: homepageUrl,
    redirect_uris: redirectUris,
    js_origins: jsOrigins,
    permissions,
    jwks,
    regions,
    same_secret_everywhere: sameSecretEverywhere,
    created_at: createdAt,
    secret_hashes: hashes,
  } = client;
  const secrets = Array.isArray(hashes) && hashes.length <= MOST_SECRETS ? hashes.map(readSecret) : [null];
  const isSound =
    isText(name) &&
    name !== "" &&
    isText(team) &&
    team !== "" &&
    (teamStatus === "active" || teamStatus === "suspended") &&
    (homepageUrl === null || isText(homepageUrl)) &&
    isTexts(redirectUris) &&
    isTexts(jsOrigins) &&
    isTexts(permissions) &&
    isTexts(regions) &&
    typeof sameSecretEverywhere === "boolean" &&
    isTime(createdAt) &&
    secrets.every((secret) => secret !== null);
  const keys = readKeys(jwks);
  if (!isSound || keys === undefined) return null;
  return {
    name,
    team,
    teamStatus,
    homepageUrl,
    redirectUris,
    jsOrigins,
    permissions,
    jwks: keys,
    // A region may know of one that this one does not know yet.
    regions: regions.filter(isRegionCode),
    sameSecretEverywhere,
    createdAt,
    secrets,
  };
}

function readSecret(value: unknown): RegisteredSecret | null {
  if (!isMembers(value)) return null;
  const { hash, created_at: createdAt, expires_at: expiresAt } = value;
  return isText(hash) &&
    /^[0-9a-f]{64}$/.test(hash) &&
    isTime(createdAt) &&
    (expiresAt === null || isTime(expiresAt))
    ? { hash, createdAt, expiresAt }
    : null;
}

/** Undefined: what is there are no keys. */
function readKeys(jwks: unknown): EnabledClient["jwks"] | undefined {
  if (jwks === null) return null;
  if (!isMembers(jwks) || !Array.isArray(jwks["keys"])) return undefined;
  const keys: unknown[] = jwks["keys"];
  return keys.length > 0 && keys.length <= MOST_ITEMS && keys.every(isMembers) ? { keys } : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= MOST_CHARACTERS && value.isWellFormed();
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= MOST_ITEMS && value.every(isText);
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
