import type { AuditEvent, ChainedEvent, ChainLink } from "../domain/audit-chain.ts";
import type { JsonValue } from "../domain/canonical-json.ts";
import { isSealed, type AuditEventRow, type SealedRow } from "../store/audit-events.ts";

/** An event as it is answered, and as its hash covers it: what a reader verifies is what they were shown. */
export function auditEventOf(row: AuditEventRow): AuditEvent {
  return {
    id: row.id,
    team: row.teamId,
    at: new Date(row.at).toISOString(),
    type: row.type,
    actor: { id: row.actor, owner: row.actorOwner },
    subject: row.subject,
    ip: row.ip,
    // It was read from JSON.
    detail: row.detail as Record<string, JsonValue> | null,
  };
}

export function chainedEventOf(row: SealedRow): ChainedEvent {
  return { ...auditEventOf(row), chain: { number: row.chainNumber, hash: row.chainHash } };
}

/** The same, for an event that may still wait for its link. */
export function listedEventOf(row: AuditEventRow): AuditEvent & { readonly chain: ChainLink | null } {
  return isSealed(row) ? chainedEventOf(row) : { ...auditEventOf(row), chain: null };
}
