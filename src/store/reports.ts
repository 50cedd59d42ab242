import { and, asc, count, desc, eq, inArray, lt, lte, sql } from "drizzle-orm";
import type { ReportFailure } from "../domain/report.ts";
import { recordChange, type ChangeRecord } from "./changes.ts";
import { commit, type Database, type Statement } from "./database.ts";
import { reportParts, reports } from "./schema.ts";

export type ReportRow = typeof reports.$inferSelect;

const UNFINISHED = ["pending", "running"] as const;

export function insertReport(db: Database, row: ReportRow): Statement {
  return db.insert(reports).values(row);
}

export async function findReport(
  db: Database,
  { teamId, id }: { teamId: string; id: string },
): Promise<ReportRow | undefined> {
  return db
    .select()
    .from(reports)
    .where(and(eq(reports.id, id), eq(reports.teamId, teamId)))
    .get();
}

/** Newest first, those after the report `cursor`. */
export async function listReports(
  db: Database,
  { teamId, limit, cursor }: { teamId: string; limit: number; cursor: string | null },
): Promise<ReportRow[]> {
  return db
    .select()
    .from(reports)
    .where(and(eq(reports.teamId, teamId), cursor === null ? undefined : lt(reports.id, cursor)))
    .orderBy(desc(reports.id))
    .limit(limit);
}

export async function countUnfinished(db: Database, teamId: string): Promise<number> {
  const [row] = await db
    .select({ number: count() })
    .from(reports)
    .where(and(eq(reports.teamId, teamId), inArray(reports.status, [...UNFINISHED])));
  return row?.number ?? 0;
}

/** Deletes a report and its text; of parallel deletions one finds it there, and only that one is recorded. */
export function deleteReport(
  db: Database,
  { teamId, id, record }: { teamId: string; id: string; record: ChangeRecord },
): Statement[] {
  const isThere = and(eq(reports.id, id), eq(reports.teamId, teamId));
  return [
    ...recordChange(db, record, sql`EXISTS (SELECT 1 FROM ${reports} WHERE ${isThere})`),
    db
      .delete(reportParts)
      .where(sql`${reportParts.reportId} = (SELECT ${reports.id} FROM ${reports} WHERE ${isThere})`),
    db.delete(reports).where(isThere),
  ];
}

/** Reports that nobody is at work on, the longest waiting first. */
export async function listWaiting(
  db: Database,
  { now, limit }: { now: number; limit: number },
): Promise<string[]> {
  const rows = await db
    .select({ id: reports.id })
    .from(reports)
    .where(and(inArray(reports.status, [...UNFINISHED]), lte(reports.claimedUntil, now)))
    .orderBy(asc(reports.id))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/**
 * Takes a report that nobody is at work on; undefined when somebody is, or there is nothing left to do.
 * The attempt counts before the work begins: one that kills its isolate counts too.
 */
export async function claimReport(
  db: Database,
  { id, now, until }: { id: string; now: number; until: number },
): Promise<ReportRow | undefined> {
  return db
    .update(reports)
    .set({ status: "running", claimedUntil: until, attempts: sql`${reports.attempts} + 1` })
    .where(and(eq(reports.id, id), inArray(reports.status, [...UNFINISHED]), lte(reports.claimedUntil, now)))
    .returning()
    .get();
}

/** Lets go of a report, so that the next one need not wait for the claim to end. */
export async function releaseReport(db: Database, report: ReportRow): Promise<void> {
  await db.update(reports).set({ claimedUntil: 0 }).where(stillAs(report));
}

export interface Progress {
  /** Further parts of the text; each fits a row. */
  readonly parts: readonly string[];
  readonly rows: number;
  readonly progress: number;
  /** Null at the end: the report is then ready. */
  readonly cursor: string | null;
}

/**
 * Adds parts and moves the cursor, all of it or nothing: only while the report is as it was read. However
 * many work on it, each part is written once.
 * @returns the report as it is then; undefined when another one was faster, or it was deleted
 */
export async function addParts(
  db: Database,
  report: ReportRow,
  { parts, rows, progress, cursor }: Progress,
  { now, claimedUntil }: { now: number; claimedUntil: number },
): Promise<ReportRow | undefined> {
  const update = db
    .update(reports)
    .set({
      cursor,
      rows: report.rows + rows,
      parts: report.parts + parts.length,
      progress,
      claimedUntil,
      attempts: 0,
      ...(cursor === null ? { status: "ready" as const, finishedAt: now } : {}),
    })
    .where(stillAs(report))
    .returning();
  // The parts first: with the update the report is no longer as it was.
  const inserts = parts.map((content, index) =>
    db
      .insert(reportParts)
      .select(
        sql`SELECT ${reports.id}, ${report.parts + index}, ${content} FROM ${reports} WHERE ${stillAs(report)}`,
      ),
  );
  const [first, ...others] = [...inserts, update] as const;
  const results = first === undefined ? [] : await db.batch([first, ...others]);
  return (results.at(-1) as ReportRow[])[0];
}

/** Ends a report that cannot be made, and removes what there is of it. */
export async function failReport(
  db: Database,
  report: ReportRow,
  { failure, now }: { failure: ReportFailure; now: number },
): Promise<void> {
  await commit(db, [
    db
      .delete(reportParts)
      .where(sql`${reportParts.reportId} = (SELECT ${reports.id} FROM ${reports} WHERE ${stillAs(report)})`),
    db
      .update(reports)
      .set({ status: "failed", failure, cursor: null, finishedAt: now, rows: 0, parts: 0 })
      .where(stillAs(report)),
  ]);
}

/** One part of a report's text; undefined when it is not there, as of a report that was deleted meanwhile. */
export async function readPart(
  db: Database,
  { reportId, number }: { reportId: string; number: number },
): Promise<string | undefined> {
  const row = await db
    .select({ content: reportParts.content })
    .from(reportParts)
    .where(and(eq(reportParts.reportId, reportId), eq(reportParts.number, number)))
    .get();
  return row?.content;
}

/** Whether a report has come no further than it had when it was read. */
function stillAs({ id, cursor, parts }: ReportRow) {
  return and(
    eq(reports.id, id),
    eq(reports.status, "running"),
    eq(reports.parts, parts),
    sql`${reports.cursor} IS ${cursor}`,
  );
}
