import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { commitIfHolds } from "../../store/database.ts";
import {
  isRedeliverable,
  redeliver as redeliverRow,
  type ListedDelivery,
} from "../../store/delivery-history.ts";
import { auditRow, type Actor } from "../change.ts";
import type { Deps } from "../deps.ts";
import type { Keep } from "../remember-answer.ts";
import { showDelivery, type WhichDelivery } from "./show-delivery.ts";
import { enabledWebhook } from "./show-webhook.ts";

/** Sends an event again to a webhook, under its own id, whatever came of it; its attempts stay listed. */
export async function redeliver(
  deps: Deps,
  { teamId, webhookId, id }: WhichDelivery,
  actor: Actor,
  keep: Keep<ListedDelivery>,
): Promise<Result<ListedDelivery, Refusal>> {
  const { db } = deps;
  for (;;) {
    const webhook = await enabledWebhook(deps, { teamId, id: webhookId });
    if (!webhook.ok) return webhook;
    const found = await showDelivery(deps, { teamId, webhookId, id });
    if (!found.ok) return found;
    if (!(await isRedeliverable(db, id))) return err({ kind: "not_found", noun: "delivery" });
    const audit = auditRow(deps, actor, {
      type: "webhook.redelivered",
      teamId,
      subject: webhookId,
      detail: { after: { delivery: id, event: found.value.eventId } },
    });
    const again = { ...found.value, status: "pending" as const, tries: 0, nextAt: audit.at, doneAt: null };
    const record = { subjects: [], audit };
    const statements = redeliverRow(db, { webhook: webhook.value, id, record });
    // If the webhook has changed meanwhile, or the delivery is gone: look again.
    if (await commitIfHolds(db, [...statements, ...keep(again)])) return ok(again);
  }
}
