import type { OAuthSettings } from "./domain/oauth-settings.ts";
import { defaultOrigin, DEPLOYMENTS, type Deployment } from "./deployments.ts";
import { isRegionCode, REGION_CODES, type RegionCode } from "./domain/region.ts";
import type { TurnMessage } from "./domain/webhook-event.ts";
import type { Journal } from "./objects/journal.ts";
import type { Limiter } from "./objects/limiter.ts";

/** What the platform hands to the Worker, unread and unchecked. */
export interface Env {
  readonly DB: D1Database;
  readonly LIMITER: DurableObjectNamespace<Limiter>;
  readonly JOURNAL: DurableObjectNamespace<Journal>;
  readonly DELIVERIES: Queue<TurnMessage>;
  /** Not everywhere: pages then are in English. */
  readonly ASSETS?: Fetcher;
  readonly REGION?: string;
  readonly ORIGINS?: string;
  readonly HOSTS?: string;
  readonly SELF_HOSTED?: string;
  readonly DEVELOPMENT?: string;
  readonly OPERATOR_KEY?: string;
  readonly TAG_KEYS?: string;
  readonly ENCRYPTION_KEYS?: string;
  readonly ALLOW_LOOPBACK_WEBHOOKS?: string;
  readonly DNS_RESOLVER?: string;
  readonly GITHUB_KEYS_URL?: string;
  readonly FRESHNESS_MS?: string;
  readonly GRANT_TOKENS_PER_WINDOW?: string;
  readonly ACCESS_TOKENS_PER_WINDOW?: string;
  readonly REFRESH_TOKENS_PER_WINDOW?: string;
  readonly ISSUE_WINDOW_SECONDS?: string;
  readonly REFRESH_TOKENS_PER_USER?: string;
  readonly ACCESS_TOKEN_SECONDS?: string;
  readonly GRANT_TOKEN_SECONDS?: string;
}

/** The platform's resources, as the wiring hands them on. */
export interface Bindings {
  readonly database: D1Database;
  /** The limiter of a subject; names hold no personal data. */
  limiter(subject: string): DurableObjectStub<Limiter>;
  /** The region's one journal. */
  journal(): DurableObjectStub<Journal>;
  /** Where endpoints wait for their turns. */
  readonly deliveries: Queue<TurnMessage>;
  /** A file that went up with the Worker. */
  asset(path: string, signal: AbortSignal): Promise<Response>;
}

/** A binding wants a whole URL, and looks at its path alone. */
const ASSETS_ORIGIN = "https://assets.invalid";

export function readBindings(
  env: Env,
  { region, selfHosted }: Pick<Config, "region" | "selfHosted">,
): Bindings {
  const place = selfHosted ? null : DEPLOYMENTS[region].objects;
  return {
    database: env.DB,
    deliveries: env.DELIVERIES,
    journal: () => objectAt(env.JOURNAL, place, "region"),
    asset: async (path, signal) =>
      (await env.ASSETS?.fetch(new URL(path, ASSETS_ORIGIN), { signal })) ??
      new Response(null, { status: 404 }),
    limiter: (subject) => objectAt(env.LIMITER, place, subject),
  };
}

/**
 * An object where its region's belong. A jurisdiction is part of an object's id, so one that cannot be had is an
 * error and never another place; a hint counts when the object is met for the first time.
 */
function objectAt<T extends Rpc.DurableObjectBranded>(
  namespace: DurableObjectNamespace<T>,
  place: Deployment["objects"],
  name: string,
): DurableObjectStub<T> {
  if (place === null) return namespace.get(namespace.idFromName(name));
  if ("hint" in place) return namespace.get(namespace.idFromName(name), { locationHint: place.hint });
  const within = namespace.jurisdiction(place.jurisdiction);
  return within.get(within.idFromName(name));
}

