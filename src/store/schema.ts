import type { Catalogue } from "../domain/catalogue.ts";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/*
 * Times are milliseconds since the epoch. Nothing cascades: deletes are explicit, because a table
 * rebuild on D1 empties cascading children (facts: platform, "D1").
 */

/** Facts about the database itself: `epoch` names the life of the change feed. */
export const meta = sqliteTable("meta", {
  key: text().primaryKey(),
  value: text().notNull(),
});

/** The change feed: each subject whose cached copies must die, in commit order. */
export const feed = sqliteTable("feed", {
  seq: integer().primaryKey({ autoIncrement: true }),
  subject: text().notNull(),
  at: integer().notNull(),
});

export const teams = sqliteTable(
  "teams",
  {
    id: text().primaryKey(),
    name: text().notNull(),
    slug: text().notNull(),
    status: text({ enum: ["active", "suspended"] }).notNull(),
    plan: text().notNull(),
    preferences: text({ mode: "json" }).$type<Record<string, unknown>>().notNull(),
    /** Grows by one with each change; the `ETag` is made of it. */
    version: integer().notNull(),
    /** Audit event of the last change: of parallel changes, the one that finds its own id here won. */
    changedBy: text().notNull(),
    createdAt: integer().notNull(),
    updatedAt: integer().notNull(),
  },
  (table) => [uniqueIndex("teams_slug").on(table.slug)],
);

export const users = sqliteTable(
  "users",
  {
    id: text().primaryKey(),
    /** Lower case. */
    email: text().notNull(),
    passwordHash: text(),
    createdAt: integer().notNull(),
  },
  (table) => [uniqueIndex("users_email").on(table.email)],
);

export const members = sqliteTable(
  "members",
  {
    teamId: text().notNull(),
    userId: text().notNull(),
    /** `owner`, or the id of a role of the team. */
    role: text().notNull(),
    createdAt: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.teamId, table.userId] }), index("members_user").on(table.userId)],
);

/** Team access tokens and OAuth access tokens: what a check looks up, by the hash of the whole token. */
export const accessTokens = sqliteTable(
  "access_tokens",
  {
    hash: text().primaryKey(),
    id: text().notNull(),
    kind: text({ enum: ["pat", "at"] }).notNull(),
    teamId: text().notNull(),
    name: text().notNull(),
    profileId: text(),
    clientId: text(),
    userId: text(),
    grantId: text(),
    audience: text(),
    /** Expanded and sorted; never changes. */
    permissions: text({ mode: "json" }).$type<string[]>().notNull(),
    allowedIps: text({ mode: "json" }).$type<string[]>(),
    rateLimit: integer(),
    rateWindowSeconds: integer(),
    createdAt: integer().notNull(),
    /** Id of the credential or user that made it, or `operator`. */
    createdBy: text().notNull(),
    expiresAt: integer(),
    revokedAt: integer(),
    /** Audit event of the revocation that won; a parallel one sees another's id here and writes nothing. */
    revokedBy: text(),
    /** No check received later than this accepts the token. */
    revocationEffectiveBy: integer(),
    lastUsedAt: integer(),
  },
  (table) => [
    uniqueIndex("access_tokens_id").on(table.id),
    index("access_tokens_team").on(table.teamId, table.kind, table.id),
  ],
);

export const services = sqliteTable("services", {
  id: text().primaryKey(),
  name: text().notNull(),
  catalogues: text({ mode: "json" }).$type<string[]>(),
  resource: text(),
  createdAt: integer().notNull(),
  deletedAt: integer(),
});

export const serviceKeys = sqliteTable(
  "service_keys",
  {
    hash: text().primaryKey(),
    serviceId: text().notNull(),
    createdAt: integer().notNull(),
    /** Set by a rotation: the old key holds until then. */
    expiresAt: integer(),
  },
  (table) => [index("service_keys_service").on(table.serviceId)],
);

/** Catalogues that the operator defined; the built-in ones are code. */
export const catalogues = sqliteTable("catalogues", {
  service: text().primaryKey(),
  definition: text({ mode: "json" }).$type<Catalogue>().notNull(),
  /** Audit event of the last change. */
  changedBy: text().notNull(),
  createdAt: integer().notNull(),
  updatedAt: integer().notNull(),
});

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
    primaryKey({ columns: [table.tokenId, table.hour, table.permission, table.verdict] }),
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
    subject: text().notNull(),
    ip: text(),
    /** What changed, without secrets. */
    detail: text({ mode: "json" }).$type<Record<string, unknown>>(),
  },
  (table) => [index("audit_events_team").on(table.teamId, table.id)],
);
