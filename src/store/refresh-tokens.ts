import { and, eq, isNull, sql } from "drizzle-orm";
import type { RegionCode } from "../domain/region.ts";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { endGrants } from "./end-grants.ts";
import { auditEvents, grants, refreshTokens, teams } from "./schema.ts";
import type { AuditRow } from "./changes.ts";

export type RefreshTokenRow = typeof refreshTokens.$inferSelect;

export function insertRefreshToken(db: Database, row: RefreshTokenRow): Statement {
  return db.insert(refreshTokens).values(row);
}

/** With the region to which its team has moved, if it has. */
export type FoundRefreshToken = RefreshTokenRow & { readonly teamLivesIn: RegionCode | null };

export async function findRefreshToken(db: Database, hash: string): Promise<FoundRefreshToken | undefined> {
  const row = await db
    .select({ token: refreshTokens, teamLivesIn: teams.livesIn })
    .from(refreshTokens)
    .leftJoin(teams, eq(teams.id, refreshTokens.teamId))
    .where(eq(refreshTokens.hash, hash))
    .get();
  return row && { ...row.token, teamLivesIn: row.teamLivesIn };
}

/** Undoes the batch when the refresh token is not in force any more. */
export function refuseRefreshTokenEnded(db: Database, hash: string): Statement {
  return refuseWhen(
    db,
    sql`NOT EXISTS (SELECT 1 FROM ${refreshTokens}
      WHERE hash = ${hash} AND revoked_at IS NULL AND rotated_at IS NULL)`,
  );
}

export function touchRefreshToken(db: Database, { hash, at }: { hash: string; at: number }): Statement {
  return db.update(refreshTokens).set({ lastUsedAt: at }).where(eq(refreshTokens.hash, hash));
}

/** Another one takes its place; what is kept for a retry is stored with it. Belongs after the refusal above. */
export function rotateRefreshToken(
  db: Database,
  {
    hash,
    at,
    by,
    kept,
  }: { hash: string; at: number; by: string; kept: { retryFingerprint: string; retryAnswer: string } },
): Statement {
  return db
    .update(refreshTokens)
    .set({ rotatedAt: at, revokedBy: by, lastUsedAt: at, ...kept })
    .where(and(eq(refreshTokens.hash, hash), isNull(refreshTokens.rotatedAt)));
}

/**
 * Ends the oldest live refresh tokens of a client and holder beyond `most`, used or not, with the grants and
 * access tokens that they belong to (seed 002). Belongs after the insert of the newest.
 * @param audit what is written if there was one to end; its team and subject are those of the one that ended
 */
export function evictBeyond(
  db: Database,
  { clientId, holder, most, audit }: { clientId: string; holder: string; most: number; audit: AuditRow },
): Statement[] {
  const { id, at } = audit;
  const value = (constant: string | number | null, column: string) => sql`${constant}`.as(column);
  return [
    db
      .update(refreshTokens)
      .set({ revokedAt: at, revokedBy: id, revokedFor: "evicted" })
      .where(
        sql`hash IN (SELECT hash FROM ${refreshTokens}
          WHERE client_id = ${clientId} AND holder = ${holder} AND revoked_at IS NULL AND rotated_at IS NULL
          ORDER BY created_at DESC, rowid DESC LIMIT -1 OFFSET ${most})`,
      ),
    ...endGrants(db, {
      where: sql`${grants.id} IN (SELECT grant_id FROM ${refreshTokens} WHERE revoked_by = ${id})`,
      at,
      auditId: id,
      reason: "evicted",
    }),
    db.insert(auditEvents).select(
      db
        .select({
          id: value(id, "id"),
          teamId: sql`${refreshTokens.teamId}`.as("team_id"),
          at: value(at, "at"),
          type: value(audit.type, "type"),
          actor: value(audit.actor, "actor"),
          actorOwner: value(audit.actorOwner, "actor_owner"),
          subject: sql`${refreshTokens.id}`.as("subject"),
          ip: value(audit.ip, "ip"),
          detail: sql`json_object('client', ${refreshTokens.clientId}, 'grant', ${refreshTokens.grantId},
            'user', ${refreshTokens.userId}, 'made_at',
            strftime('%Y-%m-%dT%H:%M:%fZ', ${refreshTokens.createdAt} / 1000.0, 'unixepoch'),
            'ended', (SELECT count(*) FROM ${refreshTokens} WHERE revoked_by = ${id}))`.as("detail"),
          chainNumber: value(null, "chain_number"),
          chainHash: value(null, "chain_hash"),
        })
        .from(refreshTokens)
        .where(and(eq(refreshTokens.revokedBy, id), eq(refreshTokens.revokedFor, "evicted")))
        .orderBy(refreshTokens.createdAt)
        .limit(1),
    ),
  ];
}

/** The grants that an eviction ended, for the journal. */
export async function grantsEvictedBy(db: Database, auditId: string): Promise<string[]> {
  const rows = await db
    .select({ id: refreshTokens.grantId })
    .from(refreshTokens)
    .where(and(eq(refreshTokens.revokedBy, auditId), eq(refreshTokens.revokedFor, "evicted")));
  return rows.map(({ id }) => id);
}
