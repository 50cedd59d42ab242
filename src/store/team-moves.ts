import { and, desc, eq, inArray, sql } from "drizzle-orm";
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
  { id, state }: TeamMoveRow,
  change: Partial<Omit<TeamMoveRow, "id" | "teamId">>,
): Statement[] {
  return [
    refuseWhen(db, sql`NOT EXISTS (SELECT 1 FROM ${teamMoves} WHERE id = ${id} AND state = ${state})`),
    db.update(teamMoves).set(change).where(eq(teamMoves.id, id)),
  ];
}

/** What was read of a team by that place of its last change is not true any more. */
export function refuseChangedTeam(
  db: Database,
  { teamId, last }: { teamId: string; last: number },
): Statement {
  return refuseWhen(db, sql`${lastChange(teamId)} <> ${last}`);
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
  { teamId, to, auditId }: { teamId: string; to: RegionCode; auditId: string },
): Statement[] {
  const status = sql`(SELECT status FROM teams WHERE id = ${teamId})`;
  return [
    db
      .update(teams)
      .set({ livesIn: to, placeVersion: sql`${teams.placeVersion} + 1`, frozenUntil: null })
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
      .where(eq(clients.teamId, teamId)),
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
  { teamId, from, auditId }: { teamId: string; from: RegionCode; auditId: string },
): Statement[] {
  return [
    db
      .update(teams)
      .set({ livesIn: null, placeVersion: sql`${teams.placeVersion} + 1`, frozenUntil: null })
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

/** How a client names its team where that is not: never the id of one that is. */
function awayTeamId(region: RegionCode, teamId: string): string {
  return `${region}:${teamId}`;
}
