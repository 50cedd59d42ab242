import { stateId } from "../domain/journal.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { isTakenByConsole } from "../domain/team-slug.ts";
import { wasRecorded } from "../store/changes.ts";
import { commit, UniqueViolation } from "../store/database.ts";
import { findTeam, updateTeam as updateTeamRow, type TeamChange, type TeamRow } from "../store/teams.ts";
import { auditRow, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { journalEnded } from "./journal-watch.ts";
import { subjects } from "./subjects.ts";

/** A change of a team's row, whichever part of it: information, security or billing. */
export interface TeamEdit {
  readonly change: TeamChange;
  /** The audit event's type. */
  readonly type: (team: TeamRow) => string;
  /** Whether the caller's `If-Match` holds for the team as it is now. */
  readonly expected: (team: TeamRow) => boolean;
  /** What speaks against the change, given the team as it is now. */
  readonly objection?: (team: TeamRow) => Promise<Refusal | null>;
}

/** Changes a team; cached checks of its tokens die with the change. */
export async function changeTeam(
  deps: Deps,
  id: string,
  edit: TeamEdit,
  actor: Actor,
): Promise<Result<TeamRow, Refusal>> {
  const { slug } = edit.change;
  if (slug !== undefined && isTakenByConsole(slug)) return err(SLUG_TAKEN);
  for (;;) {
    const team = await findTeam(deps.db, id);
    if (team === undefined) return err({ kind: "not_found", noun: "team" });
    if (!edit.expected(team)) return err({ kind: "precondition_failed" });
    const objection = (await edit.objection?.(team)) ?? null;
    if (objection !== null) return err(objection);
    const won = await tryChange(deps, team, edit, actor);
    if (!won.ok) return won;
    // If another change came between: look again, so that neither is lost.
    if (won.value) return ok((await findTeam(deps.db, id)) ?? team);
  }
}

const SLUG_TAKEN = { kind: "already_exists", noun: "team", member: "slug" } as const satisfies Refusal;

/** @returns false when somebody else changed the team first. */
async function tryChange(
  deps: Deps,
  team: TeamRow,
  { change, type }: TeamEdit,
  actor: Actor,
): Promise<Result<boolean, Refusal>> {
  const { db } = deps;
  const audit = auditRow(deps, actor, {
    type: type(team),
    teamId: team.id,
    subject: team.id,
    detail: { before: pick(team, change), after: change },
  });
  // Pages on its own domain show its name and brand.
  const isShown = change.name !== undefined || change.slug !== undefined || change.preferences !== undefined;
  const record = {
    subjects: [subjects.team(team.id), ...(isShown ? [subjects.domains()] : [])],
    audit,
  };
  try {
    await commit(db, updateTeamRow(db, { id: team.id, version: team.version, change, record }));
  } catch (error) {
    if (!(error instanceof UniqueViolation)) throw error;
    return err(SLUG_TAKEN);
  }
  if (!(await wasRecorded(db, audit.id))) return ok(false);
  if (change.status !== undefined) {
    const state = stateId({ id: team.id, version: team.version + 1, value: change.status });
    await journalEnded(deps, { kind: "team_status", id: state, at: audit.at });
  }
  return ok(true);
}

function pick(team: TeamRow, change: TeamChange): Partial<TeamRow> {
  return Object.fromEntries(Object.keys(change).map((key) => [key, team[key as keyof TeamChange]]));
}
