import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { isReservedRoleName } from "../domain/role.ts";
import { recordChange } from "../store/changes.ts";
import { commit, UniqueViolation } from "../store/database.ts";
import { insertRole, type RoleRow } from "../store/roles.ts";
import { findTeam } from "../store/teams.ts";
import { holderOf } from "./caller.ts";
import { auditRow, type Actor } from "./change.ts";
import { makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import type { Keep } from "./remember-answer.ts";
import { conferring, rolePermissions } from "./role-rules.ts";
import { ownRole, type Role } from "./show-role.ts";

export interface RoleRequest {
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly string[];
  readonly permissionSets: readonly string[];
}

/** Creates a role that confers no more than its maker holds. */
export async function createRole(
  deps: Deps,
  teamId: string,
  request: RoleRequest,
  actor: Actor,
  moment: Moment,
  keep: Keep<Role>,
): Promise<Result<Role, Refusal>> {
  const { db } = deps;
  const { name, description } = request;
  const expanded = await rolePermissions(deps, request, moment);
  if (!expanded.ok) return expanded;
  const permissions = [...expanded.value];
  const refusal = conferring(holderOf(actor.caller), { kind: "permissions", permissions });
  if (refusal !== null) return err(refusal);
  if ((await findTeam(db, teamId)) === undefined) return err({ kind: "not_found", noun: "team" });
  if (isReservedRoleName(name)) return err(NAME_TAKEN);

  const id = makeId(deps, "rol");
  const audit = auditRow(deps, actor, {
    type: "role.created",
    teamId,
    subject: id,
    detail: { after: { name, description, permissions } },
  });
  const row: RoleRow = {
    id,
    teamId,
    name,
    description,
    permissions,
    version: 1,
    changedBy: audit.id,
    createdAt: audit.at,
    updatedAt: audit.at,
  };
  const role = ownRole({ ...row, memberCount: 0 });
  try {
    await commit(db, [insertRole(db, row), ...recordChange(db, { subjects: [], audit }), ...keep(role)]);
  } catch (error) {
    if (!(error instanceof UniqueViolation)) throw error;
    return err(NAME_TAKEN);
  }
  return ok(role);
}

export const NAME_TAKEN: Refusal = { kind: "already_exists", noun: "role", member: "name" };
