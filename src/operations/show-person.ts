import { readSession } from "../store/sessions.ts";
import { listTeamsOfUser, type TeamOfUser } from "../store/users.ts";
import { hashCredential } from "./credentials.ts";
import type { Deps } from "./deps.ts";

export interface Person {
  readonly userId: string;
  readonly sessionId: string;
  readonly email: string;
  readonly teams: readonly TeamOfUser[];
}

/** Whoever is signed in by this cookie, with their teams; null: nobody. */
export async function showPerson({ db, clock }: Deps, cookie: string): Promise<Person | null> {
  const session = await readSession(db, hashCredential(cookie));
  if (session === undefined || session.endedAt !== null || session.expiresAt <= clock()) return null;
  const { userId, id: sessionId, email } = session;
  return { userId, sessionId, email, teams: await listTeamsOfUser(db, userId) };
}
