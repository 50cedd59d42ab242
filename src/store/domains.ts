import { and, desc, eq, isNotNull, isNull, lt, ne, sql } from "drizzle-orm";
import { recordChange, type ChangeRecord } from "./changes.ts";
import type { Database, Statement } from "./database.ts";
import { domains } from "./schema.ts";

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
