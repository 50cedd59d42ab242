import * as v from "valibot";
import { nextCursor, time } from "./answer-fields.ts";

const webhook = v.strictObject({
  id: v.string(),
  team: v.string(),
  url: v.string(),
  description: v.nullable(v.string()),
  events: v.array(v.string()),
  status: v.picklist(["enabled", "paused", "disabled"]),
  status_reason: v.nullable(v.picklist(["gone", "failing", "requested"])),
  failing_since: v.nullable(time),
  created_by: v.string(),
  created_at: time,
  updated_at: time,
});

const delivery = v.strictObject({
  id: v.string(),
  event: v.string(),
  type: v.string(),
  status: v.picklist(["pending", "delivered", "failed"]),
  attempts: v.array(
    v.strictObject({
      at: time,
      status_code: v.nullable(v.number()),
      error: v.nullable(v.string()),
      duration_ms: v.number(),
      excerpt: v.nullable(v.string()),
    }),
  ),
  created_at: time,
  next_attempt_at: v.nullable(time),
});

/** What the routes of webhooks and their deliveries answer: a part of `ANSWER_SCHEMAS`. */
export const WEBHOOK_ANSWERS = {
  CreatedWebhook: v.strictObject({
    webhook,
    secret: v.nullable(v.string()),
    replayed: v.optional(v.literal(true)),
  }),
  Webhook: v.strictObject({ webhook }),
  Webhooks: v.strictObject({ webhooks: v.array(webhook), next_cursor: nextCursor }),
  WebhookSecret: v.strictObject({
    secret: v.nullable(v.string()),
    previous_expires_at: time,
    replayed: v.optional(v.literal(true)),
  }),
  Delivery: v.strictObject({ delivery, replayed: v.optional(v.literal(true)) }),
  Deliveries: v.strictObject({ deliveries: v.array(delivery), next_cursor: nextCursor }),
  Redelivered: v.strictObject({ count: v.number(), next_since: v.nullable(time) }),
} as const;
