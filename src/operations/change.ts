import type { AuditRow } from "../store/changes.ts";
import { actorOf, ownerOf, type Caller } from "./caller.ts";
import { makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";

/** Who changes something, and from where. */
export interface Actor {
  readonly caller: Caller;
  readonly ip: string | null;
}

/** The audit row of a change; `detail` says what changed and never holds a secret. */
export function auditRow(
  deps: Deps,
  { caller, ip }: Actor,
  event: { type: string; teamId: string | null; subject: string; detail?: Record<string, unknown> },
): AuditRow {
  return {
    id: makeId(deps, "aud"),
    teamId: event.teamId,
    at: deps.clock(),
    type: event.type,
    actor: actorOf(caller),
    actorOwner: ownerOf(caller),
    subject: event.subject,
    ip,
    detail: event.detail ?? null,
  };
}
