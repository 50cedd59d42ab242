import { and, eq, sql, type SQL } from "drizzle-orm";
import type { AnySQLiteColumn } from "drizzle-orm/sqlite-core";
import type { Database } from "./database.ts";
import { accessTokens, clients, members, roles } from "./schema.ts";

export interface Named {
  readonly id: string;
  readonly name: string;
}

export interface Wanted {
  readonly teamId: string;
  readonly ids: readonly string[];
}

/** Addresses of a team's members, by the ids of their memberships and of their accounts. */
export async function nameMembers(db: Database, { teamId, ids }: Wanted): Promise<Named[]> {
  const rows = await db
    .select({ id: members.id, userId: members.userId, name: members.email })
    .from(members)
    .where(
      and(eq(members.teamId, teamId), sql`(${among(members.id, ids)} OR ${among(members.userId, ids)})`),
    );
  return rows.flatMap(({ id, userId, name }) => [
    { id, name },
    ...(userId === null ? [] : [{ id: userId, name }]),
  ]);
}

export async function nameTokens(db: Database, { teamId, ids }: Wanted): Promise<Named[]> {
  return db
    .select({ id: accessTokens.id, name: accessTokens.name })
    .from(accessTokens)
    .where(and(eq(accessTokens.teamId, teamId), eq(accessTokens.kind, "pat"), among(accessTokens.id, ids)));
}

export async function nameRoles(db: Database, { teamId, ids }: Wanted): Promise<Named[]> {
  return db
    .select({ id: roles.id, name: roles.name })
    .from(roles)
    .where(and(eq(roles.teamId, teamId), among(roles.id, ids)));
}

export async function nameClients(db: Database, { teamId, ids }: Wanted): Promise<Named[]> {
  return db
    .select({ id: clients.id, name: clients.name })
    .from(clients)
    .where(and(eq(clients.teamId, teamId), among(clients.id, ids)));
}

/** One parameter however many values: a statement takes 100 (facts: platform, "D1"). */
function among(column: AnySQLiteColumn, values: readonly string[]): SQL {
  return sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`;
}
