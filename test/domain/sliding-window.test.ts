import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  EMPTY_WINDOW,
  reserve,
  settle,
  take,
  type WindowAnswer,
  type WindowState,
} from "../../src/domain/sliding-window.ts";

interface Use {
  readonly at: number;
  readonly count: number;
}

const shape = fc.record({
  limit: fc.integer({ min: 0, max: 12 }),
  windowMs: fc.integer({ min: 1, max: 40 }),
});
const cost = fc.integer({ min: 0, max: 6 });
const pause = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 13, max: 90 }));

describe("taking permits", () => {
  test("allows the limit, then refuses until the first charge has left the window", () => {
    const rule = { limit: 3, windowMs: 100, cost: 1 };
    const first = take(EMPTY_WINDOW, rule, 1000);
    expect(first).toMatchObject({ allowed: true, remaining: 2, retryAfterMs: 0, resetMs: 100 });
    const second = take(first.state, { ...rule, cost: 2 }, 1040);
    expect(second).toMatchObject({ allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 100 });
    expect(take(second.state, rule, 1099)).toMatchObject({
      allowed: false,
      remaining: 0,
      retryAfterMs: 1,
      resetMs: 41,
    });
    expect(take(second.state, { ...rule, cost: 2 }, 1099)).toMatchObject({
      allowed: false,
      retryAfterMs: 41,
    });
    expect(take(second.state, rule, 1100)).toMatchObject({ allowed: true, remaining: 0, resetMs: 100 });
  });

  test("never allows a cost above the limit and says so", () => {
    expect(take(EMPTY_WINDOW, { limit: 3, windowMs: 100, cost: 4 }, 5)).toMatchObject({
      allowed: false,
      remaining: 3,
      retryAfterMs: null,
      resetMs: 0,
    });
    expect(take(EMPTY_WINDOW, { limit: 0, windowMs: 100, cost: 1 }, 5).retryAfterMs).toBeNull();
  });

  test("keeps one charge for all that ends at the same millisecond", () => {
    let state: WindowState = EMPTY_WINDOW;
    for (let count = 0; count < 50; count += 1)
      state = take(state, { limit: 50, windowMs: 9, cost: 1 }, 7).state;
    expect(state.charges).toEqual([{ until: 16, count: 50 }]);
  });

  test("decides as someone who looks at the whole history does, to the millisecond", () => {
    fc.assert(
      fc.property(shape, fc.array(fc.tuple(pause, cost), { maxLength: 60 }), (rule, calls) => {
        const uses: Use[] = [];
        let state: WindowState = EMPTY_WINDOW;
        let now = 1000;
        for (const [wait, count] of calls) {
          now += wait;
          const before = usedIn(uses, now - rule.windowMs + 1, rule.windowMs);
          const answer = take(state, { ...rule, cost: count }, now);
          expect(answer.allowed).toBe(before + count <= rule.limit);
          if (answer.allowed && count > 0) uses.push({ at: now, count });
          expect(answer.remaining).toBe(rule.limit - usedIn(uses, now - rule.windowMs + 1, rule.windowMs));
          const last = uses.at(-1)?.at;
          expect(answer.resetMs).toBe(last === undefined ? 0 : Math.max(0, last + rule.windowMs - now));
          expectTruthfulWait(answer, { ...rule, cost: count }, now);
          expectTidy(answer.state);
          state = answer.state;
        }
        expect(fullestWindow(uses, rule.windowMs)).toBeLessThanOrEqual(rule.limit);
      }),
      { numRuns: 500 },
    );
  });

  test("is not changed by refusals, so they lengthen no wait", () => {
    fc.assert(
      fc.property(shape, fc.array(fc.tuple(pause, cost), { maxLength: 40 }), (rule, calls) => {
        let plain: WindowState = EMPTY_WINDOW;
        let pestered: WindowState = EMPTY_WINDOW;
        let now = 0;
        for (const [wait, count] of calls) {
          now += wait;
          for (let again = 0; again < 3; again += 1) {
            pestered = take(pestered, { ...rule, cost: rule.limit + 1 }, now).state;
          }
          const [left, right] = [plain, pestered].map((state) => take(state, { ...rule, cost: count }, now));
          expect(right).toEqual(left);
          plain = left!.state;
          pestered = right!.state;
        }
      }),
    );
  });
});

