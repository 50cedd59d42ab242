import { and, asc, eq, lt, sql, type SQL } from "drizzle-orm";
import { recordChange, type ChangeRecord } from "./changes.ts";
import type { Database, Statement } from "./database.ts";
import type { MemberRow } from "./members.ts";
import type { ReportRow } from "./reports.ts";
import { members, reports, sessions } from "./schema.ts";

/** Sessions that were over by then, as many as `limit` that ended and as many that expired. */
export async function deleteOldSessions(
  db: Database,
  { before, limit }: { before: number; limit: number },
): Promise<void> {
  const some = (over: SQL) =>
    sql`${sessions.hash} IN (SELECT hash FROM ${sessions} WHERE ${over} LIMIT ${limit})`;
  await db.batch([
    db.delete(sessions).where(some(lt(sessions.endedAt, before))),
    db.delete(sessions).where(some(lt(sessions.expiresAt, before))),
  ]);
}

/**
 * Usage counts from before an hour. Teams go first, because their index leads to what is old: on a day
 * without any, this costs one look for each team.
 * @param beforeHour hours since the epoch
 */
export async function deleteOldUsage(
  db: Database,
  { beforeHour, limit }: { beforeHour: number; limit: number },
): Promise<void> {
  await db.run(sql`DELETE FROM token_usage WHERE rowid IN (
    SELECT old.rowid FROM teams CROSS JOIN token_usage AS old
    WHERE old.team_id = teams.id AND old.hour < ${beforeHour} LIMIT ${limit})`);
}

/** Reports that were finished by then, whatever came of them, the oldest first. */
export async function listOldReports(
  db: Database,
  { before, limit }: { before: number; limit: number },
): Promise<Pick<ReportRow, "id" | "teamId" | "type" | "status">[]> {
  return db
    .select({ id: reports.id, teamId: reports.teamId, type: reports.type, status: reports.status })
    .from(reports)
    .where(lt(reports.finishedAt, before))
    .orderBy(asc(reports.finishedAt))
    .limit(limit);
}

/** Invitations that nobody accepted and that had expired by then, the oldest first. */
export async function listOldInvitations(
  db: Database,
  { before, limit }: { before: number; limit: number },
): Promise<MemberRow[]> {
  return db
    .select()
    .from(members)
    .where(and(eq(members.status, "invited"), lt(members.invitationExpiresAt, before)))
    .orderBy(asc(members.invitationExpiresAt))
    .limit(limit);
}

/** Deletes an invitation unless it was used or renewed since it was read; only then it is recorded. */
export function deleteInvitation(
  db: Database,
  { member, record }: { member: MemberRow; record: ChangeRecord },
): Statement[] {
  const isThere = and(
    eq(members.id, member.id),
    eq(members.version, member.version),
    eq(members.status, "invited"),
  );
  return [
    ...recordChange(db, record, sql`EXISTS (SELECT 1 FROM ${members} WHERE ${isThere})`),
    db.delete(members).where(isThere),
  ];
}
