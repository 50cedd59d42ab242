/** Levels are kept in millionths of a token, so that a millisecond's refill is a whole number of them. */
const PARTS = 1_000_000;

export interface BucketState {
  /** Millionths of a token in the bucket at `seenAt`. */
  readonly level: number;
  /** The latest time seen, in ms: a clock that goes backwards refills nothing. */
  readonly seenAt: number;
}

export interface BucketRequest {
  /** The most tokens that it can hold: a whole number from 1 to 10^9. */
  readonly capacity: number;
  /** From 0.001 on, rounded to thousandths. */
  readonly refillPerSecond: number;
  /** A whole number from 0. */
  readonly cost: number;
}

export interface BucketAnswer {
  readonly allowed: boolean;
  /** 0 when allowed; null when it can never be, the cost being above the capacity. */
  readonly retryAfterMs: number | null;
  readonly state: BucketState;
}

/** A bucket that nobody has drawn from yet. Capacity as in `BucketRequest`. */
export function fullBucket(capacity: number, now: number): BucketState {
  return { level: capacity * PARTS, seenAt: now };
}

/**
 * Takes `cost` tokens out, or none at all; a refusal costs nothing. `retryAfterMs` later, if nobody
 * else draws, the same is allowed, and not a millisecond before. Capacity and refill may differ from
 * call to call: what is above a lowered capacity is spilt, a raised one fills at the rate.
 * @throws RangeError for numbers outside their range
 */
export function take(state: BucketState, request: BucketRequest, now: number): BucketAnswer {
  const { capacity, refillPerSecond, cost } = request;
  const refillPerMs = Math.round(refillPerSecond * 1000);
  const numbers = [capacity, refillPerMs, cost, now];
  if (!numbers.every(Number.isSafeInteger) || capacity < 1 || capacity > 1e9 || refillPerMs < 1 || cost < 0) {
    throw new RangeError("not a token bucket");
  }
  const seenAt = Math.max(now, state.seenAt);
  const level = levelAt(state, seenAt, capacity * PARTS, refillPerMs);
  if (cost > capacity) return { allowed: false, retryAfterMs: null, state: { level, seenAt } };
  const missing = cost * PARTS - level;
  if (missing <= 0) return { allowed: true, retryAfterMs: 0, state: { level: level - cost * PARTS, seenAt } };
  const retryAfterMs = seenAt - now + Math.ceil(missing / refillPerMs);
  return { allowed: false, retryAfterMs, state: { level, seenAt } };
}

/** The elapsed time is compared before it is multiplied: years times a rate would leave the safe integers. */
function levelAt(state: BucketState, at: number, full: number, refillPerMs: number): number {
  const elapsedMs = at - state.seenAt;
  const fullAfterMs = Math.ceil((full - state.level) / refillPerMs);
  return elapsedMs >= fullAfterMs ? full : state.level + elapsedMs * refillPerMs;
}
