import { and, asc, desc, eq, gte, inArray, lt, ne, sql, type SQL } from "drizzle-orm";
import { recordChange, type ChangeRecord } from "./changes.ts";
import { commitCounting, refuseWhen, type Database, type Statement } from "./database.ts";
import { deliveries, deliveryAttempts, events, teams } from "./schema.ts";
import { refuseChangedWebhook, type WebhookRow } from "./webhooks.ts";

export type DeliveryRow = typeof deliveries.$inferSelect;
export type AttemptRow = typeof deliveryAttempts.$inferSelect;
export type DeliveryStatus = DeliveryRow["status"];

/** A delivery with all that was tried, the first attempt first. */
export interface ListedDelivery extends DeliveryRow {
  readonly attempts: readonly AttemptRow[];
}

/** The last ones of a delivery: one that is sent again and again has more than anybody reads. */
const MAX_ATTEMPTS = 100;

/** A webhook's deliveries, newest first, those after the delivery `cursor`. */
export async function listDeliveries(
  db: Database,
  {
    webhookId,
    status,
    limit,
    cursor,
  }: { webhookId: string; status: DeliveryStatus | null; limit: number; cursor: string | null },
): Promise<ListedDelivery[]> {
  const found = await db
    .select()
    .from(deliveries)
    .where(
      and(
        eq(deliveries.webhookId, webhookId),
        status === null ? undefined : eq(deliveries.status, status),
        cursor === null ? undefined : lt(deliveries.id, cursor),
      ),
    )
    .orderBy(desc(deliveries.id))
    .limit(limit);
  return withAttempts(db, found);
}

/** A delivery of this team's webhook, and of no other. */
export async function findListedDelivery(
  db: Database,
  { teamId, webhookId, id }: { teamId: string; webhookId: string; id: string },
): Promise<ListedDelivery | undefined> {
  const found = await db
    .select()
    .from(deliveries)
    .where(and(eq(deliveries.id, id), eq(deliveries.webhookId, webhookId), eq(deliveries.teamId, teamId)));
  const [delivery] = await withAttempts(db, found);
  return delivery;
}

async function withAttempts(db: Database, found: readonly DeliveryRow[]): Promise<ListedDelivery[]> {
  if (found.length === 0) return [];
  const ids = JSON.stringify(found.map(({ id }) => id));
  const attempts = await db
    .select()
    .from(deliveryAttempts)
    .where(
      and(
        inArray(deliveryAttempts.deliveryId, sql`(SELECT value FROM json_each(${ids}))`),
        sql`${deliveryAttempts.number} > (SELECT max(newest.number) FROM ${deliveryAttempts} AS newest
          WHERE newest.delivery_id = ${deliveryAttempts.deliveryId}) - ${MAX_ATTEMPTS}`,
      ),
    )
    .orderBy(asc(deliveryAttempts.deliveryId), asc(deliveryAttempts.number));
  const byDelivery = Map.groupBy(attempts, ({ deliveryId }) => deliveryId);
  return found.map((delivery) => ({ ...delivery, attempts: byDelivery.get(delivery.id) ?? [] }));
}

/**
 * Sends a webhook as it was read an event that nothing caused, beside the audit row of it: what the trigger of
 * `drizzle/0003_webhooks.sql` does for the others, for this endpoint alone.
 */
export function insertTestDelivery(
  db: Database,
  { webhook, delivery, record }: { webhook: WebhookRow; delivery: DeliveryRow; record: ChangeRecord },
): Statement[] {
  const { id: auditId, at } = record.audit;
  const { teamId, eventId } = delivery;
  return [
    refuseChangedWebhook(db, webhook),
    ...recordChange(db, record),
    db
      .update(teams)
      .set({ eventSequence: sql`${teams.eventSequence} + 1` })
      .where(eq(teams.id, teamId)),
    db.insert(events).select(
      db
        .select({
          id: sql`${eventId}`.as("id"),
          teamId: sql`${teamId}`.as("team_id"),
          sequence: sql`${teams.eventSequence}`.as("sequence"),
          auditId: sql`${auditId}`.as("audit_id"),
          at: sql`${at}`.as("at"),
        })
        .from(teams)
        .where(eq(teams.id, teamId)),
    ),
    db.insert(deliveries).values(delivery),
  ];
}

/**
 * Lets a delivery of a webhook as it was read be tried anew, from the start of the schedule. The batch fails if
 * the webhook has changed, or if the delivery or its event is gone.
 */
export function redeliver(
  db: Database,
  { webhook, id, record }: { webhook: WebhookRow; id: string; record: ChangeRecord },
): Statement[] {
  const its = and(eq(deliveries.id, id), eq(deliveries.webhookId, webhook.id));
  return [
    refuseChangedWebhook(db, webhook),
    refuseWhen(db, sql`NOT EXISTS (SELECT 1 FROM ${deliveries} WHERE ${its} AND ${hasEvent()})`),
    db.update(deliveries).set(anew(record.audit.at)).where(its),
    ...recordChange(db, record),
  ];
}

/** Whether there is still something to send: what was told long ago is forgotten. */
export async function isRedeliverable(db: Database, id: string): Promise<boolean> {
  const row = await db
    .select({ id: deliveries.id })
    .from(deliveries)
    .where(and(eq(deliveries.id, id), hasEvent()))
    .get();
  return row !== undefined;
}

/** The deliveries that are done since a time, the oldest first. */
export interface DoneSince {
  readonly webhookId: string;
  /** Milliseconds. */
  readonly since: number;
  /** Null: whatever came of it. */
  readonly status: Exclude<DeliveryStatus, "pending"> | null;
  readonly limit: number;
}

/** Ids of a webhook's deliveries that can be sent again, and one more than `limit` when there are more. */
export async function listRedeliverable(
  db: Database,
  done: DoneSince,
): Promise<Pick<DeliveryRow, "id" | "createdAt">[]> {
  return db
    .select({ id: deliveries.id, createdAt: deliveries.createdAt })
    .from(deliveries)
    .where(and(isDone(done), hasEvent()))
    .orderBy(asc(deliveries.id))
    .limit(done.limit + 1);
}

/** Lets these be tried anew. The batch fails if the webhook has changed. @returns how many there were */
export async function redeliverAll(
  db: Database,
  { webhook, ids, record }: { webhook: WebhookRow; ids: readonly string[]; record: ChangeRecord },
): Promise<number> {
  const [, moved = 0] = await commitCounting(db, [
    refuseChangedWebhook(db, webhook),
    db
      .update(deliveries)
      .set(anew(record.audit.at))
      .where(
        and(
          eq(deliveries.webhookId, webhook.id),
          ne(deliveries.status, "pending"),
          inArray(deliveries.id, sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`),
        ),
      ),
    ...recordChange(db, record),
  ]);
  return moved;
}

function anew(at: number) {
  return { status: "pending", tries: 0, nextAt: at, doneAt: null } as const;
}

function isDone({ webhookId, since, status }: DoneSince): SQL | undefined {
  return and(
    eq(deliveries.webhookId, webhookId),
    status === null ? ne(deliveries.status, "pending") : eq(deliveries.status, status),
    gte(deliveries.createdAt, since),
  );
}

function hasEvent(): SQL {
  return sql`EXISTS (SELECT 1 FROM ${events} WHERE ${events.id} = ${deliveries.eventId})`;
}
