import * as v from "valibot";
import { REGION_CODES } from "../../domain/region.ts";
import { MOVED_KINDS } from "../../domain/team-move.ts";
import { nextCursor, time } from "./answer-fields.ts";

/* Answers about teams that move; like the other answer schemas, of no use at run time. */

const move = {
  id: v.string(),
  team: v.string(),
  from: v.picklist(REGION_CODES),
  to: v.picklist(REGION_CODES),
  state: v.picklist([
    "copying",
    "handed_over",
    "confirmed",
    "cancelled",
    "returned",
    "receiving",
    "taken",
    "declined",
  ]),
  started_at: time,
  rows: v.nullable(v.record(v.picklist(MOVED_KINDS), v.number())),
  sha256: v.nullable(v.string()),
  effective_by: v.nullable(time),
};

export const MOVE_ANSWERS = {
  ClientHome: v.strictObject({ client: v.string(), home: v.picklist(REGION_CODES) }),
  Move: v.strictObject({ move: v.strictObject({ ...move, statement: v.nullable(v.string()) }) }),
  Moves: v.strictObject({ moves: v.array(v.strictObject(move)) }),
  MoveDigest: v.strictObject({
    rows: v.record(v.picklist(MOVED_KINDS), v.number()),
    sha256: v.string(),
  }),
  MovedRows: v.strictObject({
    kind: v.picklist(MOVED_KINDS),
    after: v.string(),
    until: v.nullable(v.string()),
    rows: v.array(v.strictObject({ key: v.string(), row: v.string() })),
  }),
  MoveObstacles: v.strictObject({ obstacles: v.array(v.string()) }),
  ArrivedMembers: v.strictObject({
    invitations: v.array(v.strictObject({ member: v.string(), email: v.string(), link: v.string() })),
    next_cursor: nextCursor,
  }),
};
