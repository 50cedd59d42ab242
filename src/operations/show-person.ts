import type { SignInMethod } from "../domain/sign-in-method.ts";
import { readSession, touchSession } from "../store/sessions.ts";
import { listTeamsOfUser, type TeamOfUser } from "../store/users.ts";
import { cookieHash } from "./cookie-hash.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { isIdle } from "./open-session.ts";
import { heldAgainstJournal } from "./records.ts";
import { isHere } from "./tenant.ts";

export interface Person {
  readonly userId: string;
  readonly sessionId: string;
  readonly email: string;
  /** How this session was opened. */
  readonly method: SignInMethod;
  readonly twoFactor: boolean;
  /** The team whose identity provider let them in, null when none did. */
  readonly ssoTeamId: string | null;
  readonly teams: readonly TeamOfUser[];
}

/**
 * Whoever is signed in by this cookie, with the teams that they can act in by it: single sign-on opens one
 * alone, and so does a tenant's domain. Null: nobody.
 */
export async function showPerson(deps: Deps, cookie: string, moment: Moment): Promise<Person | null> {
  const { db, records } = deps;
  await heldAgainstJournal(records, moment);
  const session = await readSession(db, cookieHash(deps, cookie));
  const now = moment.arrivedAt;
  if (session === undefined || session.endedAt !== null || session.expiresAt <= now) return null;
  if (isIdle(session, now)) return null;
  const { userId, id: sessionId, email, method, twoFactor, ssoTeamId } = session;
  const teams = await listTeamsOfUser(db, userId);
  const reached = teams.filter(({ id }) => (ssoTeamId === null || id === ssoTeamId) && isHere(deps, id));
  // Each team may have a shorter limit, which this would lift: `identifySession` notes what a team lets in.
  if (reached.length === 0) moment.background(touchSession(db, { hash: session.hash, now }));
  return { userId, sessionId, email, method, twoFactor, ssoTeamId, teams: reached };
}
