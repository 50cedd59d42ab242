import * as v from "valibot";
import { ok } from "../../domain/result.ts";
import { EVENT_TYPES } from "../../domain/webhook-event.ts";
import { createWebhook } from "../../operations/webhooks/create-webhook.ts";
import { deleteWebhook } from "../../operations/webhooks/delete-webhook.ts";
import { listWebhooks } from "../../operations/webhooks/list-webhooks.ts";
import { rotateWebhookSecret, type RotatedSecret } from "../../operations/webhooks/rotate-webhook-secret.ts";
import { showWebhook, type WebhookRow } from "../../operations/webhooks/show-webhook.ts";
import { updateWebhook } from "../../operations/webhooks/update-webhook.ts";
import { etagOf, ifMatch } from "./etag.ts";
import { definedMembers, descriptionSchema } from "./fields.ts";
import { PAGE_QUERY, presentPage, readPageRequest } from "./paging.ts";
import { isoTime } from "./present.ts";
import { route, type Answer, type Call, type Route } from "./route.ts";

export const WEBHOOKS = "/v1/teams/{team}/webhooks";

const MAX_URL = 2048;
const MAX_OVERLAP_SECONDS = 30 * 86_400;

const url = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(MAX_URL),
  v.description("https on port 443 at a public name, without fragment or user information."),
);

const events = v.pipe(
  v.array(v.picklist(EVENT_TYPES)),
  v.minLength(1),
  v.maxLength(EVENT_TYPES.length),
  v.check((types) => new Set(types).size === types.length),
  v.description("Each type once; the section `webhooks` of this document says what each tells."),
);

const createBody = v.strictObject({ url, events, description: v.optional(descriptionSchema) });

const updateBody = v.strictObject({
  url: v.optional(url),
  events: v.optional(events),
  description: v.optional(v.nullable(descriptionSchema)),
  status: v.optional(v.picklist(["enabled", "disabled"])),
});

export const webhookRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: WEBHOOKS,
    summary: "Add a webhook; this answer alone shows its signing secret.",
    access: { kind: "team", permission: "EMM.Webhooks.MANAGE" },
    body: createBody,
    idempotent: true,
    answers: { status: 201, body: "CreatedWebhook" },
    handle: async ({ deps, params, body, actor, keepAnswer }) => {
      const request = { url: body.url, events: body.events, description: body.description ?? null };
      const keep = keepAnswer(201, (webhook: WebhookRow) => presentCreated(webhook, null));
      const created = await createWebhook(deps, params["team"] ?? "", request, actor, keep);
      if (!created.ok) return created;
      const { webhook, secret } = created.value;
      return ok({
        status: 201,
        body: presentCreated(webhook, secret),
        headers: { ETag: etagOf(webhook) },
      });
    },
  }),
  route({
    method: "GET",
    path: WEBHOOKS,
    summary: "List a team's webhooks, newest first.",
    access: { kind: "team", permission: "EMM.Webhooks.VIEW" },
    query: PAGE_QUERY,
    answers: { status: 200, body: "Webhooks" },
    handle: async ({ deps, params, query }) => {
      const page = readPageRequest(query, "whk");
      if (!page.ok) return page;
      const listed = await listWebhooks(deps, params["team"] ?? "", page.value);
      if (!listed.ok) return listed;
      return ok({ status: 200, body: presentPage("webhooks", listed.value, presentWebhook) });
    },
  }),
  route({
    method: "GET",
    path: `${WEBHOOKS}/{id}`,
    summary: "Show a webhook, never its secret.",
    access: { kind: "team", permission: "EMM.Webhooks.VIEW" },
    answers: { status: 200, body: "Webhook" },
    handle: async ({ deps, params }) => {
      const webhook = await showWebhook(deps, webhookOf(params));
      return webhook.ok ? ok(answer(webhook.value)) : webhook;
    },
  }),
  route({
    method: "PATCH",
    path: `${WEBHOOKS}/{id}`,
    summary: "Change a webhook; enabling it sends what waits for it, disabling it gives that up.",
    access: { kind: "team", permission: "EMM.Webhooks.MANAGE" },
    body: updateBody,
    answers: { status: 200, body: "Webhook" },
    handle: async ({ deps, params, body, actor, request }) => {
      const edit = definedMembers(body);
      const webhook = await updateWebhook(deps, webhookOf(params), edit, ifMatch(request), actor);
      return webhook.ok ? ok(answer(webhook.value)) : webhook;
    },
  }),
  route({
    method: "DELETE",
    path: `${WEBHOOKS}/{id}`,
    summary: "Delete a webhook with its deliveries.",
    access: { kind: "team", permission: "EMM.Webhooks.DELETE" },
    answers: { status: 200, body: "Webhook" },
    refuses: [412],
    handle: async ({ deps, params, actor, request }) => {
      const deleted = await deleteWebhook(deps, webhookOf(params), ifMatch(request), actor);
      if (!deleted.ok) return deleted;
      return ok({ status: 200, body: { webhook: presentWebhook(deleted.value) } });
    },
  }),
  route({
    method: "POST",
    path: `${WEBHOOKS}/{id}/secrets`,
    summary: "Rotate a webhook's secret; this answer alone shows the new one.",
    access: { kind: "team", permission: "EMM.Webhooks.MANAGE" },
    body: v.strictObject({
      overlap_seconds: v.optional(
        v.pipe(
          v.number(),
          v.safeInteger(),
          v.minValue(0),
          v.maxValue(MAX_OVERLAP_SECONDS),
          v.description("For so long, the former secrets sign every message too."),
        ),
        0,
      ),
    }),
    idempotent: true,
    answers: { status: 201, body: "WebhookSecret" },
    handle: async ({ deps, params, body, actor, keepAnswer }) => {
      const keep = keepAnswer(201, (made: RotatedSecret) => ({ ...presentRotated(made), secret: null }));
      const rotated = await rotateWebhookSecret(deps, webhookOf(params), body.overlap_seconds, actor, keep);
      return rotated.ok ? ok({ status: 201, body: presentRotated(rotated.value) }) : rotated;
    },
  }),
];

/** The webhook that a path names. */
export function webhookOf(params: Call["params"]): { teamId: string; id: string } {
  return { teamId: params["team"] ?? "", id: params["id"] ?? "" };
}

function answer(webhook: WebhookRow): Answer {
  return { status: 200, body: { webhook: presentWebhook(webhook) }, headers: { ETag: etagOf(webhook) } };
}

function presentCreated(webhook: WebhookRow, secret: string | null) {
  return { webhook: presentWebhook(webhook), secret };
}

function presentRotated({ secret, previousExpiresAt }: RotatedSecret) {
  return { secret, previous_expires_at: isoTime(previousExpiresAt) };
}

function presentWebhook(webhook: WebhookRow) {
  return {
    id: webhook.id,
    team: webhook.teamId,
    url: webhook.url,
    description: webhook.description,
    events: webhook.events,
    status: webhook.status,
    status_reason: webhook.statusReason,
    failing_since: isoTime(webhook.failingSince),
    created_by: webhook.createdBy,
    created_at: isoTime(webhook.createdAt),
    updated_at: isoTime(webhook.updatedAt),
  };
}
