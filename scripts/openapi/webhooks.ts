import {
  EVENT_SUMMARIES,
  eventSchema,
  TOLD_TYPES,
  type ToldType,
} from "../../src/routes/api/event-schemas.ts";
import { sentenceCase } from "./names.ts";
import { answerSchema, type Json } from "./schemas.ts";

/** The heading under which webhooks are managed, too. */
const TAG = "Webhooks";

const DESCRIPTION = `\
Sent as Standard Webhooks says: \`webhook-signature\` holds one \`v1,\` signature for each secret in force, an \
HMAC-SHA-256 of \`webhook-id\`, \`webhook-timestamp\` and the body, joined by dots. Verify it over the bytes of \
the body as they came, refuse a timestamp that is minutes away, and take an id that was seen before for a repeat: \
delivery is at least once. A later version may add members.`;

/** What stands in every message, by the name that each refers to it by. */
export const WEBHOOK_PARAMETERS: Readonly<Record<string, Json>> = {
  WebhookId: inHeader("webhook-id", "The event's id, at each attempt the same.", { type: "string" }),
  WebhookTimestamp: inHeader("webhook-timestamp", "When this attempt was made, in seconds since 1970.", {
    type: "string",
    pattern: "^\\d+$",
  }),
  WebhookSignature: inHeader(
    "webhook-signature",
    "Signatures, the newest secret's first, with a space between two.",
    { type: "string", pattern: "^v1,[A-Za-z0-9+/]+=*(?: v1,[A-Za-z0-9+/]+=*)*$" },
  ),
};

/** What an endpoint answers, alike. */
export const WEBHOOK_RESPONSES: Readonly<Record<string, Json>> = {
  WebhookTaken: {
    description: "Taken, when it comes within 15 s. The answer's body is not read beyond an excerpt.",
  },
  WebhookGone: { description: "The endpoint is gone: the webhook is disabled." },
  WebhookFailed: {
    description:
      "Anything else, a redirect among it, is a failure: it is tried again for more than 24 h, at growing " +
      "intervals, and not before `Retry-After`.",
  },
};

/** What there is to say of a heading beyond its name. */
export const TAG_DESCRIPTIONS: Readonly<Record<string, string>> = { [TAG]: DESCRIPTION };

/** What an endpoint is sent, type by type (OpenAPI 3.1.1, "OpenAPI Object", `webhooks`). */
export function describeWebhooks(): Json {
  return Object.fromEntries(TOLD_TYPES.map((type) => [type, { post: describe(type) }]));
}

function describe(type: ToldType): Json {
  return {
    operationId: `on${type.split(/[._]/).map(sentenceCase).join("")}`,
    tags: [TAG],
    summary: EVENT_SUMMARIES[type],
    parameters: Object.keys(WEBHOOK_PARAMETERS).map((name) => ({ $ref: `#/components/parameters/${name}` })),
    requestBody: {
      required: true,
      content: { "application/json": { schema: answerSchema(eventSchema(type)) } },
    },
    responses: {
      "2XX": { $ref: "#/components/responses/WebhookTaken" },
      "410": { $ref: "#/components/responses/WebhookGone" },
      default: { $ref: "#/components/responses/WebhookFailed" },
    },
  };
}

function inHeader(name: string, description: string, schema: Json): Json {
  return { name, in: "header", required: true, description, schema };
}
