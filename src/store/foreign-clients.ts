import { and, eq, isNull, notInArray, sql } from "drizzle-orm";
import { recordChange, type ChangeRecord } from "./changes.ts";
import type { ClientRow } from "./client-authentication.ts";
import { deleteClient } from "./clients.ts";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { clients, clientSecrets } from "./schema.ts";

/* What comes in: clients of other regions that are enabled here. */

/** What a registration says about a secret. */
interface Secret {
  readonly hash: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

/** A client of another region, whether it is enabled here or was. */
export async function findForeignClient(db: Database, id: string): Promise<ClientRow | undefined> {
  return db.select().from(clients).where(eq(clients.id, id)).get();
}

/** Writes a client as its home region registers it. The batch fails if it is not as it was read any more. */
export function writeForeignClient(
  db: Database,
  {
    known,
    row,
    secrets,
    record,
  }: { known: ClientRow | undefined; row: ClientRow; secrets: readonly Secret[]; record: ChangeRecord },
): Statement[] {
  const { id, createdAt: _, createdBy: __, ...rest } = row;
  return [
    ...(known === undefined
      ? [db.insert(clients).values(row)]
      : [refuseOther(db, known), db.update(clients).set(rest).where(eq(clients.id, id))]),
    ...writeSecrets(db, id, secrets),
    ...recordChange(db, record),
  ];
}

/** Ends a client here with all that it holds, and remembers the version that says so. */
export function endForeignClient(
  db: Database,
  { client, version, record }: { client: ClientRow; version: number; record: ChangeRecord },
): Statement[] {
  return [...deleteClient(db, { client, record }), markForeignClient(db, { id: client.id, version })];
}

export function markForeignClient(db: Database, { id, version }: { id: string; version: number }): Statement {
  return db
    .update(clients)
    .set({ registeredVersion: version })
    .where(and(eq(clients.id, id), sql`${clients.registeredVersion} < ${version}`));
}

/**
 * Exactly these from now on. One that was reported as leaked here stays that; and nobody's secret is touched but the
 * client's own, whatever hash another region names.
 */
function writeSecrets(db: Database, clientId: string, secrets: readonly Secret[]): Statement[] {
  const hashes = secrets.map(({ hash }) => hash);
  return [
    db
      .delete(clientSecrets)
      .where(
        and(
          eq(clientSecrets.clientId, clientId),
          isNull(clientSecrets.revokedBy),
          notInArray(clientSecrets.hash, hashes),
        ),
      ),
    ...secrets.map((secret) =>
      db
        .insert(clientSecrets)
        .values({ ...secret, clientId })
        .onConflictDoUpdate({
          target: clientSecrets.hash,
          set: { expiresAt: sql`excluded.expires_at` },
          setWhere: sql`${eq(clientSecrets.clientId, clientId)} AND ${isNull(clientSecrets.revokedBy)}`,
        }),
    ),
  ];
}

function refuseOther(db: Database, { id, version }: ClientRow): Statement {
  return refuseWhen(db, sql`NOT EXISTS (SELECT 1 FROM ${clients} WHERE id = ${id} AND version = ${version})`);
}
