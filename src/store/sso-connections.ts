import { and, count, desc, eq, lt, sql, type SQL } from "drizzle-orm";
import { recordChange, type ChangeRecord } from "./changes.ts";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { domains, members, ssoConnections, ssoIdentities, teams } from "./schema.ts";
import { endSsoSessions } from "./sessions.ts";
import type { TeamRow } from "./teams.ts";

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

/** What signing in asks of a connection's team. */
export interface SsoPlace {
  readonly connection: SsoConnectionRow;
  readonly team: Pick<TeamRow, "id" | "slug" | "status" | "signInMethods" | "sessionMinutes">;
}

/** A connection with its team, whichever that is. */
export async function findSsoPlace(db: Database, id: string): Promise<SsoPlace | undefined> {
  return db
    .select({
      connection: ssoConnections,
      team: {
        id: teams.id,
        slug: teams.slug,
        status: teams.status,
        livesIn: teams.livesIn,
        signInMethods: teams.signInMethods,
        sessionMinutes: teams.sessionMinutes,
      },
    })
    .from(ssoConnections)
    .innerJoin(teams, eq(teams.id, ssoConnections.teamId))
    .where(eq(ssoConnections.id, id))
    .get();
}

/** A connection as somebody who may sign in by it sees it. */
export type SsoOffer = Pick<SsoConnectionRow, "id" | "name">;

/** More than these, a page could not show. */
const MAX_OFFERS = 20;

/** The connections that admit an e-mail domain, of teams that have proven it and let members sign in so. */
export async function listOffersForDomain(db: Database, domain: string): Promise<SsoOffer[]> {
  return listOffers(
    db,
    sql`EXISTS (SELECT 1 FROM json_each(${ssoConnections.allowedDomains}) AS allowed WHERE allowed.value = ${domain})
      AND EXISTS (SELECT 1 FROM ${domains} AS proven WHERE proven.team_id = ${ssoConnections.teamId}
        AND proven.name = ${domain} AND proven.verified_at IS NOT NULL)`,
  );
}

/** The connections of the team with this slug, if its members may sign in so. */
export async function listOffersOfTeam(db: Database, slug: string): Promise<SsoOffer[]> {
  return listOffers(db, eq(teams.slug, slug));
}

async function listOffers(db: Database, wanted: SQL): Promise<SsoOffer[]> {
  return db
    .select({ id: ssoConnections.id, name: ssoConnections.name })
    .from(ssoConnections)
    .innerJoin(teams, eq(teams.id, ssoConnections.teamId))
    .where(and(isOffered, wanted))
    .orderBy(ssoConnections.id)
    .limit(MAX_OFFERS);
}

const isOffered = sql`${teams.status} = 'active' AND ${teams.livesIn} IS NULL
  AND EXISTS (SELECT 1 FROM json_each(${teams.signInMethods}) AS method WHERE method.value = 'sso')`;

/** The connections of a person's teams, and whether the person has connected their account. */
export async function listConnectableBy(
  db: Database,
  userId: string,
): Promise<(SsoOffer & { readonly team: string; readonly isConnected: boolean })[]> {
  const rows = await db
    .select({
      id: ssoConnections.id,
      name: ssoConnections.name,
      team: sql<string>`${teams.name}`.as("team_name"),
      subject: ssoIdentities.subject,
    })
    .from(members)
    .innerJoin(teams, eq(teams.id, members.teamId))
    .innerJoin(ssoConnections, eq(ssoConnections.teamId, teams.id))
    .leftJoin(
      ssoIdentities,
      and(
        eq(ssoIdentities.connectionId, ssoConnections.id),
        eq(ssoIdentities.issuer, ssoConnections.issuer),
        eq(ssoIdentities.userId, userId),
      ),
    )
    .where(and(eq(members.userId, userId), eq(members.status, "active"), isOffered))
    .orderBy(ssoConnections.id)
    .limit(MAX_OFFERS);
  return rows.map(({ subject, ...offer }) => ({ ...offer, isConnected: subject !== null }));
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
  Pick<
    SsoConnectionRow,
    "name" | "issuer" | "clientId" | "clientSecret" | "allowedDomains" | "chosenByHolder"
  >
>;

/**
 * Changes a connection only while it still has `version`.
 * @param endsSessions whether those who came in by it have to sign in again
 */
export function updateSsoConnection(
  db: Database,
  {
    id,
    version,
    change,
    endsSessions,
    record,
  }: {
    id: string;
    version: number;
    change: SsoConnectionChange;
    endsSessions: boolean;
    record: ChangeRecord;
  },
): Statement[] {
  const { audit } = record;
  const won = sql`EXISTS (SELECT 1 FROM ${ssoConnections} WHERE id = ${id} AND changed_by = ${audit.id})`;
  return [
    db
      .update(ssoConnections)
      .set({ ...change, version: version + 1, changedBy: audit.id, updatedAt: audit.at })
      .where(and(eq(ssoConnections.id, id), eq(ssoConnections.version, version))),
    ...(endsSessions ? [endSsoSessions(db, { connectionId: id, now: audit.at }, won)] : []),
    ...recordChange(db, record, won),
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
