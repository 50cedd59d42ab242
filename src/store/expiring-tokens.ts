import { and, asc, eq, isNotNull, isNull, lte, sql } from "drizzle-orm";
import { insertAuditEvents, type AuditRow } from "./changes.ts";
import type { Database, Statement } from "./database.ts";
import { accessTokens, meta, teams } from "./schema.ts";

/** How far somebody has come with telling; the next one is behind it. */
export interface ToldUntil {
  /** Milliseconds, an expiry. */
  readonly expiresAt: number;
  readonly id: string;
}

export type ExpiringToken = Pick<
  typeof accessTokens.$inferSelect,
  "id" | "teamId" | "name" | "profileId" | "createdAt" | "createdBy"
> & { readonly expiresAt: number };

/** Live team tokens behind `after` that expire until then, soonest first. */
export async function listExpiring(
  db: Database,
  { after, until, limit }: { after: ToldUntil; until: number; limit: number },
): Promise<ExpiringToken[]> {
  const { id, teamId, name, profileId, createdAt, createdBy, expiresAt } = accessTokens;
  const rows = await db
    .select({ id, teamId, name, profileId, createdAt, createdBy, expiresAt })
    .from(accessTokens)
    .where(
      and(
        eq(accessTokens.kind, "pat"),
        isNotNull(expiresAt),
        isNull(accessTokens.revokedAt),
        sql`(${expiresAt}, ${id}) > (${after.expiresAt}, ${after.id})`,
        lte(expiresAt, until),
        sql`EXISTS (SELECT 1 FROM ${teams} WHERE id = ${teamId} AND lives_in IS NULL)`,
      ),
    )
    .orderBy(asc(expiresAt), asc(id))
    .limit(limit);
  return rows.map((row) => ({ ...row, expiresAt: row.expiresAt ?? until }));
}

export async function readToldUntil(db: Database, key: string): Promise<ToldUntil | null> {
  const row = await db.select({ value: meta.value }).from(meta).where(eq(meta.key, key)).get();
  return row === undefined ? null : (JSON.parse(row.value) as ToldUntil);
}

/** Rows that are there already are passed over: of two at work at once, both write the same. */
export function tellExpiring(
  db: Database,
  { key, rows, until }: { key: string; rows: readonly AuditRow[]; until: ToldUntil },
): Statement[] {
  const value = JSON.stringify(until);
  return [
    insertAuditEvents(db, rows),
    db.insert(meta).values({ key, value }).onConflictDoUpdate({ target: meta.key, set: { value } }),
  ];
}
