import { sql } from "drizzle-orm";
import { commit, type Database } from "./database.ts";
import { accessTokens, tokenUsage } from "./schema.ts";
import { insertAuditEvents, type AuditRow } from "./changes.ts";

export type UsageRow = typeof tokenUsage.$inferSelect;

export interface LastUse {
  readonly tokenId: string;
  readonly at: number;
}

/**
 * Adds counts and last uses, as one transaction. The rows go as one JSON parameter each, because a
 * statement takes no more than 100 parameters (facts: platform, "D1").
 */
export async function addUsage(
  db: Database,
  usage: readonly UsageRow[],
  lastUses: readonly LastUse[],
): Promise<void> {
  await commit(db, [
    db
      .insert(tokenUsage)
      .select(
        sql`SELECT value->>'tokenId', value->>'teamId', value->>'hour', value->>'permission', value->>'verdict',
          value->>'count' FROM json_each(${JSON.stringify(usage)}) WHERE true`,
      )
      .onConflictDoUpdate({
        target: [
          tokenUsage.teamId,
          tokenUsage.tokenId,
          tokenUsage.hour,
          tokenUsage.permission,
          tokenUsage.verdict,
        ],
        set: { count: sql`${tokenUsage.count} + excluded.count` },
      }),
    db
      .update(accessTokens)
      .set({ lastUsedAt: sql`max(coalesce(${accessTokens.lastUsedAt}, 0), recent.at)` })
      .from(
        sql`(SELECT value->>'tokenId' AS token_id, value->>'at' AS at FROM json_each(${JSON.stringify(lastUses)})) AS recent`,
      )
      .where(sql`${accessTokens.id} = recent.token_id`),
  ]);
}

/** Appends audit events that report no change of the store; those that are there already are passed over. */
export async function appendAuditEvents(db: Database, rows: readonly AuditRow[]): Promise<void> {
  await commit(db, [insertAuditEvents(db, rows)]);
}
