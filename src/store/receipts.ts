import { and, eq, gt, inArray, isNull, notInArray, or, sql, type SQLWrapper } from "drizzle-orm";
import type { Database } from "./database.ts";
import { receipts, signingKeys } from "./schema.ts";

export type ReceiptRow = typeof receipts.$inferSelect;

/** @param retiredAfter milliseconds: a key that was retired before is published no more */
interface Published {
  readonly retiredAfter: number;
}

/** The receipt that was given for a revocation, unless the key that signed it is published no more. */
export async function findReceipt(
  db: Database,
  { subject, ...published }: { subject: string } & Published,
): Promise<ReceiptRow | undefined> {
  return db
    .select()
    .from(receipts)
    .where(and(eq(receipts.subject, subject), inArray(receipts.kid, publishedKeys(db, published))))
    .get();
}

/** Keeps a receipt unless one is kept that still holds; answers the one that is kept, of parallel ones the first. */
export async function keepReceipt(db: Database, row: ReceiptRow, published: Published): Promise<ReceiptRow> {
  const holds = inArray(receipts.kid, publishedKeys(db, published));
  const first = (column: SQLWrapper, name: string) =>
    sql`CASE WHEN ${holds} THEN ${column} ELSE excluded.${sql.identifier(name)} END`;
  return db
    .insert(receipts)
    .values(row)
    .onConflictDoUpdate({
      target: receipts.subject,
      set: {
        jws: first(receipts.jws, "jws"),
        kid: first(receipts.kid, "kid"),
        effectiveBy: first(receipts.effectiveBy, "effective_by"),
      },
    })
    .returning()
    .get();
}

/** Forgets receipts whose key is gone: asked for again, they are signed anew. */
export async function deleteStaleReceipts(db: Database, { limit }: { limit: number }): Promise<void> {
  const known = db.select({ kid: signingKeys.kid }).from(signingKeys);
  const stale = db
    .select({ subject: receipts.subject })
    .from(receipts)
    .where(notInArray(receipts.kid, known))
    .limit(limit);
  await db.delete(receipts).where(inArray(receipts.subject, stale));
}

function publishedKeys(db: Database, { retiredAfter }: Published) {
  return db
    .select({ kid: signingKeys.kid })
    .from(signingKeys)
    .where(or(isNull(signingKeys.retiredAt), gt(signingKeys.retiredAt, retiredAfter)));
}
