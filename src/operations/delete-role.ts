import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { OWNER_ROLE } from "../domain/role.ts";
import { commitIfHolds } from "../store/database.ts";
import { deleteRole as deleteRoleRow, findRole, type CountedRole } from "../store/roles.ts";
import { auditRow, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { ownRole, type Role } from "./show-role.ts";

/**
 * Deletes a role that nobody has, and that no invitation leads to.
 * @param expected whether the caller's `If-Match` holds for the role as it is now
 */
export async function deleteRole(
  deps: Deps,
  { teamId, id }: { teamId: string; id: string },
  expected: (role: CountedRole) => boolean,
  actor: Actor,
): Promise<Result<Role, Refusal>> {
  const { db } = deps;
  if (id === OWNER_ROLE) return err({ kind: "built_in_role" });
  for (;;) {
    const role = await findRole(db, { teamId, id });
    if (role === undefined) return err({ kind: "not_found", noun: "role" });
    if (!expected(role)) return err({ kind: "precondition_failed" });
    if (role.memberCount > 0) return err({ kind: "role_in_use" });
    const { name, description, permissions } = role;
    const audit = auditRow(deps, actor, {
      type: "role.deleted",
      teamId,
      subject: id,
      detail: { before: { name, description, permissions } },
    });
    // Nobody has it: no check can rely on it, and no subject dies.
    const record = { subjects: [], audit };
    if (await commitIfHolds(db, deleteRoleRow(db, { role, record }))) return ok(ownRole(role));
  }
}
