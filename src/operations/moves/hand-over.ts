import { stateId } from "../../domain/journal.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { err, type Result } from "../../domain/result.ts";
import { recordChange } from "../../store/changes.ts";
import { commitIfHolds } from "../../store/database.ts";
import { readLastChange } from "../../store/moved-rows.ts";
import {
  changeMove,
  freezeTeam,
  hasUntoldRegions,
  refuseChangedTeam,
  refuseUntoldRegions,
  sendTeamAway,
  settlePlace,
  takeTeamBack,
  type TeamMoveRow,
} from "../../store/team-moves.ts";
import { findTeam } from "../../store/teams.ts";
import { auditRow, type Actor } from "../change.ts";
import type { Deps } from "../deps.ts";
import { journalEnded } from "../journal-watch.ts";
import { subjects } from "../subjects.ts";
import { showMove } from "./begin-move.ts";
import { readStatement } from "./move-statement.ts";
import { digestMove } from "./read-rows.ts";

/** So long a team stands still for its last rows; whoever drives the move and dies holds nobody up for longer. */
const FROZEN_MS = 300_000;

/** Lets a team's rows stand still, but for what ends: tokens are checked and revoked as ever. */
export async function freezeMove(
  deps: Deps,
  id: string,
  actor: Actor,
): Promise<Result<TeamMoveRow, Refusal>> {
  const move = await inState(deps, id, "copying");
  if (!move.ok) return move;
  const { teamId } = move.value;
  const audit = auditRow(deps, actor, { type: "team.move_frozen", teamId, subject: id });
  const until = audit.at + FROZEN_MS;
  const frozen = await commitIfHolds(deps.db, [
    ...changeMove(deps.db, move.value, { changedBy: audit.id, updatedAt: audit.at }),
    freezeTeam(deps.db, { teamId, until }),
    ...recordChange(deps.db, { subjects: [], audit }),
  ]);
  return frozen ? showMove(deps, id) : err(CHANGED);
}

/**
 * Gives a team up, if the other region has exactly what is here: from the answer's moment on its credentials are
 * refused with that region's address. Done twice, it is done once.
 * @param sha256 what the other region has
 */
export async function handOver(
  deps: Deps,
  { id, sha256 }: { readonly id: string; readonly sha256: string },
  actor: Actor,
): Promise<Result<TeamMoveRow, Refusal>> {
  const shown = await showMove(deps, id);
  if (shown.ok && shown.value.state === "handed_over") return finishMove(deps, shown.value);
  const found = await inState(deps, id, "copying");
  if (!found.ok) return found;
  const move = found.value;
  const { teamId, region: to } = move;
  const team = await findTeam(deps.db, teamId);
  if (team === undefined) return err({ kind: "not_found", noun: "team" });
  if ((team.frozenUntil ?? 0) <= deps.clock()) return err({ kind: "move_refused", obstacle: "not_frozen" });
  const last = await readLastChange(deps.db, teamId);
  const digest = await digestMove(deps, move);
  if (digest.sha256 !== sha256) return err(DIFFERS);
  // It would never hear of it: its new home does not know that it ever was enabled there.
  if (await hasUntoldRegions(deps.db, teamId))
    return err({ kind: "move_refused", obstacle: "registrations_pending" });
  const audit = auditRow(deps, actor, {
    type: "team.move_handed_over",
    teamId,
    subject: id,
    detail: { to, rows: digest.rows, sha256 },
  });
  // The freeze may have lapsed since it was read, and a change slipped in: that would show in the audit trail.
  const won = await commitIfHolds(deps.db, [
    refuseChangedTeam(deps.db, { teamId, last, eventSequence: team.eventSequence }),
    refuseUntoldRegions(deps.db, teamId),
    ...changeMove(deps.db, move, {
      state: "handed_over",
      rows: digest.rows,
      sha256,
      changedBy: audit.id,
      updatedAt: audit.at,
    }),
    ...sendTeamAway(deps.db, { teamId, to, at: audit.at, auditId: audit.id }),
    ...recordChange(deps.db, { subjects: placeSubjects(teamId), audit }),
  ]);
  return won ? finishMove(deps, { ...move, effectiveBy: null }) : err(CHANGED);
}

/**
 * Calls a move off: the team goes on here as if nothing had been.
 * @param statement of the other region, that it declined; needed once the team was handed over
 */
export async function cancelMove(
  deps: Deps,
  { id, statement }: { readonly id: string; readonly statement: string | null },
  actor: Actor,
): Promise<Result<TeamMoveRow, Refusal>> {
  const found = await showMove(deps, id);
  if (!found.ok) return found;
  if (found.value.state === "cancelled") return finishMove(deps, found.value);
  const move = found.value;
  if (move.state !== "copying" && move.state !== "handed_over") return err(wrongState(move));
  const { teamId, region: from } = move;
  if (move.state === "handed_over") {
    const said = statement === null ? null : await readStatement(deps, move, statement);
    if (said?.step !== "declined") return err({ kind: "move_refused", obstacle: "statement" });
  }
  const audit = auditRow(deps, actor, { type: "team.move_cancelled", teamId, subject: id });
  const won = await commitIfHolds(deps.db, [
    ...changeMove(deps.db, move, {
      state: "cancelled",
      effectiveBy: null,
      changedBy: audit.id,
      updatedAt: audit.at,
    }),
    ...(move.state === "handed_over"
      ? takeTeamBack(deps.db, { teamId, from, at: audit.at, auditId: audit.id })
      : [freezeTeam(deps.db, { teamId, until: null })]),
    ...recordChange(deps.db, { subjects: placeSubjects(teamId), audit }),
  ]);
  return won ? finishMove(deps, { ...move, effectiveBy: null }) : err(CHANGED);
}

/**
 * What has to follow before anybody is told that a team came or went: the journal knows it, and the bound is counted
 * from after the commit. Whoever died in between is made up for by the next one who asks for the same step.
 */
export async function finishMove(deps: Deps, move: TeamMoveRow): Promise<Result<TeamMoveRow, Refusal>> {
  if (move.effectiveBy === null) {
    await journalPlace(deps, move.teamId);
    await settlePlace(deps.db, { id: move.id, effectiveBy: deps.clock() + deps.freshnessMs });
  }
  return showMove(deps, move.id);
}

const CHANGED: Refusal = { kind: "move_refused", obstacle: "changed" };
const DIFFERS: Refusal = { kind: "move_refused", obstacle: "differs" };

export async function inState(
  deps: Deps,
  id: string,
  state: TeamMoveRow["state"],
): Promise<Result<TeamMoveRow, Refusal>> {
  const move = await showMove(deps, id);
  return move.ok && move.value.state !== state ? err(wrongState(move.value)) : move;
}

export function wrongState({ state }: TeamMoveRow): Refusal {
  return { kind: "move_refused", obstacle: `state_${state}` };
}

/** What dies in every isolate when a team comes or goes. */
export function placeSubjects(teamId: string): string[] {
  return [subjects.team(teamId), subjects.domains(), subjects.importedKeys()];
}

/** A database that is restored to an earlier moment must not bring a team back to life that lives elsewhere. */
async function journalPlace(deps: Deps, teamId: string): Promise<void> {
  const team = await findTeam(deps.db, teamId);
  if (team === undefined) return;
  const id = stateId({ id: teamId, version: team.placeVersion, value: team.livesIn ?? "" });
  await journalEnded(deps, { kind: "team_place", id, at: deps.clock() });
}
