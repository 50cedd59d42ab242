import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { commitIfHolds } from "../store/database.ts";
import { findMember, removeMember as removeMemberRow, type MemberRow } from "../store/members.ts";
import { settleRevocations } from "../store/revocations.ts";
import { auditRow, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { journalEnded } from "./journal-watch.ts";
import { goneId, memberSubjects, reachingMember, takingOwner } from "./member-rules.ts";

export interface RemovedMember {
  readonly member: MemberRow;
  /** Milliseconds: no check received later than this accepts an OAuth access token of theirs in this team. */
  readonly effectiveBy: number;
}

/**
 * Removes a member, or withdraws an invitation. What acts for the person in this team ends, and so do all
 * their sessions, which belong to the person and not to one team; tokens that they made for the team
 * survive (contract, section 5).
 * @param expected whether the caller's `If-Match` holds for the member as it is now
 */
export async function removeMember(
  deps: Deps,
  { teamId, id }: { teamId: string; id: string },
  expected: (member: MemberRow) => boolean,
  actor: Actor,
): Promise<Result<RemovedMember, Refusal>> {
  const { db } = deps;
  for (;;) {
    const member = await findMember(db, { teamId, id });
    if (member === undefined) return err({ kind: "not_found", noun: "member" });
    if (!expected(member)) return err({ kind: "precondition_failed" });
    const refusal = (await reachingMember(deps, member, actor.caller)) ?? (await takingOwner(deps, member));
    if (refusal !== null) return err(refusal);
    const { email, role, status, userId: user } = member;
    const audit = auditRow(deps, actor, {
      type: "member.removed",
      teamId,
      subject: id,
      detail: { before: { email, role, status, user } },
    });
    const record = { subjects: memberSubjects(member), audit };
    // If the member or the other owners have changed meanwhile: look again.
    if (!(await commitIfHolds(db, removeMemberRow(db, { member, record })))) continue;
    // Reckoned after the commit, because the bound counts from there (see `endToken`).
    const effectiveBy = deps.clock() + deps.freshnessMs;
    await settleRevocations(db, { auditId: audit.id, effectiveBy });
    const { at } = audit;
    // By its own id too: a restored database may hold the invitation by which the person came.
    const invitation = { kind: "invitation", id: goneId(member), at } as const;
    const place = user === null ? [] : [{ kind: "member", id: `${teamId}:${user}`, at } as const];
    await journalEnded(deps, ...place, invitation);
    return ok({ member, effectiveBy });
  }
}
