import type { Refusal } from "../../domain/refusal.ts";
import { ok, type Result } from "../../domain/result.ts";
import { ConditionFailed } from "../../store/database.ts";
import { listRedeliverable, redeliverAll, type DeliveryStatus } from "../../store/delivery-history.ts";
import { auditRow, type Actor } from "../change.ts";
import type { Deps } from "../deps.ts";
import { enabledWebhook } from "./show-webhook.ts";

/** One call's: the caller goes on from where it stopped. */
const MAX_REDELIVERED = 10_000;

export interface RedeliveredSince {
  readonly count: number;
  /** Milliseconds: of the first one that is left; null: that were all. */
  readonly nextSince: number | null;
}

/** Sends a webhook again what was delivered or given up since a time, the oldest first. */
export async function redeliverSince(
  deps: Deps,
  which: { teamId: string; id: string },
  { since, status }: { since: number; status: Exclude<DeliveryStatus, "pending"> | null },
  actor: Actor,
): Promise<Result<RedeliveredSince, Refusal>> {
  const { db } = deps;
  for (;;) {
    const found = await enabledWebhook(deps, which);
    if (!found.ok) return found;
    const webhook = found.value;
    const done = { webhookId: webhook.id, since, status, limit: MAX_REDELIVERED };
    const listed = await listRedeliverable(db, done);
    const ids = listed.slice(0, MAX_REDELIVERED).map(({ id }) => id);
    const nextSince = listed[MAX_REDELIVERED]?.createdAt ?? null;
    const after = { since: new Date(since).toISOString(), status, count: ids.length };
    const audit = auditRow(deps, actor, {
      type: "webhook.redelivered",
      teamId: webhook.teamId,
      subject: webhook.id,
      detail: { after },
    });
    try {
      const count = await redeliverAll(db, { webhook, ids, record: { subjects: [], audit } });
      return ok({ count, nextSince });
    } catch (error) {
      // If the webhook has changed meanwhile: look again.
      if (!(error instanceof ConditionFailed)) throw error;
    }
  }
}
