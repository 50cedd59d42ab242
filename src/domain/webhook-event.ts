/*
 * What an endpoint is told (contract, section 8). A message is a function of rows that never change, so that
 * every attempt at it sends the same bytes under the same id.
 */

/** What an endpoint can subscribe to: types of the audit trail, as the trail names them. */
export const EVENT_TYPES = [
  "access_token.created",
  "access_token.revoked",
  "access_token.expiring",
  "client.created",
  "client.deleted",
  "client.secret_rotated",
  "grant.accepted",
  "grant.denied",
  "grant.revoked",
  "refresh_token.evicted",
  "refresh_token.reuse_detected",
  "rate_limit.exceeded",
  "member.invited",
  "member.joined",
  "member.removed",
  "role.created",
  "role.updated",
  "role.deleted",
  "team.updated",
  "team.suspended",
  "token.leaked",
  "webhook.disabled",
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** Sent to one endpoint when somebody asks for it; nobody can subscribe to it. */
export const TEST_EVENT_TYPE = "webhook.test";

/** What the queue hands on: it is this endpoint's turn. */
export interface TurnMessage {
  readonly webhook: string;
}

/** Why an endpoint is not enabled: it answered 410, it failed for days, or somebody wanted it so. */
export type StatusReason = "gone" | "failing" | "requested";

/** Standard Webhooks asks for bodies under 20 KB. */
const MAX_BODY_BYTES = 20_000;

export function isEventType(text: string): text is EventType {
  return (EVENT_TYPES as readonly string[]).includes(text);
}

export interface WebhookEvent {
  readonly id: string;
  readonly type: string;
  readonly team: string;
  readonly region: string;
  /** ISO 8601, with milliseconds. */
  readonly createdAt: string;
  /** What it happened to. */
  readonly subject: string;
  /** Grows with each event of the team, in the order of the changes. */
  readonly sequence: number;
  readonly actor: { readonly id: string; readonly owner: string };
  /** As the audit trail has it: no secret, and no address of anybody. */
  readonly detail: Readonly<Record<string, unknown>> | null;
}

/** The body of a message: what is too long for one goes without `before` and `after`, and says so. */
export function eventBody(event: WebhookEvent): string {
  const whole = bodyWith(event, event.detail ?? {});
  if (utf8Length(whole) <= MAX_BODY_BYTES) return whole;
  const { before: _before, after: _after, ...rest } = event.detail ?? {};
  const shorter = bodyWith(event, { ...rest, truncated: true });
  return utf8Length(shorter) <= MAX_BODY_BYTES ? shorter : bodyWith(event, { truncated: true });
}

function bodyWith(event: WebhookEvent, detail: Readonly<Record<string, unknown>>): string {
  const { id, type, team, region, createdAt, subject, sequence, actor } = event;
  const own = { id: subject, sequence, actor: { id: actor.id, owner: actor.owner } };
  // First, so that they come first, and last, so that no detail of these names takes their place.
  const data = { ...own, ...detail, ...own };
  return JSON.stringify({ id, type, team, region, created_at: createdAt, data });
}

/** Bytes of the text in UTF-8; a lone surrogate counts as the three that replace it. */
function utf8Length(text: string): number {
  let length = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
  }
  return length;
}
