import { leaseSize } from "./lease-size.ts";
import { reserve, settle, take, type WindowLimit, type WindowState } from "./sliding-window.ts";

/** What a caller learns of its charge; durations in milliseconds. */
export interface Charge {
  readonly allowed: boolean;
  readonly remaining: number;
  /** 0 when allowed; null when it can never be. */
  readonly retryAfterMs: number | null;
  readonly resetMs: number;
}

/** What a caller of many checks asks for at once. */
export interface LeaseRequest extends WindowLimit {
  /** What it needs now, from 1. */
  readonly cost: number;
  /** What others there wait for, and will use as soon as it is handed out; from 0. */
  readonly waiting: number;
  /** Its own checks of late; more permits are handed out the hotter it is. */
  readonly recentRatePerSecond: number;
  readonly leaseMs: number;
  /** The lease that it held until now, to be taken back first. */
  readonly returned: ReturnedLease | null;
}

export interface ReturnedLease {
  readonly leaseId: number;
  readonly used: number;
}

/** The charge of what was needed now, and what was handed out beyond it; null: nothing. */
export interface Lease extends Charge {
  readonly lease: { readonly id: number; readonly count: number } | null;
}

/**
 * Takes back what was returned, charges `cost` now, and hands out a block: what is waited for, as far as it
 * is there, or what there is to spare for the checks to come, whichever is more. The block is sized here,
 * where it is known what remains. An isolate that is evicted, or an answer that is lost, strands its block
 * at most, until the lease has ended and the window has passed.
 * @throws RangeError for numbers that are not whole or below their least
 */
export function lease(
  before: WindowState,
  { limit, windowMs, cost, waiting, recentRatePerSecond, leaseMs, returned }: LeaseRequest,
  now: number,
): Lease & { readonly state: WindowState } {
  const settled = returned === null ? before : settle(before, returned, now);
  const charged = take(settled, { limit, windowMs, cost }, now);
  const { allowed, remaining } = charged;
  const spared = leaseSize({ limit, remaining: remaining + cost, recentRatePerSecond, leaseMs }) - cost;
  const count = Math.max(spared, Math.min(waiting, remaining));
  if (!allowed || count < 1) return { ...charged, lease: null };
  return reserve(charged.state, { limit, windowMs, count, leaseMs }, now);
}
