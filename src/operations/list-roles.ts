import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { OWNER_ROLE } from "../domain/role.ts";
import { listRoles as listRoleRows } from "../store/roles.ts";
import { findTeam } from "../store/teams.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { readPage, type Page, type PageRequest } from "./page.ts";
import { ownerRole, ownRole, type Role } from "./show-role.ts";

/** A team's roles: the built-in one, then its own, newest first. `owner` is a cursor as good as any id. */
export async function listRoles(
  deps: Deps,
  teamId: string,
  page: PageRequest,
  moment: Moment,
): Promise<Result<Page<Role>, Refusal>> {
  const team = await findTeam(deps.db, teamId);
  if (team === undefined) return err({ kind: "not_found", noun: "team" });
  const own = async (limit: number, cursor: string | null): Promise<Role[]> =>
    limit === 0 ? [] : (await listRoleRows(deps.db, { teamId, limit, cursor })).map(ownRole);
  const listed = await readPage(page, async ({ limit, cursor }) =>
    cursor === null
      ? [await ownerRole(deps, team, moment), ...(await own(limit - 1, null))]
      : own(limit, cursor === OWNER_ROLE ? null : cursor),
  );
  return ok(listed);
}