describe("a clock that goes backwards", () => {
  const readings = fc.array(fc.tuple(fc.integer({ min: 0, max: 120 }), cost), { maxLength: 40 });

  test("allows what a clock that stands still instead would allow, and the wait is true by what it reads", () => {
    fc.assert(
      fc.property(shape, readings, (rule, calls) => {
        let [jumping, standing]: WindowState[] = [EMPTY_WINDOW, EMPTY_WINDOW];
        let latest = 0;
        for (const [now, count] of calls) {
          latest = Math.max(latest, now);
          const request = { ...rule, cost: count };
          const answer = take(jumping!, request, now);
          const expected = take(standing!, request, latest);
          expect(answer.allowed).toBe(expected.allowed);
          expect(answer.remaining).toBe(expected.remaining);
          expect(answer.state).toEqual(expected.state);
          expectTruthfulWait(answer, request, now);
          jumping = answer.state;
          standing = expected.state;
        }
      }),
    );
  });

  test("frees nothing that had not been freed before", () => {
    const rule = { limit: 1, windowMs: 10, cost: 1 };
    const used = take(EMPTY_WINDOW, rule, 100).state;
    const seen = take(used, rule, 105).state;
    const back = take(seen, rule, 3);
    expect(back).toMatchObject({ allowed: false, retryAfterMs: 107, resetMs: 107 });
    expect(take(back.state, rule, 109).allowed).toBe(false);
    expect(take(back.state, rule, 110).allowed).toBe(true);
  });
});

describe("a limit or window that changes between calls", () => {
  test("each charge keeps the window that it was made under, and each call its own limit", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(pause, cost, shape), { maxLength: 50 }), (calls) => {
        const charged: { until: number; count: number }[] = [];
        let state: WindowState = EMPTY_WINDOW;
        let now = 0;
        for (const [wait, count, rule] of calls) {
          now += wait;
          const answer = take(state, { ...rule, cost: count }, now);
          const counting = sum(charged.filter(({ until }) => now < until));
          expect(answer.allowed).toBe(counting + count <= rule.limit);
          if (answer.allowed) charged.push({ until: now + rule.windowMs, count });
          expect(answer.remaining).toBe(Math.max(0, rule.limit - counting - (answer.allowed ? count : 0)));
          expectTruthfulWait(answer, { ...rule, cost: count }, now);
          expectTidy(answer.state);
          state = answer.state;
        }
      }),
    );
  });
});

