import type { BillingContact, Plan } from "../domain/plan.ts";
import type { Catalogue } from "../domain/catalogue.ts";
import type { Holder } from "../domain/permission.ts";
import type { RegionCode } from "../domain/region.ts";
import { SIGN_IN_METHODS, type SignInMethod } from "../domain/sign-in-method.ts";
import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

export * from "./schema-moves.ts";
export * from "./schema-oauth.ts";
export * from "./schema-receipts.ts";
export * from "./schema-records.ts";
export * from "./schema-regions.ts";
export * from "./schema-sign-in.ts";
export * from "./schema-webhooks.ts";

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
    preferences: text({ mode: "json" }).$type<Record<string, unknown>>().notNull(),
    plan: text().$type<Plan>().notNull(),
    billingContact: text({ mode: "json" }).$type<BillingContact>(),
    /** What the payment provider calls the team's way to pay; never a card number. */
    paymentReference: text(),
    requireTwoFactor: integer({ mode: "boolean" }).notNull(),
    signInMethods: text({ mode: "json" }).$type<SignInMethod[]>().notNull(),
    sessionMinutes: integer().notNull(),
    androidEnterpriseId: text(),
    /** Grows by one with each change of any of these; the `ETag` is made of it. */
    version: integer().notNull(),
    /** Audit event of the last change: of parallel changes, the one that finds its own id here won. */
    changedBy: text().notNull(),
    createdAt: integer().notNull(),
    updatedAt: integer().notNull(),
    /** Number of the team's last event (`events.sequence`). */
    eventSequence: integer().notNull().default(0),
    /** The region to which it has moved; null: it is here. */
    livesIn: text().$type<RegionCode>(),
    /** Grows with each move away and back, so that the journal's word can be held against it. */
    placeVersion: integer().notNull().default(0),
    /** Until then nothing of it changes but by an end, because a move is copying its last rows. */
    frozenUntil: integer(),
  },
  (table) => [uniqueIndex("teams_slug").on(table.slug)],
);

/** A person with an account in this region. */
export const users = sqliteTable(
  "users",
  {
    id: text().primaryKey(),
    /** Lower case. */
    email: text().notNull(),
    passwordHash: text(),
    createdAt: integer().notNull(),
    /** When the operator, or a provider for a proven domain, vouched that the address is the person's; null: nobody. */
    emailVerifiedAt: integer(),
    /** When the password was last set; null: it is the one that the account was made with. */
    passwordSetAt: integer(),
  },
  (table) => [uniqueIndex("users_email").on(table.email)],
);

/** A person's place in a team, from the invitation on. */
export const members = sqliteTable(
  "members",
  {
    id: text().primaryKey(),
    teamId: text().notNull(),
    /** Lower case. */
    email: text().notNull(),
    /** Null until the invitation is accepted. */
    userId: text(),
    /** `owner`, or the id of a role of the team. */
    role: text().notNull(),
    status: text({ enum: ["invited", "active"] }).notNull(),
    /** SHA-256 of the secret in the invitation's link; null once it is used. */
    invitationHash: text(),
    invitationExpiresAt: integer(),
    invitedBy: text().notNull(),
    version: integer().notNull(),
    changedBy: text().notNull(),
    createdAt: integer().notNull(),
    joinedAt: integer(),
  },
  (table) => [
    uniqueIndex("members_team_email").on(table.teamId, table.email),
    uniqueIndex("members_team_user").on(table.teamId, table.userId),
    uniqueIndex("members_invitation").on(table.invitationHash),
    index("members_user").on(table.userId),
    index("members_team").on(table.teamId, table.id),
    index("members_role").on(table.teamId, table.role),
    index("members_invitation_expires")
      .on(table.invitationExpiresAt)
      .where(sql`invitation_expires_at IS NOT NULL`),
  ],
);

/** A named list of permissions that members of a team hold; what owners hold is not a list. */
export const roles = sqliteTable(
  "roles",
  {
    id: text().primaryKey(),
    teamId: text().notNull(),
    name: text().notNull(),
    description: text().notNull(),
    /** Expanded and sorted. */
    permissions: text({ mode: "json" }).$type<string[]>().notNull(),
    version: integer().notNull(),
    changedBy: text().notNull(),
    createdAt: integer().notNull(),
    updatedAt: integer().notNull(),
  },
  (table) => [
    uniqueIndex("roles_team_name").on(table.teamId, table.name),
    index("roles_team").on(table.teamId, table.id),
  ],
);

