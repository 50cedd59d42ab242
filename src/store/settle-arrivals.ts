import { and, eq, getTableColumns, gt, isNull, or, sql, type SQL } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import type { RegionCode } from "../domain/region.ts";
import type { MovedKind } from "../domain/team-move.ts";
import type { Arrival } from "./arrivals.ts";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { columnName, COLUMNS } from "./moved-rows.ts";
import { nextPlaceVersion } from "./team-moves.ts";
import {
  accessTokens,
  clients,
  clientSecrets,
  consents,
  domains,
  feed,
  grants,
  members,
  refreshTokens,
  regionSecrets,
  roles,
  teamArrivals,
  teams,
  users,
  webhooks,
} from "./schema.ts";

/**
 * Writes everything that has arrived. What the team had here before, because it comes back, is replaced or ended.
 * The batch fails when a row is somebody else's here, so that none of them is overwritten.
 */
export function settleArrivals(db: Database, arrival: Arrival): Statement[] {
  const { teamId, here, from, at, auditId, startedAt } = arrival;
  const ofTeam = { teamId: sql`${teamId}` };
  const changed = { changedBy: sql`${auditId}` };
  const ended = { revokedAt: at, revokedBy: auditId };
  const write = (kind: MovedKind, target: Target) => [
    upsert(db, arrival, kind, target),
    refuseWhen(db, strangers(arrival, kind, target)),
  ];
  const own = (table: OwnTable, more: Partial<Target> = {}): Target => ({
    table,
    key: table.id,
    itself: sql`${table.id} = a.key`,
    conflict: [table.id],
    mine: eq(table.teamId, teamId),
    fixed: { ...ofTeam, ...("changedBy" in table ? changed : {}) },
    ...more,
  });
  const tokens = (kind: "team_tokens" | "access_tokens", stored: string) =>
    write(
      kind,
      own(accessTokens, {
        conflict: [accessTokens.hash],
        fixed: { ...ofTeam, kind: sql`${stored}`, ...madeIn(kind, here) },
      }),
    );
  return [
    ...write("team", {
      table: teams,
      key: teams.id,
      itself: sql`${teams.id} = a.key`,
      conflict: [teams.id],
      mine: eq(teams.id, teamId),
      fixed: { ...changed, livesIn: sql`NULL`, frozenUntil: sql`NULL` },
      onlyNew: { placeVersion: sql`${at}` },
      counted: { placeVersion: nextPlaceVersion(at) },
    }),
    ...OWNED.map(([kind, table]) => db.delete(table).where(absent(arrival, kind, table))),
    // Names that have gone from one role to another would be in each other's way.
    db
      .update(roles)
      .set({ name: sql`${roles.id}` })
      .where(eq(roles.teamId, teamId)),
    ...write("roles", own(roles)),
    ...write(
      "members",
      own(members, {
        // Whoever has been a member here before has their account here.
        counted: {
          userId: sql`CASE WHEN ${members.email} = excluded.email THEN coalesce(${members.userId}, excluded.user_id) ELSE excluded.user_id END`,
        },
      }),
    ),
    // A member is the account of their id: of another address, that is somebody else.
    refuseWhen(
      db,
      sql`EXISTS (SELECT 1 FROM ${members} AS m JOIN ${users} AS u ON u.id = m.user_id
        WHERE m.team_id = ${teamId} AND u.email <> m.email)`,
    ),
    ...write("domains", own(domains)),
    ...write(
      "webhooks",
      own(webhooks, { onlyNew: { status: sql`'paused'`, statusReason: sql`'requested'` } }),
    ),
    db
      .update(clients)
      .set({ deletedAt: at })
      .where(and(absent(arrival, "clients", clients), isNull(clients.deletedAt))),
    ...write(
      "clients",
      own(clients, {
        mine: sql`(${clients.teamId} = ${teamId} OR ${clients.homeRegion} = ${from})`,
        fixed: {
          ...ofTeam,
          ...changed,
          homeRegion: sql`NULL`,
          homeTeamStatus: sql`NULL`,
          registeredVersion: sql`NULL`,
          deletedAt: sql`NULL`,
          regions: sql`(SELECT json_group_array(value) FROM json_each(${arrived("clients", "regions")}) WHERE value <> ${here})`,
        },
      }),
    ),
    ...writeSecrets(db, arrival),
    db
      .update(grants)
      .set(ended)
      .where(and(absent(arrival, "grants", grants), isNull(grants.revokedAt))),
    ...write("grants", own(grants)),
    db
      .delete(consents)
      .where(and(eq(consents.teamId, teamId), sql`${consentKey()} NOT IN ${keysOf(arrival, "consents")}`)),
    ...write("consents", {
      table: consents,
      itself: sql`${consents.userId} = ${arrived("consents", "user_id")} AND ${consents.clientId} = ${arrived("consents", "client_id")}`,
      conflict: [consents.userId, consents.clientId, consents.teamId],
      mine: eq(consents.teamId, teamId),
      fixed: ofTeam,
    }),
    db
      .update(refreshTokens)
      .set({ ...ended, revokedFor: "revoked" })
      .where(and(absent(arrival, "refresh_tokens", refreshTokens), isNull(refreshTokens.revokedAt))),
    ...write(
      "refresh_tokens",
      own(refreshTokens, {
        conflict: [refreshTokens.hash],
        fixed: { ...ofTeam, ...madeIn("refresh_tokens", here) },
      }),
    ),
    // What had expired when the move began did not come along.
    db
      .update(accessTokens)
      .set(ended)
      .where(
        and(
          absent(arrival, "team_tokens", accessTokens),
          absent(arrival, "access_tokens", accessTokens),
          isNull(accessTokens.revokedAt),
          or(isNull(accessTokens.expiresAt), gt(accessTokens.expiresAt, startedAt)),
        ),
      ),
    ...tokens("team_tokens", "pat"),
    ...tokens("access_tokens", "at"),
    ...actForOwnAccounts(db, arrival),
  ];
}

