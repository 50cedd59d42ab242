import { and, count, desc, eq, gt, isNull, lt, lte, or, sql, type SQL } from "drizzle-orm";
import { recordChange, type ChangeRecord } from "./changes.ts";
import type { ClientRow } from "./client-authentication.ts";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { endGrants } from "./end-grants.ts";
import { recordEnded } from "./record-ended.ts";
import {
  deleteRegionSecrets,
  expireRegionSecrets,
  insertRegionSecrets,
  type RegionSecretRow,
} from "./registrations.ts";
import { accessTokens, clients, clientSecrets, consents, grants } from "./schema.ts";

export type { ClientRow } from "./client-authentication.ts";
export type ClientSecretRow = typeof clientSecrets.$inferSelect;
type NewClientSecret = typeof clientSecrets.$inferInsert;

export function insertClient(db: Database, row: ClientRow): Statement {
  return db.insert(clients).values(row);
}

export function insertClientSecret(db: Database, row: NewClientSecret): Statement {
  return db.insert(clientSecrets).values(row);
}

/** A team's client, unless it was deleted. */
export async function findClient(
  db: Database,
  { teamId, id }: { teamId: string; id: string },
): Promise<ClientRow | undefined> {
  return db
    .select()
    .from(clients)
    .where(and(eq(clients.teamId, teamId), eq(clients.id, id), isNull(clients.deletedAt)))
    .get();
}

/** A team's clients, newest first, those after the client `cursor`. */
export async function listClients(
  db: Database,
  { teamId, limit, cursor }: { teamId: string; limit: number; cursor: string | null },
): Promise<ClientRow[]> {
  return db
    .select()
    .from(clients)
    .where(
      and(
        eq(clients.teamId, teamId),
        isNull(clients.deletedAt),
        cursor === null ? undefined : lt(clients.id, cursor),
      ),
    )
    .orderBy(desc(clients.id))
    .limit(limit);
}

export async function countClients(db: Database, teamId: string): Promise<number> {
  const row = await db
    .select({ found: count() })
    .from(clients)
    .where(and(eq(clients.teamId, teamId), isNull(clients.deletedAt)))
    .get();
  return row?.found ?? 0;
}

/** Undoes the batch when the team has more clients than its plan allows; belongs after the insert. */
export function refuseClientsOver(
  db: Database,
  { teamId, limit }: { teamId: string; limit: number },
): Statement {
  return refuseWhen(
    db,
    sql`(SELECT count(*) FROM ${clients} WHERE team_id = ${teamId} AND deleted_at IS NULL) > ${limit}`,
  );
}

/** Undoes the batch when a client is not as it was read. */
export function refuseChangedClient(db: Database, client: ClientRow): Statement {
  return refuseWhen(db, changedSince(client));
}

/** The parts of a client that can be changed. */
export type ClientChange = Partial<
  Pick<ClientRow, "name" | "homepageUrl" | "redirectUris" | "jsOrigins" | "permissions" | "jwks" | "regions">
>;

/** Changes a client as it was read; the batch fails if it has changed since. With keys of its own it keeps no secret. */
export function updateClient(
  db: Database,
  { client, change, record }: { client: ClientRow; change: ClientChange; record: ChangeRecord },
): Statement[] {
  const { audit } = record;
  return [
    refuseChangedClient(db, client),
    db
      .update(clients)
      .set({ ...change, version: client.version + 1, changedBy: audit.id, updatedAt: audit.at })
      .where(eq(clients.id, client.id)),
    ...(change.jwks == null
      ? []
      : [
          db.delete(clientSecrets).where(eq(clientSecrets.clientId, client.id)),
          ...deleteRegionSecrets(db, { clientId: client.id }),
        ]),
    ...recordChange(db, record),
  ];
}

/** The secrets by which a client can authenticate now, or until the overlap of a rotation is over. */
export async function listSecretsInForce(
  db: Database,
  { clientId, now }: { clientId: string; now: number },
): Promise<ClientSecretRow[]> {
  return db
    .select()
    .from(clientSecrets)
    .where(and(eq(clientSecrets.clientId, clientId), inForce(now)));
}

/**
 * Gives a client as it was read a new secret; those before it end at `expiresAt`, none later than it would
 * have. The batch fails if the client has changed.
 * @param secret null: those that hold here stay as they are
 * @param elsewhere new ones that hold in other regions each
 */
export function rotateClientSecret(
  db: Database,
  {
    client,
    secret,
    elsewhere,
    expiresAt,
    record,
  }: {
    client: ClientRow;
    secret: NewClientSecret | null;
    elsewhere: readonly RegionSecretRow[];
    expiresAt: number;
    record: ChangeRecord;
  },
): Statement[] {
  const { id } = client;
  const { at, id: auditId } = record.audit;
  const theirs = eq(clientSecrets.clientId, id);
  const regions = elsewhere.map(({ region }) => region);
  return [
    refuseChangedClient(db, client),
    ...(secret === null
      ? []
      : [
          db
            .update(clientSecrets)
            .set({ expiresAt })
            .where(and(theirs, or(isNull(clientSecrets.expiresAt), gt(clientSecrets.expiresAt, expiresAt)))),
          // One that was reported as leaked stays known as that.
          db
            .delete(clientSecrets)
            .where(and(theirs, lte(clientSecrets.expiresAt, at), isNull(clientSecrets.revokedBy))),
          insertClientSecret(db, secret),
        ]),
    ...expireRegionSecrets(db, { clientId: id, regions, expiresAt, now: at }),
    ...insertRegionSecrets(db, elsewhere),
    // Of two rotations at once, the second has to know which secrets the first one left.
    db
      .update(clients)
      .set({ version: client.version + 1, changedBy: auditId, updatedAt: at })
      .where(eq(clients.id, id)),
    ...recordChange(db, record),
  ];
}

/**
 * Deletes a client as it was read with all that it holds: its secrets, what it was granted, the consent to
 * that, and every code, refresh and access token. The batch fails if it has changed since.
 */
export function deleteClient(
  db: Database,
  { client, record }: { client: ClientRow; record: ChangeRecord },
): Statement[] {
  const { id } = client;
  const { at, id: auditId } = record.audit;
  return [
    refuseChangedClient(db, client),
    ...endGrants(db, { where: eq(grants.clientId, id), at, auditId, reason: "revoked" }),
    // What it got by its own secret has no grant.
    db
      .update(accessTokens)
      .set({ revokedAt: at, revokedBy: auditId })
      .where(and(eq(accessTokens.clientId, id), isNull(accessTokens.revokedAt))),
    db.delete(consents).where(eq(consents.clientId, id)),
    db.delete(clientSecrets).where(eq(clientSecrets.clientId, id)),
    ...deleteRegionSecrets(db, { clientId: id }),
    db
      .update(clients)
      .set({ deletedAt: at, version: client.version + 1, changedBy: auditId, updatedAt: at })
      .where(eq(clients.id, id)),
    ...recordChange(db, record),
    ...recordEnded(db, {
      audit: record.audit,
      tokens: eq(accessTokens.clientId, id),
      grants: eq(grants.clientId, id),
    }),
  ];
}

function inForce(now: number): SQL | undefined {
  return or(isNull(clientSecrets.expiresAt), gt(clientSecrets.expiresAt, now));
}

function changedSince({ id, version }: ClientRow): SQL {
  return sql`NOT EXISTS (SELECT 1 FROM ${clients}
    WHERE id = ${id} AND version = ${version} AND deleted_at IS NULL)`;
}
