import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chargeLeased } from "../../src/operations/charge-leased.ts";
import { chargeLimit } from "../../src/operations/charge-limit.ts";
import type { Deps } from "../../src/operations/deps.ts";
import { giveUp, Leases, useHeld } from "../../src/operations/leases.ts";
import type { CheckableToken } from "../../src/store/access-tokens.ts";
import { Unavailable } from "../../src/operations/unavailable.ts";
import {
  allowed,
  AT_ONCE,
  fullestWindow,
  heldUses,
  Isolate,
  MemoryLimiter,
  World,
  type Check,
  type Fate,
  type IsolateOptions,
} from "./lease-world.ts";

interface Scene {
  readonly limit: number;
  readonly windowMs?: number;
  readonly options?: IsolateOptions;
}

function scene({ limit, windowMs = 60_000, options = {} }: Scene) {
  const world = new World();
  const limiter = new MemoryLimiter(world);
  const window = { limit, windowMs };
  const isolate = (more: IsolateOptions = {}) => new Isolate(world, limiter, window, { ...options, ...more });
  return { world, limiter, window, isolate, one: isolate() };
}

const allowedOf = (checks: readonly Check[]) => checks.filter(allowed).length;

function answer({ outcome }: Check) {
  if (typeof outcome === "string" || outcome instanceof Error)
    throw new Error(`no answer: ${String(outcome)}`);
  return outcome;
}

const distant = (milliseconds: number): IsolateOptions => ({
  fate: () => ({ toMs: milliseconds, backMs: milliseconds, end: "answered" }),
});

describe("a limit", () => {
  test.each([0, 1, 20, 90, 200, 300, 600])(
    "of 150 allows exactly 150 of 200 parallel checks when the limiter is %d ms away",
    async (milliseconds) => {
      const { world, one } = scene({ limit: 150, options: distant(milliseconds) });
      const checks = one.arrive(200);
      await world.pass(10_000);
      expect(allowedOf(checks)).toBe(150);
      expect(checks.filter(({ outcome }) => outcome === "waiting")).toEqual([]);
    },
  );

  test("is shared exactly by isolates of which none leaves anything unused", async () => {
    const { world, isolate } = scene({ limit: 1000 });
    const isolates = [isolate(), isolate(), isolate()];
    const checks = [];
    for (let round = 0; round < 100; round += 1) {
      checks.push(...isolates.flatMap((each) => each.arrive(5)));
      await world.pass(10);
    }
    expect(allowedOf(checks)).toBe(1000);
  });
});

describe("a hot token under half its limit", () => {
  const LIMITS = [100, 101, 150, 1000, 100_000];
  const WINDOWS = [1_000, 2_000, 60_000, 3_600_000];
  const cases = LIMITS.flatMap((limit) => WINDOWS.map((windowMs) => ({ limit, windowMs })));

  test.each(cases)(
    "calls the limiter at most once per 20 checks: $limit in $windowMs ms, checks 1 ms apart",
    async ({ limit, windowMs }) => {
      const { world, limiter, one } = scene({ limit, windowMs });
      const wanted = Math.min(Math.floor(limit / 2), 5_000);
      for (let made = 0; made < wanted; made += 1) {
        one.arrive(1);
        await world.pass(1);
      }
      expect(allowedOf(one.checks)).toBe(wanted);
      expect(wanted / limiter.calls).toBeGreaterThanOrEqual(20);
      // The last return included.
      await world.rest();
      expect(wanted / limiter.calls).toBeGreaterThanOrEqual(limit < 1000 ? 16 : 20);
    },
  );

  test.each(cases)(
    "calls the limiter at most once per 20 checks: $limit in $windowMs ms, all at once",
    async ({ limit, windowMs }) => {
      const { world, limiter, one } = scene({ limit, windowMs, options: distant(10) });
      const wanted = Math.min(Math.floor(limit / 2), 5_000);
      one.arrive(wanted);
      await world.pass(100);
      expect(allowedOf(one.checks)).toBe(wanted);
      expect(wanted / limiter.calls).toBeGreaterThanOrEqual(20);
    },
  );
});

