import { and, asc, desc, eq, gte, isNotNull, isNull, lt, lte, max, min, sql, type SQL } from "drizzle-orm";
import type { ChainLink } from "../domain/audit-chain.ts";
import type { Database } from "./database.ts";
import { auditEvents } from "./schema.ts";

export type AuditEventRow = typeof auditEvents.$inferSelect;

/** An event that has its place in the chain. */
export interface SealedRow extends AuditEventRow {
  readonly chainNumber: number;
  readonly chainHash: string;
}

/** Details can hold much: as many rows as fit are read at once, and at least one. */
const PAGE_CHARACTERS = 2_000_000;

/** How far back one read of a filtered list looks. */
const SCAN_ROWS = 100_000;

/*
 * The row id is the order in which events were committed: the database has one writer, gives each new row
 * the next id within that writer's transaction, and no row is ever deleted. So whatever is committed after
 * a read of the unsealed rows comes after all of them.
 */
const position = sql`${auditEvents}.rowid`;

/** One chain for each team, and one for what belongs to no team. */
function ofChain(teamId: string | null): SQL {
  return teamId === null ? isNull(auditEvents.teamId) : eq(auditEvents.teamId, teamId);
}

/** The last link of a chain and the events that wait for theirs, in their order, in one transaction. */
export async function readUnsealed(
  db: Database,
  { teamId, limit }: { teamId: string | null; limit: number },
): Promise<{ head: ChainLink | null; rows: AuditEventRow[] }> {
  const [heads, rows] = await db.batch([
    headStatement(db, teamId),
    db
      .select()
      .from(auditEvents)
      .where(
        sql`${position} IN ${fitting(sql`
          SELECT rowid AS place, length(detail) AS size FROM ${auditEvents}
          WHERE ${and(ofChain(teamId), isNull(auditEvents.chainNumber))} ORDER BY rowid LIMIT ${limit}`)}`,
      )
      .orderBy(asc(position)),
  ]);
  return { head: linkOf(heads), rows };
}

/**
 * Gives events their places, all of them or none: only while the chain's last hash is still the one that
 * they were reckoned from.
 * @param after hash of the last link; null: the chain has none yet
 * @returns whether this was the one that did it
 */
export async function sealEvents(
  db: Database,
  { teamId, after, links }: { teamId: string | null; after: string | null; links: readonly SealedLink[] },
): Promise<boolean> {
  const head = sql`(SELECT chain_hash FROM ${auditEvents} WHERE ${and(ofChain(teamId), isNotNull(auditEvents.chainNumber))}
    ORDER BY chain_number DESC LIMIT 1)`;
  const { meta } = await db
    .update(auditEvents)
    .set({ chainNumber: sql`link.number`, chainHash: sql`link.hash` })
    .from(
      sql`(SELECT value->>'id' AS id, value->>'number' AS number, value->>'hash' AS hash FROM json_each(${JSON.stringify(links)})) AS link`,
    )
    .where(and(sql`${auditEvents.id} = link.id`, isNull(auditEvents.chainNumber), sql`${head} IS ${after}`));
  return meta.changes > 0;
}

export interface SealedLink extends ChainLink {
  readonly id: string;
}

/** The last link of a chain, null when nothing is sealed yet. */
export async function readChainHead(db: Database, teamId: string | null): Promise<ChainLink | null> {
  return linkOf(await headStatement(db, teamId));
}

/** Chains with events that wait for their links, the one that has waited longest first. */
export async function listUnsealedChains(db: Database, limit: number): Promise<(string | null)[]> {
  const rows = await db
    .select({ teamId: sql<string | null>`team_id`.as("team_id") })
    // Named, because the planner would go through all of the other one.
    .from(sql`${auditEvents} INDEXED BY audit_events_unsealed`)
    .where(sql`chain_number IS NULL`)
    .groupBy(sql`team_id`)
    .orderBy(sql`min(rowid)`)
    .limit(limit);
  return rows.map(({ teamId }) => teamId);
}

export interface AuditFilter {
  /** A type, or the beginning of types up to and with a dot. */
  readonly type: { readonly exact: string } | { readonly prefix: string } | null;
  /** A credential, or whose credential it was. */
  readonly actor: string | null;
  readonly subject: string | null;
  /** Milliseconds: from then on. */
  readonly since: number | null;
  /** Milliseconds: before then. */
  readonly until: number | null;
}

/** An event's place in the order of its chain, undefined when it is not of that chain. */
export async function findPlace(
  db: Database,
  { teamId, id }: { teamId: string | null; id: string },
): Promise<number | undefined> {
  const row = await db
    .select({ place: sql<number>`rowid`.as("place") })
    .from(auditEvents)
    .where(and(eq(auditEvents.id, id), ofChain(teamId)))
    .get();
  return row?.place;
}

/**
 * A chain's events that pass the filter, newest first, those before the place `before`. Looks at no more
 * than 100,000 events, so that a filter that nothing passes costs a bounded read.
 */
