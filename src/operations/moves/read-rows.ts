import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import type { MoveDigest, MovedRange, MovedRow } from "../../domain/team-move.ts";
import { readArrivals } from "../../store/arrivals.ts";
import { readMovedRows, type MoveScope } from "../../store/moved-rows.ts";
import type { TeamMoveRow } from "../../store/team-moves.ts";
import type { Deps } from "../deps.ts";
import { heldAgainstJournal } from "../records.ts";
import type { Moment } from "../moment.ts";
import { showMove } from "./begin-move.ts";
import { digestRows } from "./digest-rows.ts";

const MAX_ROWS = 500;

/** As texts; one row more may come, since a page has at least one. */
const MAX_CHARACTERS = 256 * 1024;

export interface MovedPage {
  readonly rows: readonly MovedRow[];
  /** Up to which key these are all there are; null: they are the last. */
  readonly until: string | null;
}

/** A page of what leaves: hashes and settings, no secret. */
export async function readRows(
  deps: Deps,
  id: string,
  range: MovedRange,
  moment: Moment,
): Promise<Result<MovedPage, Refusal>> {
  const move = await showMove(deps, id);
  if (!move.ok) return move;
  const { state } = move.value;
  if (state !== "copying" && state !== "handed_over")
    return err({ kind: "move_refused", obstacle: `state_${state}` });
  // What was restored may hold what has ended.
  await heldAgainstJournal(deps.records, moment);
  const read = await readMovedRows(deps.db, scopeOf(deps, move.value), { ...range, limit: MAX_ROWS });
  let characters = 0;
  const fitting = read.findIndex(({ key, row }) => {
    characters += key.length + row.length;
    return characters > MAX_CHARACTERS;
  });
  const rows = fitting < 0 ? read : read.slice(0, Math.max(fitting, 1));
  const isLast = rows.length === read.length && read.length < MAX_ROWS;
  return ok({ rows, until: isLast ? range.until : (rows.at(-1)?.key ?? null) });
}

/** What this side of a move has: of a team that leaves its own rows, of one that comes those that have arrived. */
export async function digestMove(
  { db, region }: Pick<Deps, "db" | "region">,
  move: TeamMoveRow,
): Promise<MoveDigest> {
  if (move.direction === "in") return digestRows((page) => readArrivals(db, { moveId: move.id, ...page }));
  const scope = scopeOf({ region }, move);
  return digestRows((page) => readMovedRows(db, scope, { ...page, until: null }));
}

function scopeOf({ region }: Pick<Deps, "region">, { teamId, startedAt }: TeamMoveRow): MoveScope {
  return { teamId, here: region, startedAt };
}