/** Every setting, validated. */
export interface Config {
  readonly region: RegionCode;
  /** Base URL of each region, without a trailing slash. */
  readonly origins: Readonly<Record<RegionCode, string>>;
  /** Further host names under which the region is met as itself, in lower case. */
  readonly hosts: readonly string[];
  readonly development: boolean;
  /** On the owner's own runtime, which knows no jurisdictions and no hints: all is where the machine is. */
  readonly selfHosted: boolean;
  /** Newest first; any of them is accepted. */
  readonly operatorKeys: readonly string[];
  /** Newest first; the first signs, all verify. */
  readonly tagKeys: readonly string[];
  /** Newest first; the first seals, all open. */
  readonly encryptionKeys: readonly string[];
  /** Whether stored addresses may lead to this machine; in development only. */
  readonly allowLoopback: boolean;
  /** DNS over HTTPS, answering `application/dns-json`. */
  readonly dnsResolver: string;
  /** Where the keys are that sign GitHub's reports of leaked secrets. */
  readonly githubKeysUrl: string;
  /** The freshness bound (design, "The freshness bound"); 0 reads the store at every check. */
  readonly freshnessMs: number;
  readonly oauth: OAuthSettings;
}

/** A setting is missing or wrong. The message names the setting and never its value. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Development secrets are public: they start with this, and a deployed Worker refuses them. */
const DEVELOPMENT_SECRET_PREFIX = "jtn-dev-";
/** A local state that is older than this setting keeps working. */
const DEVELOPMENT_ENCRYPTION_KEY = "jtn-dev-encryption-key-0000000000";

const DEFAULT_DNS_RESOLVER = "https://cloudflare-dns.com/dns-query";

const DEFAULT_GITHUB_KEYS_URL = "https://api.github.com/meta/public_keys/secret_scanning";

const MIN_SECRET_LENGTH = 16;

/**
 * Validates the environment, once per Worker start.
 * @throws {ConfigError} when a setting is missing, malformed, or a development secret outside development.
 */
export function readConfig(env: Env): Config {
  const region = env.REGION ?? "";
  if (!isRegionCode(region)) throw new ConfigError(`REGION must be one of ${REGION_CODES.join(" ")}`);
  const development = env.DEVELOPMENT === "true";
  return {
    region,
    origins: readOrigins(env.ORIGINS),
    hosts: readHosts(env.HOSTS),
    development,
    selfHosted: env.SELF_HOSTED === "true",
    operatorKeys: readSecrets("OPERATOR_KEY", env.OPERATOR_KEY, development),
    tagKeys: readSecrets("TAG_KEYS", env.TAG_KEYS, development),
    encryptionKeys: readSecrets(
      "ENCRYPTION_KEYS",
      env.ENCRYPTION_KEYS ?? (development ? DEVELOPMENT_ENCRYPTION_KEY : ""),
      development,
    ),
    allowLoopback: development && env.ALLOW_LOOPBACK_WEBHOOKS === "true",
    dnsResolver: env.DNS_RESOLVER ?? DEFAULT_DNS_RESOLVER,
    githubKeysUrl: readKeysUrl(env.GITHUB_KEYS_URL, development),
    freshnessMs: readWholeNumber("FRESHNESS_MS", env.FRESHNESS_MS, 1000, { min: 0, max: 60_000 }),
    oauth: readOAuthSettings(env),
  };
}

