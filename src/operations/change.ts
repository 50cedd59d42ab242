import type { AuditRow } from "../store/changes.ts";
import { actorOf, ownerOf, type Caller } from "./caller.ts";
import { makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";

/** Who changes something, and from where. */
export interface Actor {
  readonly caller: Caller;
  readonly ip: string | null;
}

export interface AuditedEvent {
  readonly type: string;
  readonly teamId: string | null;
  readonly subject: string;
  readonly detail?: Record<string, unknown>;
}

/** The audit row of a change; `detail` says what changed and never holds a secret. */
export function auditRow(deps: Deps, { caller, ip }: Actor, event: AuditedEvent): AuditRow {
  return auditRowOf(deps, { actor: actorOf(caller), owner: ownerOf(caller), ip }, event);
}

/**
 * The same for whoever acts without being a caller of the management API: a client at an OAuth endpoint.
 * @param by the credential or client that acts, and whose it is
 */
export function auditRowOf(
  deps: Pick<Deps, "clock" | "randomBytes">,
  by: { readonly actor: string; readonly owner: string; readonly ip: string | null },
  event: AuditedEvent,
): AuditRow {
  return {
    id: makeId(deps, "aud"),
    teamId: event.teamId,
    at: deps.clock(),
    type: event.type,
    actor: by.actor,
    actorOwner: by.owner,
    subject: event.subject,
    ip: by.ip,
    detail: event.detail ?? null,
  };
}
