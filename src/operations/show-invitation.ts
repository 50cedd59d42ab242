import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { findInvitation, type OpenInvitation } from "../store/members.ts";
import { readSession } from "../store/sessions.ts";
import { findUserByEmail } from "../store/users.ts";
import { invitationObjection } from "./accept-invitation.ts";
import { cookieHash } from "./cookie-hash.ts";
import { hashCredential } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import { identifyUser } from "./identify-session.ts";
import type { Moment } from "./moment.ts";
import { offersOfTeam, type SsoOffer } from "./offer-sso.ts";
import { heldAgainstJournal } from "./records.ts";

/** What the holder of an invitation's link sees of it. */
export interface ShownInvitation {
  readonly team: OpenInvitation["team"];
  readonly email: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** How it can be accepted: by an account that is made now, by the one that is signed in, or after signing in. */
  readonly way: "new_account" | "signed_in" | "sign_in_first";
  /** Somebody else, who is signed in here; null: nobody else is. */
  readonly otherEmail: string | null;
  /** By which the invited person can come in as well. */
  readonly offers: readonly SsoOffer[];
}

/**
 * What an invitation is for, and what its person has to do; nothing is changed.
 * @param session the console session's cookie, null when none was sent
 */
export async function showInvitation(
  deps: Deps,
  { secret, session }: { readonly secret: string; readonly session: string | null },
  moment: Moment,
): Promise<Result<ShownInvitation, Refusal>> {
  await heldAgainstJournal(deps.records, moment);
  const invitation = await findInvitation(deps.db, hashCredential(secret));
  const objection = await invitationObjection(deps, invitation, moment);
  if (objection !== null || invitation === undefined) {
    return err(objection ?? { kind: "not_found", noun: "invitation" });
  }
  const { member, team } = invitation;
  const [known, signedIn, offers] = await Promise.all([
    findUserByEmail(deps.db, member.email),
    session === null ? null : identifyUser(deps, session, team, moment),
    offersOfTeam(deps, team.slug),
  ]);
  const isOwn = known !== undefined && signedIn?.userId === known.id;
  return ok({
    team,
    email: member.email,
    expiresAt: member.invitationExpiresAt ?? 0,
    way: known === undefined ? "new_account" : isOwn ? "signed_in" : "sign_in_first",
    otherEmail: session === null || signedIn === null || isOwn ? null : await emailOf(deps, session),
    offers,
  });
}

async function emailOf(deps: Deps, session: string): Promise<string | null> {
  return (await readSession(deps.db, cookieHash(deps, session)))?.email ?? null;
}
