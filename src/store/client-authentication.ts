import { and, eq, gt, isNull, or, sql } from "drizzle-orm";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { clients, clientSecrets, teams } from "./schema.ts";

export type ClientRow = typeof clients.$inferSelect;

/**
 * A client that was not deleted nor disabled here, how its team stands, and whether a secret is one of its own and in force.
 * @param secretHash null: none was presented
 */
export async function readClient(
  db: Database,
  { id, secretHash, now }: { id: string; secretHash: string | null; now: number },
): Promise<
  | { readonly client: ClientRow; readonly teamStatus: "active" | "suspended"; readonly secretHolds: boolean }
  | undefined
> {
  const row = await db
    .select({ client: clients, teamStatus: teams.status, secret: clientSecrets.hash })
    .from(clients)
    // The team of a client of another region is not here.
    .leftJoin(teams, eq(teams.id, clients.teamId))
    .leftJoin(
      clientSecrets,
      and(
        eq(clientSecrets.clientId, clients.id),
        eq(clientSecrets.hash, secretHash ?? ""),
        or(isNull(clientSecrets.expiresAt), gt(clientSecrets.expiresAt, now)),
      ),
    )
    .where(and(eq(clients.id, id), isNull(clients.deletedAt)))
    .get();
  if (row === undefined) return undefined;
  const { client, secret } = row;
  const teamStatus = row.teamStatus ?? client.homeTeamStatus ?? "active";
  return { client, teamStatus, secretHolds: secret !== null };
}

/** Undoes a batch that would give something to a client that was deleted meanwhile. */
export function refuseClientDeleted(db: Database, id: string): Statement {
  return refuseWhen(db, sql`NOT EXISTS (SELECT 1 FROM ${clients} WHERE id = ${id} AND deleted_at IS NULL)`);
}
