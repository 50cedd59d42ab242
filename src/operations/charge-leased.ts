import type { Charge } from "../domain/lease.ts";
import type { Deps, LimiterStub } from "./deps.ts";
import { giveUp, noteCheck, useHeld, type Holding, type LimiterRefusal } from "./leases.ts";
import type { Moment } from "./moment.ts";
import { awaitOwn, awaitShared } from "./shared-read.ts";

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

/** How long a check waits for calls of others before it makes one of its own all the same. */
const LONGEST_WAIT_MS = 500;

export interface WindowOf {
  readonly limit: number;
  readonly windowMs: number;
}

type Charging = Pick<Deps, "clock" | "startTimer" | "leases" | "limiter">;

/** What a check wants of the limiter. */
interface Wanted {
  readonly window: WindowOf;
  readonly cost: number;
  readonly waiting: number;
  readonly recentRatePerSecond: number;
}

/**
 * Charges a limit that is handed out in blocks (design, "exact limits"): mostly from permits that this
 * isolate holds, else by a call to the subject's limiter, of which there is one at a time here, for all
 * that wait for it, unless it is slow.
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
  const startedAt = deps.clock();
  let waiting = 0;
  for (;;) {
    const now = deps.clock();
    if (useHeld(holding, cost, now)) return fromHeld(holding, now);
    const { refusal, refill } = holding;
    if (refusal !== null && refusal.cost === cost && now < refusal.until) {
      return refused(holding, refusal, now);
    }
    if (refill === null) break;
    if (now - startedAt >= LONGEST_WAIT_MS) {
      return takeAlone(deps, deps.limiter(subject), holding, { window, cost });
    }
    refill.waiting += cost;
    await awaitShared(refill.answered, deps.startTimer);
    refill.waiting -= cost;
    ({ waiting } = refill);
    // Still the same one: whoever asked was cancelled, or the limiter is slow; do not wait for it again.
    if (holding.refill === refill) break;
  }
  const wanted = { window, cost, waiting, recentRatePerSecond };
  const answered = askLimiter(deps, deps.limiter(subject), holding, wanted, moment);
  const refill = { answered, waiting: 0 };
  holding.refill = refill;
  try {
    return await awaitOwn(answered, deps.startTimer);
  } finally {
    if (holding.refill === refill) holding.refill = null;
  }
}

/** For a check that has waited long enough, while another one asks for a block. */
async function takeAlone(
  deps: Charging,
  limiter: LimiterStub,
  holding: Holding,
  { window, cost }: Pick<Wanted, "window" | "cost">,
): Promise<Charge> {
  const { answers } = holding;
  const answer = await awaitOwn(limiter.take({ ...window, cost }), deps.startTimer);
  return hear(holding, answer, { cost, answers }, deps.clock());
}

async function askLimiter(
  deps: Charging,
  limiter: LimiterStub,
  holding: Holding,
  { window, ...wanted }: Wanted,
  moment: Moment,
): Promise<Charge> {
  const leaseMs = Math.min(Math.max(window.windowMs / 4, SHORTEST_LEASE_MS), LONGEST_LEASE_MS);
  const askedAt = deps.clock();
  const { answers } = holding;
  const { lease, ...answer } = await limiter.lease({
    ...window,
    ...wanted,
    leaseMs: Math.ceil(leaseMs) + CLOCK_MARGIN_MS,
    returned: giveUp(holding),
  });
  if (lease !== null) hold(deps, limiter, holding, { ...lease, endsAt: askedAt + leaseMs }, moment);
  return hear(holding, answer, { cost: wanted.cost, answers }, deps.clock());
}

/** Notes what the limiter has said; `answers` is how many there were when it was asked. */
function hear(
  holding: Holding,
  { allowed, remaining, retryAfterMs, resetMs }: Charge,
  { cost, answers }: { readonly cost: number; readonly answers: number },
  now: number,
): Charge {
  // Of two that were asked at once nobody knows which the limiter heard last: the one that had less to give.
  const overlapped = holding.answers !== answers;
  holding.answers += 1;
  holding.remaining = overlapped ? Math.min(holding.remaining, remaining) : remaining;
  holding.emptyAt = Math.max(overlapped ? holding.emptyAt : 0, now + resetMs);
  holding.refusal =
    allowed || retryAfterMs === null
      ? null
      : { cost, until: now + Math.min(retryAfterMs, REFUSAL_MS), retryAt: now + retryAfterMs };
  // Another call can have brought a block meanwhile.
  if (!allowed && useHeld(holding, cost, now)) return fromHeld(holding, now);
  return { allowed, retryAfterMs, ...leftOf(holding, now) };
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
  const lease = { id, count, left: count, endsAt };
  holding.lease = lease;
  // Waits out the lease even when it is used up sooner: a promise of this request that another one resolved
  // would have to cross between them.
  moment.background(
    timer.done.then(async () => {
      // One that was used up counts for little longer than if it were returned: not worth a call.
      if (holding.lease !== lease || lease.left === 0) return;
      const returned = giveUp(holding);
      // A return that is lost strands the rest until the lease and the window have passed, no longer.
      if (returned !== null) await limiter.settle(returned).catch(ignore);
    }),
  );
}

function fromHeld(holding: Holding, now: number): Charge {
  return { allowed: true, retryAfterMs: 0, ...leftOf(holding, now) };
}

function refused(holding: Holding, { retryAt }: LimiterRefusal, now: number): Charge {
  return { allowed: false, retryAfterMs: Math.max(retryAt - now, 0), ...leftOf(holding, now) };
}

/** What can at least still be used: other isolates may return some of what they hold. */
function leftOf({ lease, remaining, emptyAt }: Holding, now: number): Pick<Charge, "remaining" | "resetMs"> {
  return { remaining: remaining + (lease?.left ?? 0), resetMs: Math.max(emptyAt - now, 0) };
}

function ignore(): void {}