export async function listAuditEvents(
  db: Database,
  {
    teamId,
    limit,
    before,
    filter,
  }: { teamId: string | null; limit: number; before: number | null; filter: AuditFilter },
): Promise<AuditEventRow[]> {
  const recent = sql`SELECT rowid AS place, type, actor, actor_owner, subject, at FROM ${auditEvents}
    WHERE ${earlier(teamId, before)} ORDER BY rowid DESC LIMIT ${SCAN_ROWS}`;
  const passing = sql`(SELECT place FROM (${recent}) WHERE ${passes(filter)} LIMIT ${limit})`;
  return db
    .select()
    .from(auditEvents)
    .where(sql`${position} IN ${passing}`)
    .orderBy(desc(position));
}

/** Where a list that looked as far back as it may has to go on; undefined when there is nothing further. */
export async function endOfScan(
  db: Database,
  { teamId, before }: { teamId: string | null; before: number | null },
): Promise<string | undefined> {
  const row = await db
    .select({ id: auditEvents.id })
    .from(auditEvents)
    .where(earlier(teamId, before))
    .orderBy(desc(position))
    .limit(1)
    .offset(SCAN_ROWS - 1)
    .get();
  return row?.id;
}

/** An event's number in its chain, null while it waits for it, undefined when there is no such event. */
export async function findNumber(db: Database, id: string): Promise<number | null | undefined> {
  const row = await db
    .select({ number: auditEvents.chainNumber })
    .from(auditEvents)
    .where(eq(auditEvents.id, id))
    .get();
  return row?.number;
}

/** Numbers of the first and the last event of a period, among those up to a number; null: there is none. */
export async function findEnds(
  db: Database,
  {
    teamId,
    since,
    until,
    upTo,
  }: { teamId: string; since: number | null; until: number | null; upTo: number },
): Promise<{ first: number; last: number } | null> {
  const [ends] = await db
    .select({ first: min(auditEvents.chainNumber), last: max(auditEvents.chainNumber) })
    .from(auditEvents)
    .where(
      and(
        ofChain(teamId),
        lte(auditEvents.chainNumber, upTo),
        since === null ? undefined : gte(auditEvents.at, since),
        until === null ? undefined : lt(auditEvents.at, until),
      ),
    );
  return ends?.first == null || ends.last === null ? null : { first: ends.first, last: ends.last };
}

/** The link with a number; null when the chain has none such. */
export async function findLink(
  db: Database,
  { teamId, number }: { teamId: string; number: number },
): Promise<ChainLink | null> {
  return linkOf(
    await db
      .select({ number: auditEvents.chainNumber, hash: auditEvents.chainHash })
      .from(auditEvents)
      .where(and(ofChain(teamId), eq(auditEvents.chainNumber, number))),
  );
}

/** Events of a chain in their order, from one number to another, as many of them as fit one read. */
export async function readChain(
  db: Database,
  { teamId, from, to, limit }: { teamId: string; from: number; to: number; limit: number },
): Promise<SealedRow[]> {
  const rows = await db
    .select()
    .from(auditEvents)
    .where(
      sql`${position} IN ${fitting(sql`
        SELECT rowid AS place, length(detail) AS size FROM ${auditEvents}
        WHERE ${and(ofChain(teamId), gte(auditEvents.chainNumber, from), lte(auditEvents.chainNumber, to))}
        ORDER BY chain_number LIMIT ${limit}`)}`,
    )
    .orderBy(asc(auditEvents.chainNumber));
  return rows.filter(isSealed);
}

export function isSealed(row: AuditEventRow): row is SealedRow {
  return row.chainNumber !== null && row.chainHash !== null;
}

function headStatement(db: Database, teamId: string | null) {
  return db
    .select({ number: auditEvents.chainNumber, hash: auditEvents.chainHash })
    .from(auditEvents)
    .where(and(ofChain(teamId), isNotNull(auditEvents.chainNumber)))
    .orderBy(desc(auditEvents.chainNumber))
    .limit(1);
}

function linkOf(rows: readonly { number: number | null; hash: string | null }[]): ChainLink | null {
  const [row] = rows;
  return row === undefined || row.number === null || row.hash === null
    ? null
    : { number: row.number, hash: row.hash };
}

/** Of rows with a place and a size, the places of the first ones that fit a page. */
function fitting(rows: SQL): SQL {
  return sql`(SELECT place FROM (
    SELECT place, coalesce(size, 0) AS size, sum(coalesce(size, 0)) OVER (ROWS UNBOUNDED PRECEDING) AS upto FROM (${rows})
  ) WHERE upto - size < ${PAGE_CHARACTERS})`;
}

function earlier(teamId: string | null, before: number | null): SQL | undefined {
  return and(ofChain(teamId), before === null ? undefined : sql`${position} < ${before}`);
}

/** Columns by name alone: they are those of a subquery. */
function passes({ type, actor, subject, since, until }: AuditFilter): SQL {
  const conditions = [
    type === null ? undefined : "exact" in type ? sql`type = ${type.exact}` : startsWith(type.prefix),
    actor === null ? undefined : sql`(actor = ${actor} OR actor_owner = ${actor})`,
    subject === null ? undefined : sql`subject = ${subject}`,
    since === null ? undefined : sql`at >= ${since}`,
    until === null ? undefined : sql`at < ${until}`,
  ].filter((condition) => condition !== undefined);
  return conditions.length === 0 ? sql`true` : sql.join(conditions, sql` AND `);
}

function startsWith(prefix: string): SQL {
  return sql`substr(type, 1, ${prefix.length}) = ${prefix}`;
}
