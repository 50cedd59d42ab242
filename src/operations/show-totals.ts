import { readTotals, type Totals } from "../store/totals.ts";
import type { Deps } from "./deps.ts";

export type { Totals } from "../store/totals.ts";

const HOUR_MS = 3_600_000;
const COUNTED_HOURS = 24;

/** What this region holds, and the checks of its last 24 hours. */
export function showTotals({ db, clock }: Deps): Promise<Totals> {
  const now = clock();
  return readTotals(db, { now, sinceHour: Math.floor(now / HOUR_MS) - COUNTED_HOURS });
}
