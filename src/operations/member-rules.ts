import { stateId } from "../domain/journal.ts";
import type { Refusal } from "../domain/refusal.ts";
import { OWNER_ROLE } from "../domain/role.ts";
import { hasOtherOwner, type MemberRow } from "../store/members.ts";
import type { Caller } from "./caller.ts";
import type { Deps } from "./deps.ts";
import { conferredBy, reaching } from "./role-rules.ts";
import { subjects } from "./subjects.ts";

/** Whether a caller may change or remove a member: they must hold all that the member's role confers. */
export async function reachingMember(
  deps: Pick<Deps, "db">,
  member: MemberRow,
  caller: Caller,
): Promise<Refusal | null> {
  const held = await conferredBy(deps, member);
  return held && reaching(caller, held);
}

/** A team keeps an owner. The batch that follows asks again, because others may be faster. */
export async function takingOwner({ db }: Pick<Deps, "db">, member: MemberRow): Promise<Refusal | null> {
  if (member.role !== OWNER_ROLE || member.status !== "active") return null;
  return (await hasOtherOwner(db, member)) ? null : { kind: "last_owner" };
}

/** What relies on a member's place in the team; on an invitation, nothing does. */
export function memberSubjects({ teamId, userId }: MemberRow): string[] {
  return userId === null ? [] : [subjects.member(teamId, userId)];
}

/** How the journal names an invitation that is gone, be it withdrawn or replaced. */
export function goneId({ id, version }: MemberRow): string {
  return stateId({ id, version: version + 1, value: "" });
}
