import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/* What a person signs in by, beside their password; times and deletes as in `schema.ts`. */

/** An authenticator app (RFC 6238). */
export const totpSecrets = sqliteTable("totp_secrets", {
  userId: text().primaryKey(),
  /** Encrypted: codes are made of it. */
  secret: text().notNull(),
  createdAt: integer().notNull(),
  /** When a code of it was first shown to be right; null: it is not asked for yet. */
  confirmedAt: integer(),
  /** Time step of the last code that was taken: none up to it is taken again (RFC 6238, section 5.2). */
  lastStep: integer().notNull(),
});

/** For whoever has lost the app; each works once. */
export const recoveryCodes = sqliteTable(
  "recovery_codes",
  {
    /** Keyed: a code is short enough to be typed, and so to be guessed. */
    hash: text().primaryKey(),
    userId: text().notNull(),
    createdAt: integer().notNull(),
  },
  (table) => [index("recovery_codes_user").on(table.userId)],
);

/** A public key by which a person signs in (WebAuthn, "public key credential source"). */
export const passkeys = sqliteTable(
  "passkeys",
  {
    id: text().primaryKey(),
    userId: text().notNull(),
    name: text().notNull(),
    /** What the authenticator calls it, in base64url. */
    credentialId: text().notNull(),
    /** SubjectPublicKeyInfo, in base64url. */
    publicKey: text().notNull(),
    /** By COSE's number (RFC 9053, RFC 8812). */
    algorithm: integer().notNull(),
    /** The authenticator's signature counter; 0 where it keeps none. */
    counter: integer().notNull(),
    createdAt: integer().notNull(),
    lastUsedAt: integer(),
  },
  (table) => [
    uniqueIndex("passkeys_credential").on(table.credentialId),
    index("passkeys_user").on(table.userId, table.id),
  ],
);

/** Something that a browser has begun and has to go on with: no session. */
export const signInSteps = sqliteTable(
  "sign_in_steps",
  {
    /** SHA-256 of what the browser keeps in a cookie; a passkey's challenge is made of that. */
    hash: text().primaryKey(),
    /** A code is missing; somebody signs in with a passkey; a passkey is added. */
    kind: text({ enum: ["code", "passkey", "new_passkey"] }).notNull(),
    /** Null while nobody has said who they are. */
    userId: text(),
    tries: integer().notNull(),
    expiresAt: integer().notNull(),
  },
  (table) => [
    index("sign_in_steps_expires").on(table.expiresAt),
    index("sign_in_steps_user")
      .on(table.userId)
      .where(sql`user_id IS NOT NULL`),
  ],
);

/** A link by which a person sets a new password; a used one is gone. */
export const resetLinks = sqliteTable(
  "reset_links",
  {
    /** SHA-256 of the secret in the link. */
    hash: text().primaryKey(),
    userId: text().notNull(),
    createdAt: integer().notNull(),
    expiresAt: integer().notNull(),
  },
  (table) => [uniqueIndex("reset_links_user").on(table.userId)],
);
