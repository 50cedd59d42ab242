import { and, eq, isNull, sql, type SQL, type SQLWrapper } from "drizzle-orm";
import { recordChange, type ChangeRecord } from "./changes.ts";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { endGrants } from "./end-grants.ts";
import { recordEnded } from "./record-ended.ts";
import { clients, consents, grants, sessions, teams } from "./schema.ts";

export type ConsentRow = typeof consents.$inferSelect;

/** Whose consent to what, where. */
export type ConsentKey = Pick<ConsentRow, "userId" | "clientId" | "teamId">;

/** What a person has consented to, of one client. */
export async function listConsents(
  db: Database,
  { userId, clientId }: { userId: string; clientId: string },
): Promise<ConsentRow[]> {
  return db
    .select()
    .from(consents)
    .where(and(eq(consents.userId, userId), eq(consents.clientId, clientId)));
}

/** Remembers a consent beside what was consented to before; of parallel ones none is lost. */
export function rememberConsent(
  db: Database,
  { at, permissions, ...key }: ConsentKey & { at: number; permissions: readonly string[] },
): Statement {
  return db
    .insert(consents)
    .values({ ...key, permissions: [...permissions], createdAt: at, updatedAt: at })
    .onConflictDoUpdate({
      target: [consents.userId, consents.clientId, consents.teamId],
      set: { permissions: union(consents.permissions, sql`excluded.permissions`), updatedAt: at },
    });
}

/** Two stored lists of permissions as one, sorted, each once. */
export function union(left: SQLWrapper, right: SQLWrapper): SQL {
  return sql`(SELECT json_group_array(value) FROM (
    SELECT value FROM json_each(${left}) UNION SELECT value FROM json_each(${right}) ORDER BY value))`;
}

/** Undoes the batch when the session by which somebody decides has ended meanwhile. */
export function refuseSessionEnded(db: Database, hash: string): Statement {
  return refuseWhen(
    db,
    sql`NOT EXISTS (SELECT 1 FROM ${sessions} WHERE hash = ${hash} AND ended_at IS NULL)`,
  );
}

/** What a client may do for a person in a team, by consent or by a grant that lasts. */
export interface Connection {
  readonly clientId: string;
  readonly clientName: string;
  readonly homepageUrl: string | null;
  readonly teamId: string;
  readonly teamName: string;
  readonly permissions: readonly string[];
  readonly since: number;
}

/** In these teams; one client can be connected to a team by several of them. */
export async function listConnections(
  db: Database,
  { userId, teamIds }: { userId: string; teamIds: readonly string[] },
): Promise<Connection[]> {
  const of = { clientName: clients.name, homepageUrl: clients.homepageUrl, teamName: teams.name };
  const among = (teamId: SQLWrapper) =>
    sql`${teamId} IN (SELECT value FROM json_each(${JSON.stringify(teamIds)}))`;
  const [byConsent, byGrant] = await Promise.all([
    db
      .select({
        ...of,
        clientId: consents.clientId,
        teamId: consents.teamId,
        permissions: consents.permissions,
        since: consents.createdAt,
      })
      .from(consents)
      .innerJoin(clients, eq(clients.id, consents.clientId))
      .innerJoin(teams, eq(teams.id, consents.teamId))
      .where(and(eq(consents.userId, userId), among(consents.teamId))),
    db
      .select({
        ...of,
        clientId: grants.clientId,
        teamId: grants.teamId,
        permissions: grants.permissions,
        since: grants.createdAt,
      })
      .from(grants)
      .innerJoin(clients, eq(clients.id, grants.clientId))
      .innerJoin(teams, eq(teams.id, grants.teamId))
      .where(
        and(
          eq(grants.userId, userId),
          eq(grants.accessType, "offline"),
          isNull(grants.revokedAt),
          among(grants.teamId),
        ),
      ),
  ]);
  return [...byConsent, ...byGrant];
}

/**
 * Takes back all that a person allowed a client in a team: the consent, and every grant with what came of it.
 * Where there is nothing to take back, nothing is recorded.
 */
export function revokeConsent(
  db: Database,
  { userId, clientId, teamId, record }: ConsentKey & { readonly record: ChangeRecord },
): Statement[] {
  const { id: auditId, at } = record.audit;
  const theirs = (table: typeof consents | typeof grants) =>
    sql`${eq(table.userId, userId)} AND ${eq(table.clientId, clientId)} AND ${eq(table.teamId, teamId)}`;
  const isAny = sql`EXISTS (SELECT 1 FROM ${consents} WHERE ${theirs(consents)})
    OR EXISTS (SELECT 1 FROM ${grants} WHERE ${theirs(grants)} AND ${isNull(grants.revokedAt)})`;
  return [
    ...recordChange(db, record, isAny),
    ...endGrants(db, { where: theirs(grants), at, auditId, reason: "revoked" }),
    db.delete(consents).where(theirs(consents)),
    // OAuth access tokens of a person belong to a grant each.
    ...recordEnded(db, { audit: record.audit, tokens: sql`false`, grants: theirs(grants) }),
  ];
}
