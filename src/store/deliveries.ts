import { and, eq, inArray, isNotNull, isNull, lt, lte, sql, type SQL } from "drizzle-orm";
import type { StatusReason } from "../domain/webhook-event.ts";
import { recordChange, type ChangeRecord } from "./changes.ts";
import { commit, type Database, type Statement } from "./database.ts";
import type { AttemptRow, DeliveryRow } from "./delivery-history.ts";
import { auditEvents, deliveries, deliveryAttempts, events, webhooks, webhookSecrets } from "./schema.ts";
import type { WebhookRow, WebhookSecretRow } from "./webhooks.ts";

/** Claims of other isolates, whose clocks may be ahead, are counted too. */
const CLOCK_DIFFERENCE_MS = 60_000;

/** A delivery that this one may send, until its claim ends. */
export type ClaimedDelivery = Pick<DeliveryRow, "id" | "webhookId" | "eventId" | "tries" | "claimedUntil">;

export interface Turn {
  /** Undefined: it is gone. */
  readonly webhook: WebhookRow | undefined;
  /** All that there are, expired ones too. */
  readonly secrets: readonly WebhookSecretRow[];
  /** The ones due longest; none unless the endpoint is enabled. */
  readonly claimed: readonly ClaimedDelivery[];
}

/**
 * Claims due deliveries of one endpoint, so that nobody else sends them before the claim ends, and reads what
 * sending them takes, in one transaction. However many do so at once, no more than `maxLive` are claimed.
 */
export async function claimDue(
  db: Database,
  { webhookId, now, until, maxLive }: { webhookId: string; now: number; until: number; maxLive: number },
): Promise<Turn> {
  const pending = sql`webhook_id = ${webhookId} AND status = 'pending'`;
  // A claimed one is due at the end of its claim, so that the index leads to all of these.
  const live = sql`(SELECT count(*) FROM deliveries WHERE ${pending} AND next_at > ${now}
    AND next_at <= ${until + CLOCK_DIFFERENCE_MS} AND claimed_until > ${now})`;
  const due = sql`(SELECT id FROM deliveries WHERE ${pending} AND next_at <= ${now} AND claimed_until <= ${now}
    ORDER BY next_at LIMIT max(0, ${maxLive} - ${live}))`;
  const [claimed, [webhook], secrets] = await db.batch([
    db
      .update(deliveries)
      .set({ claimedUntil: until, nextAt: until })
      .where(
        sql`id IN ${due} AND EXISTS (SELECT 1 FROM webhooks WHERE webhooks.id = ${webhookId} AND webhooks.status = 'enabled')`,
      )
      .returning({
        id: deliveries.id,
        webhookId: deliveries.webhookId,
        eventId: deliveries.eventId,
        tries: deliveries.tries,
        claimedUntil: deliveries.claimedUntil,
      }),
    db.select().from(webhooks).where(eq(webhooks.id, webhookId)),
    db.select().from(webhookSecrets).where(eq(webhookSecrets.webhookId, webhookId)),
  ]);
  return { webhook, secrets, claimed };
}

/** An event with the audit row that it tells of. */
export interface ToldEvent {
  readonly id: string;
  readonly teamId: string;
  readonly sequence: number;
  readonly at: number;
  readonly type: string;
  readonly actor: string;
  readonly actorOwner: string;
  readonly subject: string;
  readonly detail: Record<string, unknown> | null;
}

export async function readEvents(db: Database, ids: readonly string[]): Promise<ToldEvent[]> {
  return db
    .select({
      id: sql<string>`${events.id}`.as("event_id"),
      teamId: sql<string>`${events.teamId}`.as("event_team"),
      sequence: events.sequence,
      at: sql<number>`${events.at}`.as("event_at"),
      type: auditEvents.type,
      actor: auditEvents.actor,
      actorOwner: auditEvents.actorOwner,
      subject: auditEvents.subject,
      detail: auditEvents.detail,
    })
    .from(events)
    .innerJoin(auditEvents, eq(auditEvents.id, events.auditId))
    .where(sql`${events.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`);
}

