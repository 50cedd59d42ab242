import * as v from "valibot";
import type { Refusal } from "../../domain/refusal.ts";
import { ok, type Result } from "../../domain/result.ts";
import type { Deps } from "../../operations/deps.ts";
import type { TeamMoveRow } from "../../operations/moves/begin-move.ts";
import { confirmMove } from "../../operations/moves/confirm-move.ts";
import { cancelMove, freezeMove, handOver } from "../../operations/moves/hand-over.ts";
import { statementOf } from "../../operations/moves/move-statement.ts";
import { declineMove } from "../../operations/moves/receive-team.ts";
import { takeTeam } from "../../operations/moves/take-team.ts";
import { isoTime } from "./present.ts";
import { route, type Answer, type Call, type Route } from "./route.ts";

const statementField = v.pipe(v.string(), v.minLength(1), v.maxLength(4_000));
const stated = v.strictObject({ statement: statementField });

/** The steps of a team's move, each of which is done once, however often it is asked for. */
export const moveStepRoutes: readonly Route[] = [
  step(
    "freeze",
    "Let the team stand still for its last rows, for five minutes at most.",
    v.strictObject({}),
    (call) => freezeMove(call.deps, idOf(call), call.actor),
  ),
  step(
    "hand-over",
    "Give the team up, if the other region has exactly what is here.",
    v.strictObject({ sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)) }),
    (call) => handOver(call.deps, { id: idOf(call), ...call.body }, call.actor),
  ),
  step("take", "Take the team that the other region says it has given up.", stated, (call) =>
    takeTeam(call.deps, { id: idOf(call), ...call.body }, call.actor, call.moment),
  ),
  step(
    "confirm",
    "Forget what the team had here, now that the other region says it has it.",
    stated,
    (call) => confirmMove(call.deps, { id: idOf(call), ...call.body }, call.actor),
  ),
  step(
    "cancel",
    "Call the move off where the team is leaving.",
    v.strictObject({ statement: v.optional(v.nullable(statementField), null) }),
    (call) => cancelMove(call.deps, { id: idOf(call), ...call.body }, call.actor),
  ),
  step("decline", "Call the move off where the team would arrive.", v.strictObject({}), (call) =>
    declineMove(call.deps, idOf(call), call.actor),
  ),
];

function step<S extends v.GenericSchema>(
  name: string,
  summary: string,
  body: S,
  act: (call: Call<v.InferOutput<S>>) => Promise<Result<TeamMoveRow, Refusal>>,
): Route {
  return route<S>({
    method: "POST",
    path: `/v1/moves/{id}/${name}`,
    summary,
    access: { kind: "operator" },
    body,
    answers: { status: 200, body: "Move" },
    refuses: [404, 409],
    handle: async (call: Call<v.InferOutput<S>>) => answerMove(call.deps, await act(call)),
  });
}

function idOf({ params }: Pick<Call, "params">): string {
  return params["id"] ?? "";
}

/** A move as its region sees it, with what that has to say to the other one. */
export async function answerMove(
  deps: Deps,
  found: Result<TeamMoveRow, Refusal>,
  status = 200,
): Promise<Result<Answer, Refusal>> {
  if (!found.ok) return found;
  const move = found.value;
  return ok({
    status,
    body: { move: { ...presentMove(deps, move), statement: await statementOf(deps, move) } },
  });
}

export function presentMove({ region: here }: Pick<Deps, "region">, move: TeamMoveRow) {
  const { id, teamId: team, direction, region, state, startedAt, rows, sha256, effectiveBy } = move;
  const [from, to] = direction === "out" ? [here, region] : [region, here];
  return {
    id,
    team,
    from,
    to,
    state,
    started_at: isoTime(startedAt),
    rows,
    sha256,
    effective_by: isoTime(effectiveBy),
  };
}
