import type { Refusal } from "../../domain/refusal.ts";
import { ok, type Result } from "../../domain/result.ts";
import {
  listDeliveries as listDeliveryRows,
  type DeliveryStatus,
  type ListedDelivery,
} from "../../store/delivery-history.ts";
import type { Deps } from "../deps.ts";
import { readPage, type Page, type PageRequest } from "../page.ts";
import { showWebhook } from "./show-webhook.ts";

/**
 * What was sent to a webhook and what is to be sent, newest first.
 * @param status null: whatever came of it
 */
export async function listDeliveries(
  deps: Deps,
  which: { teamId: string; id: string },
  status: DeliveryStatus | null,
  page: PageRequest,
): Promise<Result<Page<ListedDelivery>, Refusal>> {
  const found = await showWebhook(deps, which);
  if (!found.ok) return found;
  const webhookId = found.value.id;
  return ok(await readPage(page, (part) => listDeliveryRows(deps.db, { webhookId, status, ...part })));
}
