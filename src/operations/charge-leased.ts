import type { Charge } from "../domain/lease.ts";
import type { Deps, LimiterStub } from "./deps.ts";
import { giveUp, noteCheck, useHeld, type Holding } from "./leases.ts";
import type { Moment } from "./moment.ts";
import { awaitShared } from "./shared-read.ts";

/** A lease lasts a quarter of its window, within these: long enough to pay, short enough not to strand much. */
const SHORTEST_LEASE_MS = 250;
const LONGEST_LEASE_MS = 5_000;

/**
 * The limiter counts a lease this much longer than its holder uses it: the holder's clock stands still
 * between I/O, so that what it takes for the lease's last moment may be a little after it.
 */
const CLOCK_MARGIN_MS = 250;

/** How long a refusal is believed without asking again, so that a flood of refused checks costs little. */
const REFUSAL_MS = 250;

export interface WindowOf {
  readonly limit: number;
  readonly windowMs: number;
}

type Charging = Pick<Deps, "clock" | "startTimer" | "leases" | "limiter">;

/**
 * Charges a limit that is handed out in blocks (design, "exact limits"): mostly from permits that this
 * isolate holds, else by a call to the subject's limiter, of which there is one at a time here.
 */
export async function chargeLeased(
  deps: Charging,
  subject: string,
  window: WindowOf,
  cost: number,
  moment: Moment,
): Promise<Charge> {
  const holding = deps.leases.of(subject);
  const recentRatePerSecond = noteCheck(holding, cost, moment.arrivedAt);
  for (;;) {
    const now = deps.clock();
    if (useHeld(holding, cost, now)) return { allowed: true, retryAfterMs: 0, ...leftOf(holding, now) };
    if (holding.refusedUntil > now) return refused(holding, now);
    const { refill } = holding;
    if (refill === null) break;
    await awaitShared(refill, deps.startTimer);
    // Still the same one: whoever asked was cancelled, or the limiter is slow; do not wait for it again.
    if (holding.refill === refill) break;
  }
  const limiter = deps.limiter(subject);
  const own = askLimiter(deps, limiter, holding, { window, cost, recentRatePerSecond }, moment);
  holding.refill = own;
  try {
    return await own;
  } finally {
    if (holding.refill === own) holding.refill = null;
  }
}

async function askLimiter(
  deps: Charging,
  limiter: LimiterStub,
  holding: Holding,
  { window, cost, recentRatePerSecond }: { window: WindowOf; cost: number; recentRatePerSecond: number },
  moment: Moment,
): Promise<Charge> {
  const leaseMs = Math.min(Math.max(window.windowMs / 4, SHORTEST_LEASE_MS), LONGEST_LEASE_MS);
  const askedAt = deps.clock();
  const answer = await limiter.lease({
    ...window,
    cost,
    recentRatePerSecond,
    leaseMs: Math.ceil(leaseMs) + CLOCK_MARGIN_MS,
    returned: giveUp(holding),
  });
  const now = deps.clock();
  holding.remaining = answer.remaining;
  holding.emptyAt = now + answer.resetMs;
  if (!answer.allowed && answer.remaining === 0 && answer.retryAfterMs !== null) {
    holding.refusedUntil = now + Math.min(answer.retryAfterMs, REFUSAL_MS);
    holding.retryAt = now + answer.retryAfterMs;
  }
  if (answer.lease !== null)
    hold(deps, limiter, holding, { ...answer.lease, endsAt: askedAt + leaseMs }, moment);
  const { lease: _held, ...charge } = answer;
  return { ...charge, ...leftOf(holding, now) };
}

/** Keeps a block, and returns what is left of it when its lease ends. */
function hold(
  deps: Charging,
  limiter: LimiterStub,
  holding: Holding,
  { id, count, endsAt }: { id: number; count: number; endsAt: number },
  moment: Moment,
): void {
  const overtaken = giveUp(holding);
  if (overtaken !== null) moment.background(limiter.settle(overtaken).catch(ignore));
  const timer = deps.startTimer(Math.max(endsAt - deps.clock(), 0));
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const lease = { id, count, left: count, endsAt, release };
  holding.lease = lease;
  moment.background(
    Promise.race([timer.done, released]).then(async () => {
      timer.cancel();
      if (holding.lease !== lease) return;
      const returned = giveUp(holding);
      // A return that is lost strands the rest until the lease and the window have passed, no longer.
      if (returned !== null) await limiter.settle(returned).catch(ignore);
    }),
  );
}

function refused(holding: Holding, now: number): Charge {
  return {
    allowed: false,
    remaining: 0,
    retryAfterMs: Math.max(holding.retryAt - now, 0),
    resetMs: Math.max(holding.emptyAt - now, 0),
  };
}

/** What can at least still be used: other isolates may return some of what they hold. */
function leftOf({ lease, remaining, emptyAt }: Holding, now: number): Pick<Charge, "remaining" | "resetMs"> {
  return { remaining: remaining + (lease?.left ?? 0), resetMs: Math.max(emptyAt - now, 0) };
}

function ignore(): void {}