/** A signed-in browser. */
export const sessions = sqliteTable(
  "sessions",
  {
    /** SHA-256 of the cookie's value. */
    hash: text().primaryKey(),
    id: text().notNull(),
    userId: text().notNull(),
    createdAt: integer().notNull(),
    lastSeenAt: integer().notNull(),
    expiresAt: integer().notNull(),
    endedAt: integer(),
    twoFactor: integer({ mode: "boolean" }).notNull(),
    ip: text(),
    userAgent: text(),
    /** How the person signed in. */
    method: text({ enum: SIGN_IN_METHODS }).notNull().default("password"),
    /** By single sign-on: the connection, and its team, which is the only one where the session acts. */
    ssoTeamId: text(),
    ssoConnectionId: text(),
  },
  (table) => [
    uniqueIndex("sessions_id").on(table.id),
    index("sessions_user").on(table.userId),
    index("sessions_expires").on(table.expiresAt),
    index("sessions_ended")
      .on(table.endedAt)
      .where(sql`ended_at IS NOT NULL`),
    index("sessions_sso")
      .on(table.ssoConnectionId)
      .where(sql`sso_connection_id IS NOT NULL`),
  ],
);

/** An OpenID provider by which members of a team sign in. */
export const ssoConnections = sqliteTable(
  "sso_connections",
  {
    id: text().primaryKey(),
    teamId: text().notNull(),
    name: text().notNull(),
    issuer: text().notNull(),
    clientId: text().notNull(),
    /** Encrypted: it has to be shown to the provider. */
    clientSecret: text().notNull(),
    /** E-mail domains that it may vouch for; the team has proven each. */
    allowedDomains: text({ mode: "json" }).$type<string[]>().notNull(),
    version: integer().notNull(),
    changedBy: text().notNull(),
    createdAt: integer().notNull(),
    updatedAt: integer().notNull(),
    /** What whoever last chose the issuer or the domains held then; null: nobody knows. */
    chosenByHolder: text({ mode: "json" }).$type<Holder>(),
  },
  (table) => [index("sso_connections_team").on(table.teamId, table.id)],
);

/** A sign-in that has gone to an OpenID provider and has not come back. */
export const ssoFlows = sqliteTable(
  "sso_flows",
  {
    /** SHA-256 of `state`. */
    stateHash: text().primaryKey(),
    /** SHA-256 of what the browser that began it keeps in a cookie; nonce and verifier are made of that. */
    browserHash: text().notNull(),
    connectionId: text().notNull(),
    /** Where the browser goes afterwards: a path of ours. */
    nextPath: text().notNull(),
    /** Who wants to connect their account; null: somebody wants to sign in. */
    linkUserId: text(),
    expiresAt: integer().notNull(),
  },
  (table) => [index("sso_flows_expires").on(table.expiresAt)],
);

/** Whom an OpenID provider means by a `sub`. Of another issuer, the same `sub` is somebody else. */
export const ssoIdentities = sqliteTable(
  "sso_identities",
  {
    connectionId: text().notNull(),
    issuer: text().notNull(),
    subject: text().notNull(),
    userId: text().notNull(),
    createdAt: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.connectionId, table.issuer, table.subject] }),
    uniqueIndex("sso_identities_user").on(table.userId, table.connectionId, table.issuer),
  ],
);

/** A domain name that a team says is its own, and the proof of it. */
export const domains = sqliteTable(
  "domains",
  {
    id: text().primaryKey(),
    teamId: text().notNull(),
    /** Lower case, ASCII. */
    name: text().notNull(),
    /** The value that the DNS TXT record must have. */
    challenge: text().notNull(),
    verifiedAt: integer(),
    createdAt: integer().notNull(),
  },
  (table) => [
    uniqueIndex("domains_team_name").on(table.teamId, table.name),
    index("domains_name").on(table.name),
  ],
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
    /** Resource indicators (RFC 8707), with spaces between; null: of any service. */
    audience: text(),
    /** SHA-256 thumbprint of the key that it is bound to (RFC 9449); null: a bearer token. */
    proofKey: text(),
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
    /** Of what another made, a foreign key or a moved token: where the feed stood when its hash came. */
    importedSeq: integer(),
    /** The region that made it, and that stands in its text; null: this one, or it is a foreign key. */
    movedFrom: text().$type<RegionCode>(),
  },
  (table) => [
    uniqueIndex("access_tokens_id").on(table.id),
    index("access_tokens_imported")
      .on(table.importedSeq, table.hash)
      .where(sql`imported_seq IS NOT NULL`),
    index("access_tokens_team").on(table.teamId, table.kind, table.id),
    index("access_tokens_user")
      .on(table.userId, table.teamId)
      .where(sql`user_id IS NOT NULL`),
    index("access_tokens_grant")
      .on(table.grantId)
      .where(sql`grant_id IS NOT NULL`),
    index("access_tokens_client")
      .on(table.clientId)
      .where(sql`client_id IS NOT NULL`),
    index("access_tokens_expiring")
      .on(table.expiresAt, table.id)
      .where(sql`kind = 'pat' AND expires_at IS NOT NULL AND revoked_at IS NULL`),
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
