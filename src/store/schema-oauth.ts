import { CLIENT_TYPES, type PublicJwks } from "../domain/client.ts";
import type { RegionCode } from "../domain/region.ts";
import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/* The OAuth server's tables; times and deletes as in `schema.ts`. */

/** A registered application (contract, section 6). */
export const clients = sqliteTable(
  "clients",
  {
    id: text().primaryKey(),
    teamId: text().notNull(),
    type: text({ enum: CLIENT_TYPES }).notNull(),
    name: text().notNull(),
    homepageUrl: text(),
    redirectUris: text({ mode: "json" }).$type<string[]>().notNull(),
    /** Origins whose scripts may call the token endpoint. */
    jsOrigins: text({ mode: "json" }).$type<string[]>().notNull(),
    /** Expanded and sorted: the most that it can ever be granted. */
    permissions: text({ mode: "json" }).$type<string[]>().notNull(),
    /** Public keys of a client that authenticates by `private_key_jwt`; null: by a secret, or not at all. */
    jwks: text({ mode: "json" }).$type<PublicJwks>(),
    /** Other regions in which it is enabled. */
    regions: text({ mode: "json" }).$type<string[]>().notNull(),
    sameSecretEverywhere: integer({ mode: "boolean" }).notNull(),
    /** Upper bounds that it has from the token that registered it, for what it gets by its own secret alone. */
    notAfter: integer(),
    allowedIps: text({ mode: "json" }).$type<string[]>(),
    version: integer().notNull(),
    changedBy: text().notNull(),
    createdAt: integer().notNull(),
    createdBy: text().notNull(),
    updatedAt: integer().notNull(),
    /** Kept afterwards, so that its id is told from one that never was; everything it held has ended. */
    deletedAt: integer(),
    /** The region that registered it, whose word alone counts; null: this one. */
    homeRegion: text().$type<RegionCode>(),
    /** Of a client of another region, whose team is not here. */
    homeTeamStatus: text({ enum: ["active", "suspended"] }),
    /** Of a client of another region: the version of the registration that is in force here. */
    registeredVersion: integer(),
  },
  (table) => [index("clients_team").on(table.teamId, table.id)],
);

export const clientSecrets = sqliteTable(
  "client_secrets",
  {
    hash: text().primaryKey(),
    clientId: text().notNull(),
    createdAt: integer().notNull(),
    /** Set by a rotation: the old secret holds until then. */
    expiresAt: integer(),
    /** Audit event of its end, when it was reported as leaked. */
    revokedBy: text(),
  },
  (table) => [index("client_secrets_client").on(table.clientId)],
);

/**
 * What a person, or whoever made a self client's grant token, allowed a client to do in a team, once: the root
 * of the codes, refresh tokens and access tokens that came of it, all of which end with it.
 */
export const grants = sqliteTable(
  "grants",
  {
    id: text().primaryKey(),
    teamId: text().notNull(),
    clientId: text().notNull(),
    /** The person for whom it acts; null: a self client's, made by a token or the operator. */
    userId: text(),
    /** The person, token or operator that refresh tokens are counted for. */
    holder: text().notNull(),
    /** Expanded and sorted. Grows by incremental authorization only. */
    permissions: text({ mode: "json" }).$type<string[]>().notNull(),
    /** Resource indicators (RFC 8707) that were asked for, with spaces between; null: none. */
    audience: text(),
    accessType: text({ enum: ["online", "offline"] }).notNull(),
    /** Upper bounds that it has from the token that made it. */
    notAfter: integer(),
    allowedIps: text({ mode: "json" }).$type<string[]>(),
    createdAt: integer().notNull(),
    revokedAt: integer(),
    /** Audit event of what ended it. */
    revokedBy: text(),
  },
  (table) => [
    index("grants_user").on(table.userId, table.clientId),
    index("grants_client").on(table.clientId),
    index("grants_team").on(table.teamId),
  ],
);

/** Consent that a person has given to a client in a team, and is not asked for again. */
export const consents = sqliteTable(
  "consents",
  {
    userId: text().notNull(),
    clientId: text().notNull(),
    teamId: text().notNull(),
    /** Expanded and sorted. */
    permissions: text({ mode: "json" }).$type<string[]>().notNull(),
    createdAt: integer().notNull(),
    updatedAt: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.clientId, table.teamId] }),
    index("consents_client").on(table.clientId),
    index("consents_team").on(table.teamId),
  ],
);

/** Grant tokens (authorization codes), each used once. */
export const grantTokens = sqliteTable(
  "grant_tokens",
  {
    hash: text().primaryKey(),
    grantId: text().notNull(),
    clientId: text().notNull(),
    /** As the authorization request had it; null: a self client's has none. */
    redirectUri: text(),
    /** S256 (RFC 7636). */
    codeChallenge: text(),
    /** Thumbprint of the key that the authorization request bound it to (`dpop_jkt`, RFC 9449). */
    proofKey: text(),
    createdAt: integer().notNull(),
    expiresAt: integer().notNull(),
    usedAt: integer(),
    /** Audit event of the exchange that won. */
    usedBy: text(),
    retryFingerprint: text(),
    retryAnswer: text(),
  },
  (table) => [
    index("grant_tokens_grant").on(table.grantId),
    index("grant_tokens_expires").on(table.expiresAt),
    index("grant_tokens_retry")
      .on(table.usedAt)
      .where(sql`retry_answer IS NOT NULL`),
  ],
);

