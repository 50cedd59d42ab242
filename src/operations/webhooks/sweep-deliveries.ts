import { listDueEndpoints } from "../../store/deliveries.ts";
import type { Deps } from "../deps.ts";

/** A queue takes a hundred messages at once; who has waited longest goes first, and the next sweep goes on. */
const MAX_ENDPOINTS = 100;

/** Asks for a turn for every endpoint that something is due for and nobody is at. */
export async function sweepDeliveries({
  db,
  clock,
  deliveries,
}: Pick<Deps, "db" | "clock" | "deliveries">): Promise<void> {
  const endpoints = await listDueEndpoints(db, { now: clock(), limit: MAX_ENDPOINTS });
  if (endpoints.length > 0) await deliveries.send(endpoints);
}
