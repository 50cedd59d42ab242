import { env } from "cloudflare:workers";
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet, type JWTPayload } from "jose";
import { expect } from "vitest";
import { store } from "./oauth/support.ts";
import { call, rows, send, unique, type Answer, type Sending } from "./support.ts";

/** Reports a leak as anybody can: without a credential of their own. */
export function report(token: string, sending: Sending & { readonly url?: string } = {}): Promise<Answer> {
  const { url, ...rest } = sending;
  return call("POST", "/v1/leaks", {
    as: null,
    body: { token, ...(url === undefined ? {} : { url }) },
    ...rest,
  });
}

/** What a receipt says, by the keys that the region publishes now; fails for anything but a receipt. */
export async function readReceipt(jws: string | null | undefined): Promise<JWTPayload> {
  const jwks = await (await send("GET", "/.well-known/jwks.json", { as: null })).json<JSONWebKeySet>();
  const { payload, protectedHeader } = await jwtVerify(jws ?? "", createLocalJWKSet(jwks), {
    typ: "revocation-receipt+jwt",
    algorithms: ["ES256"],
    currentDate: new Date(),
  });
  expect(Object.keys(protectedHeader).sort()).toEqual(["alg", "kid", "typ"]);
  return payload;
}

export interface AuditRow {
  readonly id: string;
  readonly type: string;
  readonly team_id: string | null;
  readonly subject: string;
  readonly actor: string;
  readonly ip: string | null;
  readonly detail: string;
}

export async function auditRows(type: string, subject: string): Promise<AuditRow[]> {
  return rows<AuditRow>("SELECT * FROM audit_events WHERE type = ? AND subject = ?", type, subject);
}

/** What the leaks of a subject say of where it was found. */
export async function leaksOf(subject: string): Promise<unknown[]> {
  const found = await auditRows("token.leaked", subject);
  return found.map(({ detail }) => (JSON.parse(detail) as { readonly after: unknown }).after);
}

/** An endpoint of the team that wants to hear of these events, put into the store by hand. */
export async function storeWebhook(team: string, events: readonly string[]): Promise<string> {
  const id = unique("whk_stored");
  await store("webhooks", {
    id,
    team_id: team,
    url: "https://hooks.example/in",
    events: JSON.stringify(events),
    status: "enabled",
    version: 1,
    changed_by: "test",
    created_by: "operator",
    created_at: Date.now(),
    updated_at: Date.now(),
  });
  return id;
}

/** Types of what waits to be delivered to an endpoint, in their order. */
export async function waitingFor(webhook: string): Promise<string[]> {
  const found = await rows<{ type: string }>(
    `SELECT deliveries.type FROM deliveries JOIN events ON events.id = deliveries.event_id
      WHERE webhook_id = ? ORDER BY events.sequence`,
    webhook,
  );
  return found.map(({ type }) => type);
}

/** Whether the store's log of what happened, whole, has this text anywhere. */
export async function isWritten(text: string): Promise<boolean> {
  const { results } = await env.DB.prepare(
    "SELECT 1 FROM audit_events WHERE instr(coalesce(detail, '') || subject || actor, ?) > 0",
  )
    .bind(text)
    .all();
  return results.length > 0;
}
