import {
  lease,
  type Charge,
  type Lease,
  type LeaseRequest,
  type ReturnedLease,
} from "../../src/domain/lease.ts";
import { EMPTY_WINDOW, settle, take, type WindowState } from "../../src/domain/sliding-window.ts";
import { chargeLeased, type WindowOf } from "../../src/operations/charge-leased.ts";
import type { LimiterStub } from "../../src/operations/deps.ts";
import { Leases } from "../../src/operations/leases.ts";
import type { Timer } from "../../src/operations/shared-read.ts";

/** Lets everything run that waits for nothing but its turn. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

interface Happening {
  readonly at: number;
  readonly run: () => void;
  calledOff: boolean;
}

/** True time, which nobody in this world can read but the test, and what is going to happen in it. */
export class World {
  now: number;
  /** By time; of those at one time, what was planned first happens first. */
  readonly #plan: Happening[] = [];

  constructor(startsAt = 1_000_000) {
    this.now = startsAt;
  }

  /** @returns a way to call it off */
  in(milliseconds: number, run: () => void): () => void {
    const happening = { at: this.now + milliseconds, run, calledOff: false };
    this.#plan.splice(this.#plan.findLastIndex(({ at }) => at <= happening.at) + 1, 0, happening);
    return () => {
      happening.calledOff = true;
    };
  }

  /** Time passes, and what is planned happens, each at its time. */
  async pass(milliseconds: number): Promise<void> {
    const until = this.now + milliseconds;
    await settled();
    for (let next = this.#next(); next !== undefined && next.at <= until; next = this.#next()) {
      this.#plan.shift();
      this.now = next.at;
      next.run();
      await settled();
    }
    this.now = until;
  }

  /** Until nothing is planned any more. */
  async rest(): Promise<void> {
    await settled();
    for (let next = this.#next(); next !== undefined; next = this.#next())
      await this.pass(next.at - this.now);
  }

  #next(): Happening | undefined {
    while (this.#plan[0]?.calledOff) this.#plan.shift();
    return this.#plan[0];
  }
}

export interface Use {
  readonly at: number;
  readonly count: number;
}

/** The limiter of the one subject of this world; what it decides is the real thing, kept in memory. */
export class MemoryLimiter {
  state: WindowState = EMPTY_WINDOW;
  /** Permits that it charged itself, when it did. */
  readonly uses: Use[] = [];
  readonly takes: number[] = [];
  readonly leases: number[] = [];
  readonly settles: number[] = [];
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  get calls(): number {
    return this.takes.length + this.leases.length + this.settles.length;
  }

