import * as fc from "fast-check";
import { expect, test } from "vitest";
import { allowed, fullestWindow, heldUses, Isolate, MemoryLimiter, World, type Fate } from "./lease-world.ts";

const ISOLATES = 3;

/** The limiter counts a lease this much longer than its holder uses it. */
const CLOCK_MARGIN_MS = 250;

/** What happens next; `isolate` is one of those there are. */
type Event =
  | { readonly kind: "arrive"; readonly isolate: number; readonly count: number; readonly cost: number }
  | { readonly kind: "pass"; readonly ms: number }
  /** Many checks, every few milliseconds. */
  | { readonly kind: "flood"; readonly isolate: number; readonly times: number; readonly everyMs: number }
  | { readonly kind: "evict" | "forget"; readonly isolate: number };

interface Story {
  readonly limit: number;
  readonly windowMs: number;
  readonly events: readonly Event[];
  /** Taken in turn, by everybody. */
  readonly fates: readonly Fate[];
  readonly lags: readonly number[];
  readonly lates: readonly number[];
  readonly skews: readonly number[];
}

const isolate = fc.nat({ max: ISOLATES - 1 });

const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("arrive" as const),
      isolate,
      count: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 5, max: 130 })),
      cost: fc.oneof(
        { weight: 5, arbitrary: fc.constant(1) },
        { weight: 2, arbitrary: fc.integer({ min: 2, max: 9 }) },
        { weight: 1, arbitrary: fc.integer({ min: 10, max: 100 }) },
      ),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("pass" as const),
      ms: fc.oneof(
        fc.nat({ max: 40 }),
        fc.integer({ min: 200, max: 300 }),
        fc.integer({ min: 200, max: 1300 }),
        // Where leases of 250 ms end for their holder and for the limiter, and where the window does.
        fc.constantFrom(249, 250, 499, 500, 501, 749, 999, 1000, 1001, 1249, 1499, 1500, 1501),
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("evict" as const, "forget" as const), isolate }),
  },
);

const delay = fc.oneof(fc.constant(0), fc.nat({ max: 40 }), fc.nat({ max: 600 }));
const fate: fc.Arbitrary<Fate> = fc.record({
  toMs: delay,
  backMs: delay,
  end: fc.oneof(
    { weight: 12, arbitrary: fc.constant("answered" as const) },
    { weight: 1, arbitrary: fc.constantFrom("deaf" as const, "mute" as const, "broken" as const) },
  ),
});

const someOf = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { minLength: 1, maxLength: 8 });

const story: fc.Arbitrary<Story> = fc.record({
  limit: fc.oneof(fc.constantFrom(100, 101, 150), fc.integer({ min: 100, max: 400 })),
  windowMs: fc.constantFrom(1000, 1000, 2000, 3000),
  events: fc.array(anyEvent, { minLength: 2, maxLength: 24 }),
  fates: someOf(fate),
  lags: someOf(fc.oneof(fc.constant(0), fc.constant(CLOCK_MARGIN_MS), fc.nat({ max: CLOCK_MARGIN_MS }))),
  lates: someOf(fc.oneof(fc.constant(0), fc.nat({ max: 800 }))),
  skews: fc.array(fc.integer({ min: -100_000, max: 100_000 }), { minLength: ISOLATES, maxLength: ISOLATES }),
});

/** Gives the values in turn, for ever. */
function inTurn<T>(values: readonly T[]): () => T {
  let next = 0;
  return () => {
    const value = values[next % values.length] as T;
    next += 1;
    return value;
  };
}

interface Told {
  readonly world: World;
  readonly limiter: MemoryLimiter;
  /** Those that were evicted too. */
  readonly isolates: readonly Isolate[];
  readonly alive: readonly Isolate[];
}

async function tell({ limit, windowMs, events, fates, lags, lates, skews }: Story): Promise<Told> {
  const world = new World();
  const limiter = new MemoryLimiter(world);
  const lag = inTurn(lags);
  const options = { fate: inTurn(fates), lag, lateMs: inTurn(lates) };
  const start = (index: number) =>
    new Isolate(world, limiter, { limit, windowMs }, { ...options, skewMs: skews[index] ?? 0 });
  const alive = Array.from({ length: ISOLATES }, (_, index) => start(index));
  const isolates = [...alive];
  for (const event of events) {
    if (event.kind === "pass") {
      await world.pass(event.ms);
      continue;
    }
    const here = alive[event.isolate];
    if (here === undefined) continue;
    if (event.kind === "arrive") here.arrive(event.count, Math.min(event.cost, limit));
    for (let left = event.kind === "flood" ? event.times : 0; event.kind === "flood" && left > 0; left -= 1) {
      here.arrive(60);
      await world.pass(event.everyMs);
    }
    if (event.kind === "forget") here.forget();
    if (event.kind === "evict") {
      here.evict();
      const next = start(event.isolate);
      alive[event.isolate] = next;
      isolates.push(next);
    }
  }
  await world.rest();
  return { world, limiter, isolates, alive };
}

const RUNS = Number(process.env["LEASE_RUNS"] ?? 200);

test(
  "no window is exceeded, whoever holds, forgets, dies, lags or is not heard, and in the end all comes back",
  async () => {
    await fc.assert(
      fc.asyncProperty(story, async (told) => {
        const { limit, windowMs } = told;
        const { world, limiter, isolates, alive } = await tell(told);
        expect(fullestWindow([...limiter.uses, ...heldUses(isolates)], windowMs)).toBeLessThanOrEqual(limit);

        for (const { checks } of alive) {
          for (const check of checks) {
            // Half a second for others by a clock that lags, the last wait of that, and 5 s for its own call;
            // every timer may be late.
            const mustEndBy = check.arrivedAt + 500 + CLOCK_MARGIN_MS + (250 + 800) + (5_000 + 800);
            if (check.outcome === "waiting") expect.fail("a check was never answered");
            expect(check.endedAt).toBeLessThanOrEqual(mustEndBy);
            if (check.outcome instanceof Error) continue;
            const { remaining, retryAfterMs, resetMs } = check.outcome;
            expect(remaining).toBeGreaterThanOrEqual(0);
            expect(remaining).toBeLessThanOrEqual(limit - (allowed(check) ? check.cost : 0));
            expect(retryAfterMs === 0).toBe(allowed(check));
            expect(resetMs).toBeGreaterThanOrEqual(0);
          }
        }

        // What was stranded is back once its lease and the window have passed.
        await world.pass(5_000 + CLOCK_MARGIN_MS + windowMs);
        expect(limiter.remaining(told)).toBe(limit);
      }),
      { numRuns: RUNS },
    );
  },
  RUNS * 20 + 10_000,
);
