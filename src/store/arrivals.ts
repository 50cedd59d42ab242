import { and, eq, gt, isNull, lte, sql } from "drizzle-orm";
import type { MovedKind, MovedRange, MovedRow } from "../domain/team-move.ts";
import type { RegionCode } from "../domain/region.ts";
import type { Database, Statement } from "./database.ts";
import { COLUMNS } from "./moved-rows.ts";
import { members, teamArrivals, users, webhookSecrets } from "./schema.ts";

/* Rows that come from another region: first kept aside, then written where they belong, all at once. */

/** Whose rows arrive, where from, and at whose audit event they are written. */
export interface Arrival {
  readonly moveId: string;
  readonly teamId: string;
  readonly here: RegionCode;
  readonly from: RegionCode;
  readonly startedAt: number;
  readonly at: number;
  readonly auditId: string;
}

/** Puts a range of rows in the place of whatever had arrived of it. */
export function putArrivals(
  db: Database,
  { moveId, kind, after, until }: MovedRange & { readonly moveId: string },
  rows: readonly MovedRow[],
): Statement[] {
  const { key } = teamArrivals;
  const ofKind = and(eq(teamArrivals.moveId, moveId), eq(teamArrivals.kind, kind), gt(key, after));
  return [
    db.delete(teamArrivals).where(until === null ? ofKind : and(ofKind, lte(key, until))),
    db
      .insert(teamArrivals)
      .select(
        sql`SELECT ${moveId}, ${kind}, value->>'key', value->>'row' FROM json_each(${JSON.stringify(rows)}) WHERE true`,
      ),
  ];
}

export function dropArrivals(db: Database, moveId: string): Statement {
  return db.delete(teamArrivals).where(eq(teamArrivals.moveId, moveId));
}

/** Rows in the order of their keys. */
export async function readArrivals(
  db: Database,
  { moveId, kind, after, limit }: { moveId: string; kind: MovedKind; after: string; limit: number },
): Promise<MovedRow[]> {
  return db
    .select({ key: teamArrivals.key, row: teamArrivals.row })
    .from(teamArrivals)
    .where(and(eq(teamArrivals.moveId, moveId), eq(teamArrivals.kind, kind), gt(teamArrivals.key, after)))
    .orderBy(teamArrivals.key)
    .limit(limit);
}

/** All permissions that any of the rows names. */
export async function namedPermissions(db: Database, moveId: string): Promise<string[]> {
  const holding = Object.entries(COLUMNS).flatMap(([kind, columns]) => {
    const place = columns.indexOf("permissions:permissions");
    return place < 0 ? [] : [{ kind, path: `$[${place}]` }];
  });
  const rows = await db.all<{ name: string }>(sql`
    SELECT DISTINCT named.value AS name
    FROM json_each(${JSON.stringify(holding)}) AS holding
    JOIN team_arrivals AS a ON a.move_id = ${moveId} AND a.kind = holding.value->>'kind',
      json_each(a.row->>(holding.value->>'path')) AS named`);
  return rows.map(({ name }) => name);
}

/** How many hashes arrive that are to be known by the filter of such hashes. */
export async function countComing(
  db: Database,
  { moveId, here }: { moveId: string; here: RegionCode },
): Promise<number> {
  const row = await db.get<{ coming: number }>(sql`
    SELECT count(*) AS coming FROM team_arrivals WHERE move_id = ${moveId}
      AND kind IN ('refresh_tokens', 'team_tokens', 'access_tokens') AND row->>'$[1]' IS NOT ${here}`);
  return row.coming;
}

/** Whether the members of the team that arrives could sign in by nothing but a provider, which does not come along. */
export async function isSsoAlone(db: Database, moveId: string): Promise<boolean> {
  const row = await db.get<{ alone: number }>(sql`
    SELECT EXISTS (SELECT 1 FROM team_arrivals WHERE move_id = ${moveId} AND kind = 'team'
      AND row->>'$[8]' = '["sso"]') AS alone`);
  return row.alone === 1;
}

/** The ids of clients that arrive. */
export async function arrivingClients(db: Database, moveId: string): Promise<string[]> {
  const rows = await db
    .select({ id: teamArrivals.key })
    .from(teamArrivals)
    .where(and(eq(teamArrivals.moveId, moveId), eq(teamArrivals.kind, "clients")));
  return rows.map(({ id }) => id);
}

/** What arrives and is somebody else's here. An account's id is never another region's to name. */
export async function findOccupied(
  db: Database,
  { moveId, teamId, from }: Pick<Arrival, "moveId" | "teamId" | "from">,
): Promise<string[]> {
  const rows = await db.all<{ what: string }>(sql`
    SELECT 'slug' AS what WHERE EXISTS (SELECT 1 FROM team_arrivals AS a JOIN teams ON teams.slug = a.row->>'$[1]'
      WHERE a.move_id = ${moveId} AND a.kind = 'team' AND teams.id <> ${teamId})
    UNION ALL SELECT 'tokens' WHERE EXISTS (SELECT 1 FROM team_arrivals AS a
      JOIN access_tokens ON access_tokens.hash = a.row->>'$[0]'
      WHERE a.move_id = ${moveId} AND a.kind IN ('team_tokens', 'access_tokens') AND access_tokens.team_id <> ${teamId})
    UNION ALL SELECT 'accounts' WHERE EXISTS (SELECT 1 FROM team_arrivals AS a JOIN users ON users.id = a.row->>'$[1]'
      WHERE a.move_id = ${moveId} AND a.kind = 'members'
        AND NOT EXISTS (SELECT 1 FROM members WHERE members.id = a.key AND members.team_id = ${teamId}
          AND (members.user_id = a.row->>'$[1]' OR members.email = a.row->>'$[0]' AND members.user_id IS NOT NULL)))
    UNION ALL SELECT 'clients' WHERE EXISTS (SELECT 1 FROM team_arrivals AS a JOIN clients ON clients.id = a.key
      WHERE a.move_id = ${moveId} AND a.kind = 'clients' AND clients.team_id <> ${teamId}
        AND clients.home_region IS NOT ${from})
    UNION ALL SELECT 'accounts' WHERE EXISTS (SELECT 1 FROM team_arrivals AS a JOIN users ON users.id = a.row->>'$[1]'
      WHERE a.move_id = ${moveId} AND a.kind = 'members' AND users.email <> a.row->>'$[0]')`);
  return rows.map(({ what }) => what);
}

/** Members after that one who have no account here, and so need a link to come in. */
export async function membersWithoutAccount(
  db: Database,
  { teamId, after, limit }: { teamId: string; after: string; limit: number },
): Promise<(typeof members.$inferSelect)[]> {
  const rows = await db
    .select({ member: members })
    .from(members)
    // Of that id and that address: another one's account is none of theirs.
    .leftJoin(users, and(eq(users.id, members.userId), eq(users.email, members.email)))
    .where(and(eq(members.teamId, teamId), gt(members.id, after), isNull(users.id)))
    .orderBy(members.id)
    .limit(limit);
  return rows.map(({ member }) => member);
}

/** Endpoints that arrive and have nothing here yet to sign with. */
export async function arrivingWebhooks(db: Database, moveId: string): Promise<string[]> {
  const rows = await db
    .select({ id: teamArrivals.key })
    .from(teamArrivals)
    .where(
      and(
        eq(teamArrivals.moveId, moveId),
        eq(teamArrivals.kind, "webhooks"),
        sql`NOT EXISTS (SELECT 1 FROM ${webhookSecrets} WHERE webhook_id = ${teamArrivals.key})`,
      ),
    );
  return rows.map(({ id }) => id);
}