export type Attempt = Omit<AttemptRow, "deliveryId" | "number">;

/** Notes an attempt that arrived. It counts even when its claim is over: it has been delivered. */
export async function recordDelivered(
  db: Database,
  { id, webhookId }: ClaimedDelivery,
  { attempt, now }: { attempt: Attempt; now: number },
): Promise<void> {
  await commit(db, [
    insertAttempt(db, id, attempt),
    db
      .update(deliveries)
      .set({ status: "delivered", doneAt: now, claimedUntil: 0, tries: sql`${deliveries.tries} + 1` })
      .where(and(eq(deliveries.id, id), isPending())),
    db
      .update(webhooks)
      .set({ failingSince: null })
      .where(and(eq(webhooks.id, webhookId), isNotNull(webhooks.failingSince))),
  ]);
}

/**
 * Notes an attempt that failed.
 * @param nextAt when it is tried again; null: it is given up
 * @param pause what pausing the endpoint leaves behind, which happens when it has failed since `failingBefore`
 */
export async function recordFailed(
  db: Database,
  { id, webhookId, claimedUntil }: ClaimedDelivery,
  {
    attempt,
    now,
    nextAt,
    pause,
  }: {
    attempt: Attempt;
    now: number;
    nextAt: number | null;
    pause: { readonly failingBefore: number; readonly record: ChangeRecord };
  },
): Promise<void> {
  const isLong = lte(webhooks.failingSince, pause.failingBefore);
  await commit(db, [
    insertAttempt(db, id, attempt),
    db
      .update(deliveries)
      .set({
        claimedUntil: 0,
        tries: sql`${deliveries.tries} + 1`,
        ...(nextAt === null ? { status: "failed" as const, doneAt: now } : { nextAt }),
      })
      // Another one may have it by now, and then says itself what came of it.
      .where(and(eq(deliveries.id, id), isPending(), eq(deliveries.claimedUntil, claimedUntil))),
    db
      .update(webhooks)
      .set({ failingSince: attempt.at })
      .where(and(eq(webhooks.id, webhookId), isNull(webhooks.failingSince))),
    ...stopWebhook(db, webhookId, { status: "paused", reason: "failing", if: isLong, record: pause.record }),
  ]);
}

/**
 * Notes that an endpoint wants nothing any more: it is disabled, and all that waits for it is given up.
 * @param url the one that said so; has the endpoint got another one since, that one is tried
 */
export async function recordGone(
  db: Database,
  { id, webhookId }: ClaimedDelivery,
  { attempt, now, url, record }: { attempt: Attempt; now: number; url: string; record: ChangeRecord },
): Promise<void> {
  await commit(db, [
    insertAttempt(db, id, attempt),
    db
      .update(webhooks)
      .set({ failingSince: attempt.at })
      .where(and(eq(webhooks.id, webhookId), isNull(webhooks.failingSince))),
    // Before the audit row, so that what is disabled is not told of it.
    ...stopWebhook(db, webhookId, { status: "disabled", reason: "gone", if: eq(webhooks.url, url), record }),
    db
      .update(deliveries)
      .set({ status: "failed", doneAt: now, claimedUntil: 0 })
      .where(
        and(
          eq(deliveries.webhookId, webhookId),
          isPending(),
          sql`EXISTS (SELECT 1 FROM webhooks WHERE webhooks.id = ${webhookId} AND webhooks.status = 'disabled')`,
        ),
      ),
  ]);
}

/** Stops an endpoint, once: of those that do so at the same time one is recorded. */
function stopWebhook(
  db: Database,
  id: string,
  stop: {
    readonly status: "paused" | "disabled";
    readonly reason: StatusReason;
    readonly if: SQL;
    readonly record: ChangeRecord;
  },
): Statement[] {
  const { audit } = stop.record;
  return [
    db
      .update(webhooks)
      .set({
        status: stop.status,
        statusReason: stop.reason,
        version: sql`${webhooks.version} + 1`,
        changedBy: audit.id,
        updatedAt: audit.at,
      })
      .where(and(eq(webhooks.id, id), inArray(webhooks.status, STOPPABLE[stop.status]), stop.if)),
    ...recordChange(
      db,
      stop.record,
      sql`EXISTS (SELECT 1 FROM ${webhooks} WHERE id = ${id} AND changed_by = ${audit.id})`,
    ),
  ];
}

