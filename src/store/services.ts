import { and, desc, eq, gt, isNull, lt, or, sql } from "drizzle-orm";
import { feedHeadOf, feedHeadStatement, type FeedHead } from "./change-feed.ts";
import { recordChange, type ChangeRecord } from "./changes.ts";
import type { Database, Statement } from "./database.ts";
import { serviceKeys, services } from "./schema.ts";

export type ServiceRow = typeof services.$inferSelect;
export type ServiceKeyRow = typeof serviceKeys.$inferSelect;

/** A service as one of its keys finds it. */
export interface KeyedService extends ServiceRow {
  readonly keyExpiresAt: number | null;
}

export function insertService(db: Database, row: ServiceRow): Statement {
  return db.insert(services).values(row);
}

export function insertServiceKey(db: Database, row: ServiceKeyRow): Statement {
  return db.insert(serviceKeys).values(row);
}

/** The service whose key has this hash, and where the feed stood, in one transaction on the primary. */
export async function readKeyedService(
  db: Database,
  hash: string,
): Promise<{ head: FeedHead; service: KeyedService | undefined }> {
  const [head, rows] = await db.batch([
    feedHeadStatement(db),
    db
      .select({ service: services, keyExpiresAt: serviceKeys.expiresAt })
      .from(serviceKeys)
      .innerJoin(services, eq(services.id, serviceKeys.serviceId))
      .where(eq(serviceKeys.hash, hash)),
  ]);
  const [row] = rows;
  return { head: feedHeadOf(head), service: row && { ...row.service, keyExpiresAt: row.keyExpiresAt } };
}

export async function findService(db: Database, id: string): Promise<ServiceRow | undefined> {
  return db
    .select()
    .from(services)
    .where(and(eq(services.id, id), isNull(services.deletedAt)))
    .get();
}

/** Newest first, those after the service `cursor`. */
export async function listServices(
  db: Database,
  { limit, cursor }: { limit: number; cursor: string | null },
): Promise<ServiceRow[]> {
  return db
    .select()
    .from(services)
    .where(and(isNull(services.deletedAt), cursor === null ? undefined : lt(services.id, cursor)))
    .orderBy(desc(services.id))
    .limit(limit);
}

/** Ends a service; of parallel deletions one finds it there, and only that one is recorded. */
export function deleteService(
  db: Database,
  { id, record }: { id: string; record: ChangeRecord },
): Statement[] {
  const isThere = and(eq(services.id, id), isNull(services.deletedAt));
  return [
    ...recordChange(db, record, sql`EXISTS (SELECT 1 FROM ${services} WHERE ${isThere})`),
    db.update(services).set({ deletedAt: record.audit.at }).where(isThere),
  ];
}

/** Ends a service's live keys at `expiresAt`; none is made to live longer than it would have. */
export function expireServiceKeys(
  db: Database,
  { serviceId, expiresAt }: { serviceId: string; expiresAt: number },
): Statement {
  return db
    .update(serviceKeys)
    .set({ expiresAt })
    .where(
      and(
        eq(serviceKeys.serviceId, serviceId),
        or(isNull(serviceKeys.expiresAt), gt(serviceKeys.expiresAt, expiresAt)),
      ),
    );
}
