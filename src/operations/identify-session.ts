import { missingPermissions } from "../domain/permission.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import type { SignInMethod } from "../domain/sign-in-method.ts";
import {
  findSession,
  readTeamSession,
  touchSession,
  type SessionRow,
  type TeamSession,
} from "../store/sessions.ts";
import { holderOf, type Caller } from "./caller.ts";
import { cookieHash } from "./cookie-hash.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { isIdle } from "./open-session.ts";
import { heldAgainstJournal } from "./records.ts";
import { isHere } from "./tenant.ts";

/**
 * A console session as a caller of one team's API; always read from the store, so that an end holds at once.
 * `permission` null: none is needed but to be let in there.
 */
export async function identifySession(
  deps: Deps,
  cookie: string,
  { team, permission }: { team: string; permission: string | null },
  moment: Moment,
): Promise<Result<Caller, Refusal>> {
  await heldAgainstJournal(deps.records, moment);
  const hash = cookieHash(deps, cookie);
  const session = await readTeamSession(deps.db, { hash, teamId: team });
  if (session === undefined) return err({ kind: "unknown_credential" });
  const caller = callerOf(session, team, moment.arrivedAt);
  if (!caller.ok) return caller;
  if (!isHere(deps, team)) return err({ kind: "wrong_team" });
  const holder = holderOf(caller.value);
  const needed = permission === null ? [] : [permission];
  const missing = holder.kind === "everything" ? [] : missingPermissions(holder.permissions, needed);
  if (missing.length > 0) return err({ kind: "missing_permission", missing });
  moment.background(touchSession(deps.db, { hash, now: moment.arrivedAt }));
  return caller;
}

/** Whoever is signed in, and how they did. */
export interface SignedInUser {
  readonly userId: string;
  readonly sessionId: string;
  readonly method: SignInMethod;
}

/**
 * Whose a console session is, where they want to do something about a team that they need not be in; null
 * when it has ended, or when another team's identity provider let them in.
 * @param team which one, and how long a session may have been idle there
 */
export async function identifyUser(
  deps: Deps,
  cookie: string,
  team: { readonly id: string; readonly sessionMinutes: number },
  moment: Moment,
): Promise<SignedInUser | null> {
  await heldAgainstJournal(deps.records, moment);
  const session = await findSession(deps.db, cookieHash(deps, cookie));
  if (session === undefined || !isLive(session, team.sessionMinutes, moment.arrivedAt)) return null;
  if (!reaches(session, team.id) || !isHere(deps, team.id)) return null;
  return { userId: session.userId, sessionId: session.id, method: session.method };
}

function callerOf(session: TeamSession, team: string, now: number): Result<Caller, Refusal> {
  const { place } = session;
  if (!isLive(session, place?.sessionMinutes ?? Infinity, now)) return err({ kind: "unknown_credential" });
  if (place === null) return err({ kind: "wrong_team" });
  if (place.teamLivesIn !== null)
    return err({ kind: "wrong_region", region: place.teamLivesIn, moved: true });
  if (place.teamStatus === "suspended") return err({ kind: "team_suspended" });
  if (!reaches(session, team) || !place.signInMethods.includes(session.method)) {
    return err({ kind: "sign_in_method_not_allowed" });
  }
  if (place.requireTwoFactor && !session.twoFactor) return err({ kind: "second_factor_required" });
  const { id: sessionId, userId } = session;
  return ok({ kind: "session", sessionId, userId, membership: place.membership });
}

/** Who may say who a team's members are, says it for that team: its identity provider opens no other one. */
function reaches({ method, ssoTeamId }: SessionRow, team: string): boolean {
  return method !== "sso" || ssoTeamId === team;
}

function isLive(
  { endedAt, expiresAt, lastSeenAt }: SessionRow,
  sessionMinutes: number,
  now: number,
): boolean {
  const isInUse = lastSeenAt + sessionMinutes * 60_000 > now && !isIdle({ lastSeenAt }, now);
  return endedAt === null && expiresAt > now && isInUse;
}
