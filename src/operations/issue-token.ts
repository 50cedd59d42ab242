import { PLANS } from "../domain/plan.ts";
import { exceeding, expandPermissions } from "../domain/permission.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { insertAccessToken, refuseTokensOver, type AccessTokenRow } from "../store/access-tokens.ts";
import { recordChange } from "../store/changes.ts";
import { commit, ConditionFailed } from "../store/database.ts";
import { findTeam } from "../store/teams.ts";
import { holderOf, makerOf } from "./caller.ts";
import { auditRow, type Actor } from "./change.ts";
import { hashCredential, makeCredential, makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { knownPermissions } from "./records.ts";
import type { Keep } from "./remember-answer.ts";
import { boundAddresses, boundExpiry } from "./token-bounds.ts";

/** What an access token is to be. */
export interface TokenRequest {
  readonly name: string;
  readonly profileId: string | null;
  readonly permissions: readonly string[];
  readonly permissionSets: readonly string[];
  /** Seconds from now, null: until revoked. */
  readonly expiresInSeconds: number | null;
  /** Addresses or CIDR blocks, null: from anywhere. */
  readonly allowedIps: readonly string[] | null;
  readonly rateLimit: { readonly limit: number; readonly windowSeconds: number } | null;
}

export interface IssuedToken {
  readonly row: AccessTokenRow;
  /** The token itself: this answer is the only place where it ever stands. */
  readonly secret: string;
}

/** Issues a team access token that confers no more than its maker holds (contract, sections 3 and 5). */
export async function issueToken(
  deps: Deps,
  teamId: string,
  request: TokenRequest,
  actor: Actor,
  moment: Moment,
  keep: Keep<AccessTokenRow>,
): Promise<Result<IssuedToken, Refusal>> {
  const index = await knownPermissions(deps.records, moment);
  const expanded = expandPermissions(index, request);
  if (!expanded.ok) return expanded;
  const permissions = expanded.value;
  if (permissions.length === 0)
    return err({ kind: "invalid_member", member: "permissions", problem: "missing" });
  const missing = exceeding(holderOf(actor.caller), permissions);
  if (missing.length > 0) return err({ kind: "exceeds_maker", missing });
  const allowedIps = boundAddresses(request.allowedIps, actor.caller);
  if (!allowedIps.ok) return allowedIps;
  const team = await findTeam(deps.db, teamId);
  if (team === undefined) return err({ kind: "not_found", noun: "team" });

  const secret = makeCredential(deps, "pat");
  const now = deps.clock();
  const row: AccessTokenRow = {
    hash: hashCredential(secret),
    id: makeId(deps, "tok"),
    kind: "pat",
    teamId,
    name: request.name,
    profileId: request.profileId,
    clientId: null,
    userId: null,
    grantId: null,
    audience: null,
    proofKey: null,
    permissions: [...permissions],
    allowedIps: allowedIps.value,
    rateLimit: request.rateLimit?.limit ?? null,
    rateWindowSeconds: request.rateLimit?.windowSeconds ?? null,
    createdAt: now,
    createdBy: makerOf(actor.caller),
    expiresAt: boundExpiry(
      request.expiresInSeconds === null ? null : now + request.expiresInSeconds * 1000,
      actor.caller,
    ),
    revokedAt: null,
    revokedBy: null,
    revocationEffectiveBy: null,
    lastUsedAt: null,
    importedSeq: null,
    movedFrom: null,
  };
  const audit = auditRow(deps, actor, {
    type: "access_token.created",
    teamId,
    subject: row.id,
    detail: { after: tokenDetail(row) },
  });
  // Nothing cached can know this token: unknown tokens are never cached, so no subject dies.
  const limit = PLANS[team.plan].access_tokens;
  try {
    await commit(deps.db, [
      insertAccessToken(deps.db, row),
      ...(limit === null ? [] : [refuseTokensOver(deps.db, { teamId, now, limit })]),
      ...recordChange(deps.db, { subjects: [], audit }),
      ...keep(row),
    ]);
  } catch (error) {
    if (!(error instanceof ConditionFailed) || limit === null) throw error;
    return err({ kind: "quota_exceeded", quota: "access_tokens", limit });
  }
  return ok({ row, secret });
}

/** What an audit event says of a token that was made. */
export function tokenDetail(
  row: Omit<AccessTokenRow, "importedSeq" | "movedFrom">,
): Readonly<Record<string, unknown>> {
  const { name, permissions, expiresAt, allowedIps, rateLimit, rateWindowSeconds } = row;
  return {
    name,
    profile_id: row.profileId,
    permissions,
    expires_at: expiresAt === null ? null : new Date(expiresAt).toISOString(),
    allowed_ips: allowedIps,
    rate_limit: rateLimit === null ? null : { limit: rateLimit, window_seconds: rateWindowSeconds },
  };
}