/** What acts for a member names the account that they have here, where that is another one than they had there. */
function actForOwnAccounts(db: Database, { moveId, teamId }: Arrival): Statement[] {
  const there = arrived("members", "user_id");
  const changed = sql`FROM ${teamArrivals} AS a JOIN ${members} ON ${members.id} = a.key
    WHERE a.move_id = ${moveId} AND a.kind = 'members' AND ${members.userId} <> ${there}`;
  const here = (name: SQLiteColumn) => sql`(SELECT ${members.userId} ${changed} AND ${there} = ${name})`;
  const isTheirs = (name: SQLiteColumn) => sql`${name} IN (SELECT ${there} ${changed})`;
  return [
    ...[grants, refreshTokens, accessTokens, consents].map((table) =>
      db
        .update(table)
        .set({ userId: here(table.userId) })
        .where(and(eq(table.teamId, teamId), isTheirs(table.userId))),
    ),
    ...[grants, refreshTokens].map((table) =>
      db
        .update(table)
        .set({ holder: here(table.holder) })
        .where(and(eq(table.teamId, teamId), isTheirs(table.holder))),
    ),
    db
      .update(accessTokens)
      .set({ createdBy: here(accessTokens.createdBy) })
      .where(and(eq(accessTokens.teamId, teamId), isTheirs(accessTokens.createdBy))),
  ];
}

type OwnTable = SQLiteTable & { readonly id: SQLiteColumn; readonly teamId: SQLiteColumn };

/** What is there or not, and nothing else is remembered of it. */
const OWNED: readonly (readonly [MovedKind, OwnTable])[] = [
  ["roles", roles],
  ["members", members],
  ["domains", domains],
  ["webhooks", webhooks],
];

type Values = Readonly<Record<string, SQL>>;

/** How the rows of a kind become rows of a table. Values are by the names that columns have in the schema. */
interface Target {
  readonly table: SQLiteTable;
  /** The column that a row's key becomes; left out: it stands in the row. */
  readonly key?: SQLiteColumn;
  /** Whether a row of the table is the one that arrives as `a`. */
  readonly itself: SQL;
  /** The columns by which a row may be there already, and what makes it one of ours to replace. */
  readonly conflict: SQLiteColumn[];
  readonly mine: SQL;
  /** The same for each row. */
  readonly fixed: Values;
  /** The same, where no row was. */
  readonly onlyNew?: Values;
  /** In the place of those, where one was. */
  readonly counted?: Values;
}

