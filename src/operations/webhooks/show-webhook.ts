import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { findWebhook, type WebhookRow } from "../../store/webhooks.ts";
import type { Deps } from "../deps.ts";

export type { WebhookRow } from "../../store/webhooks.ts";

export async function showWebhook(
  deps: Pick<Deps, "db">,
  which: { teamId: string; id: string },
): Promise<Result<WebhookRow, Refusal>> {
  const webhook = await findWebhook(deps.db, which);
  return webhook === undefined ? err({ kind: "not_found", noun: "webhook" }) : ok(webhook);
}

/** The same, for what only an endpoint does that is sent something. */
export async function enabledWebhook(
  deps: Pick<Deps, "db">,
  which: { teamId: string; id: string },
): Promise<Result<WebhookRow, Refusal>> {
  const found = await showWebhook(deps, which);
  return found.ok && found.value.status !== "enabled" ? err({ kind: "webhook_not_enabled" }) : found;
}
