import { commit } from "../store/database.ts";
import { endSession, findSession } from "../store/sessions.ts";
import { cookieHash } from "./cookie-hash.ts";
import { makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import { journalEnded } from "./journal-watch.ts";

/**
 * Ends the session of a cookie; one that is unknown or has ended already is just that.
 * @throws {Unavailable} when the journal does not answer: it is ended then, and may come back with a restore
 */
export async function signOut(deps: Deps, cookie: string, ip: string | null = null): Promise<void> {
  const { db, clock } = deps;
  const hash = cookieHash(deps, cookie);
  const session = await findSession(db, hash);
  if (session === undefined || session.endedAt !== null) return;
  const { id, userId } = session;
  const at = clock();
  const audit = {
    id: makeId(deps, "aud"),
    teamId: null,
    at,
    type: "session.ended",
    actor: id,
    actorOwner: userId,
    subject: id,
    ip,
    detail: null,
  };
  await commit(db, endSession(db, { hash, record: { subjects: [], audit } }));
  await journalEnded(deps, { kind: "session", id, at });
}
