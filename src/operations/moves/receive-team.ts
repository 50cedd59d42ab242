import { isMovedRow } from "../../domain/moved-row.ts";
import { isPublicId } from "../../domain/public-id.ts";
import type { Refusal } from "../../domain/refusal.ts";
import type { RegionCode } from "../../domain/region.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import type { MovedRange, MovedRow } from "../../domain/team-move.ts";
import {
  arrivingClients,
  countComing,
  dropArrivals,
  findOccupied,
  isSsoAlone,
  namedPermissions,
  putArrivals,
} from "../../store/arrivals.ts";
import { recordChange } from "../../store/changes.ts";
import { commit, commitIfHolds, UniqueViolation } from "../../store/database.ts";
import { COLUMNS } from "../../store/moved-rows.ts";
import { changeMove, insertMove, touchMove, type TeamMoveRow } from "../../store/team-moves.ts";
import { findTeam } from "../../store/teams.ts";
import { auditRow, type Actor } from "../change.ts";
import { countImported } from "../consult-imported.ts";
import type { Deps } from "../deps.ts";
import { MAX_IN_REGION } from "../import-keys.ts";
import type { Moment } from "../moment.ts";
import { knownPermissions } from "../records.ts";
import { wasHomeOf } from "../regions/current-home.ts";
import { newMove, showMove } from "./begin-move.ts";
import { inState, wrongState } from "./hand-over.ts";
import { digestMove } from "./read-rows.ts";

export interface Arriving {
  readonly id: string;
  readonly teamId: string;
  readonly from: RegionCode;
  readonly startedAt: number;
}

/** Gets ready for a team of another region, whose rows are kept aside until it is handed over. Done twice, it is done once. */
export async function receiveTeam(
  deps: Deps,
  { id, teamId, from, startedAt }: Arriving,
  actor: Actor,
): Promise<Result<TeamMoveRow, Refusal>> {
  const { db } = deps;
  if (!isPublicId("mov", id) || !isPublicId("team", teamId)) return err({ kind: "not_found", noun: "move" });
  if (from === deps.region) return err({ kind: "invalid_member", member: "from", problem: "invalid" });
  const known = await showMove(deps, id);
  if (known.ok) {
    const { direction, region, teamId: team } = known.value;
    const isSame =
      direction === "in" && region === from && team === teamId && known.value.startedAt === startedAt;
    return isSame ? known : err({ kind: "move_refused", obstacle: "another_move" });
  }
  const team = await findTeam(db, teamId);
  if (team?.livesIn === null) return err({ kind: "move_refused", obstacle: "is_here" });
  const audit = auditRow(deps, actor, { type: "team.move_awaited", teamId, subject: id, detail: { from } });
  const move = newMove({ id, teamId, direction: "in", region: from, startedAt }, audit);
  try {
    await commit(db, [insertMove(db, move), ...recordChange(db, { subjects: [], audit })]);
  } catch (error) {
    if (error instanceof UniqueViolation) return err({ kind: "move_refused", obstacle: "another_move" });
    throw error;
  }
  return ok(move);
}

/** Keeps a page aside, in the place of whatever had arrived of that range. */
export async function receiveRows(
  deps: Deps,
  {
    id,
    range,
    rows,
  }: { readonly id: string; readonly range: MovedRange; readonly rows: readonly MovedRow[] },
): Promise<Result<TeamMoveRow, Refusal>> {
  const move = await inState(deps, id, "receiving");
  if (!move.ok) return move;
  const { kind, after, until } = range;
  let before = after;
  for (const [place, { key, row }] of rows.entries()) {
    const isInRange = key > before && (until === null || key <= until);
    if (!isInRange || !isMovedRow(COLUMNS[kind], row) || (kind === "team" && key !== move.value.teamId)) {
      return err({ kind: "invalid_member", member: `rows[${place}]`, problem: "invalid" });
    }
    before = key;
  }
  const written = await commitIfHolds(deps.db, [
    ...touchMove(deps.db, move.value, deps.clock()),
    ...putArrivals(deps.db, { moveId: id, ...range }, rows),
  ]);
  return written ? move : err({ kind: "move_refused", obstacle: "changed" });
}

/** What stands in the way of taking a team with the rows that have arrived; all of it, so that it is mended at once. */
export async function obstaclesTo(deps: Deps, move: TeamMoveRow, moment: Moment): Promise<string[]> {
  const { db } = deps;
  const { id: moveId, teamId, region: from } = move;
  const index = await knownPermissions(deps.records, moment);
  const unknown = (await namedPermissions(db, moveId)).filter((name) => !index.permissions.has(name));
  const occupied = await findOccupied(db, { moveId, teamId, from });
  const clients = await arrivingClients(db, moveId);
  const theirs = await Promise.all(clients.map((client) => wasHomeOf(deps, client, from)));
  const { rows } = await digestMove(deps, move);
  const coming = await countComing(db, { moveId, here: deps.region });
  const isTooMany = (await countImported(deps, moment)) + coming > MAX_IN_REGION;
  return [
    ...(rows.team === 1 ? [] : ["incomplete"]),
    ...unknown.map((name) => `permission_unknown ${name}`),
    ...occupied.map((what) => `taken ${what}`),
    ...(theirs.every(Boolean) ? [] : ["clients_of_another_region"]),
    ...(isTooMany ? ["too_many_tokens"] : []),
    // Nobody could come in: the connection does not come along.
    ...((await isSsoAlone(db, moveId)) ? ["sign_in_by_sso_alone"] : []),
  ];
}

/** Sends a team back that was not taken; the answer's statement lets the other region go on. */
export async function declineMove(
  deps: Deps,
  id: string,
  actor: Actor,
): Promise<Result<TeamMoveRow, Refusal>> {
  const found = await showMove(deps, id);
  if (!found.ok || found.value.state === "declined") return found;
  if (found.value.state !== "receiving") return err(wrongState(found.value));
  const { teamId } = found.value;
  const audit = auditRow(deps, actor, { type: "team.move_declined", teamId, subject: id });
  const won = await commitIfHolds(deps.db, [
    ...changeMove(deps.db, found.value, { state: "declined", changedBy: audit.id, updatedAt: audit.at }),
    dropArrivals(deps.db, id),
    ...recordChange(deps.db, { subjects: [], audit }),
  ]);
  return won ? showMove(deps, id) : err({ kind: "move_refused", obstacle: "changed" });
}