describe("permits that are held", () => {
  /** Hot enough to be handed a block; tells how many of it are left. */
  async function warmUp(
    { world, limiter, window }: ReturnType<typeof scene>,
    isolate: Isolate,
  ): Promise<number> {
    isolate.arrive(2);
    await world.pass(1);
    return window.limit - 2 - limiter.remaining(window);
  }

  test("and not used are returned when the lease ends, so that another isolate can use all of them", async () => {
    const setting = scene({ limit: 100 });
    const { world, limiter, one, isolate } = setting;
    const held = await warmUp(setting, one);
    expect(held).toBeGreaterThanOrEqual(20);
    const before = isolate().arrive(200);
    await world.pass(100);
    expect(allowedOf(before)).toBe(98 - held);
    await world.pass(5_000);
    expect(limiter.settles).toHaveLength(1);
    const after = isolate().arrive(200);
    await world.pass(100);
    expect(allowedOf(after)).toBe(held);
  });

  test("and all used are not worth a call when the lease ends", async () => {
    const setting = scene({ limit: 100 });
    const { world, limiter, one } = setting;
    one.arrive(await warmUp(setting, one));
    await world.rest();
    expect(limiter.settles).toEqual([]);
  });

  test("and used count from their return, if that comes early", async () => {
    const setting = scene({ limit: 100, windowMs: 60_000 });
    const { world, limiter, window, one } = setting;
    const held = await warmUp(setting, one);
    one.arrive(held - 1);
    await world.pass(1_000);
    expect(allowed(await one.check(2))).toBe(true);
    await world.pass(60_000);
    expect(limiter.remaining(window)).toBe(100);
  });

  test.each([
    ["by a clock that lags as far as it may", 250, 0],
    ["by a holder that was told late", 0, 400],
  ])("are in no window too many, used at the last moment %s", async (_what, lag, backMs) => {
    const { world, limiter, window, isolate } = scene({ limit: 100, windowMs: 4_000 });
    let lags = 0;
    let calls = 0;
    // Its block comes late, and its timers end long after.
    const fate = (): Fate => ({ ...AT_ONCE, backMs: (calls += 1) === 2 ? backMs : 0 });
    const holder = isolate({ lag: () => lags, lateMs: () => 60_000, fate });
    holder.arrive(2);
    await world.pass(backMs);
    const held = 98 - limiter.remaining(window);
    expect(held).toBeGreaterThanOrEqual(20);
    // By its own clock, the lease of 1 s has 1 ms left.
    await world.pass(999 + lag - backMs);
    lags = lag;
    const last = holder.arrive(held - 1);
    await world.pass(0);
    expect(allowedOf(last)).toBe(held - 1);
    const others = isolate();
    others.arrive(100);
    // Had it reckoned from the answer, it would still hold this one.
    await world.pass(backMs);
    holder.arrive(1);
    await world.pass(0);
    holder.evict();

    await world.pass(3_500);
    for (let ms = 0; ms < 1_000; ms += 1) {
      others.arrive(1);
      others.arrive(1, 100);
      await world.pass(1);
    }
    expect(fullestWindow([...limiter.uses, ...heldUses([holder, others])], 4_000)).toBe(100);
  });

  test("are used up to the lease's last moment by the holder's own clock, and not after it", async () => {
    const setting = scene({ limit: 100, options: { lateMs: () => 60_000 } });
    const { world, limiter, one } = setting;
    await warmUp(setting, one);
    const calls = limiter.calls;
    await world.pass(4_998);
    await one.check();
    expect(limiter.calls).toBe(calls);
    await world.pass(1);
    await one.check();
    expect(limiter.calls).toBe(calls + 1);
  });

  test("go back with the next request for more, in the same call", async () => {
    const setting = scene({ limit: 100, options: { lateMs: () => 60_000 } });
    const { world, limiter, window, one } = setting;
    await warmUp(setting, one);
    await world.pass(5_000);
    await one.check();
    expect(limiter.settles).toEqual([]);
    expect(limiter.leases).toHaveLength(3);
    await world.rest();
    expect(limiter.remaining(window)).toBe(100);
  });

  test.each([100, 101, 150, 1000, 100_000])(
    "by an isolate that is evicted are at most half of a limit of %d, and are back after lease and window",
    async (limit) => {
      const windowMs = 10_000;
      const { world, limiter, window, one, isolate } = scene({ limit, windowMs });
      let used = 0;
      let most = 0;
      for (let step = 0; step < 200; step += 1) {
        one.arrive(1, 1 + Math.floor(limit / 150));
        await world.pass(1);
        used = one.checks.filter(allowed).reduce((sum, { cost }) => sum + cost, 0);
        const stranded = limit - used - limiter.remaining(window);
        expect(stranded).toBeGreaterThanOrEqual(0);
        // Documented at leaseSize: half while it is fresh, then a quarter of what remained, or 20.
        expect(stranded).toBeLessThanOrEqual(Math.max(Math.floor(limit / 2), 20));
        most = Math.max(most, stranded);
      }
      expect(most).toBeGreaterThanOrEqual(20);
      one.evict();
      // Its lease of 2.5 s, the margin, and the window.
      await world.pass(2_500 + 250 + windowMs);
      expect(limiter.remaining(window)).toBe(limit);
      const after = isolate().arrive(Math.min(limit + 50, 5_000));
      await world.pass(100);
      expect(allowedOf(after)).toBe(Math.min(limit, after.length));
    },
  );

  test("are asked for once for all that wait, and no more than they need", async () => {
    const { world, limiter, window, one } = scene({ limit: 1000, options: distant(10) });
    const checks = one.arrive(900);
    await world.pass(40);
    expect(allowedOf(checks)).toBe(900);
    expect(limiter.leases).toHaveLength(2);
    expect(limiter.remaining(window)).toBe(100);
  });

  test("of ten thousand subjects are known, and of one more the oldest is forgotten and still returned", async () => {
    const { world, limiter, window } = scene({ limit: 100 });
    const leases = new Leases();
    const background: Promise<unknown>[] = [];
    const check = (subject: string) => {
      const timer = () => {
        const { promise, resolve } = Promise.withResolvers<void>();
        return { done: promise, cancel: world.in(5_000, resolve) };
      };
      const deps = {
        clock: () => world.now,
        startTimer: timer,
        leases,
        limiter: () => ({
          take: async (request: Parameters<MemoryLimiter["take"]>[0]) => limiter.take(request),
          lease: async (request: Parameters<MemoryLimiter["lease"]>[0]) => limiter.lease(request),
          settle: async (returned: Parameters<MemoryLimiter["settle"]>[0]) => limiter.settle(returned),
        }),
      };
      const moment = {
        arrivedAt: world.now,
        background: (work: Promise<unknown>) => void background.push(work),
      };
      return chargeLeased(deps, subject, window, 1, moment);
    };
    await check("first");
    await check("first");
    const holding = leases.of("first");
    expect(holding.lease?.left).toBeGreaterThan(0);
    for (let index = 1; index < 10_000; index += 1) leases.of(`other ${index}`);
    expect(leases.of("first")).toBe(holding);
    leases.of("one more");
    expect(leases.of("first")).not.toBe(holding);
    await world.rest();
    await Promise.all(background);
    expect(limiter.settles).toHaveLength(1);
    expect(holding.lease).toBeNull();
  });
});

