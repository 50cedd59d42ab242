import type { Refusal } from "../domain/refusal.ts";
import { err, type Result } from "../domain/result.ts";
import type { TeamChange, TeamRow } from "../store/teams.ts";
import { changeTeam } from "./change-team.ts";
import type { Actor } from "./change.ts";
import type { Deps } from "./deps.ts";

export type TeamInformation = Pick<TeamChange, "name" | "slug" | "preferences" | "status">;

/**
 * Changes a team's information; only the operator suspends and restores.
 * @param expected whether the caller's `If-Match` holds for the team as it is now
 */
export async function updateTeam(
  deps: Deps,
  id: string,
  change: TeamInformation,
  expected: (team: TeamRow) => boolean,
  actor: Actor,
): Promise<Result<TeamRow, Refusal>> {
  if (change.status !== undefined && actor.caller.kind !== "operator") return err({ kind: "operator_only" });
  return changeTeam(deps, id, { change, expected, type: (team) => typeOf(team, change) }, actor);
}

function typeOf(team: TeamRow, { status }: TeamInformation): string {
  if (status === undefined || status === team.status) return "team.updated";
  return status === "suspended" ? "team.suspended" : "team.restored";
}
