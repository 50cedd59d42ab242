import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BucketState, fullBucket, take } from "../../src/domain/token-bucket.ts";

const shape = fc.record({
  capacity: fc.integer({ min: 1, max: 20 }),
  refillPerSecond: fc.oneof(
    fc.integer({ min: 1, max: 50 }),
    fc.integer({ min: 1, max: 5000 }).map((thousandths) => thousandths / 1000),
  ),
});
const call = fc.record({ wait: fc.integer({ min: 0, max: 3000 }), cost: fc.integer({ min: 0, max: 25 }) });

describe("a token bucket", () => {
  test("gives its capacity at once and then the refill", () => {
    const rule = { capacity: 2, refillPerSecond: 4, cost: 1 };
    const one = take(fullBucket(2, 1000), rule, 1000);
    const two = take(one.state, rule, 1000);
    expect([one.allowed, two.allowed]).toEqual([true, true]);
    expect(two.state).toEqual({ level: 0, seenAt: 1000 });
    const three = take(two.state, rule, 1100);
    expect(three).toMatchObject({ allowed: false, retryAfterMs: 150 });
    expect(take(three.state, rule, 1249).allowed).toBe(false);
    expect(take(three.state, rule, 1250).allowed).toBe(true);
  });

  test("decides as exact arithmetic does", () => {
    fc.assert(
      fc.property(shape, fc.array(call, { maxLength: 60 }), (rule, calls) => {
        const perMs = BigInt(Math.round(rule.refillPerSecond * 1000));
        const full = BigInt(rule.capacity) * 1_000_000n;
        let level = full;
        let state = fullBucket(rule.capacity, 0);
        let now = 0;
        for (const { wait, cost } of calls) {
          now += wait;
          level += perMs * BigInt(wait);
          if (level > full) level = full;
          const wanted = BigInt(cost) * 1_000_000n;
          const answer = take(state, { ...rule, cost }, now);
          expect(answer.allowed).toBe(wanted <= level);
          if (answer.allowed) level -= wanted;
          expect(BigInt(answer.state.level)).toBe(level);
          state = answer.state;
        }
      }),
    );
  });

  test("tells the wait to the millisecond, and that a cost above the capacity is never allowed", () => {
    fc.assert(
      fc.property(shape, fc.array(call, { maxLength: 40 }), (rule, calls) => {
        let state = fullBucket(rule.capacity, 0);
        let now = 0;
        for (const { wait, cost } of calls) {
          now += wait;
          const answer = take(state, { ...rule, cost }, now);
          expectTruthfulWait(answer, { ...rule, cost }, now);
          expect(answer.state.seenAt).toBe(now);
          state = answer.state;
        }
      }),
    );
  });

  test("refills nothing when the clock goes backwards", () => {
    fc.assert(
      fc.property(shape, fc.array(fc.tuple(fc.nat({ max: 5000 }), call)), (rule, calls) => {
        let [jumping, standing]: BucketState[] = [fullBucket(rule.capacity, 0), fullBucket(rule.capacity, 0)];
        let latest = 0;
        for (const [now, { cost }] of calls) {
          latest = Math.max(latest, now);
          const answer = take(jumping!, { ...rule, cost }, now);
          const expected = take(standing!, { ...rule, cost }, latest);
          expect(answer.allowed).toBe(expected.allowed);
          expect(answer.state).toEqual(expected.state);
          expectTruthfulWait(answer, { ...rule, cost }, now);
          jumping = answer.state;
          standing = expected.state;
        }
      }),
    );
  });

  test("stays within whole numbers after ages at the highest rate", () => {
    const rule = { capacity: 1e9, refillPerSecond: 1e9, cost: 1e9 };
    const emptied = take(fullBucket(1e9, 0), rule, 0).state;
    expect(take(emptied, rule, Number.MAX_SAFE_INTEGER)).toMatchObject({
      allowed: true,
      state: { level: 0 },
    });
    expect(take(emptied, rule, 999)).toMatchObject({ allowed: false, retryAfterMs: 1 });
  });

  test("a lowered capacity spills what is above it, a raised one fills at the rate", () => {
    const lowered = take(fullBucket(10, 0), { capacity: 4, refillPerSecond: 1, cost: 0 }, 0).state;
    expect(lowered.level).toBe(4_000_000);
    const raised = take(lowered, { capacity: 10, refillPerSecond: 1, cost: 5 }, 0);
    expect(raised).toMatchObject({ allowed: false, retryAfterMs: 1000 });
  });

  test.each([
    ["capacity", 0],
    ["capacity", 2e9],
    ["capacity", 1.5],
    ["capacity", Number.NaN],
    ["refillPerSecond", 0],
    ["refillPerSecond", 0.0001],
    ["refillPerSecond", Number.NaN],
    ["refillPerSecond", Infinity],
    ["cost", -1],
    ["cost", 0.5],
    ["cost", Number.NaN],
  ])("a %s of %d is refused", (member, value) => {
    const request = { capacity: 5, refillPerSecond: 1, cost: 1, [member]: value };
    expect(() => take(fullBucket(5, 0), request, 0)).toThrow(RangeError);
  });

  test("a time that is none is refused", () => {
    const request = { capacity: 5, refillPerSecond: 1, cost: 1 };
    expect(() => take(fullBucket(5, 0), request, Number.NaN)).toThrow(RangeError);
  });
});

function expectTruthfulWait(
  { allowed, retryAfterMs, state }: ReturnType<typeof take>,
  request: Parameters<typeof take>[1],
  now: number,
): void {
  if (allowed) {
    expect(retryAfterMs).toBe(0);
  } else if (request.cost > request.capacity) {
    expect(retryAfterMs).toBeNull();
  } else {
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(take(state, request, now + retryAfterMs!).allowed).toBe(true);
    expect(take(state, request, now + retryAfterMs! - 1).allowed).toBe(false);
  }
}