describe("a cost", () => {
  test("is paid from what is held, all or nothing, and else asked for with what is held given back", async () => {
    const { world, limiter, window, one } = scene({ limit: 100 });
    one.arrive(2, 3);
    await world.pass(1);
    const held = 100 - 6 - limiter.remaining(window);
    expect(held).toBeGreaterThanOrEqual(20);
    const calls = limiter.calls;
    expect(allowed(await one.check(held - 5))).toBe(true);
    expect(limiter.calls).toBe(calls);
    const more = await one.check(10);
    expect(answer(more).allowed).toBe(true);
    expect(limiter.leases).toHaveLength(calls + 1);
    await world.rest();
    expect(limiter.remaining(window)).toBe(100 - 6 - (held - 5) - 10);
  });

  test("is never charged in part", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 30 }),
        async (costs) => {
          const { world, one } = scene({ limit: 100 });
          const checks = costs.flatMap((cost) => one.arrive(1, cost));
          await world.pass(100);
          let left = 100;
          for (const { cost } of checks.filter(allowed)) left -= cost;
          expect(left).toBeGreaterThanOrEqual(0);
          // What is refused did not fit at the end either.
          for (const check of checks) if (!allowed(check)) expect(check.cost).toBeGreaterThan(left);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("of the whole limit is allowed when nothing was used, and says when it will be again", async () => {
    const { world, one } = scene({ limit: 100, windowMs: 4_000 });
    expect(answer(await one.check(100))).toEqual({
      allowed: true,
      remaining: 0,
      retryAfterMs: 0,
      resetMs: 4_000,
    });
    await world.pass(3_000);
    expect(answer(await one.check(100)).retryAfterMs).toBe(1_000);
    await world.pass(1_000);
    expect(allowed(await one.check(100))).toBe(true);
  });
});

