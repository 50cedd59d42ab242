import type { Refusal } from "../domain/refusal.ts";
import type { Result } from "../domain/result.ts";
import type { SignInMethod } from "../domain/sign-in-method.ts";
import { countSsoConnections } from "../store/sso-connections.ts";
import type { TeamChange, TeamRow } from "../store/teams.ts";
import { changeTeam } from "./change-team.ts";
import type { Actor } from "./change.ts";
import type { Deps } from "./deps.ts";

export type TeamSecurity = Pick<
  TeamChange,
  "requireTwoFactor" | "signInMethods" | "sessionMinutes" | "androidEnterpriseId"
>;

/** Changes how a team's members sign in, and for how long. */
export function updateSecurity(
  deps: Deps,
  id: string,
  change: TeamSecurity,
  expected: (team: TeamRow) => boolean,
  actor: Actor,
): Promise<Result<TeamRow, Refusal>> {
  const objection = async (team: TeamRow): Promise<Refusal | null> =>
    locksOut(change.signInMethods ?? team.signInMethods) && (await countSsoConnections(deps.db, id)) === 0
      ? { kind: "no_way_to_sign_in" }
      : null;
  return changeTeam(deps, id, { change, expected, objection, type: () => "team.security_updated" }, actor);
}

/** Single sign-on alone needs a connection, or nobody could sign in to make one. */
function locksOut(methods: readonly SignInMethod[]): boolean {
  return methods.every((method) => method === "sso");
}
