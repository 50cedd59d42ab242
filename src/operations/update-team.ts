import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { commit, UniqueViolation } from "../store/database.ts";
import { findTeam, updateTeam as updateTeamRow, type TeamChange, type TeamRow } from "../store/teams.ts";
import { auditRow, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { subjects } from "./subjects.ts";

/**
 * Changes a team; cached checks of its tokens die with the change.
 * @param expected whether the caller's `If-Match` holds for the team as it is now
 */
export async function updateTeam(
  deps: Deps,
  id: string,
  change: TeamChange,
  expected: (team: TeamRow) => boolean,
  actor: Actor,
): Promise<Result<TeamRow, Refusal>> {
  if (change.status !== undefined && actor.caller.kind !== "operator") return err({ kind: "operator_only" });
  for (;;) {
    const team = await findTeam(deps.db, id);
    if (team === undefined) return err({ kind: "not_found", noun: "team" });
    if (!expected(team)) return err({ kind: "precondition_failed" });
    const after = await tryUpdate(deps, team, change, actor);
    // Another change came between: look again, so that neither change is lost.
    if (!after.ok || after.value !== null) return after as Result<TeamRow, Refusal>;
  }
}

/** @returns null when somebody else changed the team first. */
async function tryUpdate(
  deps: Deps,
  team: TeamRow,
  change: TeamChange,
  actor: Actor,
): Promise<Result<TeamRow | null, Refusal>> {
  const { db } = deps;
  const audit = auditRow(deps, actor, {
    type: typeOf(team, change),
    teamId: team.id,
    subject: team.id,
    detail: { before: pick(team, change), after: change },
  });
  const record = { subjects: [subjects.team(team.id)], audit };
  try {
    await commit(db, updateTeamRow(db, { id: team.id, version: team.version, change, record }));
  } catch (error) {
    if (!(error instanceof UniqueViolation)) throw error;
    return err({ kind: "already_exists", noun: "team", member: "slug" });
  }
  const after = await findTeam(db, team.id);
  return ok(after?.changedBy === audit.id ? after : null);
}

function typeOf(team: TeamRow, { status }: TeamChange): string {
  if (status === undefined || status === team.status) return "team.updated";
  return status === "suspended" ? "team.suspended" : "team.restored";
}

function pick(team: TeamRow, change: TeamChange): Partial<TeamRow> {
  return Object.fromEntries(Object.keys(change).map((key) => [key, team[key as keyof TeamChange]]));
}
