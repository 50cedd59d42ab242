import type { ReturnedLease } from "../domain/lease.ts";

/** The permits of one subject that this isolate holds, and what it knows of the rest. */
export interface Holding {
  /** Null: none are held. */
  lease: HeldLease | null;
  /** A request for more that is under way, for others to wait for. */
  refill: Refill | null;
  /** How often the limiter has answered. */
  answers: number;
  /** What the limiter last said is left beside what is held here. */
  remaining: number;
  /** When the window will have emptied, if nothing else is charged. */
  emptyAt: number;
  /** Null: it has not refused lately. */
  refusal: LimiterRefusal | null;
  readonly rate: Rate;
}

export interface Refill {
  readonly answered: Promise<unknown>;
  /** Permits that checks wait for; those of a check whose request was cancelled stay in it. */
  waiting: number;
}

/** What the limiter has just refused. Another cost can be another matter, and waits for another time. */
export interface LimiterRefusal {
  readonly cost: number;
  /** Believed until then. */
  readonly until: number;
  /** When the same can be allowed. */
  readonly retryAt: number;
}

export interface HeldLease {
  readonly id: number;
  readonly count: number;
  left: number;
  /** By this isolate's clock, reckoned from before it asked. */
  readonly endsAt: number;
}

interface Rate {
  startedAt: number;
  current: number;
  previous: number;
}

const MAX_HOLDINGS = 10_000;

/** Checks are counted over spans of this length, and a pause of two of them forgets them. */
const RATE_SPAN_MS = 5_000;

/** Checks that arrive together are no measure of a rate; this is the shortest time that they are counted over. */
const SHORTEST_RATE_MS = 10;

/** What this isolate holds of every leased limit; in memory only, and lost with the isolate. */
export class Leases {
  readonly #holdings = new Map<string, Holding>();

  of(subject: string): Holding {
    const known = this.#holdings.get(subject);
    if (known !== undefined) return known;
    const holding: Holding = {
      lease: null,
      refill: null,
      answers: 0,
      remaining: 0,
      emptyAt: 0,
      refusal: null,
      rate: { startedAt: Number.NEGATIVE_INFINITY, current: 0, previous: 0 },
    };
    this.#holdings.set(subject, holding);
    this.#forgetOldest();
    return holding;
  }

  /** A lease that is forgotten still ends: whoever fetched it waits to return it. */
  #forgetOldest(): void {
    for (const subject of this.#holdings.keys()) {
      if (this.#holdings.size <= MAX_HOLDINGS) return;
      this.#holdings.delete(subject);
    }
  }
}

/** Uses permits that are held, if there are enough of them and their lease lasts. */
export function useHeld({ lease }: Holding, cost: number, now: number): boolean {
  if (lease === null || lease.left < cost || lease.endsAt <= now) return false;
  lease.left -= cost;
  return true;
}

/** Gives up the lease that is held, if any: what is to be said of it to the limiter. */
export function giveUp(holding: Holding): ReturnedLease | null {
  const { lease } = holding;
  holding.lease = null;
  return lease && { leaseId: lease.id, used: lease.count - lease.left };
}

/** Counts a check; tells how many a second came before it lately, 0 for the first after a pause. */
export function noteCheck({ rate }: Holding, cost: number, now: number): number {
  if (now - rate.startedAt >= 2 * RATE_SPAN_MS) {
    rate.startedAt = now;
    rate.previous = 0;
    rate.current = 0;
  } else if (now - rate.startedAt >= RATE_SPAN_MS) {
    rate.startedAt += RATE_SPAN_MS;
    rate.previous = rate.current;
    rate.current = 0;
  }
  const elapsedMs = Math.max(now - rate.startedAt, 0);
  const carried = rate.previous * (1 - elapsedMs / RATE_SPAN_MS);
  const overMs = rate.previous > 0 ? RATE_SPAN_MS : Math.max(elapsedMs, SHORTEST_RATE_MS);
  const perSecond = ((carried + rate.current) * 1000) / overMs;
  rate.current += cost;
  return perSecond;
}
