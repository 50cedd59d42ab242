/**
 * An exact sliding window: in no half-open interval of `windowMs` are more than `limit` permits used.
 * A charge counts while `now < until`. All times are whole milliseconds of one clock, the one that
 * keeps the state; clocks of others never enter (design, "The freshness bound", for the same reason).
 */
export interface WindowState {
  /** Sorted by `until`, and of the plain ones no two alike in it: no more entries than permits that count. */
  readonly charges: readonly Charge[];
  /** The latest time seen: a clock that goes backwards stands still here, and allows nothing more. */
  readonly seenAt: number;
  readonly lastLeaseId: number;
}

interface Charge {
  readonly until: number;
  readonly count: number;
  /** Present while the permits are in somebody's hands: kept apart, to be found when they are returned. */
  readonly lease?: { readonly id: number; readonly endsAt: number };
  /** Present where the same thing may be charged several times and is to count once: kept apart as well. */
  readonly once?: string;
}

export interface WindowLimit {
  /** Permits in a window, from 0. */
  readonly limit: number;
  /** From 1. */
  readonly windowMs: number;
}

export interface WindowAnswer {
  readonly allowed: boolean;
  readonly remaining: number;
  /** 0 when allowed; null when it can never be, the cost being above the limit. */
  readonly retryAfterMs: number | null;
  /** Time until nothing counts any more, if nothing is charged until then. */
  readonly resetMs: number;
  readonly state: WindowState;
}

export interface LeaseAnswer extends WindowAnswer {
  /** What was handed out, null when refused. Its end is for the holder to reckon by a clock of its own. */
  readonly lease: { readonly id: number; readonly count: number } | null;
}

export const EMPTY_WINDOW: WindowState = { charges: [], seenAt: 0, lastLeaseId: 0 };

/**
 * Uses `cost` permits now, or none at all. A refusal charges nothing, so it does not lengthen the
 * wait: `retryAfterMs` later, if nobody else charges or returns, the same is allowed, and not a
 * millisecond before. Limit and window may differ from call to call; a charge keeps the end that it
 * was given.
 * @param request `cost` from 0; 0 looks without charging. `once` names what is charged: while its charge counts,
 *   the same name is allowed again and charged nothing, so that parallel attempts at one thing count as one.
 * @throws RangeError for numbers that are not whole or below their least
 */
export function take(
  state: WindowState,
  request: WindowLimit & { readonly cost: number; readonly once?: string },
  now: number,
): WindowAnswer {
  const at = latest(state, now);
  requireWhole(request.windowMs, 1);
  const { limit, windowMs, cost, once } = request;
  const until = at + windowMs;
  if (once === undefined) return admit(state, limit, { until, count: cost }, now);
  const isCharged = liveCharges(state, at).some((charge) => charge.once === once);
  const answer = admit(state, limit, { until, count: isCharged ? 0 : cost, once }, now);
  return isCharged ? { ...answer, allowed: true, retryAfterMs: 0 } : answer;
}

/**
 * Hands out `count` permits to be used, one by one, within `leaseMs`. When they will be used is
 * unknown, so each counts as if used in the lease's last millisecond, until `settle` tells better.
 * The holder may use them up to and including `leaseMs` after it *asked*, by its own clock: that is
 * never later than the end reckoned here.
 * @param request `count` and `leaseMs` from 1
 * @throws RangeError as `take` does
 */
export function reserve(
  state: WindowState,
  request: WindowLimit & { readonly count: number; readonly leaseMs: number },
  now: number,
): LeaseAnswer {
  const { limit, windowMs, count, leaseMs } = request;
  const at = latest(state, now);
  for (const whole of [windowMs, count, leaseMs]) requireWhole(whole, 1);
  // Counted up from the time, so that a state that was emptied and forgotten does not name two leases alike.
  const id = Math.max(at, state.lastLeaseId + 1);
  const endsAt = at + leaseMs;
  const answer = admit(state, limit, { until: endsAt + windowMs, count, lease: { id, endsAt } }, now);
  if (!answer.allowed) return { ...answer, lease: null };
  return { ...answer, lease: { id, count }, state: { ...answer.state, lastLeaseId: id } };
}

/**
 * Takes a lease back, early or late. Its unused permits stop counting at once. Its used ones were
 * used before this moment and before the lease's end, so they count for a window from the earlier of
 * the two. (The holder's own idea of when it used them is of another clock, and not asked for.) A
 * lease that is unknown, because it was settled already or has lapsed, changes nothing: a return
 * that is sent twice frees nothing twice.
 * @param settled `used` from 0: all that the holder ever used, charged even if above what it was handed
 * @throws RangeError as `take` does
 */
export function settle(
  state: WindowState,
  settled: { readonly leaseId: number; readonly used: number },
  now: number,
): WindowState {
  const at = latest(state, now);
  requireWhole(settled.used, 0);
  const live = liveCharges(state, at);
  const index = live.findIndex(({ lease }) => lease?.id === settled.leaseId);
  const charge = live[index];
  if (charge?.lease === undefined) return { ...state, charges: live, seenAt: at };
  const windowMs = charge.until - charge.lease.endsAt;
  const until = Math.min(at, charge.lease.endsAt) + windowMs;
  const charges = withCharge(live.toSpliced(index, 1), { until, count: settled.used });
  return { ...state, charges, seenAt: at };
}

function admit(state: WindowState, limit: number, charge: Charge, now: number): WindowAnswer {
  requireWhole(limit, 0);
  requireWhole(charge.count, 0);
  const seenAt = latest(state, now);
  const live = liveCharges(state, seenAt);
  let used = 0;
  for (const { count } of live) used += count;
  const excess = used + charge.count - limit;
  const allowed = excess <= 0;
  const charges = allowed ? withCharge(live, charge) : live;
  return {
    allowed,
    remaining: Math.max(0, allowed ? -excess : limit - used),
    retryAfterMs: allowed ? 0 : waitMs(live, excess, now),
    // By the clock as it reads, not as it once read: the caller will wait by it.
    resetMs: (charges.at(-1)?.until ?? now) - now,
    state: { ...state, charges, seenAt },
  };
}

/** How long until so many permits have stopped counting; null when there are not so many. */
function waitMs(live: readonly Charge[], excess: number, now: number): number | null {
  let left = excess;
  for (const { until, count } of live) {
    left -= count;
    if (left <= 0) return until - now;
  }
  return null;
}

function liveCharges({ charges }: WindowState, at: number): readonly Charge[] {
  const first = charges.findIndex(({ until }) => at < until);
  return first === -1 ? [] : charges.slice(first);
}

/** Adds a charge in its place. Searches from the end, where nearly every new charge belongs. */
function withCharge(charges: readonly Charge[], charge: Charge): readonly Charge[] {
  if (charge.count === 0) return charges;
  const after = charges.findLastIndex(({ until }) => until <= charge.until) + 1;
  for (let index = after - 1; charges[index]?.until === charge.until; index -= 1) {
    const twin = charges[index];
    if (twin === undefined || !isPlain(twin) || !isPlain(charge)) continue;
    return charges.with(index, { until: twin.until, count: twin.count + charge.count });
  }
  return charges.toSpliced(after, 0, charge);
}

function isPlain({ lease, once }: Charge): boolean {
  return lease === undefined && once === undefined;
}

function latest(state: WindowState, now: number): number {
  requireWhole(now, 0);
  return Math.max(now, state.seenAt);
}

/** A fraction or NaN would not fail by itself but quietly count nothing, so it is stopped at the door. */
function requireWhole(value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) throw new RangeError(`not a whole number from ${least}`);
}
