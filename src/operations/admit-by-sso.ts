import { err, ok, type Result } from "../domain/result.ts";
import type { SsoRefusal } from "../domain/sso-refusal.ts";
import { recordChange } from "../store/changes.ts";
import type { Statement } from "../store/database.ts";
import { findInvitationByEmail, findMembership } from "../store/members.ts";
import type { SsoPlace } from "../store/sso-connections.ts";
import { findSsoIdentity, insertSsoIdentity } from "../store/sso-identities.ts";
import { findUser, findUserByEmail, type UserRow } from "../store/users.ts";
import { acceptance, invitationObjection, type Accepter } from "./accept-invitation.ts";
import { makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { newSession, type Browser, type OpenedSession } from "./open-session.ts";
import { conferredBy, conferring } from "./role-rules.ts";
import { decideAdmission, type Admission, type VouchedIdentity } from "./sso-admission.ts";

/** Who comes in, and what has to be written beside the session. */
interface Entrant {
  readonly userId: string;
  readonly statements: readonly Statement[];
}

/**
 * Opens a session for whom a team's OpenID provider vouches. It acts in that team alone, and counts as
 * opened with two factors only if the ID token says so (`amr` holds `mfa`, RFC 8176).
 *
 * A known identity is its person, while they are a member. An unknown one is nobody yet: an invitation to
 * the vouched address makes an account; an account that is there already is never opened by its address.
 */
export function admitBySso(
  deps: Deps,
  identity: VouchedIdentity,
  browser: Browser,
  moment: Moment,
): Promise<Result<OpenedSession, SsoRefusal>> {
  return decideAdmission(deps, identity, async (admission) => {
    const entrant = await entrantOf(deps, identity, admission, browser, moment);
    if (!entrant.ok) return entrant;
    const { userId, statements } = entrant.value;
    const sso = { teamId: admission.place.team.id, connectionId: identity.connectionId };
    const proof = { userId, method: "sso", twoFactor: identity.multiFactor, sso } as const;
    const { opened, statements: opening } = newSession(deps, proof, browser);
    return ok({ userId, statements: [...statements, ...opening], value: opened });
  });
}

async function entrantOf(
  deps: Deps,
  identity: VouchedIdentity,
  admission: Admission,
  browser: Browser,
  moment: Moment,
): Promise<Result<Entrant, SsoRefusal>> {
  const known = await findSsoIdentity(deps.db, identity);
  if (known !== undefined) return member(deps, known.userId, admission, browser, moment);
  const entrant = await newcomer(deps, identity, admission, browser, moment);
  if (entrant.ok) return entrant;
  // Another of the person's browsers may have made the account between the two looks.
  const since = await findSsoIdentity(deps.db, identity);
  return since === undefined ? entrant : member(deps, since.userId, admission, browser, moment);
}

/** A person who was removed and is invited again comes back by the same account, if that is whom it says. */
async function member(
  deps: Deps,
  userId: string,
  { place, address }: Admission,
  { ip }: Browser,
  moment: Moment,
): Promise<Result<Entrant, SsoRefusal>> {
  const membership = await findMembership(deps.db, { teamId: place.team.id, userId });
  if (membership !== undefined) return ok({ userId, statements: [] });
  const user = await findUser(deps.db, userId);
  if (user?.email !== address.email) return err({ kind: "not_a_member" });
  const accepter = { userId, newUser: null, actor: place.connection.id };
  const accepted = await acceptInvitation(deps, { place, email: user.email, accepter, ip }, moment);
  if (!accepted.ok) return accepted.error.kind === "not_invited" ? err({ kind: "not_a_member" }) : accepted;
  return ok({ userId, statements: accepted.value });
}

async function newcomer(
  deps: Deps,
  { connectionId, issuer, subject }: VouchedIdentity,
  { place, address: { email } }: Admission,
  { ip }: Browser,
  moment: Moment,
): Promise<Result<Entrant, SsoRefusal>> {
  if ((await findUserByEmail(deps.db, email)) !== undefined) return err({ kind: "account_exists" });
  const now = deps.clock();
  const newUser: UserRow = {
    id: makeId(deps, "usr"),
    email,
    passwordHash: null,
    createdAt: now,
    emailVerifiedAt: now,
    passwordSetAt: null,
  };
  const userId = newUser.id;
  const accepter = { userId, newUser, actor: connectionId };
  const accepted = await acceptInvitation(deps, { place, email, accepter, ip }, moment);
  if (!accepted.ok) return accepted;
  const audit = {
    id: makeId(deps, "aud"),
    teamId: place.team.id,
    at: now,
    type: "user.sso_linked",
    actor: connectionId,
    actorOwner: userId,
    subject: userId,
    ip,
    detail: { after: { connection: connectionId, subject } },
  };
  const statements = [
    ...accepted.value,
    insertSsoIdentity(deps.db, { connectionId, issuer, subject, userId, createdAt: now }),
    ...recordChange(deps.db, { subjects: [], audit }),
  ];
  return ok({ userId, statements });
}

/**
 * The writes that accept the team's invitation to an address. Whoever chose the provider could make it
 * vouch for anybody: what is given on its word is no more than they could have given themselves.
 */
async function acceptInvitation(
  deps: Deps,
  {
    place: { team, connection },
    email,
    accepter,
    ip,
  }: { place: SsoPlace; email: string; accepter: Accepter; ip: string | null },
  moment: Moment,
): Promise<Result<readonly Statement[], SsoRefusal>> {
  const invitation = await findInvitationByEmail(deps.db, { teamId: team.id, email });
  const objection = await invitationObjection(deps, invitation, moment);
  if (objection !== null || invitation === undefined) return err({ kind: "not_invited" });
  const given = await conferredBy(deps, invitation.member);
  const chooser = connection.chosenByHolder ?? { kind: "permissions", permissions: [] };
  if (given === null || conferring(chooser, given) !== null) {
    return err({ kind: "invitation_beyond_connection" });
  }
  return ok(acceptance(deps, invitation.member, accepter, ip).statements);
}
