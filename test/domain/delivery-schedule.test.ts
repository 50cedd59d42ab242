import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RETRY_DELAYS_MS, retryDelayMs } from "../../src/domain/delivery-schedule.ts";

const DAY_MS = 86_400_000;
const chances = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const failures = fc.integer({ min: 1, max: RETRY_DELAYS_MS.length });

describe("the schedule of retries", () => {
  test("grows from seconds to hours and goes on for more than a day, however the dice fall", () => {
    expect(RETRY_DELAYS_MS[0]).toBe(5_000);
    expect(RETRY_DELAYS_MS).toEqual(RETRY_DELAYS_MS.toSorted((one, other) => one - other));
    const shortest = RETRY_DELAYS_MS.map(
      (_, index) => retryDelayMs(index + 1, { chance: 0, askedMs: null }) ?? 0,
    );
    expect(shortest.reduce((sum, delay) => sum + delay, 0)).toBeGreaterThan(DAY_MS);
  });

  test("ends: after one attempt more than there are delays nothing follows, whatever was asked", () => {
    const ended = { chance: 0, askedMs: 1_000 };
    expect(retryDelayMs(RETRY_DELAYS_MS.length + 1, ended)).toBeNull();
    expect(retryDelayMs(RETRY_DELAYS_MS.length, ended)).not.toBeNull();
  });

  test("is jittered by up to a fifth, and only ever to later", () => {
    fc.assert(
      fc.property(failures, chances, (number, chance) => {
        const delay = RETRY_DELAYS_MS[number - 1] ?? 0;
        const actual = retryDelayMs(number, { chance, askedMs: null }) ?? 0;
        expect(actual).toBeGreaterThanOrEqual(delay);
        expect(actual).toBeLessThanOrEqual(delay * 1.2);
        expect(Number.isInteger(actual)).toBe(true);
      }),
    );
    expect(retryDelayMs(1, { chance: 0.5, askedMs: null })).toBe(5_500);
  });

  test("yields to a receiver that asks for longer, up to a day, and to none that asks for less", () => {
    fc.assert(
      fc.property(failures, chances, fc.integer({ min: 0, max: 100 * DAY_MS }), (number, chance, askedMs) => {
        const own = retryDelayMs(number, { chance, askedMs: null }) ?? 0;
        expect(retryDelayMs(number, { chance, askedMs })).toBe(Math.max(own, Math.min(askedMs, DAY_MS)));
      }),
    );
  });
});
