import { and, desc, eq, isNull, lt, sql } from "drizzle-orm";
import { feedHeadOf, feedHeadStatement, type FeedHead } from "./change-feed.ts";
import { recordChange, type ChangeRecord } from "./changes.ts";
import type { Database, Statement } from "./database.ts";
import { accessTokens, teams } from "./schema.ts";

export type AccessTokenRow = typeof accessTokens.$inferSelect;

/** A token as a check needs it: with the state of its team, read together. */
export interface CheckableToken extends AccessTokenRow {
  readonly teamStatus: "active" | "suspended";
}

export function insertAccessToken(db: Database, row: AccessTokenRow): Statement {
  return db.insert(accessTokens).values(row);
}

/** The token of this hash with its team's state, and where the feed stood, in one transaction on the primary. */
export async function readCheckableToken(
  db: Database,
  hash: string,
): Promise<{ head: FeedHead; token: CheckableToken | undefined }> {
  const [head, rows] = await db.batch([
    feedHeadStatement(db),
    db
      .select({ token: accessTokens, teamStatus: sql<"active" | "suspended">`${teams.status}`.as("team_status") })
      .from(accessTokens)
      .innerJoin(teams, eq(teams.id, accessTokens.teamId))
      .where(eq(accessTokens.hash, hash)),
  ]);
  const [row] = rows;
  return { head: feedHeadOf(head), token: row && { ...row.token, teamStatus: row.teamStatus } };
}

export async function findAccessToken(
  db: Database,
  { teamId, id }: { teamId: string; id: string },
): Promise<AccessTokenRow | undefined> {
  return db
    .select()
    .from(accessTokens)
    .where(and(eq(accessTokens.id, id), eq(accessTokens.teamId, teamId), eq(accessTokens.kind, "pat")))
    .get();
}

/** A team's access tokens, newest first, those after the token `cursor`. */
export async function listAccessTokens(
  db: Database,
  { teamId, limit, cursor }: { teamId: string; limit: number; cursor: string | null },
): Promise<AccessTokenRow[]> {
  return db
    .select()
    .from(accessTokens)
    .where(
      and(
        eq(accessTokens.teamId, teamId),
        eq(accessTokens.kind, "pat"),
        cursor === null ? undefined : lt(accessTokens.id, cursor),
      ),
    )
    .orderBy(desc(accessTokens.id))
    .limit(limit);
}

/**
 * Revokes once: of parallel revocations one sets `revokedBy` to its own audit id, and only that one's
 * feed and audit rows are written.
 */
export function revokeAccessToken(
  db: Database,
  { id, change }: { id: string; change: ChangeRecord },
): Statement[] {
  const { audit } = change;
  return [
    db
      .update(accessTokens)
      .set({ revokedAt: audit.at, revokedBy: audit.id })
      .where(and(eq(accessTokens.id, id), isNull(accessTokens.revokedAt))),
    ...recordChange(
      db,
      change,
      sql`EXISTS (SELECT 1 FROM ${accessTokens} WHERE id = ${id} AND revoked_by = ${audit.id})`,
    ),
  ];
}

/** Writes the moment by which a revocation holds, unless an earlier answer already named one; answers the row. */
export async function settleRevocation(
  db: Database,
  { id, effectiveBy }: { id: string; effectiveBy: number },
): Promise<AccessTokenRow> {
  return db
    .update(accessTokens)
    .set({
      revocationEffectiveBy: sql`coalesce(${accessTokens.revocationEffectiveBy}, ${effectiveBy})`,
    })
    .where(eq(accessTokens.id, id))
    .returning()
    .get();
}
