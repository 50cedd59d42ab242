import * as v from "valibot";
import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { listDeliveries } from "../../operations/webhooks/list-deliveries.ts";
import { redeliver } from "../../operations/webhooks/redeliver.ts";
import { redeliverSince } from "../../operations/webhooks/redeliver-since.ts";
import {
  showDelivery,
  type DeliveryStatus,
  type ListedDelivery,
  type WhichDelivery,
} from "../../operations/webhooks/show-delivery.ts";
import { testWebhook } from "../../operations/webhooks/test-webhook.ts";
import { PAGE_QUERY, presentPage, readPageRequest } from "./paging.ts";
import { isoTime } from "./present.ts";
import { route, type Call, type Route } from "./route.ts";
import { parseTime, TIME_WRITING } from "./times.ts";
import { WEBHOOKS, webhookOf } from "./webhooks.ts";

const DELIVERIES = `${WEBHOOKS}/{id}/deliveries`;

const STATUSES: readonly string[] = ["pending", "delivered", "failed"] satisfies DeliveryStatus[];

const sinceBody = v.strictObject({
  since: v.pipe(
    v.string(),
    v.check((text) => parseTime(text) !== null),
    v.transform((text) => parseTime(text) ?? 0),
    v.description(`Of events from then on: ${TIME_WRITING}.`),
  ),
  status: v.optional(
    v.pipe(v.picklist(["delivered", "failed"]), v.description("Only these; both when left out.")),
  ),
});

export const webhookDeliveryRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: `${WEBHOOKS}/{id}/test`,
    summary: "Send a webhook a test event, `webhook.test`.",
    access: { kind: "team", permission: "EMM.Webhooks.MANAGE" },
    idempotent: true,
    answers: { status: 202, body: "Delivery" },
    refuses: [409],
    handle: async ({ deps, params, actor, keepAnswer }) => {
      const sent = await testWebhook(deps, webhookOf(params), actor, keepAnswer(202, presentOne));
      return sent.ok ? ok({ status: 202, body: presentOne(sent.value) }) : sent;
    },
  }),
  route({
    method: "GET",
    path: DELIVERIES,
    summary: "List what was sent to a webhook and what is to be sent, newest first.",
    access: { kind: "team", permission: "EMM.Webhooks.VIEW" },
    query: { ...PAGE_QUERY, status: "`pending`, `delivered` or `failed`." },
    answers: { status: 200, body: "Deliveries" },
    handle: async ({ deps, params, query }) => {
      const page = readPageRequest(query, "dlv");
      if (!page.ok) return page;
      const status = readStatus(query.get("status"));
      if (!status.ok) return status;
      const listed = await listDeliveries(deps, webhookOf(params), status.value, page.value);
      if (!listed.ok) return listed;
      return ok({ status: 200, body: presentPage("deliveries", listed.value, presentDelivery) });
    },
  }),
  route({
    method: "GET",
    path: `${DELIVERIES}/{delivery}`,
    summary: "Show a delivery with every attempt at it.",
    access: { kind: "team", permission: "EMM.Webhooks.VIEW" },
    answers: { status: 200, body: "Delivery" },
    handle: async ({ deps, params }) => {
      const delivery = await showDelivery(deps, deliveryOf(params));
      return delivery.ok ? ok({ status: 200, body: presentOne(delivery.value) }) : delivery;
    },
  }),
  route({
    method: "POST",
    path: `${DELIVERIES}/{delivery}/redeliver`,
    summary: "Send an event again, under the same id.",
    access: { kind: "team", permission: "EMM.Webhooks.MANAGE" },
    idempotent: true,
    answers: { status: 202, body: "Delivery" },
    refuses: [409],
    handle: async ({ deps, params, actor, keepAnswer }) => {
      const again = await redeliver(deps, deliveryOf(params), actor, keepAnswer(202, presentOne));
      return again.ok ? ok({ status: 202, body: presentOne(again.value) }) : again;
    },
  }),
  route({
    method: "POST",
    path: `${WEBHOOKS}/{id}/redeliver`,
    summary: "Send again the events since a time that were delivered or given up, the oldest first.",
    access: { kind: "team", permission: "EMM.Webhooks.MANAGE" },
    body: sinceBody,
    answers: { status: 202, body: "Redelivered" },
    refuses: [409],
    handle: async ({ deps, params, body, actor }) => {
      const which = { since: body.since, status: body.status ?? null };
      const again = await redeliverSince(deps, webhookOf(params), which, actor);
      if (!again.ok) return again;
      const { count, nextSince } = again.value;
      return ok({ status: 202, body: { count, next_since: isoTime(nextSince) } });
    },
  }),
];

function deliveryOf(params: Call["params"]): WhichDelivery {
  const { teamId, id: webhookId } = webhookOf(params);
  return { teamId, webhookId, id: params["delivery"] ?? "" };
}

function readStatus(text: string | null): Result<DeliveryStatus | null, Refusal> {
  if (text !== null && !STATUSES.includes(text))
    return err({ kind: "invalid_member", member: "status", problem: "invalid" });
  return ok(text as DeliveryStatus | null);
}

function presentOne(delivery: ListedDelivery) {
  return { delivery: presentDelivery(delivery) };
}

function presentDelivery({ id, eventId, type, status, attempts, createdAt, nextAt }: ListedDelivery) {
  return {
    id,
    event: eventId,
    type,
    status,
    attempts: attempts.map((attempt) => ({
      at: isoTime(attempt.at),
      status_code: attempt.statusCode,
      error: attempt.error,
      duration_ms: attempt.durationMs,
      excerpt: attempt.excerpt,
    })),
    created_at: isoTime(createdAt),
    next_attempt_at: status === "pending" ? isoTime(nextAt) : null,
  };
}