  take(request: Parameters<LimiterStub["take"]>[0]): Charge {
    this.takes.push(this.#world.now);
    const { state, ...answer } = take(this.state, request, this.#world.now);
    this.#keep(state, answer, request.cost);
    return answer;
  }

  lease(request: LeaseRequest): Lease {
    this.leases.push(this.#world.now);
    const { state, ...answer } = lease(this.state, request, this.#world.now);
    this.#keep(state, answer, request.cost);
    return answer;
  }

  settle(returned: ReturnedLease): void {
    this.settles.push(this.#world.now);
    this.state = settle(this.state, returned, this.#world.now);
  }

  #keep(state: WindowState, { allowed }: Charge, cost: number): void {
    this.state = state;
    if (allowed) this.uses.push({ at: this.#world.now, count: cost });
  }

  /** What could be used at once if nobody held anything back. */
  remaining({ limit, windowMs }: WindowOf): number {
    return take(this.state, { limit, windowMs, cost: 0 }, this.#world.now).remaining;
  }
}

/** What becomes of one call to the limiter. */
export interface Fate {
  readonly toMs: number;
  readonly backMs: number;
  /** `deaf`: it never arrives. `mute`: its answer never arrives. `broken`: the answer is an error. */
  readonly end: "answered" | "deaf" | "mute" | "broken";
}

export const AT_ONCE: Fate = { toMs: 0, backMs: 0, end: "answered" };

export interface Check {
  readonly cost: number;
  readonly arrivedAt: number;
  outcome: Charge | Error | "waiting";
  /** True time at which it had its outcome. */
  endedAt: number;
  /** Calls that it made itself. */
  calls: number;
  /** Whether the limiter has charged it, by one of them. */
  charged: boolean;
}

export interface IsolateOptions {
  readonly fate?: () => Fate;
  /** How far the clock stays behind when the next thing happens, in milliseconds. */
  readonly lag?: () => number;
  /** How late the next timer ends. */
  readonly lateMs?: () => number;
  /** How far this isolate's clock is off, for good. */
  readonly skewMs?: number;
}

/**
 * One isolate that checks the one subject. Its clock stands still while code runs, and may lag behind even
 * when something arrives; it never runs ahead.
 */
export class Isolate {
  readonly checks: Check[] = [];
  readonly #world: World;
  readonly #limiter: MemoryLimiter;
  readonly #window: WindowOf;
  readonly #options: Required<IsolateOptions>;
  #leases = new Leases();
  #shown: number;
  #alive = true;

  constructor(world: World, limiter: MemoryLimiter, window: WindowOf, options: IsolateOptions = {}) {
    this.#world = world;
    this.#limiter = limiter;
    this.#window = window;
    this.#options = { fate: () => AT_ONCE, lag: () => 0, lateMs: () => 0, skewMs: 0, ...options };
    this.#shown = world.now + this.#options.skewMs;
  }

  /** Everything that it holds and waits for is gone, and nobody is told. */
  evict(): void {
    this.#alive = false;
  }

  /** It has checked so many other tokens since that it knows nothing more of this one. */
  forget(): void {
    this.#leases = new Leases();
  }

  /** So many requests arrive at once. */
  arrive(count: number, cost = 1): Check[] {
    this.#show();
    return Array.from({ length: count }, () => this.#begin(cost));
  }

  /** One request, and whatever happens until it is answered. */
  async check(cost = 1): Promise<Check> {
    const [check] = this.arrive(1, cost);
    if (check === undefined) throw new Error("one has arrived");
    await this.#world.pass(0);
    return check;
  }

  #begin(cost: number): Check {
    const arrivedAt = this.#shown;
    const check: Check = {
      cost,
      arrivedAt: this.#world.now,
      outcome: "waiting",
      endedAt: Number.NaN,
      calls: 0,
      charged: false,
    };
    this.checks.push(check);
    const deps = {
      clock: () => this.#shown,
      startTimer: (milliseconds: number) => this.#startTimer(milliseconds),
      leases: this.#leases,
      limiter: () => this.#stubFor(check),
    };
    const moment = { arrivedAt, background: () => undefined };
    const end = (outcome: Charge | Error): void => {
      check.outcome = outcome;
      check.endedAt = this.#world.now;
    };
    chargeLeased(deps, "subject", this.#window, cost, moment).then(end, (error: unknown) =>
      end(error instanceof Error ? error : new Error(String(error))),
    );
    return check;
  }

  #stubFor(check: Check): LimiterStub {
    const call = <T>(act: () => T): Promise<T> => {
      check.calls += 1;
      return this.#call(act);
    };
    const charge = <T extends Charge>(answer: T): T => {
      check.charged ||= answer.allowed;
      return answer;
    };
    return {
      take: (request) => call(() => charge(this.#limiter.take(request))),
      lease: (request) => call(() => charge(this.#limiter.lease(request))),
      settle: (returned) => call(() => this.#limiter.settle(returned)),
    };
  }

  #call<T>(act: () => T): Promise<T> {
    const { toMs, backMs, end } = this.#options.fate();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (end === "deaf") return promise;
    this.#world.in(toMs, () => {
      const answer = act();
      if (end === "mute") return;
      this.#happens(backMs, () =>
        end === "broken" ? reject(new Error("connection lost")) : resolve(answer),
      );
    });
    return promise;
  }

  #startTimer(milliseconds: number): Timer {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#happens(milliseconds + this.#options.lateMs(), resolve);
    return { done: promise, cancel };
  }

  #happens(milliseconds: number, run: () => void): () => void {
    return this.#world.in(milliseconds, () => {
      if (!this.#alive) return;
      this.#show();
      run();
    });
  }

  #show(): void {
    const { skewMs, lag } = this.#options;
    this.#shown = Math.max(this.#shown, this.#world.now + skewMs - lag());
  }
}

/** Permits that were used without having been charged when they were asked for: those that were held. */
export function heldUses(isolates: readonly Isolate[]): Use[] {
  return isolates
    .flatMap(({ checks }) => checks)
    .filter((check) => !check.charged && allowed(check))
    .map(({ cost, endedAt }) => ({ at: endedAt, count: cost }));
}

export function allowed({ outcome }: Check): boolean {
  return typeof outcome === "object" && "allowed" in outcome && outcome.allowed;
}

/** The most that was used in any half-open window. */
export function fullestWindow(uses: readonly Use[], windowMs: number): number {
  const sorted = uses.toSorted((a, b) => a.at - b.at);
  let most = 0;
  let used = 0;
  let first = 0;
  for (const { at, count } of sorted) {
    used += count;
    for (
      let oldest = sorted[first];
      oldest !== undefined && oldest.at <= at - windowMs;
      oldest = sorted[first]
    ) {
      used -= oldest.count;
      first += 1;
    }
    most = Math.max(most, used);
  }
  return most;
}