describe("leases", () => {
  const rule = { limit: 100, windowMs: 1000 };

  test("a lease counts until it has ended and the window has passed", () => {
    const answer = reserve(EMPTY_WINDOW, { ...rule, count: 40, leaseMs: 50 }, 1000);
    expect(answer).toMatchObject({ allowed: true, remaining: 60, resetMs: 1050, lease: { count: 40 } });
    expect(take(answer.state, { ...rule, cost: 61 }, 2049)).toMatchObject({
      allowed: false,
      retryAfterMs: 1,
    });
    expect(take(answer.state, { ...rule, cost: 61 }, 2050).allowed).toBe(true);
  });

  test("what does not fit is refused whole, and charges nothing", () => {
    const held = reserve(EMPTY_WINDOW, { ...rule, count: 90, leaseMs: 50 }, 1000).state;
    const answer = reserve(held, { ...rule, count: 11, leaseMs: 50 }, 1000);
    expect(answer).toMatchObject({
      allowed: false,
      lease: null,
      remaining: 10,
      retryAfterMs: 1050,
      state: held,
    });
  });

  test("a return frees the unused permits at once and the used ones a window later", () => {
    const { state, lease } = reserve(EMPTY_WINDOW, { ...rule, count: 40, leaseMs: 50 }, 1000);
    const settled = settle(state, { leaseId: lease!.id, used: 15 }, 1010);
    expect(take(settled, { ...rule, cost: 0 }, 1010)).toMatchObject({ remaining: 85, resetMs: 1000 });
    expect(take(settled, { ...rule, cost: 0 }, 2009).remaining).toBe(85);
    expect(take(settled, { ...rule, cost: 0 }, 2010).remaining).toBe(100);
  });

  test("a late return still frees the unused permits, and the used ones count no longer than unreturned", () => {
    const { state, lease } = reserve(EMPTY_WINDOW, { ...rule, count: 40, leaseMs: 50 }, 1000);
    const settled = settle(state, { leaseId: lease!.id, used: 15 }, 1500);
    expect(take(settled, { ...rule, cost: 0 }, 1500)).toMatchObject({ remaining: 85, resetMs: 550 });
  });

  test("a return sent twice, of a lapsed lease, or of one that never was, frees nothing", () => {
    const one = reserve(EMPTY_WINDOW, { ...rule, count: 40, leaseMs: 50 }, 1000);
    const two = reserve(one.state, { ...rule, count: 40, leaseMs: 50 }, 1000);
    expect(two.state.charges.map(({ until, count }) => [until, count])).toEqual([
      [2050, 40],
      [2050, 40],
    ]);
    const once = settle(two.state, { leaseId: one.lease!.id, used: 0 }, 1001);
    expect(settle(once, { leaseId: one.lease!.id, used: 0 }, 1001)).toEqual(once);
    expect(settle(once, { leaseId: 999_999, used: 7 }, 1001)).toEqual(once);
    expect(take(once, { ...rule, cost: 0 }, 1001).remaining).toBe(60);
    expect(settle(once, { leaseId: two.lease!.id, used: 3 }, 2050).charges).toEqual([]);
  });

  test("a lease is found again though a charge beside it ends at the same millisecond", () => {
    const first = reserve(EMPTY_WINDOW, { ...rule, count: 40, leaseMs: 50 }, 1000);
    const thenTaken = take(first.state, { ...rule, cost: 5 }, 1050).state;
    const settled = settle(thenTaken, { leaseId: first.lease!.id, used: 0 }, 1050);
    expect(settled.charges).toEqual([{ until: 2050, count: 5 }]);

    const taken = take(EMPTY_WINDOW, { limit: 100, windowMs: 1050, cost: 5 }, 1000).state;
    const thenLeased = reserve(taken, { ...rule, count: 40, leaseMs: 50 }, 1000);
    const again = settle(thenLeased.state, { leaseId: thenLeased.lease!.id, used: 0 }, 1000);
    expect(again.charges).toEqual([{ until: 2050, count: 5 }]);
  });

  test("a lease made after the state was emptied and forgotten is not settled by an older one's return", () => {
    const old = reserve(EMPTY_WINDOW, { ...rule, count: 10, leaseMs: 50 }, 1000).lease;
    const { state, lease } = reserve(EMPTY_WINDOW, { ...rule, count: 10, leaseMs: 50 }, 5000);
    expect(lease!.id).not.toBe(old!.id);
    expect(
      take(settle(state, { leaseId: old!.id, used: 0 }, 5001), { ...rule, cost: 0 }, 5001).remaining,
    ).toBe(90);
  });

  test("a holder that used more than it was handed is charged for all of it", () => {
    const { state, lease } = reserve(EMPTY_WINDOW, { ...rule, count: 40, leaseMs: 50 }, 1000);
    const settled = settle(state, { leaseId: lease!.id, used: 130 }, 1001);
    expect(take(settled, { ...rule, cost: 1 }, 1001)).toMatchObject({
      allowed: false,
      remaining: 0,
      retryAfterMs: 1000,
    });
  });

  test("a window that changes while a lease is out does not change how long its permits count", () => {
    const { state, lease } = reserve(EMPTY_WINDOW, { ...rule, count: 100, leaseMs: 50 }, 1000);
    const narrowed = take(state, { limit: 100, windowMs: 1, cost: 1 }, 1020);
    expect(narrowed.allowed).toBe(false);
    const settled = settle(narrowed.state, { leaseId: lease!.id, used: 100 }, 1030);
    expect(take(settled, { limit: 100, windowMs: 1, cost: 1 }, 1031).retryAfterMs).toBe(999);
  });
});

