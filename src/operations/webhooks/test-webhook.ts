import type { Refusal } from "../../domain/refusal.ts";
import { ok, type Result } from "../../domain/result.ts";
import { commitIfHolds } from "../../store/database.ts";
import { insertTestDelivery, type ListedDelivery } from "../../store/delivery-history.ts";
import { auditRow, type Actor } from "../change.ts";
import { makeId } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import type { Keep } from "../remember-answer.ts";
import { enabledWebhook } from "./show-webhook.ts";

/** Sends a webhook an event that says nothing, to see whether it arrives. */
export async function testWebhook(
  deps: Deps,
  which: { teamId: string; id: string },
  actor: Actor,
  keep: Keep<ListedDelivery>,
): Promise<Result<ListedDelivery, Refusal>> {
  const { db } = deps;
  for (;;) {
    const found = await enabledWebhook(deps, which);
    if (!found.ok) return found;
    const webhook = found.value;
    const { id, teamId } = webhook;
    const audit = auditRow(deps, actor, { type: "webhook.test", teamId, subject: id });
    const { at } = audit;
    const delivery = {
      id: makeId(deps, "dlv"),
      teamId,
      webhookId: id,
      // As the trigger names it.
      eventId: audit.id.replace("aud_", "evt_"),
      type: audit.type,
      status: "pending" as const,
      nextAt: at,
      claimedUntil: 0,
      tries: 0,
      createdAt: at,
      doneAt: null,
    };
    const listed = { ...delivery, attempts: [] };
    const record = { subjects: [], audit };
    const statements = [...insertTestDelivery(db, { webhook, delivery, record }), ...keep(listed)];
    // If the webhook has changed meanwhile: look again.
    if (await commitIfHolds(db, statements)) return ok(listed);
  }
}
