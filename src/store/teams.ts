import { and, desc, eq, lt, or, sql } from "drizzle-orm";
import { recordChange, type ChangeRecord } from "./changes.ts";
import type { Database, Statement } from "./database.ts";
import { contains } from "./search.ts";
import { teams } from "./schema.ts";

export type TeamRow = typeof teams.$inferSelect;

export function insertTeam(db: Database, row: TeamRow): Statement {
  return db.insert(teams).values(row);
}

export async function findTeam(db: Database, id: string): Promise<TeamRow | undefined> {
  return db.select().from(teams).where(eq(teams.id, id)).get();
}

/** What narrows a list of teams; null: does not. */
export interface TeamFilter {
  /** Part of the name or slug, in any case. */
  readonly text: string | null;
  readonly status: TeamRow["status"] | null;
}

/** Newest first, those after the team `cursor`. */
export async function listTeams(
  db: Database,
  { limit, cursor, text, status }: TeamFilter & { limit: number; cursor: string | null },
): Promise<TeamRow[]> {
  return db
    .select()
    .from(teams)
    .where(
      and(
        cursor === null ? undefined : lt(teams.id, cursor),
        status === null ? undefined : eq(teams.status, status),
        text === null ? undefined : or(contains(teams.name, text), contains(teams.slug, text)),
      ),
    )
    .orderBy(desc(teams.id))
    .limit(limit);
}

/** The parts of a team that can be changed. */
export type TeamChange = Partial<Omit<TeamRow, "id" | "version" | "changedBy" | "createdAt" | "updatedAt">>;

/**
 * Changes a team only while it still has `version`; of parallel changes one wins, and only that one's
 * feed and audit rows are written.
 */
export function updateTeam(
  db: Database,
  { id, version, change, record }: { id: string; version: number; change: TeamChange; record: ChangeRecord },
): Statement[] {
  const { audit } = record;
  return [
    db
      .update(teams)
      .set({ ...change, version: version + 1, changedBy: audit.id, updatedAt: audit.at })
      .where(and(eq(teams.id, id), eq(teams.version, version))),
    ...recordChange(
      db,
      record,
      sql`EXISTS (SELECT 1 FROM ${teams} WHERE id = ${id} AND changed_by = ${audit.id})`,
    ),
  ];
}
