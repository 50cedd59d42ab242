import type { Refusal } from "../../domain/refusal.ts";
import { err, type Result } from "../../domain/result.ts";
import { arrivingWebhooks, dropArrivals } from "../../store/arrivals.ts";
import { recordChange } from "../../store/changes.ts";
import { commit, ConditionFailed, UniqueViolation } from "../../store/database.ts";
import { changeMove, markReturned, refuseTouchedMove, type TeamMoveRow } from "../../store/team-moves.ts";
import { settleArrivals } from "../../store/settle-arrivals.ts";
import { insertWebhookSecret } from "../../store/webhooks.ts";
import { auditRow, type Actor } from "../change.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import { makeWebhookSecret } from "../webhooks/webhook-secret.ts";
import { showMove } from "./begin-move.ts";
import { finishMove, inState, placeSubjects } from "./hand-over.ts";
import { readStatement } from "./move-statement.ts";
import { digestMove } from "./read-rows.ts";
import { obstaclesTo } from "./receive-team.ts";
import { replaySince } from "./replay-since.ts";

/**
 * Takes a team that another region has handed over: all of it at once, and exactly what was handed over. Done twice,
 * it is done once.
 * @param statement of the other region, that it gave the team up
 * @returns once no check here takes one of its tokens for another region's
 */
export async function takeTeam(
  deps: Deps,
  { id, statement }: { readonly id: string; readonly statement: string },
  actor: Actor,
  moment: Moment,
): Promise<Result<TeamMoveRow, Refusal>> {
  const { db } = deps;
  const shown = await showMove(deps, id);
  if (shown.ok && shown.value.state === "taken") return finishTaking(deps, shown.value);
  const found = await inState(deps, id, "receiving");
  if (!found.ok) return found;
  const move = found.value;
  const { teamId, region: from, startedAt } = move;
  const said = await readStatement(deps, move, statement);
  if (said?.step !== "handed_over" || said.startedAt !== startedAt) return refused("statement");
  const [obstacle] = await obstaclesTo(deps, move, moment);
  // What another region calls a permission is asked for where the obstacles are; no error repeats it.
  if (obstacle !== undefined) return refused(obstacle.replace(/^(permission_unknown) .*/s, "$1"));
  const digest = await digestMove(deps, move);
  if (digest.sha256 !== said.sha256) return refused("differs");
  // Until then a check there may still accept one of its tokens, and what is revoked here must hold.
  const wait = (said.notBefore ?? 0) - deps.clock();
  if (wait > MAX_WAIT_MS) return refused("not_before");
  if (wait > 0) await deps.startTimer(wait).done;

  const audit = auditRow(deps, actor, {
    type: "team.move_taken",
    teamId,
    subject: id,
    detail: { from, rows: digest.rows, sha256: digest.sha256 },
  });
  const { at, id: auditId } = audit;
  const secrets = (await arrivingWebhooks(db, id)).map((webhook) => makeWebhookSecret(deps, webhook).row);
  try {
    await commit(db, [
      // What was compared is what is written.
      refuseTouchedMove(db, move),
      ...changeMove(db, move, {
        state: "taken",
        rows: digest.rows,
        sha256: digest.sha256,
        changedBy: auditId,
        updatedAt: at,
      }),
      // First the feed: the place of what comes is where this leaves it.
      ...recordChange(db, { subjects: placeSubjects(teamId), audit }),
      ...settleArrivals(db, { moveId: id, teamId, here: deps.region, from, startedAt, at, auditId }),
      ...secrets.map((row) => insertWebhookSecret(db, row)),
      markReturned(db, { teamId, at, by: auditId }),
      dropArrivals(db, id),
    ]);
  } catch (error) {
    if (error instanceof UniqueViolation) return refused(`taken ${error.column}`);
    if (error instanceof ConditionFailed) return refused("changed");
    throw error;
  }
  return finishTaking(deps, { ...move, effectiveBy: null });
}

async function finishTaking(deps: Deps, move: TeamMoveRow): Promise<Result<TeamMoveRow, Refusal>> {
  if (move.effectiveBy === null) {
    // What was ended here once is ended, though a restored database had never heard of the team.
    await replaySince(deps, move.startedAt);
  }
  const finished = await finishMove(deps, move);
  const wait = finished.ok ? (finished.value.effectiveBy ?? 0) - deps.clock() : 0;
  if (wait > 0) await deps.startTimer(Math.min(wait, MAX_WAIT_MS)).done;
  return finished;
}

/** Longer than any bound that is worth having; clocks of two regions may differ by some of it. */
const MAX_WAIT_MS = 10_000;

function refused(obstacle: string): Result<never, Refusal> {
  return err({ kind: "move_refused", obstacle });
}
