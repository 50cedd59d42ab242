import { isPublicId } from "../domain/public-id.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import type { AuditRow } from "../store/changes.ts";
import { commitIfHolds, UniqueViolation, type Statement } from "../store/database.ts";
import {
  acceptInvitation as acceptInvitationRow,
  findInvitation,
  findMembership,
  type MemberRow,
  type OpenInvitation,
} from "../store/members.ts";
import { findUserByEmail, type UserRow } from "../store/users.ts";
import { hashCredential, makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import { holderOfMembership } from "./held-permissions.ts";
import { identifyUser } from "./identify-session.ts";
import { memberSubjects } from "./member-rules.ts";
import type { Moment } from "./moment.ts";
import { hashPassword } from "./password.ts";
import { heldAgainstJournal } from "./records.ts";
import { conferredBy, conferring } from "./role-rules.ts";
import { isHere } from "./tenant.ts";

export interface AcceptanceRequest {
  /** What stands in the invitation's link. */
  readonly secret: string;
  /** For the account that is made, if one is. */
  readonly password: string | null;
  /** The console session's cookie, null when none was sent. */
  readonly session: string | null;
  readonly ip: string | null;
}

export interface JoinedMember {
  readonly member: MemberRow;
  readonly team: OpenInvitation["team"];
}

/** By what a person joins: an account that they have shown to be theirs, or one that is made now. */
export interface Accepter {
  readonly userId: string;
  readonly newUser: UserRow | null;
  /** How the audit trail names the credential: the session, the invitation itself, or the connection. */
  readonly actor: string;
}

/**
 * Makes whoever holds an invitation's secret a member, once. An address that has an account is never
 * taken over: its person has to be signed in.
 */
export async function acceptInvitation(
  deps: Deps,
  request: AcceptanceRequest,
  moment: Moment,
): Promise<Result<JoinedMember, Refusal>> {
  await heldAgainstJournal(deps.records, moment);
  const hash = hashCredential(request.secret);
  for (;;) {
    const invitation = await findInvitation(deps.db, hash);
    const refusal = await invitationObjection(deps, invitation, moment);
    // Used, withdrawn, replaced and invented ones look alike.
    if (refusal !== null || invitation === undefined) return err(refusal ?? UNKNOWN);
    const accepter = await accepterOf(deps, invitation, request, moment);
    if (!accepter.ok) return accepter;
    const member = await tryAccept(deps, invitation.member, accepter.value, request.ip);
    // If the invitation was used or changed meanwhile, or the address got an account: look again.
    if (member !== null) return ok({ member, team: invitation.team });
  }
}

const UNKNOWN: Refusal = { kind: "not_found", noun: "invitation" };

/** Why an invitation that was found, or was not, cannot be accepted now; null: it can. */
export async function invitationObjection(
  deps: Deps,
  invitation: OpenInvitation | undefined,
  { arrivedAt }: Moment,
): Promise<Refusal | null> {
  if (invitation === undefined) return UNKNOWN;
  const { member, team } = invitation;
  if (!isHere(deps, team.id)) return UNKNOWN;
  if ((member.invitationExpiresAt ?? 0) <= arrivedAt) return { kind: "invitation_expired" };
  if (team.livesIn !== null) return { kind: "wrong_region", region: team.livesIn, moved: true };
  if (team.status === "suspended") return { kind: "team_suspended" };
  return (await isStillGiven(deps, member)) ? null : UNKNOWN;
}

/**
 * An invitation confers no more than its maker holds when it is used: somebody who is removed must not
 * come back through one that they wrote before, nor get back what they lost.
 */
async function isStillGiven(deps: Deps, { teamId, role, invitedBy }: MemberRow): Promise<boolean> {
  const given = await conferredBy(deps, { teamId, role });
  if (given === null) return false;
  // Like the tokens that a token made, what it invited outlives it.
  if (!isPublicId("usr", invitedBy)) return true;
  const membership = await findMembership(deps.db, { teamId, userId: invitedBy });
  return membership !== undefined && conferring(holderOfMembership(membership), given) === null;
}

async function accepterOf(
  deps: Deps,
  { member, team }: OpenInvitation,
  { password, session }: AcceptanceRequest,
  moment: Moment,
): Promise<Result<Accepter, Refusal>> {
  const known = await findUserByEmail(deps.db, member.email);
  if (known === undefined) {
    const newUser = {
      // Never who they were in another region: a link says nothing about whose it was there.
      id: makeId(deps, "usr"),
      email: member.email,
      passwordHash: password === null ? null : await hashPassword(password, deps.randomBytes),
      createdAt: deps.clock(),
      // Whoever invited saw the link too: that it was used does not prove whose address it is.
      emailVerifiedAt: null,
      passwordSetAt: null,
    };
    return ok({ userId: newUser.id, newUser, actor: member.id });
  }
  const signedIn = session === null ? null : await identifyUser(deps, session, team, moment);
  if (signedIn?.userId !== known.id) return err({ kind: "sign_in_required" });
  // Said, because to ignore it would leave the person believing in a password that they do not have.
  if (password !== null) return err({ kind: "already_exists", noun: "user", member: "email" });
  return ok({ userId: known.id, newUser: null, actor: signedIn.sessionId });
}

/** @returns null when something that it relied on has changed. */
async function tryAccept(
  deps: Deps,
  member: MemberRow,
  accepter: Accepter,
  ip: string | null,
): Promise<MemberRow | null> {
  const { joined, statements } = acceptance(deps, member, accepter, ip);
  try {
    return (await commitIfHolds(deps.db, statements)) ? joined : null;
  } catch (error) {
    if (error instanceof UniqueViolation && error.column === "users.email") return null;
    throw error;
  }
}

/** The member that an invitation becomes, and the writes of that, for a batch that may hold more. */
export function acceptance(
  deps: Deps,
  member: MemberRow,
  { userId, newUser, actor }: Accepter,
  ip: string | null,
): { readonly joined: MemberRow; readonly statements: readonly Statement[] } {
  const audit: AuditRow = {
    id: makeId(deps, "aud"),
    teamId: member.teamId,
    at: deps.clock(),
    type: "member.joined",
    actor,
    actorOwner: userId,
    subject: member.id,
    ip,
    detail: { after: { user: userId, role: member.role, new_account: newUser !== null } },
  };
  const joined: MemberRow = {
    ...member,
    userId,
    status: "active",
    invitationHash: null,
    invitationExpiresAt: null,
    version: member.version + 1,
    changedBy: audit.id,
    joinedAt: member.joinedAt ?? audit.at,
  };
  const record = { subjects: [...memberSubjects(member), ...memberSubjects(joined)], audit };
  return {
    joined,
    statements: acceptInvitationRow(deps.db, { before: member, after: joined, newUser, record }),
  };
}
