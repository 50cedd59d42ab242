import { makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import type { Question, Verdict } from "./verdict.ts";

/**
 * Keeps what a check leaves behind: a count, gathered and written later, and for a denied or strict
 * check an audit event, written before the answer. A token that does not exist leaves nothing, or
 * forgers could fill the store.
 * @returns null when there is nothing to wait for
 */
export function recordCheck(
  deps: Deps,
  { permissions, service, ip }: Question,
  { refusal, known, strict }: Verdict,
  moment: Moment,
): Promise<void> | null {
  if (known === null) return null;
  const verdict = refusal?.kind ?? "allowed";
  deps.usage.note(
    { tokenId: known.id, teamId: known.teamId, permissions, verdict, at: moment.arrivedAt },
    moment,
  );
  if (refusal === null && !strict) return null;
  return deps.auditQueue.append({
    id: makeId(deps, "aud"),
    teamId: known.teamId,
    at: deps.clock(),
    type: refusal === null ? "check.strict" : "check.denied",
    actor: known.id,
    actorOwner: known.userId ?? known.createdBy,
    subject: service ?? "api",
    ip,
    detail: refusal === null ? { permissions } : { permissions, reason: refusal.kind },
  });
}
