import type { Refusal } from "../../domain/refusal.ts";
import { err, type Result } from "../../domain/result.ts";
import { recordChange } from "../../store/changes.ts";
import { commitIfHolds } from "../../store/database.ts";
import { changeMove, forgetTeam, type TeamMoveRow } from "../../store/team-moves.ts";
import { auditRow, type Actor } from "../change.ts";
import type { Deps } from "../deps.ts";
import { showMove } from "./begin-move.ts";
import { inState, placeSubjects } from "./hand-over.ts";
import { readStatement } from "./move-statement.ts";

/**
 * Forgets what a team had here, once the region to which it moved says that it has all of it. The audit trail stays,
 * and where the team is now. Done twice, it is done once.
 * @param statement of the other region, that it took the team
 */
export async function confirmMove(
  deps: Deps,
  { id, statement }: { readonly id: string; readonly statement: string },
  actor: Actor,
): Promise<Result<TeamMoveRow, Refusal>> {
  const shown = await showMove(deps, id);
  if (shown.ok && shown.value.state === "confirmed") return shown;
  const found = await inState(deps, id, "handed_over");
  if (!found.ok) return found;
  const move = found.value;
  const said = await readStatement(deps, move, statement);
  if (said?.step !== "taken" || said.sha256 !== move.sha256) {
    return err({ kind: "move_refused", obstacle: "statement" });
  }
  const { teamId, region: to } = move;
  const audit = auditRow(deps, actor, { type: "team.move_confirmed", teamId, subject: id, detail: { to } });
  const won = await commitIfHolds(deps.db, [
    ...changeMove(deps.db, move, { state: "confirmed", changedBy: audit.id, updatedAt: audit.at }),
    ...forgetTeam(deps.db, { teamId, at: audit.at }),
    ...recordChange(deps.db, { subjects: placeSubjects(teamId), audit }),
  ]);
  return won ? showMove(deps, id) : err({ kind: "move_refused", obstacle: "changed" });
}
