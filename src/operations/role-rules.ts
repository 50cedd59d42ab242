import { exceeding, expandPermissions, type Holder, type WrittenPermissions } from "../domain/permission.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, type Result } from "../domain/result.ts";
import { OWNER_ROLE } from "../domain/role.ts";
import { findRole } from "../store/roles.ts";
import { holderOf, type Caller } from "./caller.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { knownPermissions } from "./records.ts";

/** What a role confers on whoever has it; null when the team has no such role. */
export async function conferredBy(
  { db }: Pick<Deps, "db">,
  { teamId, role }: { teamId: string; role: string },
): Promise<Holder | null> {
  if (role === OWNER_ROLE) return { kind: "everything" };
  const found = await findRole(db, { teamId, id: role });
  return found === undefined ? null : { kind: "permissions", permissions: found.permissions };
}

/** Nothing confers more than its maker holds: a role, an invitation and a promotion are no exception. */
export function conferring(maker: Holder, conferred: Holder): Refusal | null {
  const missing = beyond(maker, conferred);
  if (missing === "everything") return { kind: "owner_only" };
  return missing.length > 0 ? { kind: "exceeds_maker", missing } : null;
}

/** Nobody changes or removes what holds more than they do: the weaker would decide over the mightier. */
export function reaching(caller: Caller, held: Holder): Refusal | null {
  const missing = beyond(holderOf(caller), held);
  if (missing === "everything") return { kind: "owner_only" };
  return missing.length > 0 ? { kind: "beyond_caller", missing } : null;
}

/** The permissions that a role is written with; a role without any is refused, as a token is. */
export async function rolePermissions(
  deps: Deps,
  written: WrittenPermissions,
  moment: Moment,
): Promise<Result<readonly string[], Refusal>> {
  const expanded = expandPermissions(await knownPermissions(deps.records, moment), written);
  if (!expanded.ok || expanded.value.length > 0) return expanded;
  return err({ kind: "invalid_member", member: "permissions", problem: "missing" });
}

/** Who holds a list of all there is today does not hold everything: an owner also holds what is to come. */
function beyond(holder: Holder, other: Holder): readonly string[] | "everything" {
  if (other.kind === "permissions") return exceeding(holder, other.permissions);
  return holder.kind === "everything" ? [] : "everything";
}
