import { and, eq, gt, lte } from "drizzle-orm";
import type { Database, Statement } from "./database.ts";
import { ssoFlows } from "./schema.ts";

export type SsoFlowRow = typeof ssoFlows.$inferSelect;

/** Keeps a flow until it comes back, and lets go of those that never did. */
export function insertFlow(db: Database, row: SsoFlowRow, now: number): Statement[] {
  return [db.delete(ssoFlows).where(lte(ssoFlows.expiresAt, now)), db.insert(ssoFlows).values(row)];
}

/**
 * Takes a flow out, for the browser that began it alone: of parallel callers one gets it. Another browser
 * does not even spoil it.
 */
export async function takeFlow(
  db: Database,
  { stateHash, browserHash, now }: { stateHash: string; browserHash: string; now: number },
): Promise<SsoFlowRow | undefined> {
  const [row] = await db
    .delete(ssoFlows)
    .where(
      and(
        eq(ssoFlows.stateHash, stateHash),
        eq(ssoFlows.browserHash, browserHash),
        gt(ssoFlows.expiresAt, now),
      ),
    )
    .returning();
  return row;
}
