import { getTableColumns, sql } from "drizzle-orm";
import type { AccessTokenRow } from "./access-tokens.ts";
import { feedHeadOf, feedHeadStatement, type FeedHead } from "./change-feed.ts";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { accessTokens, feed, refreshTokens } from "./schema.ts";

/** A place in the order in which keys were imported. */
export interface ImportedPlace {
  readonly seq: number;
  readonly hash: string;
}

/** Comes before the first key. */
export const FIRST_PLACE: ImportedPlace = { seq: 0, hash: "" };

export const IMPORTED_PAGE_ROWS = 20_000;

/** Rows of one statement: of any size that a row may have, they stay within what one parameter may hold. */
const ROWS_PER_STATEMENT = 100;

/**
 * Stores keys by their hashes. Their place is where the feed stands: the batch writes a feed row of its own
 * before, so that no two imports share one, and later ones come later, whatever rows are deleted meanwhile.
 */
export function insertImportedKeys(
  db: Database,
  rows: readonly Omit<AccessTokenRow, "importedSeq" | "movedFrom">[],
): Statement[] {
  const columns = Object.keys(getTableColumns(accessTokens)).map((column) =>
    column === "importedSeq"
      ? sql`(SELECT max(${feed.seq}) FROM ${feed})`
      : sql`value->>${sql.raw(`'${column}'`)}`,
  );
  const selected = sql.join(columns, sql`, `);
  return inParts(rows).map((part) =>
    db
      .insert(accessTokens)
      .select(sql`SELECT ${selected} FROM json_each(${JSON.stringify(part)}) WHERE true`),
  );
}

/** Cuts a list into parts that one statement each can write. */
export function inParts<T>(rows: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < rows.length; at += ROWS_PER_STATEMENT) {
    parts.push(rows.slice(at, at + ROWS_PER_STATEMENT));
  }
  return parts;
}

/** Undoes the batch when the team has more imported keys than that, ended ones too; belongs after the insert. */
export function refuseImportedOver(
  db: Database,
  { teamId, limit }: { teamId: string; limit: number },
): Statement {
  return refuseWhen(
    db,
    sql`(SELECT count(*) FROM ${accessTokens} WHERE team_id = ${teamId} AND kind = 'pat'
      AND imported_seq IS NOT NULL AND moved_from IS NULL) > ${limit}`,
  );
}

/** Which of these hashes are some token's already, whoever's. */
export async function findStoredHashes(
  db: Database,
  hashes: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await db
    .select({ hash: accessTokens.hash })
    .from(accessTokens)
    .where(sql`${accessTokens.hash} IN (SELECT value FROM json_each(${JSON.stringify(hashes)}))`);
  return new Set(rows.map(({ hash }) => hash));
}

/**
 * What came from elsewhere after that place, foreign keys and the tokens of moved teams, live or not; and where the
 * feed stood, in one transaction on the primary.
 */
export async function readImportedKeys(
  db: Database,
  after: ImportedPlace,
): Promise<{ readonly head: FeedHead; readonly keys: readonly ImportedPlace[] }> {
  const [head, keys] = await db.batch([
    feedHeadStatement(db),
    importedAfter(db, accessTokens, after)
      .unionAll(importedAfter(db, refreshTokens, after))
      .orderBy(sql`seq`, sql`hash`)
      .limit(IMPORTED_PAGE_ROWS),
  ]);
  return { head: feedHeadOf(head), keys };
}

function importedAfter(
  db: Database,
  table: typeof accessTokens | typeof refreshTokens,
  { seq, hash }: ImportedPlace,
) {
  return db
    .select({ seq: sql<number>`${table.importedSeq}`.as("seq"), hash: sql<string>`${table.hash}`.as("hash") })
    .from(table)
    .where(
      sql`${table.importedSeq} IS NOT NULL AND (${table.importedSeq}, ${table.hash}) > (${seq}, ${hash})`,
    );
}