type Step =
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "take"; readonly cost: number }
  | { readonly do: "reserve"; readonly count: number; readonly leaseMs: number }
  | { readonly do: "use"; readonly which: number; readonly count: number }
  | { readonly do: "return"; readonly which: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: pause }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("take" as const), cost }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("reserve" as const),
      count: fc.integer({ min: 1, max: 6 }),
      leaseMs: fc.integer({ min: 1, max: 50 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("use" as const),
      which: fc.nat(),
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("return" as const), which: fc.nat() }) },
);

describe("any schedule of takes, leases, uses and returns", () => {
  test("never puts more than the limit of uses into any half-open interval of a window's length", () => {
    let mostInOneRun = 0;
    fc.assert(
      fc.property(shape, fc.array(step, { maxLength: 120 }), fc.boolean(), (rule, steps, lastMoment) => {
        const uses: Use[] = [];
        const held: { id: number; left: number; used: number; endsAt: number; returned: boolean }[] = [];
        let state: WindowState = EMPTY_WINDOW;
        let now = 500;
        for (const each of steps) {
          if (each.do === "wait") {
            now += each.ms;
          } else if (each.do === "take") {
            const answer = take(state, { ...rule, cost: each.cost }, now);
            if (answer.allowed) uses.push({ at: now, count: each.cost });
            expectTruthfulWait(answer, { ...rule, cost: each.cost }, now);
            state = answer.state;
          } else if (each.do === "reserve") {
            const answer = reserve(state, { ...rule, count: each.count, leaseMs: each.leaseMs }, now);
            expect(answer.lease !== null).toBe(answer.allowed);
            expectTruthfulWait(answer, { ...rule, cost: each.count }, now);
            const endsAt = now + each.leaseMs;
            if (answer.lease !== null) {
              held.push({ id: answer.lease.id, left: each.count, used: 0, endsAt, returned: false });
            }
            state = answer.state;
          } else {
            const lease = held[each.which % Math.max(1, held.length)];
            if (lease === undefined) continue;
            if (each.do === "return") {
              state = settle(state, { leaseId: lease.id, used: lease.used }, now);
              lease.returned = true;
            } else if (!lease.returned && now <= lease.endsAt) {
              const count = Math.min(each.count, lease.left);
              uses.push({ at: now, count });
              lease.left -= count;
              lease.used += count;
            }
          }
          expectTidy(state);
        }
        // The worst holders: whatever is left is used in the last moment allowed.
        for (const lease of held) {
          if (lastMoment && !lease.returned && now <= lease.endsAt)
            uses.push({ at: lease.endsAt, count: lease.left });
        }
        expect(new Set(held.map(({ id }) => id)).size).toBe(held.length);
        expect(fullestWindow(uses, rule.windowMs)).toBeLessThanOrEqual(rule.limit);
        if (rule.limit > 0)
          mostInOneRun = Math.max(mostInOneRun, fullestWindow(uses, rule.windowMs) / rule.limit);
      }),
      { numRuns: 2000 },
    );
    // The schedules do press against the limit, or the property would say nothing.
    expect(mostInOneRun).toBe(1);
  });

  test("once everything is returned, exactly what was used still counts", () => {
    const counts = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat()), {
      minLength: 1,
      maxLength: 10,
    });
    fc.assert(
      fc.property(counts, (leases) => {
        const rule = { limit: 100, windowMs: 60 };
        let state: WindowState = EMPTY_WINDOW;
        const held = leases.map(([count, share]) => {
          const answer = reserve(state, { ...rule, count, leaseMs: 30 }, 10);
          state = answer.state;
          return { leaseId: answer.lease!.id, used: share % (count + 1) };
        });
        for (const lease of held) state = settle(state, lease, 20);
        const used = held.reduce((total, lease) => total + lease.used, 0);
        expect(state.charges).toEqual(used === 0 ? [] : [{ until: 80, count: used }]);
      }),
    );
  });
});

