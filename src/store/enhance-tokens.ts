import { and, eq, isNull, sql } from "drizzle-orm";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { enhanceTokens, grants } from "./schema.ts";
import { union } from "./consents.ts";

export type EnhanceTokenRow = typeof enhanceTokens.$inferSelect;

export function insertEnhanceToken(db: Database, row: EnhanceTokenRow): Statement {
  return db.insert(enhanceTokens).values(row);
}

export async function findEnhanceToken(db: Database, hash: string): Promise<EnhanceTokenRow | undefined> {
  return db.select().from(enhanceTokens).where(eq(enhanceTokens.hash, hash)).get();
}

/** Uses an enhance token up, once: the batch fails if somebody was first. */
export function useEnhanceToken(
  db: Database,
  { hash, at, usedBy }: { hash: string; at: number; usedBy: string },
): Statement[] {
  return [
    refuseWhen(db, sql`NOT EXISTS (SELECT 1 FROM ${enhanceTokens} WHERE hash = ${hash} AND used_at IS NULL)`),
    db
      .update(enhanceTokens)
      .set({ usedAt: at, usedBy })
      .where(and(eq(enhanceTokens.hash, hash), isNull(enhanceTokens.usedAt))),
  ];
}

/** Adds to what a grant confers; of parallel additions none is lost. */
export function widenGrant(
  db: Database,
  { id, permissions }: { id: string; permissions: readonly string[] },
): Statement {
  return db
    .update(grants)
    .set({ permissions: union(grants.permissions, sql`${JSON.stringify(permissions)}`) })
    .where(eq(grants.id, id));
}
