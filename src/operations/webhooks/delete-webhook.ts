import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { commitIfHolds } from "../../store/database.ts";
import { deleteWebhook as deleteWebhookRow, type WebhookRow } from "../../store/webhooks.ts";
import { auditRow, type Actor } from "../change.ts";
import type { Deps } from "../deps.ts";
import { showWebhook } from "./show-webhook.ts";

/**
 * Deletes a webhook with what was sent to it and what was still to be sent.
 * @param expected whether the caller's `If-Match` holds for the webhook as it is now
 */
export async function deleteWebhook(
  deps: Deps,
  which: { teamId: string; id: string },
  expected: (webhook: WebhookRow) => boolean,
  actor: Actor,
): Promise<Result<WebhookRow, Refusal>> {
  const { db } = deps;
  for (;;) {
    const found = await showWebhook(deps, which);
    if (!found.ok) return found;
    const webhook = found.value;
    if (!expected(webhook)) return err({ kind: "precondition_failed" });
    const { id, teamId, url, description, events, status } = webhook;
    const audit = auditRow(deps, actor, {
      type: "webhook.deleted",
      teamId,
      subject: id,
      detail: { before: { url, description, events, status } },
    });
    const record = { subjects: [], audit };
    // If the webhook has changed meanwhile: look again.
    if (await commitIfHolds(db, deleteWebhookRow(db, { webhook, record }))) return ok(webhook);
  }
}
