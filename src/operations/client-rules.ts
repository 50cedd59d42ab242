import { importJWK } from "jose";
import { algorithmOf, readClientKeys } from "../domain/client-keys.ts";
import { CLIENT_TYPE_RULES, type ClientType, type PublicJwks } from "../domain/client.ts";
import { exceeding, expandPermissions, type PermissionIndex } from "../domain/permission.ts";
import { isRedirectUri, isScriptOrigin, isWebPage } from "../domain/redirect-uri.ts";
import type { Refusal } from "../domain/refusal.ts";
import type { RegionCode } from "../domain/region.ts";
import { err, ok, type Result } from "../domain/result.ts";
import type { ClientRow } from "../store/client-authentication.ts";
import { holderOf, type Caller } from "./caller.ts";

/** What a client registers; what was not sent is undefined. */
export interface ClientFields {
  readonly homepageUrl?: string | null;
  readonly redirectUris?: readonly string[];
  readonly jsOrigins?: readonly string[];
  readonly jwks?: { readonly keys: readonly Readonly<Record<string, unknown>>[] } | null;
}

/** The fields as they are stored. */
export interface ReadFields {
  readonly homepageUrl?: string | null;
  readonly redirectUris?: string[];
  readonly jsOrigins?: string[];
  readonly jwks?: PublicJwks | null;
}

/** Each type has exactly its own fields (contract, section 6); what it sends of them has to be fit for use. */
export async function readClientFields(
  type: ClientType,
  fields: ClientFields,
): Promise<Result<ReadFields, Refusal>> {
  const { homepageUrl, redirectUris, jsOrigins, jwks } = fields;
  const rules = CLIENT_TYPE_RULES[type];
  const absent = (member: string): Result<never, Refusal> =>
    err({ kind: "member_not_for_type", member, type });
  if (homepageUrl !== undefined && !rules.homepage) return absent("homepage_url");
  if (redirectUris !== undefined && rules.redirects === null) return absent("redirect_uris");
  if (jsOrigins !== undefined && !rules.origins) return absent("js_origins");
  if (jwks !== undefined && !rules.confidential) return absent("jwks");

  if (homepageUrl != null && !isWebPage(homepageUrl)) return invalid("homepage_url");
  const { redirects } = rules;
  const badUri =
    redirects === null ? null : firstBad(redirectUris ?? [], (uri) => isRedirectUri(redirects, uri));
  if (badUri !== null) return invalid(`redirect_uris[${badUri}]`);
  const badOrigin = firstBad(jsOrigins ?? [], isScriptOrigin);
  if (badOrigin !== null) return invalid(`js_origins[${badOrigin}]`);
  const keys = jwks == null ? ok(jwks) : await readKeys(jwks.keys);
  if (!keys.ok) return keys;
  return ok({
    ...(homepageUrl === undefined ? {} : { homepageUrl }),
    ...(redirectUris === undefined ? {} : { redirectUris: [...redirectUris] }),
    ...(jsOrigins === undefined ? {} : { jsOrigins: [...jsOrigins] }),
    ...(keys.value === undefined ? {} : { jwks: keys.value }),
  });
}

/** Regions beside the home region in which the client is to be enabled. */
export function readRegions(regions: readonly RegionCode[], home: RegionCode): Result<RegionCode[], Refusal> {
  const bad = firstBad(regions, (region, place) => region !== home && regions.indexOf(region) === place);
  return bad === null ? ok([...regions]) : invalid(`regions[${bad}]`);
}

/** The most that a client can ever be granted; of what it gains, no more than its maker holds. */
export function clientPermissions(
  index: PermissionIndex,
  written: readonly string[],
  caller: Caller,
  before: readonly string[] = [],
): Result<string[], Refusal> {
  const expanded = expandPermissions(index, { permissions: written, permissionSets: [] });
  if (!expanded.ok) return expanded;
  const permissions = [...expanded.value];
  if (permissions.length === 0)
    return err({ kind: "invalid_member", member: "permissions", problem: "missing" });
  const missing = exceeding(
    holderOf(caller),
    exceeding({ kind: "permissions", permissions: before }, permissions),
  );
  return missing.length > 0 ? err({ kind: "exceeds_maker", missing }) : ok(permissions);
}

/** All that a caller holds at this moment, for a client whose maker names nothing. */
export function everythingHeld(index: PermissionIndex, caller: Caller): string[] {
  const holder = holderOf(caller);
  return holder.kind === "everything" ? [...index.permissions.keys()].sort() : [...holder.permissions];
}

/**
 * Nobody gets hold of a client that may do more than they do: with a new secret, a key or a redirect URI of
 * one's own, one acts as the client.
 */
export function reachingClient(caller: Caller, { permissions }: ClientRow): Refusal | null {
  const missing = exceeding(holderOf(caller), permissions);
  return missing.length > 0 ? { kind: "beyond_caller", missing } : null;
}

/**
 * Whether the token that asks is more bounded than the client, whose secret or key it would be given: that
 * would outlive the token, or work from where the token does not (contract, section 3).
 */
export function escapingBounds(caller: Caller, client: ClientRow): Refusal | null {
  if (caller.kind !== "token") return null;
  const { expiresAt, allowedIps } = caller.token;
  const outlives = expiresAt !== null && (client.notAfter === null || client.notAfter > expiresAt);
  const escapes = allowedIps !== null && !isWithin(client.allowedIps, allowedIps);
  return outlives || escapes ? { kind: "exceeds_bounds" } : null;
}

/** The bounds of what a caller makes: those of the token by which it is made. */
export function boundsOf(caller: Caller): { notAfter: number | null; allowedIps: string[] | null } {
  if (caller.kind !== "token") return { notAfter: null, allowedIps: null };
  const { expiresAt, allowedIps } = caller.token;
  return { notAfter: expiresAt, allowedIps: allowedIps === null ? null : [...allowedIps] };
}

/** Both lists are written in the one way in which blocks are stored; no block is taken apart. */
function isWithin(inner: readonly string[] | null, outer: readonly string[]): boolean {
  return inner?.every((block) => outer.includes(block)) ?? false;
}

async function readKeys(
  keys: readonly Readonly<Record<string, unknown>>[],
): Promise<Result<PublicJwks, Refusal>> {
  const read = readClientKeys(keys);
  if (typeof read === "number") return invalid(`jwks.keys[${read}]`);
  for (const [place, key] of read.keys.entries()) {
    // What has the form of a key need not be one: a point may lie off the curve.
    const isKey = await importJWK(key, algorithmOf(key)).then(
      () => true,
      () => false,
    );
    if (!isKey) return invalid(`jwks.keys[${place}]`);
  }
  return ok(read);
}

function firstBad<T>(values: readonly T[], isGood: (value: T, place: number) => boolean): number | null {
  const place = values.findIndex((value, index) => !isGood(value, index));
  return place < 0 ? null : place;
}

function invalid(member: string): Result<never, Refusal> {
  return err({ kind: "invalid_member", member, problem: "invalid" });
}
