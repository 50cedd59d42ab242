import { deleteOldDeliveries, deleteUntoldEvents } from "../../store/deliveries.ts";
import type { Deps } from "../deps.ts";

const DAY_MS = 86_400_000;

/** From when it was delivered or given up; what waits for an endpoint is kept. */
export const DELIVERY_KEPT_MS = 30 * DAY_MS;

/** Events are looked at for so long after they are as old as that: some wait for a paused endpoint still. */
const LOOKED_AT_MS = 7 * DAY_MS;

/** Of one run. */
const MAX_ROWS = 2_000;

/** Deletes what was told long ago. The audit trail keeps what happened. */
export async function forgetDeliveries({ db, clock }: Pick<Deps, "db" | "clock">): Promise<void> {
  const before = clock() - DELIVERY_KEPT_MS;
  await deleteOldDeliveries(db, { before, limit: MAX_ROWS });
  await deleteUntoldEvents(db, { from: before - LOOKED_AT_MS, before, limit: MAX_ROWS });
}
