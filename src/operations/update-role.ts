import { stateId } from "../domain/journal.ts";
import { exceeding } from "../domain/permission.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { isReservedRoleName, OWNER_ROLE } from "../domain/role.ts";
import { commitIfHolds, UniqueViolation } from "../store/database.ts";
import { findRole, updateRole as updateRoleRow, type CountedRole, type RoleChange } from "../store/roles.ts";
import { holderOf } from "./caller.ts";
import { auditRow, type Actor } from "./change.ts";
import { NAME_TAKEN } from "./create-role.ts";
import type { Deps } from "./deps.ts";
import { journalEnded } from "./journal-watch.ts";
import type { Moment } from "./moment.ts";
import { conferring, reaching, rolePermissions } from "./role-rules.ts";
import { ownRole, type Role } from "./show-role.ts";
import { subjects } from "./subjects.ts";

/** What a role is to be; what is left out stays as it is. */
export interface RoleEdit {
  readonly name?: string;
  readonly description?: string;
  readonly written?: { readonly permissions: readonly string[]; readonly permissionSets: readonly string[] };
}

/**
 * Changes a role; what its members' sessions and OAuth access tokens may do changes with it. The caller
 * must hold all that the role has, and what it gains.
 * @param expected whether the caller's `If-Match` holds for the role as it is now
 */
export async function updateRole(
  deps: Deps,
  { teamId, id }: { teamId: string; id: string },
  edit: RoleEdit,
  expected: (role: CountedRole) => boolean,
  actor: Actor,
  moment: Moment,
): Promise<Result<Role, Refusal>> {
  if (id === OWNER_ROLE) return err({ kind: "built_in_role" });
  const change = await changeOf(deps, edit, moment);
  if (!change.ok) return change;
  for (;;) {
    const role = await findRole(deps.db, { teamId, id });
    if (role === undefined) return err({ kind: "not_found", noun: "role" });
    if (!expected(role)) return err({ kind: "precondition_failed" });
    const refusal = editing(actor, role, change.value);
    if (refusal !== null) return err(refusal);
    const changed = await tryUpdate(deps, role, change.value, actor);
    // If another change came between: look again, so that neither is lost.
    if (!changed.ok || changed.value !== null) return changed as Result<Role, Refusal>;
  }
}

async function changeOf(
  deps: Deps,
  { written, ...rest }: RoleEdit,
  moment: Moment,
): Promise<Result<RoleChange, Refusal>> {
  if (rest.name !== undefined && isReservedRoleName(rest.name)) return err(NAME_TAKEN);
  if (written === undefined) return ok(rest);
  const permissions = await rolePermissions(deps, written, moment);
  return permissions.ok ? ok({ ...rest, permissions: [...permissions.value] }) : permissions;
}

function editing({ caller }: Actor, role: CountedRole, { permissions = [] }: RoleChange): Refusal | null {
  const gained = exceeding({ kind: "permissions", permissions: role.permissions }, permissions);
  return (
    reaching(caller, { kind: "permissions", permissions: role.permissions }) ??
    conferring(holderOf(caller), { kind: "permissions", permissions: gained })
  );
}

/** @returns null when somebody else changed the role first. */
async function tryUpdate(
  deps: Deps,
  role: CountedRole,
  change: RoleChange,
  actor: Actor,
): Promise<Result<Role | null, Refusal>> {
  const { db } = deps;
  const audit = auditRow(deps, actor, {
    type: "role.updated",
    teamId: role.teamId,
    subject: role.id,
    detail: { before: pick(role, change), after: change },
  });
  const record = { subjects: [subjects.role(role.id)], audit };
  try {
    const won = await commitIfHolds(db, updateRoleRow(db, { role, change, record }));
    if (!won) return ok(null);
    const changed = { ...role, ...change, version: role.version + 1, updatedAt: audit.at };
    await journalPermissions(deps, changed, change);
    return ok(ownRole(changed));
  } catch (error) {
    if (!(error instanceof UniqueViolation)) throw error;
    return err(NAME_TAKEN);
  }
}

/** What a role lost must not come back with a restored database, and what it gained since must stay. */
async function journalPermissions(
  deps: Deps,
  { id, version, updatedAt }: CountedRole,
  { permissions }: RoleChange,
): Promise<void> {
  if (permissions === undefined) return;
  const state = stateId({ id, version, value: JSON.stringify(permissions) });
  await journalEnded(deps, { kind: "role_permissions", id: state, at: updatedAt });
}

function pick(role: CountedRole, change: RoleChange): RoleChange {
  return Object.fromEntries(Object.keys(change).map((key) => [key, role[key as keyof RoleChange]]));
}
