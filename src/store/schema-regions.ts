import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/* What one region has to tell another; times and deletes as in `schema.ts`. */

/**
 * The outbox of registrations (contract, section 9): a row for each region in which a client of ours is or was
 * enabled. Triggers raise `version` with each change of what the registration says, in the batch of that change;
 * only the newest one is ever sent.
 */
export const registrationsOut = sqliteTable(
  "registrations_out",
  {
    clientId: text().notNull(),
    region: text().notNull(),
    version: integer().notNull(),
    /** The newest version that the region has taken; 0: none. */
    ackedVersion: integer().notNull(),
    /** Null: there is nothing more to tell. */
    nextAt: integer(),
    /** In vain, since it was taken last. */
    tries: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.clientId, table.region] }),
    index("registrations_out_due")
      .on(table.region, table.nextAt)
      .where(sql`next_at IS NOT NULL`),
  ],
);

/** Secrets of our clients that hold in another region and not here. */
export const regionSecrets = sqliteTable(
  "region_secrets",
  {
    hash: text().primaryKey(),
    clientId: text().notNull(),
    region: text().notNull(),
    createdAt: integer().notNull(),
    /** Set by a rotation: the old secret holds until then. */
    expiresAt: integer(),
  },
  (table) => [index("region_secrets_client").on(table.clientId, table.region)],
);
