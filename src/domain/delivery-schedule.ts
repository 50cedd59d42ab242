/*
 * When a delivery that failed is tried again (contract, section 8): soon at first, in case it was a hiccup, and
 * then ever more slowly, for more than a day in all.
 */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** After the first failure, the second and so on; after one more than these it is given up. */
export const RETRY_DELAYS_MS: readonly number[] = [
  5 * SECOND_MS,
  MINUTE_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  8 * HOUR_MS,
  10 * HOUR_MS,
];

/** How much longer a delay can be, so that what failed together does not come back together. */
const MAX_JITTER = 0.2;

/** No receiver can put a delivery off for longer. */
const MAX_ASKED_MS = 24 * HOUR_MS;

/** An endpoint that has failed for so long is paused. */
export const PAUSE_AFTER_MS = 3 * 24 * HOUR_MS;

/**
 * How long to wait after a failure; null: it is given up.
 * @param failures attempts that failed, this one included
 * @param chance from 0 up to 1, random
 * @param askedMs what the receiver asked for (`Retry-After`), null when nothing
 */
export function retryDelayMs(
  failures: number,
  { chance, askedMs }: { readonly chance: number; readonly askedMs: number | null },
): number | null {
  const delay = RETRY_DELAYS_MS[failures - 1];
  if (delay === undefined) return null;
  const own = Math.ceil(delay * (1 + MAX_JITTER * chance));
  return Math.max(own, Math.min(askedMs ?? 0, MAX_ASKED_MS));
}
