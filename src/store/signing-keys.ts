import { and, desc, eq, gt, isNull, lt, or, sql } from "drizzle-orm";
import { commit, type Database } from "./database.ts";
import { signingKeys } from "./schema.ts";

export type SigningKeyRow = typeof signingKeys.$inferSelect;

/** The key that signs first, then those that did and are still published. */
export async function listSigningKeys(
  db: Database,
  { retiredAfter }: { retiredAfter: number },
): Promise<SigningKeyRow[]> {
  return db
    .select()
    .from(signingKeys)
    .where(or(isNull(signingKeys.retiredAt), gt(signingKeys.retiredAt, retiredAfter)))
    .orderBy(sql`${signingKeys.retiredAt} IS NOT NULL`, desc(signingKeys.createdAt));
}

/**
 * Puts a new key in the place of another one, or of none; of parallel ones the first wins, and the others change
 * nothing.
 * @param kid of the key that signs now, null: none does
 */
export async function replaceSigningKey(
  db: Database,
  kid: string | null,
  next: SigningKeyRow,
): Promise<void> {
  await commit(db, [
    db
      .update(signingKeys)
      .set({ retiredAt: next.createdAt })
      .where(and(eq(signingKeys.kid, kid ?? ""), isNull(signingKeys.retiredAt))),
    db.insert(signingKeys).select(
      db
        .select({
          kid: sql`${next.kid}`.as("kid"),
          publicJwk: sql`${JSON.stringify(next.publicJwk)}`.as("public_jwk"),
          privateJwk: sql`${next.privateJwk}`.as("private_jwk"),
          createdAt: sql`${next.createdAt}`.as("created_at"),
          retiredAt: sql`NULL`.as("retired_at"),
        })
        .from(sql`(SELECT 1)`)
        .where(sql`NOT EXISTS (SELECT 1 FROM ${signingKeys} WHERE retired_at IS NULL)`),
    ),
  ]);
}

export async function deleteRetiredKeys(db: Database, { before }: { before: number }): Promise<void> {
  await db.delete(signingKeys).where(lt(signingKeys.retiredAt, before));
}
