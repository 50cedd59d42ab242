import { and, count, desc, eq, gt, isNull, lt, lte, or, sql, type SQL } from "drizzle-orm";
import { recordChange, type ChangeRecord } from "./changes.ts";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { deliveries, deliveryAttempts, webhooks, webhookSecrets } from "./schema.ts";

export type WebhookRow = typeof webhooks.$inferSelect;
export type WebhookSecretRow = typeof webhookSecrets.$inferSelect;

export function insertWebhook(db: Database, row: WebhookRow): Statement {
  return db.insert(webhooks).values(row);
}

export function insertWebhookSecret(db: Database, row: WebhookSecretRow): Statement {
  return db.insert(webhookSecrets).values(row);
}

export async function findWebhook(
  db: Database,
  { teamId, id }: { teamId: string; id: string },
): Promise<WebhookRow | undefined> {
  return db
    .select()
    .from(webhooks)
    .where(and(eq(webhooks.teamId, teamId), eq(webhooks.id, id)))
    .get();
}

/** A team's webhooks, newest first, those after the webhook `cursor`. */
export async function listWebhooks(
  db: Database,
  { teamId, limit, cursor }: { teamId: string; limit: number; cursor: string | null },
): Promise<WebhookRow[]> {
  return db
    .select()
    .from(webhooks)
    .where(and(eq(webhooks.teamId, teamId), cursor === null ? undefined : lt(webhooks.id, cursor)))
    .orderBy(desc(webhooks.id))
    .limit(limit);
}

export async function countWebhooks(db: Database, teamId: string): Promise<number> {
  const row = await db.select({ found: count() }).from(webhooks).where(eq(webhooks.teamId, teamId)).get();
  return row?.found ?? 0;
}

/** Undoes the batch when the team has more webhooks than its plan allows; belongs after the insert. */
export function refuseWebhooksOver(
  db: Database,
  { teamId, limit }: { teamId: string; limit: number },
): Statement {
  return refuseWhen(db, sql`(SELECT count(*) FROM ${webhooks} WHERE team_id = ${teamId}) > ${limit}`);
}

/** The parts of a webhook that can be changed. */
export type WebhookChange = Partial<
  Pick<WebhookRow, "url" | "description" | "events" | "status" | "statusReason" | "failingSince">
>;

/**
 * Changes a webhook as it was read; the batch fails if it has changed since, by a person or because it failed.
 * What waits for it is due at once when it is enabled, and given up when it is disabled.
 */
export function updateWebhook(
  db: Database,
  { webhook, change, record }: { webhook: WebhookRow; change: WebhookChange; record: ChangeRecord },
): Statement[] {
  const { id, version } = webhook;
  const { at, id: changedBy } = record.audit;
  return [
    refuseChangedWebhook(db, webhook),
    db
      .update(webhooks)
      .set({ ...change, version: version + 1, changedBy, updatedAt: at })
      .where(eq(webhooks.id, id)),
    ...statusEffects(db, { id, status: change.status, at }),
    ...recordChange(db, record),
  ];
}

function statusEffects(
  db: Database,
  { id, status, at }: { id: string; status: WebhookRow["status"] | undefined; at: number },
): Statement[] {
  const waiting = and(eq(deliveries.webhookId, id), sql`${deliveries.status} = 'pending'`);
  if (status === "enabled") return [db.update(deliveries).set({ nextAt: at, tries: 0 }).where(waiting)];
  if (status === "disabled")
    return [db.update(deliveries).set({ status: "failed", doneAt: at }).where(waiting)];
  return [];
}

/** The secrets that sign now, or until the overlap of a rotation is over. */
export async function listWebhookSecretsInForce(
  db: Database,
  { webhookId, now }: { webhookId: string; now: number },
): Promise<WebhookSecretRow[]> {
  return db
    .select()
    .from(webhookSecrets)
    .where(
      and(
        eq(webhookSecrets.webhookId, webhookId),
        or(isNull(webhookSecrets.expiresAt), gt(webhookSecrets.expiresAt, now)),
      ),
    );
}

/**
 * Gives a webhook as it was read a new secret; those before it end at `expiresAt`, none later than it would
 * have. The batch fails if the webhook has changed.
 */
export function rotateWebhookSecret(
  db: Database,
  {
    webhook,
    secret,
    expiresAt,
    record,
  }: { webhook: WebhookRow; secret: WebhookSecretRow; expiresAt: number; record: ChangeRecord },
): Statement[] {
  const { id, version } = webhook;
  const { at, id: changedBy } = record.audit;
  const its = eq(webhookSecrets.webhookId, id);
  return [
    refuseChangedWebhook(db, webhook),
    db
      .update(webhookSecrets)
      .set({ expiresAt })
      .where(and(its, or(isNull(webhookSecrets.expiresAt), gt(webhookSecrets.expiresAt, expiresAt)))),
    db.delete(webhookSecrets).where(and(its, lte(webhookSecrets.expiresAt, at))),
    insertWebhookSecret(db, secret),
    // Of two rotations at once, the second has to know which secrets the first one left.
    db
      .update(webhooks)
      .set({ version: version + 1, changedBy, updatedAt: at })
      .where(eq(webhooks.id, id)),
    ...recordChange(db, record),
  ];
}

/**
 * Deletes a webhook as it was read with its secrets and its deliveries. The batch fails if it has changed since.
 */
export function deleteWebhook(
  db: Database,
  { webhook, record }: { webhook: WebhookRow; record: ChangeRecord },
): Statement[] {
  const { id } = webhook;
  const its = db.select({ id: deliveries.id }).from(deliveries).where(eq(deliveries.webhookId, id));
  return [
    refuseChangedWebhook(db, webhook),
    db.delete(deliveryAttempts).where(sql`${deliveryAttempts.deliveryId} IN ${its}`),
    db.delete(deliveries).where(eq(deliveries.webhookId, id)),
    db.delete(webhookSecrets).where(eq(webhookSecrets.webhookId, id)),
    db.delete(webhooks).where(eq(webhooks.id, id)),
    ...recordChange(db, record),
  ];
}

/** Undoes the batch when a webhook is not as it was read. */
export function refuseChangedWebhook(db: Database, webhook: WebhookRow): Statement {
  return refuseWhen(db, changedSince(webhook));
}

/** The status counts too: what the deliveries do to it is no person's change, and has no version. */
function changedSince({ id, version, status }: WebhookRow): SQL {
  return sql`NOT EXISTS (SELECT 1 FROM ${webhooks} WHERE id = ${id} AND version = ${version} AND status = ${status})`;
}
