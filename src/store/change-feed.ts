import { asc, gt, sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { markColumn } from "./journal-mark.ts";
import { accessTokens, feed, meta, refreshTokens } from "./schema.ts";

/** One row of the feed: the subject's cached copies that were read before `seq` are dead. */
export interface FeedRow {
  readonly seq: number;
  readonly subject: string;
}

/** Where the feed stands: read in one transaction with whatever it vouches for. */
export interface FeedHead {
  readonly epoch: string;
  /** Lowest and highest sequence number that the feed still holds; 0 when it is empty. */
  readonly min: number;
  readonly max: number;
  /** Up to which of the journal's entries the database knows. */
  readonly mark: number;
}

/** What one read of the feed brings. */
export interface FeedPage extends FeedHead {
  readonly rows: readonly FeedRow[];
  /** Whether any hash is stored of what another made: a foreign key, or a token of a team that moved here. */
  readonly holdsForeign: boolean;
}

/** A reader that finds this many rows has fallen too far behind to trust its cache. */
export const FEED_PAGE_ROWS = 1000;

/** Rows older than this are pruned; the last one is kept, so that `max` never falls. */
export const FEED_RETENTION_MS = 3_600_000;

/** The statement that reads the head; it goes into the same batch as the rows that it vouches for. */
export function feedHeadStatement(db: Database) {
  return db
    .select({
      epoch: sql<string | null>`(SELECT value FROM ${meta} WHERE key = 'epoch')`.as("epoch"),
      min: sql<number>`(SELECT coalesce(min(seq), 0) FROM ${feed})`.as("min_seq"),
      max: sql<number>`(SELECT coalesce(max(seq), 0) FROM ${feed})`.as("max_seq"),
      mark: markColumn().as("mark"),
    })
    .from(sql`(SELECT 1)`);
}

/** @throws when the database has never been migrated: without an epoch nothing may be cached. */
export function feedHeadOf(
  rows: readonly { epoch: string | null; min: number; max: number; mark: number }[],
): FeedHead {
  const [row] = rows;
  if (row?.epoch == null) throw new Error("the change feed has no epoch");
  return { epoch: row.epoch, min: row.min, max: row.max, mark: row.mark };
}

/** The feed after `cursor`, on the primary, in one transaction. */
export async function readFeed(db: Database, cursor: number): Promise<FeedPage> {
  const [head, rows, [foreign]] = await db.batch([
    feedHeadStatement(db),
    db
      .select({ seq: feed.seq, subject: feed.subject })
      .from(feed)
      .where(gt(feed.seq, cursor))
      .orderBy(asc(feed.seq))
      .limit(FEED_PAGE_ROWS),
    db
      .select({
        any: sql<number>`EXISTS ${foreignIn(accessTokens)} OR EXISTS ${foreignIn(refreshTokens)}`.as("any"),
      })
      .from(sql`(SELECT 1)`),
  ]);
  return { ...feedHeadOf(head), rows, holdsForeign: foreign?.any !== 0 };
}

function foreignIn(table: typeof accessTokens | typeof refreshTokens) {
  return sql`(SELECT 1 FROM ${table} WHERE imported_seq IS NOT NULL)`;
}

/**
 * Prunes from the front, up to the first row that is young enough: a writer's clock is read before its
 * commit, so that times are not in the order of `seq`, and a gap in the middle would cost readers their cache.
 */
export async function pruneFeed(db: Database, now: number): Promise<void> {
  const young = sql`(SELECT min(seq) FROM ${feed} WHERE at >= ${now - FEED_RETENTION_MS})`;
  await db.delete(feed).where(sql`${feed.seq} < coalesce(${young}, (SELECT max(seq) FROM ${feed}))`);
}
