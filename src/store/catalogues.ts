import { and, eq, sql, type SQL } from "drizzle-orm";
import type { Catalogue } from "../domain/catalogue.ts";
import { feedHeadOf, feedHeadStatement, type FeedHead } from "./change-feed.ts";
import { recordChange, type ChangeRecord } from "./changes.ts";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { catalogues } from "./schema.ts";

export type CatalogueRow = typeof catalogues.$inferSelect;

/** The operator's catalogues, and where the feed stood, in one transaction on the primary. */
export async function readCatalogues(db: Database): Promise<{ head: FeedHead; catalogues: CatalogueRow[] }> {
  const [head, rows] = await db.batch([
    feedHeadStatement(db),
    db.select().from(catalogues).orderBy(catalogues.service),
  ]);
  return { head: feedHeadOf(head), catalogues: rows };
}

/**
 * Puts a catalogue in the place of the one that `replaces` names, or where there is none. Of parallel
 * changes one wins, and only that one's feed and audit rows are written. The batch fails if another
 * catalogue has a permission set of one of its names.
 * @param replaces audit event of the change that made the catalogue as it was read; null: there was none
 */
export function putCatalogue(
  db: Database,
  { definition, replaces, record }: { definition: Catalogue; replaces: string | null; record: ChangeRecord },
): Statement[] {
  const { service } = definition;
  const { id, at } = record.audit;
  const row = { service, definition, changedBy: id, createdAt: at, updatedAt: at };
  return [
    refuseWhen(db, permissionSetTaken(definition)),
    replaces === null
      ? db.insert(catalogues).values(row).onConflictDoNothing()
      : db
          .update(catalogues)
          .set({ definition, changedBy: id, updatedAt: at })
          .where(and(eq(catalogues.service, service), eq(catalogues.changedBy, replaces))),
    ...recordChange(
      db,
      record,
      sql`EXISTS (SELECT 1 FROM ${catalogues} WHERE service = ${service} AND changed_by = ${id})`,
    ),
  ];
}

/** Names of permission sets are the region's: which one is meant must not depend on who wrote it first. */
function permissionSetTaken({ service, permissionSets }: Catalogue): SQL {
  const names = JSON.stringify(permissionSets.map(({ name }) => name));
  return sql`EXISTS (SELECT 1 FROM ${catalogues} AS other, json_each(other.definition, '$.permissionSets') AS theirs
    WHERE other.service <> ${service}
      AND theirs.value->>'name' IN (SELECT value FROM json_each(${names})))`;
}
