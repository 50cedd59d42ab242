import { and, eq, isNull, sql } from "drizzle-orm";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { pushedRequests } from "./schema.ts";

export type PushedRequestRow = typeof pushedRequests.$inferSelect;

export function insertPushedRequest(db: Database, row: PushedRequestRow): Statement {
  return db.insert(pushedRequests).values(row);
}

export async function findPushedRequest(db: Database, hash: string): Promise<PushedRequestRow | undefined> {
  return db.select().from(pushedRequests).where(eq(pushedRequests.hash, hash)).get();
}

/** Uses a pushed request up, once: the batch fails if somebody was first. */
export function usePushedRequest(db: Database, { hash, at }: { hash: string; at: number }): Statement[] {
  return [
    refuseWhen(
      db,
      sql`NOT EXISTS (SELECT 1 FROM ${pushedRequests} WHERE hash = ${hash} AND used_at IS NULL)`,
    ),
    db
      .update(pushedRequests)
      .set({ usedAt: at })
      .where(and(eq(pushedRequests.hash, hash), isNull(pushedRequests.usedAt))),
  ];
}
