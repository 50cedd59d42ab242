import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { commitIfHolds, UniqueViolation } from "../store/database.ts";
import { findMemberByEmail, putInvitation, type MemberRow } from "../store/members.ts";
import { findTeam } from "../store/teams.ts";
import { holderOf, makerOf } from "./caller.ts";
import { auditRow, type Actor } from "./change.ts";
import { makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import { makeInvitationSecret } from "./invitation.ts";
import { journalEnded } from "./journal-watch.ts";
import { goneId } from "./member-rules.ts";
import type { Keep } from "./remember-answer.ts";
import { conferredBy, conferring, reaching } from "./role-rules.ts";

export interface InvitedMember {
  readonly member: MemberRow;
  readonly link: string;
}

/**
 * Invites a person into a team, with a role that the caller holds all of. Whoever was invited before and
 * has not come gets a new link, and the old one dies.
 */
export async function inviteMember(
  deps: Deps,
  teamId: string,
  request: { readonly email: string; readonly role: string },
  actor: Actor,
  keep: Keep<MemberRow>,
): Promise<Result<InvitedMember, Refusal>> {
  const { db } = deps;
  const email = request.email.toLowerCase();
  if ((await findTeam(db, teamId)) === undefined) return err({ kind: "not_found", noun: "team" });
  for (;;) {
    const given = await conferredBy(deps, { teamId, role: request.role });
    if (given === null) return err({ kind: "invalid_member", member: "role", problem: "invalid" });
    const refusal = conferring(holderOf(actor.caller), given);
    if (refusal !== null) return err(refusal);
    const earlier = (await findMemberByEmail(db, { teamId, email })) ?? null;
    const objection = earlier && (await replacing(deps, earlier, actor));
    if (objection !== null) return err(objection);
    const invited = await tryInvite(deps, { teamId, email, role: request.role, earlier }, actor, keep);
    // If somebody invited the same person meanwhile, or the role is gone: look again.
    if (invited !== null) return ok(invited);
  }
}

/** Who may not take a role away from its holder may not take it away from an invitation either. */
async function replacing(deps: Deps, earlier: MemberRow, { caller }: Actor): Promise<Refusal | null> {
  if (earlier.status === "active") return { kind: "already_exists", noun: "member", member: "email" };
  const held = await conferredBy(deps, earlier);
  return held && reaching(caller, held);
}

/** @returns null when something that it relied on has changed. */
async function tryInvite(
  deps: Deps,
  {
    teamId,
    email,
    role,
    earlier,
  }: { teamId: string; email: string; role: string; earlier: MemberRow | null },
  actor: Actor,
  keep: Keep<MemberRow>,
): Promise<InvitedMember | null> {
  const { db } = deps;
  const { hash, link, expiresAt } = makeInvitationSecret(deps);
  const id = earlier?.id ?? makeId(deps, "mem");
  const audit = auditRow(deps, actor, {
    type: "member.invited",
    teamId,
    subject: id,
    detail: {
      ...(earlier === null ? {} : { before: { email: earlier.email, role: earlier.role } }),
      after: { email, role },
    },
  });
  const member: MemberRow = {
    id,
    teamId,
    email,
    userId: null,
    role,
    status: "invited",
    invitationHash: hash,
    invitationExpiresAt: expiresAt,
    invitedBy: makerOf(actor.caller),
    version: (earlier?.version ?? 0) + 1,
    changedBy: audit.id,
    createdAt: earlier?.createdAt ?? audit.at,
    joinedAt: null,
  };
  // Nobody acts by it yet: no subject dies.
  const record = { subjects: [], audit };
  try {
    const statements = [...putInvitation(db, { row: member, replaced: earlier, record }), ...keep(member)];
    if (!(await commitIfHolds(db, statements))) return null;
    const replaced = earlier && ({ kind: "invitation", id: goneId(earlier), at: audit.at } as const);
    if (replaced !== null) await journalEnded(deps, replaced);
    return { member, link };
  } catch (error) {
    if (error instanceof UniqueViolation) return null;
    throw error;
  }
}
