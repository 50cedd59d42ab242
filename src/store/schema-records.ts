import { REPORT_FAILURES, REPORT_FORMATS, REPORT_TYPES, type ReportPeriod } from "../domain/report.ts";
import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/* What is written down about what happened; times and deletes as in `schema.ts`. */

/** A report that was asked for, and how far it is. */
export const reports = sqliteTable(
  "reports",
  {
    id: text().primaryKey(),
    teamId: text().notNull(),
    type: text({ enum: REPORT_TYPES }).notNull(),
    format: text({ enum: REPORT_FORMATS }).notNull(),
    /** What it is about. */
    period: text({ mode: "json" }).$type<ReportPeriod>().notNull(),
    status: text({ enum: ["pending", "running", "ready", "failed"] }).notNull(),
    failure: text({ enum: REPORT_FAILURES }),
    /** Where the next part goes on, null at the start and at the end. */
    cursor: text(),
    /** Parts written so far. */
    parts: integer().notNull(),
    rows: integer().notNull(),
    /** Parts of a hundred, for whoever waits. */
    progress: integer().notNull(),
    /** Until then somebody is at work on it. */
    claimedUntil: integer().notNull(),
    /** Claims since the last part was written: one that dies each time fails in the end. */
    attempts: integer().notNull(),
    createdBy: text().notNull(),
    createdAt: integer().notNull(),
    finishedAt: integer(),
    /** Audit event of its creation: with it an audit trail ends. */
    createdEvent: text().notNull(),
  },
  (table) => [
    index("reports_team").on(table.teamId, table.id),
    index("reports_status").on(table.status),
    index("reports_finished")
      .on(table.finishedAt)
      .where(sql`finished_at IS NOT NULL`),
  ],
);

/** A report's text, in parts that each fit a row. */
export const reportParts = sqliteTable(
  "report_parts",
  {
    reportId: text().notNull(),
    number: integer().notNull(),
    content: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.reportId, table.number] })],
);

/** First answers to requests that carried an `Idempotency-Key`, kept for 24 h. */
export const idempotency = sqliteTable(
  "idempotency",
  {
    /** SHA-256 over caller, method, path and key. */
    id: text().primaryKey(),
    bodyHash: text().notNull(),
    /** Null while the first request is still running. */
    status: integer(),
    /** The answer without its secret. */
    answer: text(),
    createdAt: integer().notNull(),
  },
  (table) => [index("idempotency_created").on(table.createdAt)],
);

/** How often a token was asked about, by permission, verdict and hour. */
export const tokenUsage = sqliteTable(
  "token_usage",
  {
    tokenId: text().notNull(),
    teamId: text().notNull(),
    /** Hours since the epoch. */
    hour: integer().notNull(),
    /** Empty for a check that named none. */
    permission: text().notNull(),
    /** `allowed`, or the reason why not. */
    verdict: text().notNull(),
    count: integer().notNull(),
  },
  (table) => [
    // In the order in which a report goes through them.
    primaryKey({ columns: [table.teamId, table.tokenId, table.hour, table.permission, table.verdict] }),
    index("token_usage_team").on(table.teamId, table.hour),
  ],
);

/** Append-only: one row for each change, in the same batch as the change. */
export const auditEvents = sqliteTable(
  "audit_events",
  {
    id: text().primaryKey(),
    /** Null for what belongs to no team. */
    teamId: text(),
    at: integer().notNull(),
    type: text().notNull(),
    /** Id of the credential that acted, or `operator`. */
    actor: text().notNull(),
    /** Whose credential that is: the person who acts by it, or whoever made it. */
    actorOwner: text().notNull(),
    subject: text().notNull(),
    ip: text(),
    /** What changed, without secrets. */
    detail: text({ mode: "json" }).$type<Record<string, unknown>>(),
    /** Place in the team's chain, from 1, and the hash that ties it to the one before; null until sealed. */
    chainNumber: integer(),
    chainHash: text(),
  },
  (table) => [
    // Every index ends with the row id: the order in which events were committed.
    index("audit_events_team").on(table.teamId),
    uniqueIndex("audit_events_chain").on(table.teamId, table.chainNumber),
    index("audit_events_unsealed")
      .on(table.teamId)
      .where(sql`chain_number IS NULL`),
  ],
);
