import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { OWNER_ROLE } from "../domain/role.ts";
import { countRoleMembers, findRole, type CountedRole } from "../store/roles.ts";
import { findTeam, type TeamRow } from "../store/teams.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { knownPermissions } from "./records.ts";

/** A role of a team as it is shown, the built-in one or one of its own. */
export interface Role extends Omit<CountedRole, "teamId" | "changedBy"> {
  readonly builtIn: boolean;
}

export async function showRole(
  deps: Deps,
  { teamId, id }: { teamId: string; id: string },
  moment: Moment,
): Promise<Result<Role, Refusal>> {
  if (id === OWNER_ROLE) {
    const team = await findTeam(deps.db, teamId);
    return team === undefined
      ? err({ kind: "not_found", noun: "team" })
      : ok(await ownerRole(deps, team, moment));
  }
  const role = await findRole(deps.db, { teamId, id });
  return role === undefined ? err({ kind: "not_found", noun: "role" }) : ok(ownRole(role));
}

export function ownRole(row: CountedRole): Role {
  return { ...row, builtIn: false };
}

/** The role that every team has: its permissions are whatever catalogues have today. */
export async function ownerRole(deps: Deps, team: TeamRow, moment: Moment): Promise<Role> {
  const index = await knownPermissions(deps.records, moment);
  return {
    id: OWNER_ROLE,
    name: "Owner",
    description: "Holds everything, also what is added to catalogues later.",
    permissions: [...index.permissions.keys()].sort(),
    memberCount: await countRoleMembers(deps.db, { teamId: team.id, role: OWNER_ROLE }),
    version: 1,
    createdAt: team.createdAt,
    updatedAt: team.createdAt,
    builtIn: true,
  };
}
