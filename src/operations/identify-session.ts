import { missingPermissions } from "../domain/permission.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import {
  findSession,
  readTeamSession,
  touchSession,
  type SessionRow,
  type TeamSession,
} from "../store/sessions.ts";
import { holderOf, type Caller } from "./caller.ts";
import { hashCredential } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";

/** A console session as a caller of one team's API; always read from the store, so that an end holds at once. */
export async function identifySession(
  deps: Deps,
  cookie: string,
  { team, permission }: { team: string; permission: string },
  moment: Moment,
): Promise<Result<Caller, Refusal>> {
  const hash = hashCredential(cookie);
  const session = await readTeamSession(deps.db, { hash, teamId: team });
  if (session === undefined) return err({ kind: "unknown_credential" });
  const caller = callerOf(session, moment.arrivedAt);
  if (!caller.ok) return caller;
  const holder = holderOf(caller.value);
  const missing = holder.kind === "everything" ? [] : missingPermissions(holder.permissions, [permission]);
  if (missing.length > 0) return err({ kind: "missing_permission", missing });
  moment.background(touchSession(deps.db, { hash, now: moment.arrivedAt }));
  return caller;
}

/**
 * Whose a console session is, whatever teams they are in; null when it has ended.
 * @param sessionMinutes how long it may have been idle
 */
export async function identifyUser(
  deps: Deps,
  cookie: string,
  { sessionMinutes }: { readonly sessionMinutes: number },
  moment: Moment,
): Promise<{ readonly userId: string; readonly sessionId: string } | null> {
  const session = await findSession(deps.db, hashCredential(cookie));
  if (session === undefined || !isLive(session, sessionMinutes, moment.arrivedAt)) return null;
  return { userId: session.userId, sessionId: session.id };
}

function callerOf(session: TeamSession, now: number): Result<Caller, Refusal> {
  const { place } = session;
  if (!isLive(session, place?.sessionMinutes ?? Infinity, now)) return err({ kind: "unknown_credential" });
  if (place === null) return err({ kind: "wrong_team" });
  if (place.teamStatus === "suspended") return err({ kind: "team_suspended" });
  if (place.requireTwoFactor && !session.twoFactor) return err({ kind: "second_factor_required" });
  const { id: sessionId, userId } = session;
  return ok({ kind: "session", sessionId, userId, membership: place.membership });
}

function isLive(
  { endedAt, expiresAt, lastSeenAt }: SessionRow,
  sessionMinutes: number,
  now: number,
): boolean {
  return endedAt === null && expiresAt > now && lastSeenAt + sessionMinutes * 60_000 > now;
}
