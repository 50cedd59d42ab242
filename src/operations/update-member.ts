import { stateId } from "../domain/journal.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { OWNER_ROLE } from "../domain/role.ts";
import { commitIfHolds } from "../store/database.ts";
import { findMember, setMemberRole, type MemberRow } from "../store/members.ts";
import { holderOf } from "./caller.ts";
import { auditRow, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { journalEnded } from "./journal-watch.ts";
import { memberSubjects, reachingMember, takingOwner } from "./member-rules.ts";
import { conferredBy, conferring } from "./role-rules.ts";

/**
 * Gives a member, or somebody who is only invited, another role; what their sessions and OAuth access
 * tokens may do changes with it. The caller must hold all of the old role and all of the new one.
 * @param expected whether the caller's `If-Match` holds for the member as it is now
 */
export async function updateMember(
  deps: Deps,
  { teamId, id }: { teamId: string; id: string },
  role: string,
  expected: (member: MemberRow) => boolean,
  actor: Actor,
): Promise<Result<MemberRow, Refusal>> {
  for (;;) {
    const member = await findMember(deps.db, { teamId, id });
    if (member === undefined) return err({ kind: "not_found", noun: "member" });
    if (!expected(member)) return err({ kind: "precondition_failed" });
    const refusal = await objection(deps, member, role, actor);
    if (refusal !== null) return err(refusal);
    const updated = await tryUpdate(deps, member, role, actor);
    // If the member, the role or the other owners have changed meanwhile: look again.
    if (updated !== null) return ok(updated);
  }
}

async function objection(
  deps: Deps,
  member: MemberRow,
  role: string,
  { caller }: Actor,
): Promise<Refusal | null> {
  const beyond = await reachingMember(deps, member, caller);
  if (beyond !== null) return beyond;
  const given = await conferredBy(deps, { teamId: member.teamId, role });
  if (given === null) return { kind: "invalid_member", member: "role", problem: "invalid" };
  return (
    conferring(holderOf(caller), given) ?? (role === OWNER_ROLE ? null : await takingOwner(deps, member))
  );
}

/** @returns null when something that it relied on has changed. */
async function tryUpdate(
  deps: Deps,
  member: MemberRow,
  role: string,
  actor: Actor,
): Promise<MemberRow | null> {
  const { db } = deps;
  const audit = auditRow(deps, actor, {
    type: "member.updated",
    teamId: member.teamId,
    subject: member.id,
    detail: { before: { role: member.role }, after: { role } },
  });
  const record = { subjects: memberSubjects(member), audit };
  const won = await commitIfHolds(db, setMemberRole(db, { member, role, record }));
  if (!won) return null;
  const version = member.version + 1;
  const state = stateId({ id: member.id, version, value: role });
  await journalEnded(deps, { kind: "member_role", id: state, at: audit.at });
  return { ...member, role, version, changedBy: audit.id };
}
