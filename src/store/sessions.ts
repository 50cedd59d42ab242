import { and, desc, eq, gt, isNull, lt, sql, type SQL } from "drizzle-orm";
import type { RegionCode } from "../domain/region.ts";
import type { SignInMethod } from "../domain/sign-in-method.ts";
import type { Membership } from "./access-tokens.ts";
import { recordChange, type ChangeRecord } from "./changes.ts";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { members, roles, sessions, teams, users } from "./schema.ts";

export type SessionRow = typeof sessions.$inferSelect;

/** A session as a request to one team's API needs it. */
export interface TeamSession extends SessionRow {
  /** Null: the person is no member of the team, or there is no such team. */
  readonly place: {
    readonly membership: Membership;
    readonly teamStatus: "active" | "suspended";
    readonly teamLivesIn: RegionCode | null;
    readonly requireTwoFactor: boolean;
    readonly sessionMinutes: number;
    readonly signInMethods: readonly SignInMethod[];
  } | null;
}

export function insertSession(db: Database, row: SessionRow): Statement {
  return db.insert(sessions).values(row);
}

export async function findSession(db: Database, hash: string): Promise<SessionRow | undefined> {
  return db.select().from(sessions).where(eq(sessions.hash, hash)).get();
}

/** The session of this hash with its person's place in the team, in one read. */
export async function readTeamSession(
  db: Database,
  { hash, teamId }: { hash: string; teamId: string },
): Promise<TeamSession | undefined> {
  const row = await db
    .select({
      session: sessions,
      role: members.role,
      permissions: roles.permissions,
      teamStatus: teams.status,
      teamLivesIn: teams.livesIn,
      requireTwoFactor: teams.requireTwoFactor,
      sessionMinutes: teams.sessionMinutes,
      signInMethods: teams.signInMethods,
    })
    .from(sessions)
    .leftJoin(members, and(eq(members.userId, sessions.userId), eq(members.teamId, teamId)))
    .leftJoin(teams, eq(teams.id, members.teamId))
    .leftJoin(roles, and(eq(roles.teamId, members.teamId), eq(roles.id, members.role)))
    .where(eq(sessions.hash, hash))
    .get();
  if (row === undefined) return undefined;
  const {
    session,
    role,
    permissions,
    teamStatus,
    teamLivesIn,
    requireTwoFactor,
    sessionMinutes,
    signInMethods,
  } = row;
  const isMember =
    role !== null &&
    teamStatus !== null &&
    requireTwoFactor !== null &&
    sessionMinutes !== null &&
    signInMethods !== null;
  const place = isMember
    ? {
        membership: { role, permissions },
        teamStatus,
        teamLivesIn,
        requireTwoFactor,
        sessionMinutes,
        signInMethods,
      }
    : null;
  return { ...session, place };
}

/** A session with its person, whatever the team. */
export async function readSession(
  db: Database,
  hash: string,
): Promise<(SessionRow & { readonly email: string }) | undefined> {
  const row = await db
    .select({ session: sessions, email: users.email })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(eq(sessions.hash, hash))
    .get();
  return row && { ...row.session, email: row.email };
}

/** Ends one session; of parallel ends one finds it live, and only that one is recorded. */
export function endSession(
  db: Database,
  { hash, record }: { hash: string; record: ChangeRecord },
): Statement[] {
  const isLive = and(eq(sessions.hash, hash), isNull(sessions.endedAt));
  return [
    ...recordChange(db, record, sql`EXISTS (SELECT 1 FROM ${sessions} WHERE ${isLive})`),
    db.update(sessions).set({ endedAt: record.audit.at }).where(isLive),
  ];
}

/** A person's sessions that have not ended, the last used first. */
export async function listSessionsOf(
  db: Database,
  { userId, now }: { userId: string; now: number },
): Promise<SessionRow[]> {
  return db.select().from(sessions).where(isLiveOf(userId, now)).orderBy(desc(sessions.lastSeenAt));
}

/** Undoes the batch when the person has another live session than these: it was opened meanwhile. */
export function refuseOtherSessions(
  db: Database,
  { userId, now, ids }: { userId: string; now: number; ids: readonly string[] },
): Statement {
  return refuseWhen(
    db,
    sql`EXISTS (SELECT 1 FROM ${sessions} WHERE ${isLiveOf(userId, now)}
      AND ${sessions.id} NOT IN (SELECT value FROM json_each(${JSON.stringify(ids)})))`,
  );
}

/** Ends sessions by their ids. */
export function endSessionsById(
  db: Database,
  { ids, at }: { ids: readonly string[]; at: number },
): Statement {
  const named = sql`${sessions.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`;
  return db
    .update(sessions)
    .set({ endedAt: at })
    .where(and(isNull(sessions.endedAt), named));
}

/** Undoes the batch unless a session is live at its place in it. */
export function refuseUnlessLive(db: Database, { id, now }: { id: string; now: number }): Statement {
  return refuseWhen(
    db,
    sql`NOT EXISTS (SELECT 1 FROM ${sessions} WHERE ${sessions.id} = ${id}
      AND ${sessions.endedAt} IS NULL AND ${sessions.expiresAt} > ${now})`,
  );
}

/** A person who has no second factor any more has shown none, where the password alone was the other one. */
export function forgetSecondFactor(db: Database, userId: string): Statement {
  return db
    .update(sessions)
    .set({ twoFactor: false })
    .where(and(eq(sessions.userId, userId), eq(sessions.method, "password")));
}

function isLiveOf(userId: string, now: number) {
  return and(eq(sessions.userId, userId), isNull(sessions.endedAt), gt(sessions.expiresAt, now));
}

/** Notes that a session is in use, at most once a minute. */
export async function touchSession(
  db: Database,
  { hash, now }: { hash: string; now: number },
): Promise<void> {
  await db
    .update(sessions)
    .set({ lastSeenAt: now })
    .where(and(eq(sessions.hash, hash), lt(sessions.lastSeenAt, now - 60_000)));
}

/** Ends a person's sessions. */
export function endSessions(db: Database, { userId, now }: { userId: string; now: number }): Statement {
  return db
    .update(sessions)
    .set({ endedAt: now })
    .where(and(eq(sessions.userId, userId), isNull(sessions.endedAt)));
}

/**
 * Ends the sessions that a connection let in.
 * @param won when given, they end only if it holds
 */
export function endSsoSessions(
  db: Database,
  { connectionId, now }: { connectionId: string; now: number },
  won?: SQL,
): Statement {
  return db
    .update(sessions)
    .set({ endedAt: now })
    .where(and(eq(sessions.ssoConnectionId, connectionId), isNull(sessions.endedAt), won));
}
