import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { findListedDelivery, type ListedDelivery } from "../../store/delivery-history.ts";
import type { Deps } from "../deps.ts";

export type { DeliveryStatus, ListedDelivery } from "../../store/delivery-history.ts";

/** A delivery, by the team and webhook that it belongs to. */
export interface WhichDelivery {
  readonly teamId: string;
  readonly webhookId: string;
  readonly id: string;
}

export async function showDelivery(
  deps: Pick<Deps, "db">,
  which: WhichDelivery,
): Promise<Result<ListedDelivery, Refusal>> {
  const delivery = await findListedDelivery(deps.db, which);
  return delivery === undefined ? err({ kind: "not_found", noun: "delivery" }) : ok(delivery);
}
