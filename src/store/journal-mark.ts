import { and, eq, sql, type SQL } from "drizzle-orm";
import type { Database, Statement } from "./database.ts";
import { meta } from "./schema.ts";

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
 * Whether the database knows less than it once did: so it was restored to an earlier moment. Judged within a
 * batch, because what was read before may be older than what is known.
 */
export function restoredBelow(known: number): SQL {
  return sql`${markColumn()} < ${known}`;
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

/** Notes that the database knows every entry up to one, unless it knows more. */
export function raiseMark(db: Database, to: number): Statement {
  return db
    .update(meta)
    .set({ value: String(to) })
    .where(and(eq(meta.key, MARK), sql`CAST(${meta.value} AS INTEGER) < ${to}`));
}
