import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { insertAuditEvents } from "../store/changes.ts";
import { ConditionFailed, type Statement } from "../store/database.ts";
import {
  listTeamsConcerned,
  refuseOtherTeams,
  revokeAll,
  settleRevocations,
  type Ended,
  type Scope,
} from "../store/revocations.ts";
import { findTeam } from "../store/teams.ts";
import { findUser } from "../store/users.ts";
import { auditRow, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { journalEnd } from "./journal-watch.ts";
import { signReceipt } from "./receipt.ts";
import { subjects } from "./subjects.ts";

export interface RevokedAll extends Ended {
  /** Milliseconds: no check received later than this accepts any of them. */
  readonly effectiveBy: number;
  /** Signed; who asks again revokes again, and gets one that says so. */
  readonly receipt: string;
}

/** Ends everything of a team: its access tokens, OAuth tokens, and its members' sessions. */
export async function revokeTeam(
  deps: Deps,
  teamId: string,
  actor: Actor,
): Promise<Result<RevokedAll, Refusal>> {
  const team = await findTeam(deps.db, teamId);
  if (team === undefined) return err({ kind: "not_found", noun: "team" });
  // Nothing of it would end where it lives, and a receipt would say that it did.
  if (team.livesIn !== null) return err({ kind: "wrong_region", region: team.livesIn, moved: true });
  const about = { type: "team.credentials_revoked", teamId, subject: teamId };
  const beside = { killed: [subjects.team(teamId)], others: [] };
  return ok(await endAll(deps, { teamId }, about, beside, actor));
}

/**
 * Ends everything of a person in every team: their sessions, what acts for them, and tokens that they made.
 * Each of these teams finds it in its own audit trail.
 */
export async function revokeUser(
  deps: Deps,
  userId: string,
  actor: Actor,
): Promise<Result<RevokedAll, Refusal>> {
  const { db } = deps;
  if ((await findUser(db, userId)) === undefined) return err({ kind: "not_found", noun: "user" });
  const about = { type: "user.credentials_revoked", teamId: null, subject: userId };
  for (;;) {
    const teamIds = await listTeamsConcerned(db, userId);
    const told = teamIds.map((teamId) => auditRow(deps, actor, { ...about, teamId }));
    const others = [refuseOtherTeams(db, { userId, teamIds }), insertAuditEvents(db, told)];
    try {
      return ok(await endAll(deps, { userId }, about, { killed: [], others }, actor));
    } catch (error) {
      // If there is one team more by now: look again, so that it is told too.
      if (!(error instanceof ConditionFailed)) throw error;
    }
  }
}

/** @param beside subjects whose cached copies die, and what else belongs into the batch */
async function endAll(
  deps: Deps,
  scope: Scope,
  about: { type: string; teamId: string | null; subject: string },
  beside: { killed: readonly string[]; others: readonly Statement[] },
  actor: Actor,
): Promise<RevokedAll> {
  const audit = auditRow(deps, actor, about);
  const end =
    "teamId" in scope
      ? ({ kind: "team_credentials", id: scope.teamId } as const)
      : ({ kind: "user_credentials", id: scope.userId } as const);
  const known = await journalEnd(deps, { ...end, at: audit.at });
  const record = { subjects: beside.killed, audit };
  const ended = await revokeAll(deps.db, { scope, record, known: [...known, ...beside.others] });
  // Reckoned after the commit, because the bound counts from there (see `endToken`).
  const effectiveBy = deps.clock() + deps.freshnessMs;
  await settleRevocations(deps.db, { auditId: audit.id, effectiveBy });
  const receipt = await signReceipt(deps, {
    kind: "teamId" in scope ? "team" : "user",
    id: about.subject,
    teamId: about.teamId,
    revokedAt: audit.at,
    effectiveBy,
    eventId: audit.id,
  });
  return { ...ended, effectiveBy, receipt };
}
