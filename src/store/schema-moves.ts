import type { RegionCode } from "../domain/region.ts";
import type { MoveDigest, MoveState } from "../domain/team-move.ts";
import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/* A team on its way to another region; times and deletes as in `schema.ts`. */

/** A move under the same id in both regions, each with its own side of it. */
export const teamMoves = sqliteTable(
  "team_moves",
  {
    id: text().primaryKey(),
    teamId: text().notNull(),
    direction: text({ enum: ["out", "in"] }).notNull(),
    /** The other side. */
    region: text().$type<RegionCode>().notNull(),
    state: text().$type<MoveState>().notNull(),
    /** What had expired by then does not move, on either side. */
    startedAt: integer().notNull(),
    /** How many rows of each kind were handed over, and the SHA-256 over all of them. */
    rows: text({ mode: "json" }).$type<MoveDigest["rows"]>(),
    sha256: text(),
    /** No check that arrives later than this takes the team for being here. */
    effectiveBy: integer(),
    changedBy: text().notNull(),
    updatedAt: integer().notNull(),
  },
  (table) => [
    index("team_moves_team").on(table.teamId, table.id),
    // One at a time on each side.
    uniqueIndex("team_moves_open")
      .on(table.teamId)
      .where(sql`state IN ('copying', 'receiving')`),
  ],
);

/** Rows that have arrived and are nobody's yet. */
export const teamArrivals = sqliteTable(
  "team_arrivals",
  {
    moveId: text().notNull(),
    kind: text().notNull(),
    key: text().notNull(),
    /** A JSON array of the columns, in the order of `moved-rows.ts`. */
    row: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.moveId, table.kind, table.key] })],
);
