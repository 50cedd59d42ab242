import { and, eq, isNull, lt, sql } from "drizzle-orm";
import type { Database, Statement } from "./database.ts";
import { idempotency } from "./schema.ts";

export type IdempotencyRow = typeof idempotency.$inferSelect;

/**
 * Claims a key for a first request; true when it is ours. A row that expired, or whose request died
 * without an answer, is taken over. One conditional write, so that of parallel claims one wins.
 */
export async function claimKey(
  db: Database,
  claim: { id: string; bodyHash: string; now: number; expiredBefore: number; abandonedBefore: number },
): Promise<boolean> {
  const { id, bodyHash, now, expiredBefore, abandonedBefore } = claim;
  const won = await db
    .insert(idempotency)
    .values({ id, bodyHash, status: null, answer: null, createdAt: now })
    .onConflictDoUpdate({
      target: idempotency.id,
      set: { bodyHash, status: null, answer: null, createdAt: now },
      setWhere: sql`${idempotency.createdAt} < ${expiredBefore}
        OR (${idempotency.status} IS NULL AND ${idempotency.createdAt} < ${abandonedBefore})`,
    })
    .returning({ id: idempotency.id });
  return won.length === 1;
}

export async function findKey(db: Database, id: string): Promise<IdempotencyRow | undefined> {
  return db.select().from(idempotency).where(eq(idempotency.id, id)).get();
}

/** Keeps the first answer; belongs in the same batch as what the request made. */
export function keepAnswer(
  db: Database,
  { id, status, answer }: { id: string; status: number; answer: string },
): Statement {
  return db.update(idempotency).set({ status, answer }).where(eq(idempotency.id, id));
}

/** Lets go of a key whose request was refused: a corrected one may use it. */
export async function releaseKey(db: Database, id: string): Promise<void> {
  await db.delete(idempotency).where(and(eq(idempotency.id, id), isNull(idempotency.status)));
}

/** Deletes keys that have expired, `limit` of them at most. */
export async function pruneKeys(
  db: Database,
  { expiredBefore, limit }: { expiredBefore: number; limit: number },
): Promise<void> {
  const expired = lt(idempotency.createdAt, expiredBefore);
  await db
    .delete(idempotency)
    .where(sql`${idempotency.id} IN (SELECT id FROM ${idempotency} WHERE ${expired} LIMIT ${limit})`);
}
