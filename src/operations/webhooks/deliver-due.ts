import { PAUSE_AFTER_MS, retryDelayMs } from "../../domain/delivery-schedule.ts";
import { eventBody, type StatusReason } from "../../domain/webhook-event.ts";
import {
  claimDue,
  readEvents,
  recordDelivered,
  recordFailed,
  recordGone,
  type ClaimedDelivery,
  type ToldEvent,
} from "../../store/deliveries.ts";
import type { WebhookRow } from "../../store/webhooks.ts";
import { auditRowOf } from "../change.ts";
import type { Deps } from "../deps.ts";
import { mayBeCalled } from "./may-be-called.ts";
import { REFUSED_ADDRESS, sendMessage, type Outcome } from "./send-message.ts";
import { signedHeaders } from "./sign-message.ts";
import { sweepDeliveries } from "./sweep-deliveries.ts";
import { signingKeys } from "./webhook-secret.ts";

/** How long a sender that has died keeps a delivery from being sent. */
const CLAIM_MS = 30_000;

/** From when on a claim is over before its sender surely is: 15 s for the answer, and what comes before and after. */
const TOO_LATE_MS = 10_000;

/** Connections to one endpoint; an invocation has six (facts: platform, "Workers"). */
const MAX_LIVE = 5;

/** No round begins later: with its slowest answer a turn then ends within the 30 s that it is given. */
const TURN_MS = 10_000;

/** An invocation has 1,000 queries (facts: platform, "D1"), and a delivery takes seven at most. */
const MAX_PER_TURN = 100;

/** For what is later there is the scheduled job, which comes by every minute. */
const MAX_WAIT_SECONDS = 60;

const GONE = 410;

/** How the audit trail names what nobody did: a delivery brought it about. */
const BY_DELIVERY = { actor: "delivery", owner: "delivery", ip: null };

type DeliverDeps = Pick<
  Deps,
  | "db"
  | "clock"
  | "randomBytes"
  | "vault"
  | "send"
  | "allowLoopback"
  | "origins"
  | "region"
  | "tenant"
  | "deliveries"
>;

/**
 * Gives an endpoint its turn: sends what is due for it, some at a time, until nothing is left or the turn is over;
 * then asks for another one. Any number of turns at once do no harm: each sends what it has claimed.
 */
export async function deliverDue(deps: DeliverDeps, webhookId: string): Promise<void> {
  const { clock, deliveries } = deps;
  const endsAt = clock() + TURN_MS;
  const retries: number[] = [];
  let sent = 0;
  let isMore = true;
  while (isMore && sent < MAX_PER_TURN && clock() < endsAt) {
    const results = await deliverSome(deps, webhookId);
    for (const { nextAt } of results) if (nextAt !== null) retries.push(nextAt);
    sent += results.length;
    // What others have claimed is theirs: they look again when they are done with it.
    isMore = results.length > 0;
  }
  if (isMore) await deliveries.send([webhookId]);
  // One message at most for what failed, and none for what fails elsewhere: so turns cannot multiply.
  const waitSeconds = Math.ceil((Math.min(...retries) - clock()) / 1000);
  if (waitSeconds <= MAX_WAIT_SECONDS) await deliveries.send([webhookId], Math.max(waitSeconds, 0));
}

interface Result {
  /** When it is tried again; null: it is done. */
  readonly nextAt: number | null;
}

async function deliverSome(deps: DeliverDeps, webhookId: string): Promise<Result[]> {
  const { db, clock } = deps;
  const now = clock();
  const claim = { webhookId, now, until: now + CLAIM_MS, maxLive: MAX_LIVE };
  const { webhook, secrets, claimed } = await claimDue(db, claim);
  if (webhook === undefined || claimed.length === 0) return [];
  const [events, allowed] = await Promise.all([
    readEvents(
      db,
      claimed.map(({ eventId }) => eventId),
    ),
    URL.canParse(webhook.url) && mayBeCalled(deps, new URL(webhook.url)),
  ]);
  // Another one could send them too, before this one is done: they come due again by themselves.
  if (clock() - now > TOO_LATE_MS) return [];
  const keys = signingKeys(deps, secrets, now);
  const byId = new Map(events.map((event) => [event.id, event]));
  const outcomes = await Promise.allSettled(
    claimed.map(async (delivery) => {
      const event = byId.get(delivery.eventId);
      if (event === undefined) throw new Error("a delivery without its event");
      const at = clock();
      const outcome = allowed ? await sendEvent(deps, webhook, keys, event) : REFUSED_ADDRESS;
      return record(deps, { webhook, delivery, at, outcome });
    }),
  );
  // One that could not be recorded is sent again when its claim is over; the others are not kept waiting.
  const failed = outcomes.filter((outcome) => outcome.status === "rejected");
  if (failed.length > 0)
    throw new AggregateError(
      failed.map(({ reason }) => reason as unknown),
      "deliveries could not be finished",
    );
  return outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
}

function sendEvent(
  deps: DeliverDeps,
  { url }: WebhookRow,
  keys: readonly Uint8Array[],
  event: ToldEvent,
): Promise<Outcome> {
  const { id, type, teamId, sequence, subject, detail } = event;
  const body = eventBody({
    id,
    type,
    team: teamId,
    region: deps.region,
    createdAt: new Date(event.at).toISOString(),
    subject,
    sequence,
    actor: { id: event.actor, owner: event.actorOwner },
    detail,
  });
  const headers = {
    "Content-Type": "application/json",
    "User-Agent": "Jeton-Webhooks/1",
    ...signedHeaders(keys, { id, atMs: deps.clock(), body }),
  };
  return sendMessage(deps, { url, headers, body });
}

async function record(
  deps: DeliverDeps,
  {
    webhook,
    delivery,
    at,
    outcome,
  }: { webhook: WebhookRow; delivery: ClaimedDelivery; at: number; outcome: Outcome },
): Promise<Result> {
  const { db, clock } = deps;
  const { statusCode, error, durationMs, excerpt, askedMs } = outcome;
  const attempt = { at, statusCode, error, durationMs, excerpt };
  const now = clock();
  if (error === null) {
    await recordDelivered(db, delivery, { attempt, now });
    return { nextAt: null };
  }
  const stop = (status: "paused" | "disabled", reason: StatusReason) => ({
    subjects: [],
    audit: auditRowOf(deps, BY_DELIVERY, {
      type: "webhook.disabled",
      teamId: webhook.teamId,
      subject: webhook.id,
      detail: { before: { status: webhook.status }, after: { status, reason } },
    }),
  });
  if (statusCode === GONE) {
    await recordGone(db, delivery, { attempt, now, url: webhook.url, record: stop("disabled", "gone") });
    await sweepDeliveries(deps);
    return { nextAt: null };
  }
  const delayMs = retryDelayMs(delivery.tries + 1, { chance: chanceOf(deps), askedMs });
  const nextAt = delayMs === null ? null : now + delayMs;
  const failingBefore = now - PAUSE_AFTER_MS;
  const pause = { failingBefore, record: stop("paused", "failing") };
  await recordFailed(db, delivery, { attempt, now, nextAt, pause });
  if (webhook.failingSince !== null && webhook.failingSince <= failingBefore) await sweepDeliveries(deps);
  return { nextAt };
}

/** From 0 up to 1. */
function chanceOf({ randomBytes }: DeliverDeps): number {
  const [high = 0, low = 0] = randomBytes(2);
  return (high * 256 + low) / 65_536;
}
