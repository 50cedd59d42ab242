import { and, inArray, isNull, sql, type SQL } from "drizzle-orm";
import type { Database, Statement } from "./database.ts";
import { accessTokens, feed, grants, grantTokens, refreshTokens } from "./schema.ts";

export interface EndOfGrants {
  /** Which of the grants that are alive; names columns of `grants`. */
  readonly where: SQL;
  /** Milliseconds. */
  readonly at: number;
  /** Audit event of what ends them. */
  readonly auditId: string;
  readonly reason: "revoked" | "replayed" | "evicted";
}

/**
 * Ends grants and all that came of them: codes that nobody redeemed, refresh tokens, access tokens; with a
 * feed row `grant:<id>` for each grant, by which cached access tokens die.
 *
 * What hangs on a grant otherwise (device codes that were approved, enhance tokens) is not touched: whoever
 * redeems one finds the grant ended in the same batch.
 */
export function endGrants(db: Database, { where, at, auditId, reason }: EndOfGrants): Statement[] {
  const alive = and(isNull(grants.revokedAt), where);
  const theirs = () => db.select({ id: grants.id }).from(grants).where(alive);
  // The grants themselves come last: until then they are found as alive, by the indexes that `where` has.
  return [
    db.insert(feed).select(
      db
        .select({
          seq: sql<number>`NULL`.as("seq"),
          subject: sql<string>`'grant:' || ${grants.id}`.as("subject"),
          at: sql<number>`${at}`.as("at"),
        })
        .from(grants)
        .where(alive),
    ),
    db
      .update(grantTokens)
      .set({
        usedAt: sql`coalesce(${grantTokens.usedAt}, ${at})`,
        usedBy: sql`coalesce(${grantTokens.usedBy}, ${auditId})`,
        // A retry would get tokens that have ended.
        retryAnswer: null,
      })
      .where(inArray(grantTokens.grantId, theirs())),
    db
      .update(refreshTokens)
      .set({
        revokedAt: at,
        revokedBy: sql`coalesce(${refreshTokens.revokedBy}, ${auditId})`,
        revokedFor: reason,
        retryAnswer: null,
      })
      .where(and(isNull(refreshTokens.revokedAt), inArray(refreshTokens.grantId, theirs()))),
    db
      .update(accessTokens)
      .set({ revokedAt: at, revokedBy: auditId })
      .where(and(isNull(accessTokens.revokedAt), inArray(accessTokens.grantId, theirs()))),
    db.update(grants).set({ revokedAt: at, revokedBy: auditId }).where(alive),
  ];
}
