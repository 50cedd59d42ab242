import { and, desc, eq, isNotNull, isNull, lt, ne, sql } from "drizzle-orm";
import { feedHeadOf, feedHeadStatement, type FeedHead } from "./change-feed.ts";
import { recordChange, type ChangeRecord } from "./changes.ts";
import type { Database, Statement } from "./database.ts";
import { domains, teams } from "./schema.ts";

export type DomainRow = typeof domains.$inferSelect;

export function insertDomain(db: Database, row: DomainRow): Statement {
  return db.insert(domains).values(row);
}

export async function findDomain(
  db: Database,
  { teamId, id }: { teamId: string; id: string },
): Promise<DomainRow | undefined> {
  return db
    .select()
    .from(domains)
    .where(and(eq(domains.teamId, teamId), eq(domains.id, id)))
    .get();
}

/** Newest first, those after the domain `cursor`. */
export async function listDomains(
  db: Database,
  { teamId, limit, cursor }: { teamId: string; limit: number; cursor: string | null },
): Promise<DomainRow[]> {
  return db
    .select()
    .from(domains)
    .where(and(eq(domains.teamId, teamId), cursor === null ? undefined : lt(domains.id, cursor)))
    .orderBy(desc(domains.id))
    .limit(limit);
}

/** Marks a domain as proven, unless it is already, or is another team's. */
export function verifyDomain(
  db: Database,
  { domain, record }: { domain: DomainRow; record: ChangeRecord },
): Statement[] {
  const { id, name, teamId } = domain;
  const { at } = record.audit;
  const elsewhere = db
    .select({ id: domains.id })
    .from(domains)
    .where(and(eq(domains.name, name), ne(domains.teamId, teamId), isNotNull(domains.verifiedAt)));
  return [
    ...recordChange(
      db,
      record,
      sql`EXISTS (SELECT 1 FROM ${domains} WHERE id = ${id} AND verified_at IS NULL) AND NOT EXISTS ${elsewhere}`,
    ),
    db
      .update(domains)
      .set({ verifiedAt: at })
      .where(and(eq(domains.id, id), isNull(domains.verifiedAt), sql`NOT EXISTS ${elsewhere}`)),
  ];
}

export function deleteDomain(db: Database, id: string): Statement {
  return db.delete(domains).where(eq(domains.id, id));
}

/** Whether a domain is a team's now. */
export async function isProvenDomain(
  db: Database,
  { teamId, name }: { teamId: string; name: string },
): Promise<boolean> {
  const row = await db
    .select({ id: domains.id })
    .from(domains)
    .where(and(eq(domains.teamId, teamId), eq(domains.name, name), isNotNull(domains.verifiedAt)))
    .get();
  return row !== undefined;
}

/** Whether a host is some team's, whichever: people reach this deployment by it (contract, section 9). */
export async function isProvenName(db: Database, name: string): Promise<boolean> {
  const row = await db
    .select({ id: domains.id })
    .from(domains)
    .where(and(eq(domains.name, name), isNotNull(domains.verifiedAt)))
    .get();
  return row !== undefined;
}

/** A name that a team has proven, with what is shown of the team there. */
export interface ProvenDomain {
  readonly id: string;
  readonly name: string;
  readonly teamId: string;
  readonly teamSlug: string;
  readonly teamName: string;
  readonly preferences: Readonly<Record<string, unknown>>;
}

/** Every proven name, and where the feed stood, in one transaction on the primary. */
export async function readProvenDomains(
  db: Database,
): Promise<{ readonly head: FeedHead; readonly domains: readonly ProvenDomain[] }> {
  const [head, rows] = await db.batch([
    feedHeadStatement(db),
    db
      .select({
        id: domains.id,
        name: domains.name,
        teamId: domains.teamId,
        teamSlug: sql<string>`${teams.slug}`.as("team_slug"),
        teamName: sql<string>`${teams.name}`.as("team_name"),
        // Preferences may be long, and each isolate holds this of every domain.
        brand: sql<string | null>`${teams.preferences} -> '$.brand'`.as("team_brand"),
      })
      .from(domains)
      .innerJoin(teams, eq(teams.id, domains.teamId))
      .where(and(isNotNull(domains.verifiedAt), isNull(teams.livesIn))),
  ]);
  return {
    head: feedHeadOf(head),
    domains: rows.map(({ brand, ...row }) => ({
      ...row,
      preferences: brand === null ? {} : { brand: JSON.parse(brand) as unknown },
    })),
  };
}
