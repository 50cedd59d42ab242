import { and, eq, isNull, sql, type SQL } from "drizzle-orm";
import type { JournalEntry, JournalledEnd } from "../domain/journal.ts";
import { commitCounting, type Database, type Statement } from "./database.ts";
import { accessTokens, members, meta, services, sessions } from "./schema.ts";

/*
 * The database notes how much of the journal it knows. One that was restored to an earlier moment knows
 * less than it did, and less than the journal: that is how a restore is found out.
 */

const MARK = "journal_mark";

/** A column: up to which of the journal's entries this database knows. */
export function markColumn(): SQL<number> {
  return sql<number>`(SELECT CAST(value AS INTEGER) FROM ${meta} WHERE key = ${MARK})`;
}

/**
 * Notes that the database knows one more entry; belongs in the batch of what the entry names. Entries that
 * commit out of order leave the mark behind, and are looked at once more by the next isolate to start.
 */
export function advanceMark(db: Database, { from, to }: { from: number; to: number }): Statement {
  return db
    .update(meta)
    .set({ value: String(to) })
    .where(and(eq(meta.key, MARK), sql`CAST(${meta.value} AS INTEGER) = ${from}`));
}

/**
 * Ends again what these entries name, where it is alive, as one transaction; tells how many rows that
 * changed. What had come back may be in a cache by now: the feed then starts a new life, and every isolate
 * forgets all that it holds.
 */
export async function replayEntries(
  db: Database,
  { entries, from }: { entries: readonly JournalEntry[]; from: number },
): Promise<number> {
  const to = entries.at(-1)?.seq ?? from;
  const journal = sql`json_each(${JSON.stringify(entries)})`;
  /** When the latest entry of this kind ended the thing of this id; null: none did. */
  const endedAt = (kind: JournalledEnd["kind"], id: SQL) =>
    sql<number>`(SELECT max(value->>'at') FROM ${journal} WHERE value->>'kind' = ${kind} AND value->>'id' = ${id})`;
  const { id, teamId, userId, createdBy, createdAt } = accessTokens;
  // An entry that names a token ends it whenever it was made; the others end what was there at that time.
  const tokenEndedAt = sql<number>`coalesce(${endedAt("access_token", sql`${id}`)}, max(
    coalesce(${endedAt("team_credentials", sql`${teamId}`)}, 0),
    coalesce(${endedAt("user_credentials", sql`${userId}`)}, 0),
    coalesce(${endedAt("user_credentials", sql`${createdBy}`)}, 0),
    coalesce(${endedAt("member", sql`${teamId} || ':' || ${userId}`)}, 0)))`;
  const revived = sql`${isNull(accessTokens.revokedAt)} AND ${tokenEndedAt} > 0 AND (${createdAt} <= ${tokenEndedAt}
    OR ${endedAt("access_token", sql`${id}`)} IS NOT NULL)`;
  const revivedMember = sql`${members.createdAt} <= ${endedAt("member", sql`${members.teamId} || ':' || ${members.userId}`)}`;
  const revivedService = sql`${services.deletedAt} IS NULL AND ${endedAt("service", sql`${services.id}`)} IS NOT NULL`;
  const sessionEndedAt = sql<number>`coalesce(${endedAt("session", sql`${sessions.id}`)},
    ${endedAt("user_credentials", sql`${sessions.userId}`)})`;
  const revivedSession = sql`${sessions.endedAt} IS NULL AND ${sessions.createdAt} <= ${sessionEndedAt}`;

  const [, ...ended] = await commitCounting(db, [
    db
      .update(meta)
      .set({ value: sql`lower(hex(randomblob(16)))` })
      .where(
        sql`${meta.key} = 'epoch' AND (EXISTS (SELECT 1 FROM ${accessTokens} WHERE ${revived})
          OR EXISTS (SELECT 1 FROM ${members} WHERE ${revivedMember})
          OR EXISTS (SELECT 1 FROM ${services} WHERE ${revivedService}))`,
      ),
    db.update(accessTokens).set({ revokedAt: tokenEndedAt, revokedBy: "journal" }).where(revived),
    db.delete(members).where(revivedMember),
    db
      .update(services)
      .set({ deletedAt: endedAt("service", sql`${services.id}`) })
      .where(revivedService),
    db.update(sessions).set({ endedAt: sessionEndedAt }).where(revivedSession),
    db
      .update(meta)
      .set({ value: String(to) })
      .where(and(eq(meta.key, MARK), sql`CAST(${meta.value} AS INTEGER) < ${to}`)),
  ]);
  return ended.slice(0, -1).reduce((sum, changes) => sum + changes, 0);
}
