import { and, count, desc, eq, lt, sql } from "drizzle-orm";
import { recordChange, type ChangeRecord } from "./changes.ts";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { domains, ssoConnections } from "./schema.ts";

export type SsoConnectionRow = typeof ssoConnections.$inferSelect;

export async function countSsoConnections(db: Database, teamId: string): Promise<number> {
  const row = await db
    .select({ connections: count() })
    .from(ssoConnections)
    .where(eq(ssoConnections.teamId, teamId))
    .get();
  return row?.connections ?? 0;
}

export function insertSsoConnection(db: Database, row: SsoConnectionRow): Statement {
  return db.insert(ssoConnections).values(row);
}

export async function findSsoConnection(
  db: Database,
  { teamId, id }: { teamId: string; id: string },
): Promise<SsoConnectionRow | undefined> {
  return db
    .select()
    .from(ssoConnections)
    .where(and(eq(ssoConnections.teamId, teamId), eq(ssoConnections.id, id)))
    .get();
}

/** Newest first, those after the connection `cursor`. */
export async function listSsoConnections(
  db: Database,
  { teamId, limit, cursor }: { teamId: string; limit: number; cursor: string | null },
): Promise<SsoConnectionRow[]> {
  return db
    .select()
    .from(ssoConnections)
    .where(
      and(eq(ssoConnections.teamId, teamId), cursor === null ? undefined : lt(ssoConnections.id, cursor)),
    )
    .orderBy(desc(ssoConnections.id))
    .limit(limit);
}

export type SsoConnectionChange = Partial<
  Pick<SsoConnectionRow, "name" | "issuer" | "clientId" | "clientSecret" | "allowedDomains">
>;

/** Changes a connection only while it still has `version`. */
export function updateSsoConnection(
  db: Database,
  {
    id,
    version,
    change,
    record,
  }: { id: string; version: number; change: SsoConnectionChange; record: ChangeRecord },
): Statement[] {
  const { audit } = record;
  return [
    db
      .update(ssoConnections)
      .set({ ...change, version: version + 1, changedBy: audit.id, updatedAt: audit.at })
      .where(and(eq(ssoConnections.id, id), eq(ssoConnections.version, version))),
    ...recordChange(
      db,
      record,
      sql`EXISTS (SELECT 1 FROM ${ssoConnections} WHERE id = ${id} AND changed_by = ${audit.id})`,
    ),
  ];
}

export function deleteSsoConnection(db: Database, id: string): Statement {
  return db.delete(ssoConnections).where(eq(ssoConnections.id, id));
}

/** Undoes the batch when a connection of the team relies on the domain. */
export function refuseDomainInUse(
  db: Database,
  { teamId, name }: { teamId: string; name: string },
): Statement {
  return refuseWhen(
    db,
    sql`EXISTS (SELECT 1 FROM ${ssoConnections}, json_each(allowed_domains) AS allowed
      WHERE team_id = ${teamId} AND allowed.value = ${name})`,
  );
}

/** Undoes the batch when one of a connection's domains is not the team's, as it stands at that moment. */
export function refuseUnprovenDomains(
  db: Database,
  { teamId, names }: { teamId: string; names: readonly string[] },
): Statement {
  return refuseWhen(
    db,
    sql`EXISTS (SELECT 1 FROM json_each(${JSON.stringify(names)}) AS wanted WHERE NOT EXISTS (
      SELECT 1 FROM ${domains} WHERE team_id = ${teamId} AND name = wanted.value AND verified_at IS NOT NULL))`,
  );
}

/** Undoes the batch when the team's members could not sign in any more: single sign-on alone, and no connection. */
export function refuseLockOut(db: Database, teamId: string): Statement {
  return refuseWhen(
    db,
    sql`(SELECT sign_in_methods FROM teams WHERE id = ${teamId}) = '["sso"]'
      AND NOT EXISTS (SELECT 1 FROM ${ssoConnections} WHERE team_id = ${teamId})`,
  );
}
