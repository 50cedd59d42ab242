import type { OAuthRefusal } from "../domain/oauth-refusal.ts";
import { exceeding } from "../domain/permission.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { readScope } from "../domain/scope.ts";
import { recordChange } from "../store/changes.ts";
import { refuseChangedClient, type ClientRow } from "../store/clients.ts";
import { commitIfHolds } from "../store/database.ts";
import { insertGrant, insertGrantToken } from "../store/grants.ts";
import { findMembership, refuseNoMember } from "../store/members.ts";
import { holderOf, makerOf, type Caller } from "./caller.ts";
import { auditRow, type Actor } from "./change.ts";
import { boundsOf } from "./client-rules.ts";
import { hashCredential, makeCredential, makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { chargeIssue } from "./oauth/charge-issue.ts";
import { knownPermissions } from "./records.ts";
import type { Keep } from "./remember-answer.ts";
import { showClient } from "./show-client.ts";

export interface GrantTokenRequest {
  readonly scope: string;
  readonly durationMinutes: number;
  /** What it is for, in the words of whoever makes it; for the audit trail. */
  readonly description: string;
}

export interface CreatedGrantToken {
  readonly code: string;
  readonly expiresInSeconds: number;
}

/**
 * Makes a grant token for a self client (seed 002, "Self-Client"), which confers no more than the client may
 * be granted and its maker holds.
 * @throws {Unavailable} when the limiter cannot be reached
 */
export async function createGrantToken(
  deps: Deps,
  which: { teamId: string; id: string },
  request: GrantTokenRequest,
  actor: Actor,
  moment: Moment,
  keep: Keep<CreatedGrantToken>,
): Promise<Result<CreatedGrantToken, Refusal>> {
  const { db } = deps;
  const { caller } = actor;
  const userId = personOf(caller);
  for (let charged = false; ; charged = true) {
    const found = await showClient(deps, which);
    if (!found.ok) return found;
    const client = found.value;
    if (client.type !== "self") return err({ kind: "self_client_only" });
    const permissions = await grantedBy(deps, client, request.scope, caller, moment);
    if (!permissions.ok) return permissions;
    // Last, so that only what can be made is counted; and once, however often something came between.
    const wait = charged
      ? null
      : await chargeIssue(deps, "grant_tokens", client.id, null, { client, ip: actor.ip });
    if (wait !== null) return err({ kind: "issue_limited", retryAfterSeconds: wait });

    const code = makeCredential(deps, "gc");
    const expiresInSeconds = request.durationMinutes * 60;
    const grantId = makeId(deps, "grt");
    const audit = auditRow(deps, actor, {
      type: "grant.accepted",
      teamId: client.teamId,
      subject: grantId,
      detail: {
        client: client.id,
        permissions: permissions.value,
        access_type: "offline",
        duration_minutes: request.durationMinutes,
        description: request.description,
      },
    });
    const made: CreatedGrantToken = { code, expiresInSeconds };
    const won = await commitIfHolds(db, [
      refuseChangedClient(db, client),
      // Whoever is removed meanwhile must not leave a grant behind that lives again when they come back.
      ...(userId === null ? [] : [refuseNoMember(db, { teamId: client.teamId, userId })]),
      insertGrant(db, {
        id: grantId,
        teamId: client.teamId,
        clientId: client.id,
        userId,
        holder: makerOf(caller),
        permissions: [...permissions.value],
        audience: null,
        // Seed 002: a self client's always brings a refresh token.
        accessType: "offline",
        ...boundsOf(caller),
        createdAt: audit.at,
        revokedAt: null,
        revokedBy: null,
      }),
      insertGrantToken(db, {
        hash: hashCredential(code),
        grantId,
        clientId: client.id,
        redirectUri: null,
        codeChallenge: null,
        proofKey: null,
        createdAt: audit.at,
        expiresAt: audit.at + expiresInSeconds * 1000,
        usedAt: null,
        usedBy: null,
        retryFingerprint: null,
        retryAnswer: null,
      }),
      ...recordChange(db, { subjects: [], audit }),
      ...keep(made),
    ]);
    if (won) return ok(made);
    // If the person was removed: their session has ended with it. If the client has changed: look again.
    const place = userId === null ? null : await findMembership(db, { teamId: client.teamId, userId });
    if (place === undefined) return err({ kind: "unknown_credential" });
  }
}

async function grantedBy(
  deps: Deps,
  client: ClientRow,
  scope: string,
  caller: Caller,
  moment: Moment,
): Promise<Result<readonly string[], Refusal>> {
  const read = readScope(await knownPermissions(deps.records, moment), scope);
  if (!read.ok) return err(scopeRefusal(read.error));
  const permissions = read.value;
  const missing = exceeding(holderOf(caller), permissions);
  if (missing.length > 0) return err({ kind: "exceeds_maker", missing });
  const beyond = exceeding({ kind: "permissions", permissions: client.permissions }, permissions);
  return beyond.length > 0 ? err({ kind: "beyond_client", missing: beyond }) : read;
}

/** The scope is a member of this body; the management API says so in its own terms (contract, section 7). */
function scopeRefusal(refusal: OAuthRefusal): Refusal {
  switch (refusal.kind) {
    case "scope_requires":
      return { kind: "required_permission_absent", missing: refusal.missing };
    case "scope_unknown":
      return { kind: "unknown_permission", member: "scope" };
    case "scope_missing":
      return { kind: "invalid_member", member: "scope", problem: "missing" };
    default:
      return { kind: "invalid_member", member: "scope", problem: "invalid" };
  }
}

/** For whom it will act: the person at the console, or the one for whom an app's token acts. */
function personOf(caller: Caller): string | null {
  switch (caller.kind) {
    case "operator":
      return null;
    case "token":
      return caller.token.userId;
    case "session":
      return caller.userId;
  }
}