describe("numbers that make no sense", () => {
  test.each([Number.NaN, Infinity, -1, 0.5, 2 ** 53])("%d is refused wherever it stands", (bad) => {
    const rule = { limit: 5, windowMs: 10 };
    const { state, lease } = reserve(EMPTY_WINDOW, { ...rule, count: 1, leaseMs: 5 }, 1);
    expect(() => take(state, { ...rule, cost: bad }, 1)).toThrow(RangeError);
    expect(() => take(state, { ...rule, cost: 1, limit: bad }, 1)).toThrow(RangeError);
    expect(() => take(state, { ...rule, cost: 1, windowMs: bad }, 1)).toThrow(RangeError);
    expect(() => take(state, { ...rule, cost: 1 }, bad)).toThrow(RangeError);
    expect(() => reserve(state, { ...rule, count: bad, leaseMs: 5 }, 1)).toThrow(RangeError);
    expect(() => reserve(state, { ...rule, count: 1, leaseMs: bad }, 1)).toThrow(RangeError);
    expect(() => settle(state, { leaseId: lease!.id, used: bad }, 1)).toThrow(RangeError);
    expect(() => settle(state, { leaseId: lease!.id, used: 0 }, bad)).toThrow(RangeError);
  });

  test("neither is a window, a lease or a block of nothing", () => {
    expect(() => take(EMPTY_WINDOW, { limit: 5, windowMs: 0, cost: 1 }, 1)).toThrow(RangeError);
    expect(() => reserve(EMPTY_WINDOW, { limit: 5, windowMs: 1, count: 0, leaseMs: 1 }, 1)).toThrow(
      RangeError,
    );
    expect(() => reserve(EMPTY_WINDOW, { limit: 5, windowMs: 1, count: 1, leaseMs: 0 }, 1)).toThrow(
      RangeError,
    );
  });
});

function sum(charges: readonly { readonly count: number }[]): number {
  return charges.reduce((total, { count }) => total + count, 0);
}

/** Uses in the half-open interval from `start`. */
function usedIn(uses: readonly Use[], start: number, lengthMs: number): number {
  return sum(uses.filter(({ at }) => at >= start && at < start + lengthMs));
}

/** The most uses in any interval of that length; a fullest one begins at some use. */
function fullestWindow(uses: readonly Use[], lengthMs: number): number {
  return Math.max(0, ...uses.map(({ at }) => usedIn(uses, at, lengthMs)));
}

/** Allowed exactly when the answer said, by whatever the clock that was asked reads, and not a millisecond before. */
function expectTruthfulWait(
  { allowed, retryAfterMs, state }: WindowAnswer,
  request: { readonly limit: number; readonly windowMs: number; readonly cost: number },
  now: number,
): void {
  if (allowed) {
    expect(retryAfterMs).toBe(0);
  } else if (request.cost > request.limit) {
    expect(retryAfterMs).toBeNull();
  } else {
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(take(state, request, now + retryAfterMs!).allowed).toBe(true);
    expect(take(state, request, now + retryAfterMs! - 1).allowed).toBe(false);
  }
}

/** Sorted, nothing spent, nothing empty, and plain charges of one end merged. */
function expectTidy({ charges, seenAt }: WindowState): void {
  const untils = charges.map(({ until }) => until);
  expect(untils).toEqual(untils.toSorted((a, b) => a - b));
  expect(charges.every(({ until, count }) => until > seenAt && count > 0)).toBe(true);
  const plain = charges.filter(({ lease }) => lease === undefined).map(({ until }) => until);
  expect(new Set(plain).size).toBe(plain.length);
}
