import type { Refusal } from "../../domain/refusal.ts";
import { ok, type Result } from "../../domain/result.ts";
import { membersWithoutAccount } from "../../store/arrivals.ts";
import { commitIfHolds } from "../../store/database.ts";
import { reinviteMember, type MemberRow } from "../../store/members.ts";
import { makerOf } from "../caller.ts";
import { auditRow, type Actor } from "../change.ts";
import type { Deps } from "../deps.ts";
import { makeInvitationSecret } from "../invitation.ts";
import { inState } from "./hand-over.ts";

export interface ArrivedMember {
  readonly member: MemberRow;
  /** This answer is the only place where it ever stands. */
  readonly link: string;
}

/** Of one call; the next one goes on. */
const MAX_MEMBERS = 100;

/**
 * Links by which a moved team's members come in again: accounts do not move. Whoever uses theirs keeps their place
 * and what acts for them. Asked for again, those who have not come get new ones, and the old ones die.
 */
export async function inviteArrived(
  deps: Deps,
  { id, after }: { readonly id: string; readonly after: string },
  actor: Actor,
): Promise<Result<{ readonly invited: readonly ArrivedMember[]; readonly next: string | null }, Refusal>> {
  const move = await inState(deps, id, "taken");
  if (!move.ok) return move;
  const { teamId } = move.value;
  const waiting = await membersWithoutAccount(deps.db, { teamId, after, limit: MAX_MEMBERS });
  const invited: ArrivedMember[] = [];
  for (const member of waiting) {
    const { hash, link, expiresAt } = makeInvitationSecret(deps);
    const { email, role } = member;
    const audit = auditRow(deps, actor, {
      type: "member.invited",
      teamId,
      subject: member.id,
      detail: { after: { email, role } },
    });
    const row: MemberRow = {
      ...member,
      invitationHash: hash,
      invitationExpiresAt: expiresAt,
      invitedBy: makerOf(actor.caller),
      version: member.version + 1,
      changedBy: audit.id,
    };
    const record = { subjects: [], audit };
    // Whoever has come in or gone meanwhile needs none.
    if (await commitIfHolds(deps.db, reinviteMember(deps.db, { before: member, after: row, record }))) {
      invited.push({ member: row, link });
    }
  }
  return ok({ invited, next: waiting.length < MAX_MEMBERS ? null : (waiting.at(-1)?.id ?? null) });
}
