import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { TurnMessage } from "../../../src/domain/webhook-event.ts";
import type { Deps } from "../../../src/operations/deps.ts";
import { deliverDue } from "../../../src/operations/webhooks/deliver-due.ts";
import { makeWebhookSecret } from "../../../src/operations/webhooks/webhook-secret.ts";
import { call, expectAnswer, issue, makeTeam, rows, startIsolate, type IssuedToken } from "../support.ts";
import { storeWebhook } from "./outbox.ts";
import type { Receiver } from "./receiver.ts";

export interface Asked extends TurnMessage {
  readonly delaySeconds: number;
}

/** A queue that hands on nothing by itself: it keeps what is asked of it. */
export class HeldQueue {
  readonly asked: Asked[] = [];
  broken = false;

  get binding(): typeof env.DELIVERIES {
    const sendBatch = async (
      messages: Iterable<MessageSendRequest<TurnMessage>>,
      { delaySeconds = 0 }: QueueSendBatchOptions = {},
    ) => {
      if (this.broken) throw new Error("the queue is down");
      for (const { body } of messages) this.asked.push({ ...body, delaySeconds });
    };
    return { sendBatch } as unknown as typeof env.DELIVERIES;
  }

  /** Endpoints that were asked a turn for since the last time, each once. */
  drain(): string[] {
    return [...new Set(this.asked.splice(0).map(({ webhook }) => webhook))];
  }
}

/** An isolate that delivers, and what it asks of its queue. */
export interface Consumer {
  readonly deps: Deps;
  readonly queue: HeldQueue;
  turn(webhook: string): Promise<void>;
}

export async function startConsumer(settings: Partial<typeof env> = {}): Promise<Consumer> {
  const queue = new HeldQueue();
  const { deps } = await startIsolate({ ...settings, DELIVERIES: queue.binding });
  return { deps, queue, turn: (webhook) => deliverDue(deps, webhook) };
}

/** An endpoint of a team at a receiver, which gets to know its secret. */
export async function subscribe(
  { deps }: Consumer,
  team: string,
  receiver: Receiver,
  events: readonly string[] = ["access_token.created"],
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const id = await storeWebhook(team, events, { url: receiver.url, ...more });
  receiver.secrets.push(await addSecret(deps, id));
  return id;
}

export async function addSecret(
  deps: Deps,
  webhook: string,
  expiresAt: number | null = null,
): Promise<string> {
  const { row, secret } = makeWebhookSecret(deps, webhook);
  await env.DB.prepare(
    "INSERT INTO webhook_secrets (id, webhook_id, sealed, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
  )
    .bind(row.id, webhook, row.sealed, row.createdAt, expiresAt)
    .run();
  return secret;
}

/** A team with one endpoint. */
export async function makeSubscriber(
  consumer: Consumer,
  receiver: Receiver,
  events?: readonly string[],
): Promise<{ readonly team: string; readonly webhook: string }> {
  const { id: team } = await makeTeam();
  return { team, webhook: await subscribe(consumer, team, receiver, events) };
}

export async function issueMany(team: string, number: number): Promise<IssuedToken[]> {
  const tokens: IssuedToken[] = [];
  for (let index = 0; index < number; index += 1) tokens.push(await issue(team));
  return tokens;
}

export async function revoke(team: string, id: string): Promise<void> {
  expectAnswer(await call("DELETE", `/v1/teams/${team}/access-tokens/${id}`), 200, "RevokedAccessToken");
}

export interface StoredDelivery {
  readonly id: string;
  readonly event_id: string;
  readonly status: string;
  readonly tries: number;
  readonly next_at: number;
  readonly claimed_until: number;
  readonly done_at: number | null;
}

/** An endpoint's deliveries in the order of their events. */
export async function deliveriesOf(webhook: string): Promise<StoredDelivery[]> {
  return rows<StoredDelivery>(
    `SELECT deliveries.* FROM deliveries JOIN events ON events.id = event_id
     WHERE webhook_id = ? ORDER BY sequence`,
    webhook,
  );
}

export interface StoredAttempt {
  readonly number: number;
  readonly at: number;
  readonly status_code: number | null;
  readonly error: string | null;
  readonly duration_ms: number;
  readonly excerpt: string | null;
}

/** What was tried to an endpoint, delivery by delivery. */
export async function attemptsOf(webhook: string): Promise<StoredAttempt[]> {
  return rows<StoredAttempt>(
    `SELECT delivery_attempts.* FROM delivery_attempts JOIN deliveries ON deliveries.id = delivery_id
     JOIN events ON events.id = event_id WHERE webhook_id = ? ORDER BY sequence, number`,
    webhook,
  );
}

export async function webhookRow(
  id: string,
): Promise<{ status: string; status_reason: string | null; failing_since: number | null } | undefined> {
  const [row] = await rows<{ status: string; status_reason: string | null; failing_since: number | null }>(
    "SELECT status, status_reason, failing_since FROM webhooks WHERE id = ?",
    id,
  );
  expect(row).toBeDefined();
  return row;
}