/** A paused one that wants nothing any more is disabled too. */
const STOPPABLE: { readonly [status in "paused" | "disabled"]: WebhookRow["status"][] } = {
  paused: ["enabled"],
  disabled: ["enabled", "paused"],
};

/** Unless its delivery is gone, with its endpoint. */
function insertAttempt(db: Database, deliveryId: string, attempt: Attempt): Statement {
  const { at, statusCode, error, durationMs, excerpt } = attempt;
  return db.insert(deliveryAttempts).select(
    sql`SELECT ${deliveries.id}, (SELECT count(*) + 1 FROM ${deliveryAttempts} WHERE delivery_id = ${deliveryId}),
      ${at}, ${statusCode}, ${error}, ${durationMs}, ${excerpt} FROM ${deliveries} WHERE ${deliveries.id} = ${deliveryId}`,
  );
}

/**
 * Enabled endpoints with deliveries that are due and that nobody is sending, the ones that have waited longest
 * first. Costs a look for each endpoint that anything waits for, however much does.
 */
export async function listDueEndpoints(
  db: Database,
  { now, limit }: { now: number; limit: number },
): Promise<string[]> {
  const found = await db.all<{ id: string }>(sql`
    WITH RECURSIVE waiting(id) AS (
      SELECT min(webhook_id) FROM deliveries WHERE status = 'pending'
      UNION ALL
      SELECT (SELECT min(webhook_id) FROM deliveries WHERE status = 'pending' AND webhook_id > waiting.id)
      FROM waiting WHERE waiting.id IS NOT NULL
    ), due(id, since) AS (
      SELECT id, (SELECT min(next_at) FROM deliveries
        WHERE webhook_id = waiting.id AND status = 'pending' AND next_at <= ${now} AND claimed_until <= ${now})
      FROM waiting WHERE id IS NOT NULL
    )
    SELECT due.id AS id FROM due JOIN webhooks ON webhooks.id = due.id
    WHERE due.since IS NOT NULL AND webhooks.status = 'enabled' ORDER BY due.since LIMIT ${limit}`);
  return found.map(({ id }) => id);
}

/** Deletes deliveries that were done by then, with their attempts and the events that nobody else is told of. */
export async function deleteOldDeliveries(
  db: Database,
  { before, limit }: { before: number; limit: number },
): Promise<void> {
  const old = db
    .select({ id: deliveries.id })
    .from(deliveries)
    .where(lt(deliveries.doneAt, before))
    .orderBy(deliveries.doneAt)
    .limit(limit);
  await db.batch([
    db.delete(deliveryAttempts).where(sql`${deliveryAttempts.deliveryId} IN ${old}`),
    db.delete(deliveries).where(sql`${deliveries.id} IN ${old}`),
  ]);
}

/**
 * Deletes events from between two times that nobody is told of any more. The team's endpoints lead to an
 * event's deliveries: there is no index of all of them by event.
 */
export async function deleteUntoldEvents(
  db: Database,
  { from, before, limit }: { from: number; before: number; limit: number },
): Promise<void> {
  await db.run(sql`DELETE FROM events WHERE id IN (
    SELECT old.id FROM events AS old WHERE old.at >= ${from} AND old.at < ${before} AND NOT EXISTS (
      SELECT 1 FROM webhooks CROSS JOIN deliveries
      WHERE webhooks.team_id = old.team_id AND deliveries.webhook_id = webhooks.id AND deliveries.event_id = old.id
    ) LIMIT ${limit})`);
}

/** As the indexes say it: with a bound value they would not be used. */
function isPending(): SQL {
  return sql`${deliveries.status} = 'pending'`;
}