function readOAuthSettings(env: Env): OAuthSettings {
  const count = { min: 1, max: 100_000 };
  const seconds = { min: 1, max: 86_400 };
  return {
    grantTokensPerWindow: readWholeNumber("GRANT_TOKENS_PER_WINDOW", env.GRANT_TOKENS_PER_WINDOW, 10, count),
    accessTokensPerWindow: readWholeNumber(
      "ACCESS_TOKENS_PER_WINDOW",
      env.ACCESS_TOKENS_PER_WINDOW,
      10,
      count,
    ),
    refreshTokensPerWindow: readWholeNumber(
      "REFRESH_TOKENS_PER_WINDOW",
      env.REFRESH_TOKENS_PER_WINDOW,
      20,
      count,
    ),
    issueWindowSeconds: readWholeNumber("ISSUE_WINDOW_SECONDS", env.ISSUE_WINDOW_SECONDS, 600, seconds),
    refreshTokensPerUser: readWholeNumber("REFRESH_TOKENS_PER_USER", env.REFRESH_TOKENS_PER_USER, 20, count),
    accessTokenSeconds: readWholeNumber("ACCESS_TOKEN_SECONDS", env.ACCESS_TOKEN_SECONDS, 3600, seconds),
    grantTokenSeconds: readWholeNumber("GRANT_TOKEN_SECONDS", env.GRANT_TOKEN_SECONDS, 60, {
      min: 1,
      max: 600,
    }),
  };
}

function readSecrets(name: string, text: string | undefined, development: boolean): string[] {
  const secrets = (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (secrets.length === 0) throw new ConfigError(`${name} is missing`);
  for (const secret of secrets) {
    if (development) continue;
    if (secret.startsWith(DEVELOPMENT_SECRET_PREFIX))
      throw new ConfigError(`${name} is a development secret`);
    if (secret.length < MIN_SECRET_LENGTH)
      throw new ConfigError(`${name} must have ${MIN_SECRET_LENGTH} characters or more`);
  }
  return secrets;
}

/** Whoever answers here can say that anything was leaked: over TLS, except on a developer's own machine. */
function readKeysUrl(text: string | undefined, development: boolean): string {
  const url = text?.trim() || DEFAULT_GITHUB_KEYS_URL;
  const isSafe = URL.canParse(url) && (new URL(url).protocol === "https:" || development);
  if (!isSafe) throw new ConfigError("GITHUB_KEYS_URL must be an https URL");
  return url;
}

function readWholeNumber(
  name: string,
  text: string | undefined,
  fallback: number,
  { min, max }: { min: number; max: number },
): number {
  const digits = text?.trim() ?? "";
  if (digits === "") return fallback;
  const value = /^\d+$/.test(digits) ? Number(digits) : NaN;
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new ConfigError(`${name} must be a whole number from ${min} to ${max}`);
  }
  return value;
}

/** `ORIGINS` is a JSON object of region code to base URL; regions it leaves out keep their default. */
function readOrigins(text: string | undefined): Record<RegionCode, string> {
  const origins = Object.fromEntries(REGION_CODES.map((code) => [code, defaultOrigin(code)])) as Record<
    RegionCode,
    string
  >;
  if (text === undefined || text.trim() === "") return origins;
  for (const [code, url] of Object.entries(parseObject("ORIGINS", text))) {
    const origin = isRegionCode(code) && typeof url === "string" ? httpOrigin(url) : null;
    if (origin === null) throw new ConfigError("ORIGINS must map region codes to http or https URLs");
    origins[code as RegionCode] = origin;
  }
  return origins;
}

/** `HOSTS` lists names without scheme and port; who answers there is this region, whoever asked for it. */
function readHosts(text: string | undefined): string[] {
  const names = (text ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");
  for (const name of names) {
    const isHost = URL.canParse(`https://${name}/`) && new URL(`https://${name}/`).host === name;
    if (!isHost || /[:@/]/.test(name.replace(/^\[.*\]$/, ""))) {
      throw new ConfigError("HOSTS must be a comma-separated list of host names");
    }
  }
  return names;
}

/** Null for what is no web address: other schemes have no origin to answer at. */
function httpOrigin(url: string): string | null {
  if (!URL.canParse(url)) return null;
  const { protocol, origin } = new URL(url);
  return protocol === "https:" || protocol === "http:" ? origin : null;
}

function parseObject(name: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Falls through to the one error below, which does not repeat the value.
  }
  throw new ConfigError(`${name} must be a JSON object`);
}
