import * as v from "valibot";
import type { Refusal } from "../../domain/refusal.ts";
import { REGION_CODES } from "../../domain/region.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { isMovedKind, MOVED_KINDS } from "../../domain/team-move.ts";
import { beginMove, listMoves, showMove } from "../../operations/moves/begin-move.ts";
import { inviteArrived } from "../../operations/moves/invite-arrived.ts";
import { digestMove, readRows } from "../../operations/moves/read-rows.ts";
import { obstaclesTo, receiveRows, receiveTeam } from "../../operations/moves/receive-team.ts";
import { readBytes, readJsonBytes, validate } from "../body.ts";
import { answerMove, presentMove } from "./move-steps.ts";
import { route, type Route } from "./route.ts";
import { parseTime, TIME_WRITING } from "./times.ts";

/** A page holds 256 KB of rows, or one that is longer; in JSON each quote takes two characters. */
const MAX_BYTES = 4 * 1024 * 1024;

const MAX_KEY = 200;

const regionField = v.picklist(REGION_CODES);
const keyField = v.pipe(v.string(), v.maxLength(MAX_KEY));

const rowsBody = v.strictObject({
  kind: v.picklist(MOVED_KINDS),
  after: keyField,
  until: v.nullable(keyField),
  rows: v.array(v.strictObject({ key: keyField, row: v.string() })),
});

/**
 * The move of a team between two regions. Each of them has its side of it under the same id, and its own operator
 * drives it; `npm run move-team` does all of this.
 */
export const moveRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/teams/{team}/moves",
    summary: "Begin to move a team to another region, or find the move that has begun.",
    access: { kind: "operator" },
    body: v.strictObject({ to: regionField }),
    answers: { status: 201, body: "Move" },
    refuses: [401, 404, 409],
    handle: async ({ deps, params, body, actor }) => {
      const begun = await beginMove(deps, { teamId: params["team"] ?? "", to: body.to }, actor);
      return answerMove(deps, begun, 201);
    },
  }),
  route({
    method: "GET",
    path: "/v1/teams/{team}/moves",
    summary: "The team's moves that this region has had a part in, the latest first.",
    access: { kind: "operator" },
    answers: { status: 200, body: "Moves" },
    handle: async ({ deps, params }) => {
      const moves = await listMoves(deps, params["team"] ?? "");
      return ok({ status: 200, body: { moves: moves.map((move) => presentMove(deps, move)) } });
    },
  }),
  route({
    method: "PUT",
    path: "/v1/moves/{id}",
    summary: "Get ready for a team of another region, whose move has begun there.",
    access: { kind: "operator" },
    body: v.strictObject({
      team: v.string(),
      from: regionField,
      started_at: v.pipe(
        v.string(),
        v.check((text) => parseTime(text) !== null),
        v.description(TIME_WRITING),
      ),
    }),
    answers: { status: 200, body: "Move" },
    refuses: [404, 409],
    handle: async ({ deps, params, body, actor }) => {
      const startedAt = parseTime(body.started_at) ?? 0;
      const arriving = { id: params["id"] ?? "", teamId: body.team, from: body.from, startedAt };
      return answerMove(deps, await receiveTeam(deps, arriving, actor));
    },
  }),
  route({
    method: "GET",
    path: "/v1/moves/{id}",
    summary: "How far a move is, with what this region has to say to the other one.",
    access: { kind: "operator" },
    answers: { status: 200, body: "Move" },
    refuses: [404],
    handle: async ({ deps, params }) => answerMove(deps, await showMove(deps, params["id"] ?? "")),
  }),
  route({
    method: "GET",
    path: "/v1/moves/{id}/digest",
    summary: "How many rows this side of a move has, and their SHA-256.",
    access: { kind: "operator" },
    answers: { status: 200, body: "MoveDigest" },
    refuses: [404],
    handle: async ({ deps, params }) => {
      const move = await showMove(deps, params["id"] ?? "");
      return move.ok ? ok({ status: 200, body: await digestMove(deps, move.value) }) : move;
    },
  }),
  route({
    method: "GET",
    path: "/v1/moves/{id}/rows",
    summary: "A page of what moves: settings and hashes, no secret.",
    access: { kind: "operator" },
    query: {
      kind: `One of ${MOVED_KINDS.join(", ")}.`,
      after: "The `until` of the page before; the first one when left out.",
      until: "Ends the page there, so that what was read before is read again.",
    },
    answers: { status: 200, body: "MovedRows" },
    refuses: [404, 409],
    handle: async ({ deps, params, query, moment }) => {
      const kind = query.get("kind") ?? "";
      if (!isMovedKind(kind)) return err({ kind: "invalid_member", member: "kind", problem: "invalid" });
      const range = { kind, after: query.get("after") ?? "", until: query.get("until") };
      const page = await readRows(deps, params["id"] ?? "", range, moment);
      if (!page.ok) return page;
      const { rows, until } = page.value;
      return ok({ status: 200, body: { kind, after: range.after, until, rows } });
    },
  }),
  route({
    method: "PUT",
    path: "/v1/moves/{id}/rows",
    summary: "Keep a page of what moves, in the place of whatever had arrived of that range.",
    access: { kind: "operator" },
    ownBody: rowsBody,
    answers: { status: 200, body: "Move" },
    refuses: [404, 409, 413],
    handle: async ({ deps, params, request }) => {
      const read = await readRowsBody(request);
      if (!read.ok) return read;
      const { rows, ...range } = read.value;
      return answerMove(deps, await receiveRows(deps, { id: params["id"] ?? "", range, rows }));
    },
  }),
  route({
    method: "GET",
    path: "/v1/moves/{id}/obstacles",
    summary: "What keeps this region from taking the team, with the rows that have arrived.",
    access: { kind: "operator" },
    answers: { status: 200, body: "MoveObstacles" },
    refuses: [404],
    handle: async ({ deps, params, moment }) => {
      const move = await showMove(deps, params["id"] ?? "");
      if (!move.ok) return move;
      return ok({ status: 200, body: { obstacles: await obstaclesTo(deps, move.value, moment) } });
    },
  }),
  route({
    method: "POST",
    path: "/v1/moves/{id}/invitations",
    summary: "Links by which a moved team's members come in; this answer alone shows them.",
    access: { kind: "operator" },
    query: { cursor: "The `next_cursor` of the answer before." },
    answers: { status: 200, body: "ArrivedMembers" },
    refuses: [404, 409],
    handle: async ({ deps, params, query, actor }) => {
      const after = query.get("cursor") ?? "";
      const made = await inviteArrived(deps, { id: params["id"] ?? "", after }, actor);
      if (!made.ok) return made;
      const invitations = made.value.invited.map(({ member: { id, email }, link }) => ({
        member: id,
        email,
        link,
      }));
      return ok({ status: 200, body: { invitations, next_cursor: made.value.next } });
    },
  }),
];

async function readRowsBody(request: Request): Promise<Result<v.InferOutput<typeof rowsBody>, Refusal>> {
  const bytes = await readBytes(request, MAX_BYTES);
  const value = bytes.ok ? readJsonBytes(bytes.value) : bytes;
  return value.ok ? validate(rowsBody, value.value) : value;
}
