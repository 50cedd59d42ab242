import { and, desc, eq, inArray, isNull, sql, type SQL } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import type { MoveState } from "../domain/team-move.ts";
import type { RegionCode } from "../domain/region.ts";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { lastChange } from "./moved-rows.ts";
import {
  accessTokens,
  clients,
  consents,
  deliveries,
  deliveryAttempts,
  domains,
  enhanceTokens,
  events,
  grants,
  grantTokens,
  members,
  refreshTokens,
  registrationsOut,
  reportParts,
  reports,
  roles,
  ssoConnections,
  ssoFlows,
  ssoIdentities,
  teamMoves,
  teams,
  tokenUsage,
  webhooks,
  webhookSecrets,
} from "./schema.ts";

export type TeamMoveRow = typeof teamMoves.$inferSelect;

export function insertMove(db: Database, row: TeamMoveRow): Statement {
  return db.insert(teamMoves).values(row);
}

export async function findMove(db: Database, id: string): Promise<TeamMoveRow | undefined> {
  return db.select().from(teamMoves).where(eq(teamMoves.id, id)).get();
}

/** A team's move in one of these states; of several, the latest. */
export async function findMoveOf(
  db: Database,
  { teamId, states }: { teamId: string; states: readonly MoveState[] },
): Promise<TeamMoveRow | undefined> {
  return db
    .select()
    .from(teamMoves)
    .where(and(eq(teamMoves.teamId, teamId), inArray(teamMoves.state, [...states])))
    .orderBy(desc(teamMoves.id))
    .get();
}

/** Changes a move as it was read; the batch fails when it has become another one. */
export function changeMove(
  db: Database,
  move: TeamMoveRow,
  change: Partial<Omit<TeamMoveRow, "id" | "teamId">>,
): Statement[] {
  return [refuseOther(db, move), db.update(teamMoves).set(change).where(eq(teamMoves.id, move.id))];
}

function refuseOther(db: Database, { id, state }: TeamMoveRow): Statement {
  return refuseWhen(db, sql`NOT EXISTS (SELECT 1 FROM ${teamMoves} WHERE id = ${id} AND state = ${state})`);
}

/** What arrives makes a move another one, even twice within a millisecond: who takes it sees that. */
export function touchMove(db: Database, move: TeamMoveRow, at: number): Statement[] {
  const updatedAt = sql`max(${teamMoves.updatedAt} + 1, ${at})`;
  return [refuseOther(db, move), db.update(teamMoves).set({ updatedAt }).where(eq(teamMoves.id, move.id))];
}

/** The batch fails when something has arrived since the move was read. */
export function refuseTouchedMove(db: Database, { id, updatedAt }: TeamMoveRow): Statement {
  return refuseWhen(
    db,
    sql`NOT EXISTS (SELECT 1 FROM ${teamMoves} WHERE id = ${id} AND updated_at = ${updatedAt})`,
  );
}

/** What was read of a team by that place of its last change is not true any more. */
export function refuseChangedTeam(
  db: Database,
  { teamId, last, eventSequence }: { teamId: string; last: number; eventSequence: number },
): Statement {
  const counted = sql`(SELECT event_sequence FROM teams WHERE id = ${teamId})`;
  return refuseWhen(db, sql`${lastChange(teamId)} <> ${last} OR ${counted} <> ${eventSequence}`);
}

/** Writes the moment from which a team's new place holds, unless somebody has. */
export async function settlePlace(
  db: Database,
  { id, effectiveBy }: { id: string; effectiveBy: number },
): Promise<void> {
  await db
    .update(teamMoves)
    .set({ effectiveBy })
    .where(and(eq(teamMoves.id, id), isNull(teamMoves.effectiveBy)));
}

export function freezeTeam(
  db: Database,
  { teamId, until }: { teamId: string; until: number | null },
): Statement {
  return db.update(teams).set({ frozenUntil: until }).where(eq(teams.id, teamId));
}

/**
 * From now on the team lives elsewhere: its clients are that region's, enabled here for whoever uses them here.
 */
export function sendTeamAway(
  db: Database,
  { teamId, to, at, auditId }: { teamId: string; to: RegionCode; at: number; auditId: string },
): Statement[] {
  const status = sql`(SELECT status FROM teams WHERE id = ${teamId})`;
  return [
    db
      .update(teams)
      .set({ livesIn: to, placeVersion: nextPlaceVersion(at), frozenUntil: null })
      .where(eq(teams.id, teamId)),
    db
      .update(clients)
      .set({
        teamId: awayTeamId(to, teamId),
        homeRegion: to,
        homeTeamStatus: sql`${status}`,
        registeredVersion: 0,
        changedBy: auditId,
      })
      // Of those that were deleted, this region goes on telling whoever has not heard of it.
      .where(and(eq(clients.teamId, teamId), isNull(clients.deletedAt))),
    // Whose word counts about them is the other region from now on.
    db
      .update(registrationsOut)
      .set({ nextAt: null })
      .where(
        sql`${registrationsOut.clientId} IN (SELECT id FROM clients WHERE team_id = ${awayTeamId(to, teamId)})`,
      ),
  ];
}