describe("a refusal", () => {
  test("is believed for a quarter of a second: a flood costs four calls a second", async () => {
    const { world, limiter, one } = scene({ limit: 100, options: distant(5) });
    one.arrive(101);
    await world.pass(50);
    const before = limiter.calls;
    for (let ms = 0; ms < 10_000; ms += 1) {
      one.arrive(5);
      await world.pass(1);
    }
    expect(limiter.calls - before).toBeLessThanOrEqual(41);
    expect(allowedOf(one.checks)).toBe(100);
  });

  test("of a cost that is more than what is left is believed too", async () => {
    const { world, limiter, one } = scene({ limit: 100, options: distant(5) });
    one.arrive(1, 90);
    await world.pass(50);
    const before = limiter.calls;
    for (let ms = 0; ms < 1_000; ms += 1) {
      one.arrive(5, 11);
      await world.pass(1);
    }
    expect(limiter.calls - before).toBeLessThanOrEqual(5);
  });

  test("of one cost says nothing of another", async () => {
    const { one } = scene({ limit: 100, windowMs: 4_000 });
    await one.check(90);
    expect(answer(await one.check(11))).toMatchObject({ allowed: false, remaining: 10 });
    expect(answer(await one.check(10))).toMatchObject({ allowed: true, remaining: 0 });
    expect(answer(await one.check(1))).toMatchObject({ allowed: false });
    expect(answer(await one.check(11))).toMatchObject({ allowed: false, retryAfterMs: 4_000 });
  });

  test("is not believed for longer than it said", async () => {
    const { world, one } = scene({ limit: 100, windowMs: 1_000 });
    await one.check(100);
    await world.pass(900);
    expect(answer(await one.check()).retryAfterMs).toBe(100);
    await world.pass(99);
    expect(answer(await one.check()).retryAfterMs).toBe(1);
    await world.pass(1);
    expect(allowed(await one.check())).toBe(true);
  });

  test("is asked about again after that: what another isolate has returned by then can be used", async () => {
    const { world, one, isolate } = scene({ limit: 100 });
    isolate().arrive(2);
    await world.pass(4_900);
    one.arrive(100);
    await world.pass(1);
    expect(allowed(await one.check())).toBe(false);
    // The other one's lease has ended, and this one does not know yet.
    await world.pass(150);
    expect(allowed(await one.check())).toBe(false);
    await world.pass(100);
    expect(allowed(await one.check())).toBe(true);
  });

  test("is over once the limiter has allowed something again", async () => {
    const { world, one, isolate } = scene({ limit: 100 });
    isolate().arrive(2);
    await world.pass(4_900);
    one.arrive(100);
    await world.pass(1);
    expect(allowed(await one.check(25))).toBe(false);
    await world.pass(150);
    expect(answer(await one.check())).toMatchObject({ allowed: true, remaining: 47 });
    expect(answer(await one.check(25))).toMatchObject({ allowed: true, remaining: 22 });
  });

  const step = fc.record({
    isolate: fc.nat({ max: 1 }),
    count: fc.integer({ min: 1, max: 60 }),
    cost: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 30 })),
    ms: fc.oneof(fc.nat({ max: 50 }), fc.nat({ max: 1200 })),
  });

  test("tells a wait that is long enough, to the second and to the millisecond, if nobody else charges", async () => {
    const steps = fc.array(step, { maxLength: 12 });
    const shape = fc.record({
      limit: fc.integer({ min: 100, max: 200 }),
      windowMs: fc.constantFrom(1_000, 3_000),
    });
    await fc.assert(
      fc.asyncProperty(
        shape,
        steps,
        fc.integer({ min: 1, max: 100 }),
        fc.record({ whole: fc.boolean(), believed: fc.boolean() }),
        async (of, events, cost, { whole, believed }) => {
          const { world, isolate } = scene({ ...of, options: distant(3) });
          const isolates = [isolate({ skewMs: 500_000 }), isolate({ skewMs: -500_000 })] as const;
          for (const event of events) {
            isolates[event.isolate as 0 | 1].arrive(event.count, event.cost);
            await world.pass(event.ms);
          }
          await world.pass(1_100);
          const [asker] = isolates;
          asker.arrive(of.limit);
          await world.pass(50);
          let check = await checkSlowly(world, asker, cost);
          for (let again = 0; again < 300 && allowed(check); again += 1)
            check = await checkSlowly(world, asker, cost);
          // The first refusal is the limiter's, the next one this isolate's own.
          if (believed) {
            await world.pass(100);
            check = await checkSlowly(world, asker, cost);
            if (allowed(check)) return;
          }
          const { retryAfterMs } = answer(check);
          if (retryAfterMs === null || retryAfterMs === 0) throw new Error("a refusal tells when");
          // From when the caller had its answer.
          const passed = world.now - check.endedAt;
          const wait = whole ? Math.ceil(retryAfterMs / 1000) * 1000 : retryAfterMs;
          await world.pass(wait - passed);
          expect(allowed(await checkSlowly(world, asker, cost))).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });
});

async function checkSlowly(world: World, isolate: Isolate, cost = 1): Promise<Check> {
  const [check] = isolate.arrive(1, cost);
  if (check === undefined) throw new Error("one has arrived");
  await world.pass(6);
  return check;
}

describe("what is told to be left", () => {
  test("can be used at once, and all of it is back when it is said to be", async () => {
    const event = fc.record({
      count: fc.integer({ min: 1, max: 40 }),
      cost: fc.integer({ min: 1, max: 8 }),
      ms: fc.oneof(fc.nat({ max: 30 }), fc.nat({ max: 1300 })),
    });
    const shape = fc.record({
      limit: fc.integer({ min: 100, max: 200 }),
      windowMs: fc.constantFrom(1_000, 3_000),
    });
    await fc.assert(
      fc.asyncProperty(shape, fc.array(event, { maxLength: 12 }), fc.boolean(), async (of, events, uses) => {
        const { world, limiter, window, one } = scene({ ...of, options: distant(3) });
        for (const { count, cost, ms } of events) {
          one.arrive(count, cost);
          await world.pass(ms);
        }
        await world.pass(50);
        const last = await checkSlowly(world, one);
        const { remaining, resetMs } = answer(last);
        if (uses) {
          const more = one.arrive(remaining);
          await world.pass(50);
          expect(allowedOf(more)).toBe(remaining);
        } else {
          await world.pass(resetMs - (world.now - last.endedAt));
          expect(limiter.remaining(window)).toBe(of.limit);
        }
      }),
      { numRuns: 150 },
    );
  });

  test("goes down by what is used, whether a call was made for it or not", async () => {
    const { world, one } = scene({ limit: 100 });
    const told = [];
    for (let made = 0; made < 100; made += 1) {
      told.push(answer(await one.check()).remaining);
      await world.pass(1);
    }
    expect(told).toEqual(Array.from({ length: 100 }, (_, index) => 99 - index));
  });
});

describe("a limiter that does not answer", () => {
  const DEAD: Fate = { toMs: 0, backMs: 0, end: "deaf" };

  /** The first calls come to nothing, the others are answered at once. */
  function deadFirst(dead: number): IsolateOptions {
    let calls = 0;
    return {
      fate: () => {
        calls += 1;
        return calls <= dead ? DEAD : AT_ONCE;
      },
    };
  }

  test("one of them, whose request died, holds up those who wait for a quarter of a second, all together", async () => {
    const { world, limiter, one } = scene({ limit: 150, options: deadFirst(1) });
    const [dead, ...others] = one.arrive(101);
    await world.pass(249);
    expect(others.filter(({ outcome }) => outcome !== "waiting")).toEqual([]);
    await world.pass(1);
    expect(allowedOf(others)).toBe(100);
    expect(limiter.leases).toHaveLength(1);
    expect(dead?.outcome).toBe("waiting");
  });

  test("and another one holds them up for half a second, and then each asks for itself", async () => {
    const { world, limiter, one } = scene({ limit: 150, options: deadFirst(2) });
    const checks = one.arrive(101);
    await world.pass(500);
    expect(checks.filter(({ outcome }) => outcome === "waiting")).toHaveLength(2);
    expect(limiter.calls).toBeLessThanOrEqual(99);
  });

  test("is given up after five seconds, and nobody is allowed for it", async () => {
    const { world, one } = scene({ limit: 150, options: { fate: () => DEAD } });
    const checks = one.arrive(50);
    await world.pass(5_500);
    for (const { outcome } of checks) expect(outcome).toBeInstanceOf(Unavailable);
  });

  test("to anybody strands what it handed out, until lease and window have passed", async () => {
    let calls = 0;
    const fate = (): Fate => ({ ...AT_ONCE, end: (calls += 1) === 2 ? "mute" : "answered" });
    const { world, limiter, window, one } = scene({ limit: 150, windowMs: 4_000, options: { fate } });
    const checks = one.arrive(101);
    await world.pass(1_000);
    expect(limiter.remaining(window)).toBe(150 - 101 - (allowedOf(checks) - 1));
    await world.pass(1_000 + 250 + 4_000);
    expect(limiter.remaining(window)).toBe(150);
  });

  test("and whose answer is an error is asked again by the next check", async () => {
    let calls = 0;
    const fate = (): Fate => ({ ...AT_ONCE, end: (calls += 1) === 1 ? "broken" : "answered" });
    const { world, one } = scene({ limit: 150, options: { fate } });
    const checks = one.arrive(20);
    await world.pass(1);
    expect(checks[0]?.outcome).toBeInstanceOf(Error);
    expect(allowedOf(checks)).toBe(19);
  });

  test("in time, and answers after another one was asked, hands out nothing twice", async () => {
    let calls = 0;
    const fate = (): Fate => ({ ...AT_ONCE, backMs: (calls += 1) === 2 ? 300 : 0 });
    const { world, limiter, window, one } = scene({ limit: 150, options: { fate } });
    const checks = one.arrive(60);
    await world.pass(1_000);
    expect(allowedOf(checks)).toBe(60);
    const { remaining } = answer(await one.check());
    expect(remaining).toBeLessThanOrEqual(150 - 61);
    await world.pass(10_000);
    expect(limiter.remaining(window)).toBe(150 - 61);
  });
});

describe("a limit that is too small for blocks", () => {
  test("does not wait for ever either, and a check whose count is unknown is not allowed", async () => {
    const world = new World();
    const startTimer = (milliseconds: number) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      return { done: promise, cancel: world.in(milliseconds, resolve) };
    };
    const limiter = () => ({ take: () => new Promise(() => undefined) });
    const deps = { startTimer, limiter } as unknown as Deps;
    const token = {
      id: "tok_1",
      teamPlan: "standard",
      rateLimit: 50,
      rateWindowSeconds: 60,
    } as CheckableToken;
    const charged = chargeLimit(deps, token, 1, { arrivedAt: world.now, background: () => undefined });
    const outcome = charged.catch((error: unknown) => error);
    await world.pass(5_000);
    expect(await outcome).toBeInstanceOf(Unavailable);
  });
});

