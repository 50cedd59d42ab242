import type { RegionCode } from "../domain/region.ts";
import { and, eq, gt, isNull, or, sql } from "drizzle-orm";
import { recordChange, type AuditRow, type ChangeRecord } from "./changes.ts";
import type { Database, Statement } from "./database.ts";
import { recordEnded } from "./record-ended.ts";
import { accessTokens, auditEvents, clients, clientSecrets, serviceKeys, services } from "./schema.ts";

/** A client secret with whose it is. */
export interface OwnedSecret {
  readonly hash: string;
  readonly clientId: string;
  readonly teamId: string;
  /** Of the client, where that is another one. */
  readonly homeRegion: RegionCode | null;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedBy: string | null;
}

export async function findClientSecret(db: Database, hash: string): Promise<OwnedSecret | undefined> {
  return db
    .select({
      hash: clientSecrets.hash,
      clientId: clientSecrets.clientId,
      teamId: clients.teamId,
      homeRegion: clients.homeRegion,
      createdAt: clientSecrets.createdAt,
      expiresAt: clientSecrets.expiresAt,
      revokedBy: clientSecrets.revokedBy,
    })
    .from(clientSecrets)
    .innerJoin(clients, eq(clients.id, clientSecrets.clientId))
    .where(eq(clientSecrets.hash, hash))
    .get();
}

/**
 * Ends a secret that is in force, once, with the access tokens that its client got by a secret alone: whoever
 * had the secret could have got them.
 * @param also further audit rows of the one that ends it
 */
export function endClientSecret(
  db: Database,
  {
    secret: { hash, clientId },
    record,
    also,
  }: { secret: OwnedSecret; record: ChangeRecord; also: readonly AuditRow[] },
): Statement[] {
  const { at, id: auditId } = record.audit;
  const won = sql`EXISTS (SELECT 1 FROM ${clientSecrets} WHERE hash = ${hash} AND revoked_by = ${auditId})`;
  const gotByIt = and(
    eq(accessTokens.clientId, clientId),
    isNull(accessTokens.grantId),
    isNull(accessTokens.revokedAt),
  );
  return [
    db
      .update(clientSecrets)
      .set({ expiresAt: at, revokedBy: auditId })
      .where(
        and(
          eq(clientSecrets.hash, hash),
          isNull(clientSecrets.revokedBy),
          or(isNull(clientSecrets.expiresAt), gt(clientSecrets.expiresAt, at)),
        ),
      ),
    db.update(accessTokens).set({ revokedAt: at, revokedBy: auditId }).where(and(gotByIt, won)),
    ...recordChange(db, record, won),
    ...also.flatMap((audit) => recordChange(db, { subjects: [], audit }, won)),
    ...recordEnded(db, {
      audit: record.audit,
      tokens: eq(accessTokens.clientId, clientId),
      grants: sql`false`,
    }),
  ];
}

/** A service key with whether it is in force. */
export async function findServiceKey(
  db: Database,
  { hash, now }: { hash: string; now: number },
): Promise<{ readonly serviceId: string; readonly createdAt: number; readonly isLive: boolean } | undefined> {
  const row = await db
    .select({
      serviceId: serviceKeys.serviceId,
      createdAt: serviceKeys.createdAt,
      expiresAt: serviceKeys.expiresAt,
      deletedAt: services.deletedAt,
    })
    .from(serviceKeys)
    .innerJoin(services, eq(services.id, serviceKeys.serviceId))
    .where(eq(serviceKeys.hash, hash))
    .get();
  if (row === undefined) return undefined;
  const { serviceId, createdAt, expiresAt, deletedAt } = row;
  return { serviceId, createdAt, isLive: deletedAt === null && (expiresAt === null || expiresAt > now) };
}

/** Writes an audit row unless its subject has one of its type from `since` or later. */
export function recordOnceSince(db: Database, audit: AuditRow, since: number): Statement[] {
  const unsaid = sql`NOT EXISTS (SELECT 1 FROM ${auditEvents}
    WHERE team_id IS ${audit.teamId} AND type = ${audit.type} AND subject = ${audit.subject} AND at >= ${since})`;
  return recordChange(db, { subjects: [], audit }, unsaid);
}

/** A credential of this region that was reported. */
export interface KnownLeak {
  readonly isLive: boolean;
  /** The region to which its team has moved; null: it is here. */
  readonly teamLivesIn: RegionCode | null;
  /** Of such a team: its new region may not have it yet. */
  readonly isUnderWay: boolean;
}

/**
 * Which of these are credentials of this region, and which of them still have an effect.
 * @param hashes SHA-256 of each, in hex
 */
export async function findLeaked(
  db: Database,
  { hashes, here, now }: { hashes: readonly string[]; here: RegionCode; now: number },
): Promise<ReadonlyMap<string, KnownLeak>> {
  const asked = sql`(SELECT value FROM json_each(${JSON.stringify(hashes)}))`;
  const placeOf = (table: string) =>
    sql.raw(`(SELECT lives_in FROM teams WHERE teams.id = ${table}.team_id) AS lives_in,
      EXISTS (SELECT 1 FROM team_moves WHERE team_id = ${table}.team_id AND state = 'handed_over') AS under_way`);
  const found = await db.all<{
    hash: string;
    live: number;
    lives_in: RegionCode | null;
    under_way: number;
  }>(sql`
    SELECT hash, revoked_at IS NULL AS live, ${placeOf("access_tokens")} FROM access_tokens WHERE hash IN ${asked}
    UNION ALL
    SELECT refresh_tokens.hash, coalesce(grants.revoked_at IS NULL, 0), ${placeOf("refresh_tokens")} FROM refresh_tokens
      LEFT JOIN grants ON grants.id = refresh_tokens.grant_id WHERE refresh_tokens.hash IN ${asked}
    UNION ALL
    SELECT hash, expires_at IS NULL OR expires_at > ${now},
      (SELECT home_region FROM clients WHERE clients.id = client_id AND substr(clients.id, 5, 2) = ${here}), 0
      FROM client_secrets WHERE hash IN ${asked}
    UNION ALL
    SELECT service_keys.hash, services.deleted_at IS NULL
      AND (service_keys.expires_at IS NULL OR service_keys.expires_at > ${now}), NULL, 0 FROM service_keys
      JOIN services ON services.id = service_keys.service_id WHERE service_keys.hash IN ${asked}`);
  return new Map(
    found.map(({ hash, live, lives_in: teamLivesIn, under_way: underWay }) => [
      hash,
      { isLive: live === 1, teamLivesIn, isUnderWay: teamLivesIn !== null && underWay === 1 },
    ]),
  );
}
