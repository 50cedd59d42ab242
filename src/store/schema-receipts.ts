import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** What was signed about a revocation, so that whoever asks again gets the same; times as in `schema.ts`. */
export const receipts = sqliteTable("revocation_receipts", {
  /** The token's id; of a client secret, which has none, its hash. */
  subject: text().primaryKey(),
  jws: text().notNull(),
  /** The key that signed it: once that is published no more, it is signed again. */
  kid: text().notNull(),
  effectiveBy: integer().notNull(),
});
