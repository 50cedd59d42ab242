import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isLeased, leaseSize } from "../../src/domain/lease-size.ts";

const limit = fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 1_000_000 }));
const rate = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 5000, noNaN: true }));
const leaseMs = fc.integer({ min: 1, max: 60_000 });

describe("how many permits an isolate is handed", () => {
  test("limits under 100 are not leased: one at a time", () => {
    expect([1, 99, 100, 101].map(isLeased)).toEqual([false, false, true, true]);
    expect(leaseSize({ limit: 99, remaining: 99, recentRatePerSecond: 1000, leaseMs: 10_000 })).toBe(1);
  });

  test.each([
    [100, 100, 0, 1],
    [100, 100, 1, 10],
    [100, 100, 2, 20],
    [100, 100, 1000, 50],
    [100, 99, 1000, 49],
    [100, 51, 1000, 20],
    [100, 25, 1000, 20],
    [100, 24, 1000, 6],
    [100, 7, 1000, 1],
    [100, 1, 1000, 1],
    [100, 0, 1000, 0],
    [10_000, 10_000, 1000, 5000],
    [10_000, 5000, 1000, 1250],
    [10_000, 10_000, 30, 300],
    [10_000, 400, 30, 100],
  ])(
    "of limit %d with %d left, at %d a second and leases of 10 s: %d",
    (ofLimit, remaining, perSecond, size) => {
      expect(leaseSize({ limit: ofLimit, remaining, recentRatePerSecond: perSecond, leaseMs: 10_000 })).toBe(
        size,
      );
    },
  );

  test("is a whole number, at least one and never more than remain", () => {
    fc.assert(
      fc.property(limit, fc.nat(), rate, leaseMs, (ofLimit, left, recentRatePerSecond, ms) => {
        const remaining = left % (ofLimit + 1);
        const size = leaseSize({ limit: ofLimit, remaining, recentRatePerSecond, leaseMs: ms });
        expect(Number.isInteger(size)).toBe(true);
        expect(size).toBeLessThanOrEqual(remaining);
        expect(size).toBeGreaterThanOrEqual(Math.min(1, remaining));
      }),
      { numRuns: 1000 },
    );
  });

  test("does not strand what a cold token will not use: no more than a lease's worth of its rate", () => {
    fc.assert(
      fc.property(limit, fc.nat(), rate, leaseMs, (ofLimit, left, recentRatePerSecond, ms) => {
        const remaining = left % (ofLimit + 1);
        const size = leaseSize({ limit: ofLimit, remaining, recentRatePerSecond, leaseMs: ms });
        expect(size).toBeLessThanOrEqual(Math.max(1, Math.ceil((recentRatePerSecond * ms) / 1000)));
        expect(size).toBeLessThanOrEqual(Math.max(20, remaining / 4, remaining - ofLimit / 2));
      }),
    );
  });

  test("shrinks to one near the limit, so that one isolate in the end uses all of it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 100_000 }), (ofLimit) => {
        let remaining = ofLimit;
        let last = Infinity;
        while (remaining > 0) {
          const size = leaseSize({ limit: ofLimit, remaining, recentRatePerSecond: 1e6, leaseMs: 1000 });
          expect(size).toBeGreaterThan(0);
          expect(size).toBeLessThanOrEqual(last);
          last = size;
          remaining -= size;
        }
        expect(last).toBe(1);
      }),
    );
  });
});

describe("a hot token under half its limit", () => {
  test("calls for a block at most once per twenty checks, its first sight included", () => {
    for (let ofLimit = 100; ofLimit <= 3000; ofLimit += 1) {
      let remaining = ofLimit;
      let calls = 0;
      while (ofLimit - remaining < ofLimit / 2) {
        const recentRatePerSecond = calls === 0 ? 0 : 1e6;
        remaining -= leaseSize({ limit: ofLimit, remaining, recentRatePerSecond, leaseMs: 1000 });
        calls += 1;
      }
      expect(calls).toBeLessThanOrEqual((ofLimit - remaining) / 20);
    }
  });

  test("gets twenty at least while that is under a quarter of the smallest leased limit, whoever holds the rest", () => {
    const leased = fc.integer({ min: 100, max: 5000 });
    fc.assert(
      fc.property(leased, fc.nat(), (ofLimit, left) => {
        const remaining = 25 + (left % (ofLimit - 24));
        const size = leaseSize({ limit: ofLimit, remaining, recentRatePerSecond: 20, leaseMs: 1000 });
        expect(size).toBe(20);
      }),
    );
  });
});
