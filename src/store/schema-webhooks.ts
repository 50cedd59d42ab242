import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/*
 * Events on their way to a team's endpoints; times and deletes as in `schema.ts`.
 *
 * Nothing in the code writes an event: a trigger of the migration (`drizzle/0003_webhooks.sql`) does, for each
 * audit row that an endpoint wants to hear of. So no change can forget its event, and the event, its
 * deliveries, the audit row and the change are one transaction (contract, section 8).
 */

/** An address that a team wants events sent to. */
export const webhooks = sqliteTable(
  "webhooks",
  {
    id: text().primaryKey(),
    teamId: text().notNull(),
    url: text().notNull(),
    description: text(),
    /** Types, as contract 8 lists them; the trigger reads them too. */
    events: text({ mode: "json" }).$type<string[]>().notNull(),
    /** `paused`: events are kept for it, and nothing is sent; `disabled`: nothing is kept. */
    status: text({ enum: ["enabled", "paused", "disabled"] }).notNull(),
    /** Why it is not enabled: it answered 410, it failed for days, or somebody wanted it so. */
    statusReason: text({ enum: ["gone", "failing", "requested"] }),
    /** When the first of an unbroken row of failures was; null: the last attempt succeeded. */
    failingSince: integer(),
    /** Grows by one with each change that a person makes; the `ETag` is made of it. */
    version: integer().notNull(),
    changedBy: text().notNull(),
    createdBy: text().notNull(),
    createdAt: integer().notNull(),
    updatedAt: integer().notNull(),
  },
  (table) => [index("webhooks_team").on(table.teamId, table.id)],
);

/** What signs an endpoint's messages, sealed: several sign while a rotation overlaps. */
export const webhookSecrets = sqliteTable(
  "webhook_secrets",
  {
    id: text().primaryKey(),
    webhookId: text().notNull(),
    sealed: text().notNull(),
    createdAt: integer().notNull(),
    /** Null: it is the newest one. */
    expiresAt: integer(),
  },
  (table) => [index("webhook_secrets_webhook").on(table.webhookId)],
);

/** The outbox: an audit event that is told to somebody. */
export const events = sqliteTable(
  "events",
  {
    id: text().primaryKey(),
    teamId: text().notNull(),
    /** Grows with each event of the team, in the order of the changes. */
    sequence: integer().notNull(),
    auditId: text().notNull(),
    at: integer().notNull(),
  },
  (table) => [
    uniqueIndex("events_audit").on(table.auditId),
    uniqueIndex("events_sequence").on(table.teamId, table.sequence),
    index("events_at").on(table.at),
  ],
);

/** One event on its way to one endpoint. */
export const deliveries = sqliteTable(
  "deliveries",
  {
    id: text().primaryKey(),
    teamId: text().notNull(),
    webhookId: text().notNull(),
    eventId: text().notNull(),
    type: text().notNull(),
    status: text({ enum: ["pending", "delivered", "failed"] }).notNull(),
    /** When it is tried (again). */
    nextAt: integer().notNull(),
    /** Until then somebody is sending it. */
    claimedUntil: integer().notNull().default(0),
    /** Attempts since it was last asked for: how long to wait for the next one. */
    tries: integer().notNull().default(0),
    createdAt: integer().notNull(),
    /** When it was delivered or given up. */
    doneAt: integer(),
  },
  (table) => [
    uniqueIndex("deliveries_event").on(table.webhookId, table.eventId),
    index("deliveries_webhook").on(table.webhookId, table.id),
    index("deliveries_due")
      .on(table.webhookId, table.nextAt)
      .where(sql`status = 'pending'`),
    index("deliveries_done")
      .on(table.doneAt)
      .where(sql`done_at IS NOT NULL`),
  ],
);

export const deliveryAttempts = sqliteTable(
  "delivery_attempts",
  {
    deliveryId: text().notNull(),
    /** From 1. */
    number: integer().notNull(),
    at: integer().notNull(),
    /** Null when no answer came. */
    statusCode: integer(),
    /** Null when it succeeded. */
    error: text(),
    durationMs: integer().notNull(),
    /** The beginning of the answer, cleaned. */
    excerpt: text(),
  },
  (table) => [primaryKey({ columns: [table.deliveryId, table.number] })],
);