/** Undoes that, where the other region never had the team. */
export function takeTeamBack(
  db: Database,
  { teamId, from, at, auditId }: { teamId: string; from: RegionCode; at: number; auditId: string },
): Statement[] {
  return [
    db
      .update(teams)
      .set({ livesIn: null, placeVersion: nextPlaceVersion(at), frozenUntil: null })
      .where(eq(teams.id, teamId)),
    db
      .update(registrationsOut)
      .set({ nextAt: 0 })
      .where(
        sql`${registrationsOut.clientId} IN (SELECT id FROM clients WHERE team_id = ${awayTeamId(from, teamId)})`,
      ),
    db
      .update(clients)
      .set({ teamId, homeRegion: null, homeTeamStatus: null, registeredVersion: null, changedBy: auditId })
      .where(eq(clients.teamId, awayTeamId(from, teamId))),
  ];
}

/** An out-move that another one has brought to nothing. */
export function markReturned(
  db: Database,
  { teamId, at, by }: { teamId: string; at: number; by: string },
): Statement {
  return db
    .update(teamMoves)
    .set({ state: "returned", updatedAt: at, changedBy: by })
    .where(and(eq(teamMoves.teamId, teamId), eq(teamMoves.state, "handed_over")));
}

/**
 * Forgets a team that lives elsewhere, but for where: of its credentials the hash stays, so that whoever still sends
 * one is told. The audit trail stays.
 */
export function forgetTeam(db: Database, { teamId, at }: { teamId: string; at: number }): Statement[] {
  const idsOf = (table: SQLiteTable) => sql`(SELECT id FROM ${table} WHERE team_id = ${teamId})`;
  return [
    ...ORPHANS.map(([column, parent]) => db.delete(column.table).where(sql`${column} IN ${idsOf(parent)}`)),
    ...OF_TEAM.map((table) => db.delete(table).where(sql`${table.teamId} = ${teamId}`)),
    db
      .update(refreshTokens)
      .set({
        userId: null,
        holder: "",
        proofKey: null,
        lastUsedAt: null,
        retryFingerprint: null,
        retryAnswer: null,
      })
      .where(eq(refreshTokens.teamId, teamId)),
    db
      .update(accessTokens)
      .set({
        name: "",
        profileId: null,
        userId: null,
        audience: null,
        proofKey: null,
        permissions: [],
        allowedIps: null,
        rateLimit: null,
        rateWindowSeconds: null,
        createdBy: "",
        lastUsedAt: null,
      })
      .where(eq(accessTokens.teamId, teamId)),
    db
      .update(teams)
      .set({
        name: teamId,
        slug: teamId,
        preferences: {},
        billingContact: null,
        paymentReference: null,
        androidEnterpriseId: null,
        updatedAt: at,
      })
      .where(eq(teams.id, teamId)),
  ];
}

/** Rows that belong to a team's rows: before those go. */
const ORPHANS: readonly (readonly [column: SQLiteColumn, parent: SQLiteTable])[] = [
  [webhookSecrets.webhookId, webhooks],
  [deliveryAttempts.deliveryId, deliveries],
  [ssoIdentities.connectionId, ssoConnections],
  [ssoFlows.connectionId, ssoConnections],
  [reportParts.reportId, reports],
  [grantTokens.grantId, grants],
  [enhanceTokens.grantId, grants],
];

const OF_TEAM = [
  members,
  roles,
  domains,
  deliveries,
  events,
  webhooks,
  consents,
  ssoConnections,
  reports,
  tokenUsage,
  grants,
] as const;

/**
 * Grows with each change of place, and with time: a database that was restored goes on above what it had been. Given
 * milliseconds.
 */
export function nextPlaceVersion(at: number): SQL {
  return sql`max(${teams.placeVersion} + 1, ${at})`;
}

/** The batch fails when a region has not heard yet that a client of the team is not enabled there any more. */
export function refuseUntoldRegions(db: Database, teamId: string): Statement {
  return refuseWhen(db, untoldRegions(teamId));
}

function untoldRegions(teamId: string): SQL {
  return sql`EXISTS (SELECT 1 FROM ${registrationsOut} AS told JOIN ${clients} ON ${clients.id} = told.client_id
    WHERE ${clients.teamId} = ${teamId} AND ${clients.deletedAt} IS NULL AND told.acked_version < told.version
      AND told.region NOT IN (SELECT value FROM json_each(${clients.regions})))`;
}

export async function hasUntoldRegions(db: Database, teamId: string): Promise<boolean> {
  const row = await db.get<{ untold: number }>(sql`SELECT ${untoldRegions(teamId)} AS untold`);
  return row.untold === 1;
}

/** A moved team's moves on this side, the latest first. */
export async function listMoves(db: Database, teamId: string): Promise<TeamMoveRow[]> {
  return db
    .select()
    .from(teamMoves)
    .where(eq(teamMoves.teamId, teamId))
    .orderBy(desc(teamMoves.id))
    .limit(20);
}

/** How a client names its team where that is not: never the id of one that is. */
function awayTeamId(region: RegionCode, teamId: string): string {
  return `${region}:${teamId}`;
}