export const refreshTokens = sqliteTable(
  "refresh_tokens",
  {
    hash: text().primaryKey(),
    id: text().notNull(),
    grantId: text().notNull(),
    clientId: text().notNull(),
    teamId: text().notNull(),
    userId: text(),
    /** As the grant's: by it and the client they are counted. */
    holder: text().notNull(),
    /** Thumbprint of the key that it is bound to (RFC 9449, public clients). */
    proofKey: text(),
    createdAt: integer().notNull(),
    lastUsedAt: integer(),
    /** When another took its place (public clients). */
    rotatedAt: integer(),
    revokedAt: integer(),
    /** Audit event of the rotation or the end. */
    revokedBy: text(),
    revokedFor: text({ enum: ["revoked", "evicted", "replayed"] }),
    retryFingerprint: text(),
    retryAnswer: text(),
    /** As an access token's: of one that came with its team from another region. */
    importedSeq: integer(),
    movedFrom: text().$type<RegionCode>(),
  },
  (table) => [
    uniqueIndex("refresh_tokens_id").on(table.id),
    index("refresh_tokens_grant").on(table.grantId),
    index("refresh_tokens_revoked_by")
      .on(table.revokedBy)
      .where(sql`revoked_by IS NOT NULL`),
    index("refresh_tokens_held")
      .on(table.clientId, table.holder, table.createdAt)
      .where(sql`revoked_at IS NULL AND rotated_at IS NULL`),
    index("refresh_tokens_retry")
      .on(table.rotatedAt)
      .where(sql`retry_answer IS NOT NULL`),
    index("refresh_tokens_team").on(table.teamId),
    index("refresh_tokens_imported")
      .on(table.importedSeq, table.hash)
      .where(sql`imported_seq IS NOT NULL`),
  ],
);

/** Devices that wait for somebody to let them in (RFC 8628). */
export const deviceCodes = sqliteTable(
  "device_codes",
  {
    hash: text().primaryKey(),
    userCodeHash: text().notNull(),
    clientId: text().notNull(),
    permissions: text({ mode: "json" }).$type<string[]>().notNull(),
    audience: text(),
    accessType: text({ enum: ["online", "offline"] }).notNull(),
    status: text({ enum: ["pending", "approved", "denied", "used"] }).notNull(),
    /** The person who entered the user code first: nobody else can decide. */
    claimedBy: text(),
    /** What came of it, once approved. */
    grantId: text(),
    intervalSeconds: integer().notNull(),
    lastPolledAt: integer(),
    createdAt: integer().notNull(),
    expiresAt: integer().notNull(),
    /** Audit event of the decision, then of the redemption that won. */
    changedBy: text(),
    usedAt: integer(),
    retryFingerprint: text(),
    retryAnswer: text(),
  },
  (table) => [
    uniqueIndex("device_codes_user_code").on(table.userCodeHash),
    index("device_codes_expires").on(table.expiresAt),
    index("device_codes_retry")
      .on(table.usedAt)
      .where(sql`retry_answer IS NOT NULL`),
  ],
);

/** Enhance tokens (incremental authorization), each used once. */
export const enhanceTokens = sqliteTable(
  "enhance_tokens",
  {
    hash: text().primaryKey(),
    grantId: text().notNull(),
    clientId: text().notNull(),
    createdAt: integer().notNull(),
    expiresAt: integer().notNull(),
    usedAt: integer(),
    usedBy: text(),
  },
  (table) => [index("enhance_tokens_expires").on(table.expiresAt)],
);

/** Authorization requests that a client has pushed (RFC 9126), by the hash of their `request_uri`. */
export const pushedRequests = sqliteTable(
  "pushed_requests",
  {
    hash: text().primaryKey(),
    clientId: text().notNull(),
    parameters: text({ mode: "json" }).$type<[string, string][]>().notNull(),
    expiresAt: integer().notNull(),
    usedAt: integer(),
  },
  (table) => [index("pushed_requests_expires").on(table.expiresAt)],
);

/** Identifiers of JWTs that were accepted once and must not be again (RFC 9449 `jti`, RFC 7523 `jti`). */
export const seenJwts = sqliteTable(
  "seen_jwts",
  {
    /** SHA-256 over whose it is and its `jti`. */
    hash: text().primaryKey(),
    expiresAt: integer().notNull(),
  },
  (table) => [index("seen_jwts_expires").on(table.expiresAt)],
);

/** The region's own keys, newest first in use; the private part is sealed. */
export const signingKeys = sqliteTable("signing_keys", {
  kid: text().primaryKey(),
  publicJwk: text({ mode: "json" }).$type<Record<string, string>>().notNull(),
  privateJwk: text().notNull(),
  createdAt: integer().notNull(),
  /** When it stopped signing; it is published a while longer. */
  retiredAt: integer(),
});
