import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { commitIfHolds } from "../../store/database.ts";
import {
  updateWebhook as updateWebhookRow,
  type WebhookChange,
  type WebhookRow,
} from "../../store/webhooks.ts";
import { auditRow, type Actor } from "../change.ts";
import type { Deps } from "../deps.ts";
import { readWebhookUrl } from "./webhook-url.ts";
import { showWebhook } from "./show-webhook.ts";

/** What a webhook is to be; what is left out stays as it is. */
export interface WebhookEdit {
  readonly url?: string;
  readonly description?: string | null;
  readonly events?: readonly string[];
  readonly status?: "enabled" | "disabled";
}

/**
 * Changes a webhook. Enabling one that was paused or disabled makes due at once what waits for it; disabling
 * gives that up, and keeps no event for it any more.
 * @param expected whether the caller's `If-Match` holds for the webhook as it is now
 */
export async function updateWebhook(
  deps: Deps,
  which: { teamId: string; id: string },
  edit: WebhookEdit,
  expected: (webhook: WebhookRow) => boolean,
  actor: Actor,
): Promise<Result<WebhookRow, Refusal>> {
  const url = edit.url === undefined ? ok(undefined) : await readWebhookUrl(deps, edit.url);
  if (!url.ok) return url;
  for (;;) {
    const found = await showWebhook(deps, which);
    if (!found.ok) return found;
    const webhook = found.value;
    if (!expected(webhook)) return err({ kind: "precondition_failed" });
    const changed = await tryUpdate(deps, webhook, edit, actor);
    // If another change came between: look again, so that neither is lost.
    if (changed !== null) return ok(changed);
  }
}

/** @returns null when the webhook has changed meanwhile. */
async function tryUpdate(
  deps: Deps,
  webhook: WebhookRow,
  { events, status, ...rest }: WebhookEdit,
  actor: Actor,
): Promise<WebhookRow | null> {
  const { id, teamId, version } = webhook;
  const change: WebhookChange = {
    ...rest,
    ...(events === undefined ? {} : { events: [...events] }),
    ...(status === undefined || status === webhook.status ? {} : changeOfStatus(status)),
  };
  const audit = auditRow(deps, actor, {
    type: "webhook.updated",
    teamId,
    subject: id,
    detail: { before: audible(webhook, change), after: audible({ ...webhook, ...change }, change) },
  });
  const record = { subjects: [], audit };
  const won = await commitIfHolds(deps.db, updateWebhookRow(deps.db, { webhook, change, record }));
  if (!won) return null;
  return { ...webhook, ...change, version: version + 1, changedBy: audit.id, updatedAt: audit.at };
}

function changeOfStatus(status: "enabled" | "disabled"): WebhookChange {
  return status === "enabled"
    ? { status, statusReason: null, failingSince: null }
    : { status, statusReason: "requested" };
}

/** Of the members that change, what the audit trail holds; the secret is none of them. */
function audible(webhook: WebhookRow, change: WebhookChange): Record<string, unknown> {
  const members = { url: webhook.url, description: webhook.description, events: webhook.events };
  return Object.fromEntries(
    Object.entries({ ...members, status: webhook.status }).filter(([name]) => Object.hasOwn(change, name)),
  );
}
