import type { Refusal } from "../../domain/refusal.ts";
import type { RegionCode } from "../../domain/region.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { recordChange } from "../../store/changes.ts";
import { commit, UniqueViolation } from "../../store/database.ts";
import {
  findMove,
  findMoveOf,
  insertMove,
  listMoves as listRows,
  type TeamMoveRow,
} from "../../store/team-moves.ts";
import { findTeam } from "../../store/teams.ts";
import { auditRow, type Actor } from "../change.ts";
import { makeId } from "../credentials.ts";
import type { Deps } from "../deps.ts";

export type { TeamMoveRow } from "../../store/team-moves.ts";

/**
 * Begins to move a team to another region; until it is handed over it stays here, as it was. Begun twice, it is the
 * same move.
 */
export async function beginMove(
  deps: Deps,
  { teamId, to }: { readonly teamId: string; readonly to: RegionCode },
  actor: Actor,
): Promise<Result<TeamMoveRow, Refusal>> {
  const { db } = deps;
  if (to === deps.region) return err({ kind: "invalid_member", member: "to", problem: "invalid" });
  const team = await findTeam(db, teamId);
  if (team === undefined) return err({ kind: "not_found", noun: "team" });
  if (team.livesIn !== null) {
    const left = await findMoveOf(db, { teamId, states: ["handed_over", "confirmed"] });
    return left !== undefined && left.region === to && team.livesIn === to
      ? ok(left)
      : err({ kind: "wrong_region", region: team.livesIn, moved: true });
  }
  const begun = await findMoveOf(db, { teamId, states: ["copying", "receiving"] });
  if (begun !== undefined) return begun.region === to ? ok(begun) : err(ANOTHER);
  const id = makeId(deps, "mov");
  const audit = auditRow(deps, actor, { type: "team.move_begun", teamId, subject: id, detail: { to } });
  const move = newMove({ id, teamId, direction: "out", region: to, startedAt: audit.at }, audit);
  try {
    await commit(db, [insertMove(db, move), ...recordChange(db, { subjects: [], audit })]);
  } catch (error) {
    if (!(error instanceof UniqueViolation)) throw error;
    // Of two at once, one begins it.
    const other = await findMoveOf(db, { teamId, states: ["copying", "receiving"] });
    return other?.region === to && other.state === "copying" ? ok(other) : err(ANOTHER);
  }
  return ok(move);
}

/** A move as either side of it begins. */
export function newMove(
  move: Pick<TeamMoveRow, "id" | "teamId" | "direction" | "region" | "startedAt">,
  audit: { readonly id: string; readonly at: number },
): TeamMoveRow {
  return {
    ...move,
    state: move.direction === "out" ? "copying" : "receiving",
    rows: null,
    sha256: null,
    effectiveBy: null,
    changedBy: audit.id,
    updatedAt: audit.at,
  };
}

const ANOTHER: Refusal = { kind: "move_refused", obstacle: "another_move" };

/** A move by its id, on whichever side of it this region is. */
export async function showMove({ db }: Pick<Deps, "db">, id: string): Promise<Result<TeamMoveRow, Refusal>> {
  const move = await findMove(db, id);
  return move === undefined ? err({ kind: "not_found", noun: "move" }) : ok(move);
}

/** A team's moves on this side, the latest first. */
export function listMoves({ db }: Pick<Deps, "db">, teamId: string): Promise<TeamMoveRow[]> {
  return listRows(db, teamId);
}
