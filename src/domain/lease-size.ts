/** Smaller limits cost a call per check: a block that is worth its call would be a large part of them. */
const LEAST_LEASED_LIMIT = 100;

/** A hot token calls its Durable Object at most once per this many checks while under half its limit. */
const LEAST_HOT_BLOCK = 20;

/**
 * The most of what remains that one isolate is handed: up to half of the limit at once while it is
 * fresh, a quarter of what remains after that.
 */
const LARGEST_SHARE = 1 / 4;

/** With fewer left than this, even a hot isolate gets no more than its share. */
const NEAR_THE_LIMIT = LEAST_LEASED_LIMIT / 4;

export interface LeaseDemand {
  /** Permits in a window. */
  readonly limit: number;
  /** Permits that neither were used in the window nor are in anybody's hands. */
  readonly remaining: number;
  /** Checks of this token that the asking isolate has seen lately; 0 for a first sight. */
  readonly recentRatePerSecond: number;
  readonly leaseMs: number;
}

/** Whether permits of such a limit are handed out in blocks at all (design, "exact limits"). */
export function isLeased(limit: number): boolean {
  return limit >= LEAST_LEASED_LIMIT;
}

/**
 * How many permits an isolate is handed at once: what it will use within the lease at its recent
 * rate, but never past half of the limit in one step, and beyond that at most a quarter of what
 * remains, so that the blocks shrink to one near the limit.
 *
 * A permit in a hand is lost to everybody else until its lease ends, and for a whole window more if the
 * isolate is evicted with it. So only a token that will use up 20 within the lease is handed 20 whatever
 * its share is; at first sight a token gets one, or five idle isolates would hold all of a limit of 100.
 * An evicted isolate strands its block at most: half of the limit while that is fresh, then a quarter of
 * what remained, or 20.
 *
 * @returns a whole number, at least 1 and at most `remaining`; 0 only when nothing remains
 */
export function leaseSize({ limit, remaining, recentRatePerSecond, leaseMs }: LeaseDemand): number {
  if (remaining < 1) return 0;
  if (!isLeased(limit)) return 1;
  const wanted = Math.ceil((recentRatePerSecond * leaseMs) / 1000);
  const least = wanted >= LEAST_HOT_BLOCK && remaining >= NEAR_THE_LIMIT ? LEAST_HOT_BLOCK : 1;
  const share = Math.max(Math.floor(remaining * LARGEST_SHARE), remaining - Math.ceil(limit / 2));
  return Math.max(least, Math.min(wanted, share));
}
