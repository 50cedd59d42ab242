import { readKeyHash, type HashFormat } from "../domain/imported-key.ts";
import { exceeding, expandPermissions, type PermissionIndex } from "../domain/permission.ts";
import { PLANS } from "../domain/plan.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { countLiveTokens, refuseTokensOver, type AccessTokenRow } from "../store/access-tokens.ts";
import { insertAuditEvents, recordChange } from "../store/changes.ts";
import { commit, ConditionFailed, UniqueViolation, type Statement } from "../store/database.ts";
import { findStoredHashes, inParts, insertImportedKeys, refuseImportedOver } from "../store/imported-keys.ts";
import { findTeam } from "../store/teams.ts";
import { holderOf, makerOf } from "./caller.ts";
import { auditRow, type Actor } from "./change.ts";
import { countImported } from "./consult-imported.ts";
import { makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import { tokenDetail, type TokenRequest } from "./issue-token.ts";
import type { Moment } from "./moment.ts";
import { knownPermissions } from "./records.ts";
import type { Keep } from "./remember-answer.ts";
import { subjects } from "./subjects.ts";
import { boundAddresses, boundExpiry } from "./token-bounds.ts";

/** A key that somebody else made, as it is to be known from now on. */
export interface KeyRequest extends Omit<TokenRequest, "expiresInSeconds"> {
  /** SHA-256 of the whole key, in the format that goes with it. */
  readonly hash: string;
  readonly hashFormat: HashFormat;
  /** Milliseconds, null: until revoked. */
  readonly expiresAt: number | null;
}

type ImportedRow = Omit<AccessTokenRow, "importedSeq" | "movedFrom">;

export interface ImportedKeys {
  /** In the order of the request. */
  readonly rows: readonly ImportedRow[];
  /** No check that arrives later than this takes one of them for unknown. */
  readonly effectiveBy: number;
}

/**
 * What a region keeps at most, ended ones included: so many hashes are 4 MB in the memory of each isolate.
 * Approximate, as imports that run at the same time do not know of each other.
 */
export const MAX_IN_REGION = 500_000;

/** And of these a team, exactly. No team can use up what is left to the others by importing and revoking. */
const MAX_IN_TEAM = 100_000;

/** With a longer freshness bound the answer comes before it is over; `effectiveBy` says so. */
const MAX_WAIT_MS = 5_000;

/** A commit takes less: a kept answer has to say `effectiveBy` before it is known. */
const COMMIT_MS = 1_000;

/**
 * Takes over keys that somebody else made, by their hashes, all or none: each is a team access token from then
 * on, and confers no more than its importer holds. The answer waits for the freshness bound, since an isolate
 * may rely on a filter as old as that: every check that arrives after the answer knows the keys.
 * @param keys at least one
 * @throws {Unavailable} when freshness cannot be had in time
 */
export async function importKeys(
  deps: Deps,
  teamId: string,
  keys: readonly KeyRequest[],
  actor: Actor,
  moment: Moment,
  keep: Keep<ImportedKeys>,
): Promise<Result<ImportedKeys, Refusal>> {
  const { db, clock, freshnessMs } = deps;
  const made = makeRows(deps, teamId, keys, actor, await knownPermissions(deps.records, moment));
  if (!made.ok) return made;
  const rows = made.value;
  const team = await findTeam(db, teamId);
  if (team === undefined) return err({ kind: "not_found", noun: "team" });
  const taken = await findTaken(deps, rows);
  if (taken !== null) return err(taken);
  if ((await countImported(deps, moment)) + rows.length > MAX_IN_REGION) {
    return err({ kind: "too_many_imported", limit: MAX_IN_REGION });
  }
  const now = clock();
  const quota = { teamId, now, limit: PLANS[team.plan].access_tokens };
  const imported = { rows, effectiveBy: now + COMMIT_MS + freshnessMs };
  try {
    await commit(db, [
      // First: the keys' place is where this leaves the feed.
      ...recordImport(deps, teamId, rows, actor),
      ...insertImportedKeys(db, rows),
      ...(quota.limit === null ? [] : [refuseTokensOver(db, { ...quota, limit: quota.limit })]),
      refuseImportedOver(db, { teamId, limit: MAX_IN_TEAM }),
      ...keep(imported),
    ]);
  } catch (error) {
    const refusal = await refusalOf(deps, error, rows, quota);
    if (refusal === null) throw error;
    return err(refusal);
  }
  await deps.startTimer(Math.min(freshnessMs, MAX_WAIT_MS)).done;
  return ok(imported);
}

function makeRows(
  deps: Deps,
  teamId: string,
  keys: readonly KeyRequest[],
  actor: Actor,
  index: PermissionIndex,
): Result<ImportedRow[], Refusal> {
  const rows: ImportedRow[] = [];
  const hashes = new Set<string>();
  for (const [place, key] of keys.entries()) {
    const row = makeRow(deps, teamId, key, actor, index);
    if (!row.ok) return err(atPlace(row.error, place));
    if (hashes.has(row.value.hash)) return err(takenAt(place));
    hashes.add(row.value.hash);
    rows.push(row.value);
  }
  return ok(rows);
}

function makeRow(
  deps: Deps,
  teamId: string,
  key: KeyRequest,
  { caller }: Actor,
  index: PermissionIndex,
): Result<ImportedRow, Refusal> {
  const hash = readKeyHash(key.hash, key.hashFormat);
  if (hash === null) return err({ kind: "invalid_member", member: "hash", problem: "invalid" });
  const permissions = expandPermissions(index, key);
  if (!permissions.ok) return permissions;
  if (permissions.value.length === 0) {
    return err({ kind: "invalid_member", member: "permissions", problem: "missing" });
  }
  const missing = exceeding(holderOf(caller), permissions.value);
  if (missing.length > 0) return err({ kind: "exceeds_maker", missing });
  const allowedIps = boundAddresses(key.allowedIps, caller);
  if (!allowedIps.ok) return allowedIps;
  return ok({
    hash,
    id: makeId(deps, "tok"),
    kind: "pat",
    teamId,
    name: key.name,
    profileId: key.profileId,
    clientId: null,
    userId: null,
    grantId: null,
    audience: null,
    proofKey: null,
    permissions: [...permissions.value],
    allowedIps: allowedIps.value,
    rateLimit: key.rateLimit?.limit ?? null,
    rateWindowSeconds: key.rateLimit?.windowSeconds ?? null,
    createdAt: deps.clock(),
    createdBy: makerOf(caller),
    expiresAt: boundExpiry(key.expiresAt, caller),
    revokedAt: null,
    revokedBy: null,
    revocationEffectiveBy: null,
    lastUsedAt: null,
  });
}

/** The filter of every isolate dies with it; each key has an audit event, as any token that is made. */
function recordImport(deps: Deps, teamId: string, rows: readonly ImportedRow[], actor: Actor): Statement[] {
  const [first, ...rest] = rows.map((row) =>
    auditRow(deps, actor, {
      type: "access_token.created",
      teamId,
      subject: row.id,
      detail: { after: { ...tokenDetail(row), imported: true } },
    }),
  );
  if (first === undefined) return [];
  return [
    ...recordChange(deps.db, { subjects: [subjects.importedKeys()], audit: first }),
    ...inParts(rest).map((part) => insertAuditEvents(deps.db, part)),
  ];
}

/** The first key whose hash is some token's already, or opens more than a team's data. */
async function findTaken(
  { db, operatorKeyHashes }: Deps,
  rows: readonly ImportedRow[],
): Promise<Refusal | null> {
  const hashes = rows.map(({ hash }) => hash);
  const stored = await findStoredHashes(db, hashes);
  const place = hashes.findIndex((hash) => stored.has(hash) || operatorKeyHashes.has(hash));
  return place < 0 ? null : takenAt(place);
}

/** Why nothing was imported; null: for no reason of the request's. */
async function refusalOf(
  deps: Deps,
  error: unknown,
  rows: readonly ImportedRow[],
  { teamId, now, limit }: { readonly teamId: string; readonly now: number; readonly limit: number | null },
): Promise<Refusal | null> {
  if (error instanceof UniqueViolation) return findTaken(deps, rows);
  if (!(error instanceof ConditionFailed)) return null;
  if (limit !== null && (await countLiveTokens(deps.db, { teamId, now })) + rows.length > limit) {
    return { kind: "quota_exceeded", quota: "access_tokens", limit };
  }
  return { kind: "too_many_imported", limit: MAX_IN_TEAM };
}

/** Names the place in the request, never the hash. */
function takenAt(place: number): Refusal {
  return { kind: "already_exists", noun: "access_token", member: `keys[${place}].hash` };
}

function atPlace(refusal: Refusal, place: number): Refusal {
  return refusal.kind === "invalid_member" || refusal.kind === "unknown_permission"
    ? { ...refusal, member: `keys[${place}].${refusal.member}` }
    : refusal;
}
