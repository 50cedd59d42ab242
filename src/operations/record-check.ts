import { PLANS, type QuotaName } from "../domain/plan.ts";
import type { CheckableToken } from "../store/access-tokens.ts";
import { QUOTA_WINDOW_MS } from "./charge-limit.ts";
import { makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { recordExceeded, type Exceeded } from "./record-exceeded.ts";
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
  const { id, teamId, userId, createdBy } = known;
  const by = { teamId, actor: id, ip };
  const owner = userId ?? createdBy;
  const written = deps.auditQueue.append({
    ...by,
    id: makeId(deps, "aud"),
    at: deps.clock(),
    type: refusal === null ? "check.strict" : "check.denied",
    actorOwner: owner,
    subject: service ?? "api",
    detail: refusal === null ? { permissions } : { permissions, reason: refusal.kind },
  });
  if (refusal?.kind !== "rate_limited") return written;
  const { retryAfterSeconds, quota } = refusal;
  const told = recordExceeded(deps, { ...by, owner, ...limitOf(known, quota), retryAfterSeconds });
  return Promise.all([written, told]).then(() => undefined);
}

/** Which limit refused: the quota of the team's plan, or the token's own. */
function limitOf(
  { id, teamId, teamPlan, rateLimit, rateWindowSeconds }: CheckableToken,
  quota: QuotaName | undefined,
): Pick<Exceeded, "subject" | "what" | "limit" | "windowMs"> {
  return quota === undefined
    ? { subject: id, what: "checks", limit: rateLimit ?? 0, windowMs: (rateWindowSeconds ?? 0) * 1000 }
    : { subject: teamId, what: quota, limit: PLANS[teamPlan][quota] ?? 0, windowMs: QUOTA_WINDOW_MS };
}
