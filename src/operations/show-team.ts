import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { findTeam, type TeamRow } from "../store/teams.ts";
import type { Deps } from "./deps.ts";

export type { TeamRow } from "../store/teams.ts";

export async function showTeam(deps: Deps, id: string): Promise<Result<TeamRow, Refusal>> {
  const team = await findTeam(deps.db, id);
  return team === undefined ? err({ kind: "not_found", noun: "team" }) : ok(team);
}