function upsert(db: Database, { moveId }: Arrival, kind: MovedKind, target: Target): Statement {
  const { table, key, conflict, mine, fixed, onlyNew = {}, counted = {} } = target;
  const carried = COLUMNS[kind].map((column) => columnName(column));
  const columns = Object.entries(getTableColumns(table));
  const replaced: Values = {
    ...Object.fromEntries(
      columns
        .filter(([name]) => carried.includes(snake(name)))
        .map(([name]) => [name, arrived(kind, snake(name))]),
    ),
    ...fixed,
  };
  const selected = columns.map(([name, column]) =>
    column === key ? sql`a.key` : (replaced[name] ?? onlyNew[name] ?? sql`NULL`),
  );
  const updated = Object.keys(replaced).filter(
    (name) => !conflict.some((column) => column === columns.find(([known]) => known === name)?.[1]),
  );
  return db
    .insert(table)
    .select(
      sql`SELECT ${sql.join(selected, sql`, `)} FROM ${teamArrivals} AS a WHERE a.move_id = ${moveId} AND a.kind = ${kind}`,
    )
    .onConflictDoUpdate({
      target: conflict,
      set: {
        ...Object.fromEntries(updated.map((name) => [name, sql.raw(`excluded.${snake(name)}`)])),
        ...counted,
      },
      setWhere: mine,
    });
}

/** Some row has arrived and is not the team's: it was somebody else's before. */
function strangers({ moveId }: Arrival, kind: MovedKind, { table, mine, itself }: Target): SQL {
  return sql`EXISTS (SELECT 1 FROM ${teamArrivals} AS a WHERE a.move_id = ${moveId} AND a.kind = ${kind}
    AND NOT EXISTS (SELECT 1 FROM ${table} WHERE ${itself} AND ${mine}))`;
}

/** A column of a row that has arrived. */
function arrived(kind: MovedKind, name: string): SQL {
  return sql.raw(`a.row->>'$[${COLUMNS[kind].findIndex((column) => columnName(column) === name)}]'`);
}

/** What another region made is known by its hash alone, through the filter of such hashes. */
function madeIn(kind: MovedKind, here: RegionCode): Values {
  const region = arrived(kind, "made_in");
  return {
    movedFrom: sql`nullif(${region}, ${here})`,
    importedSeq: sql`CASE WHEN ${region} IS ${here} THEN NULL ELSE (SELECT max(${feed.seq}) FROM ${feed}) END`,
  };
}

/**
 * A client's secrets hold here from now on, those of its old home too: what it has must go on working. Where that is
 * enabled as another region now, the same secrets hold there.
 */
function writeSecrets(db: Database, { moveId, teamId, here, from }: Arrival): Statement[] {
  const own = sql`(SELECT id FROM ${clients} WHERE team_id = ${teamId})`;
  const [hash, region, clientId, createdAt, expiresAt] = [
    "hash",
    "region",
    "client_id",
    "created_at",
    "expires_at",
  ].map((name) => arrived("client_secrets", name)) as [SQL, SQL, SQL, SQL, SQL];
  const rows = sql`FROM ${teamArrivals} AS a WHERE a.move_id = ${moveId} AND a.kind = 'client_secrets'`;
  return [
    refuseWhen(db, sql`EXISTS (SELECT 1 ${rows} AND ${clientId} NOT IN ${own})`),
    db
      .delete(clientSecrets)
      .where(
        and(
          sql`${clientSecrets.clientId} IN ${own}`,
          isNull(clientSecrets.revokedBy),
          sql`${clientSecrets.hash} NOT IN (SELECT ${hash} ${rows})`,
        ),
      ),
    db.delete(regionSecrets).where(sql`${regionSecrets.clientId} IN ${own}`),
    db
      .insert(clientSecrets)
      .select(
        sql`SELECT ${hash}, ${clientId}, ${createdAt}, ${expiresAt}, NULL ${rows} AND ${region} IN (${here}, ${from})`,
      )
      .onConflictDoUpdate({
        target: clientSecrets.hash,
        set: { expiresAt: sql`excluded.expires_at` },
        setWhere: and(
          sql`${clientSecrets.clientId} = excluded.client_id`,
          isNull(clientSecrets.revokedBy),
        ) as SQL,
      }),
    db
      .insert(regionSecrets)
      .select(
        sql`SELECT ${hash}, ${clientId}, ${region}, ${createdAt}, ${expiresAt} ${rows} AND ${region} <> ${here}`,
      )
      .onConflictDoNothing(),
  ];
}

function consentKey(): SQL {
  return sql`${consents.userId} || ':' || ${consents.clientId}`;
}

function keysOf({ moveId }: Arrival, kind: MovedKind): SQL {
  return sql`(SELECT key FROM ${teamArrivals} WHERE move_id = ${moveId} AND kind = ${kind})`;
}

/** The team's, but it does not bring it. */
function absent(arrival: Arrival, kind: MovedKind, table: OwnTable): SQL {
  return sql`${table.teamId} = ${arrival.teamId} AND ${table.id} NOT IN ${keysOf(arrival, kind)}`;
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