describe("a lease that another one has overtaken", () => {
  test("is returned at once", async () => {
    let calls = 0;
    // The second call's answer comes after that of the third.
    const fate = (): Fate => ({ ...AT_ONCE, backMs: (calls += 1) === 2 ? 300 : 0 });
    const { world, limiter, window, one } = scene({ limit: 1000, options: { fate } });
    const checks = one.arrive(60);
    await world.pass(299);
    const before = limiter.remaining(window);
    expect(limiter.settles).toEqual([]);
    await world.pass(1);
    expect(allowedOf(checks)).toBe(60);
    expect(limiter.settles).toHaveLength(1);
    expect(limiter.remaining(window)).toBeGreaterThan(before);
  });
});

describe("a lease that was given up", () => {
  test("is used no more, and is told once", () => {
    const holding = new Leases().of("subject");
    const lease = { id: 7, count: 20, left: 15, endsAt: 100, release: () => undefined };
    holding.lease = lease;
    expect(useHeld(holding, 1, 99)).toBe(true);
    expect(useHeld(holding, 15, 99)).toBe(false);
    expect(useHeld(holding, 1, 100)).toBe(false);
    expect(giveUp(holding)).toEqual({ leaseId: 7, used: 6 });
    expect(useHeld(holding, 1, 99)).toBe(false);
    expect(giveUp(holding)).toBeNull();
  });
});
