import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Fresh } from "../../src/operations/fresh-cache.ts";
import { OWN_READ_WAIT_MS, SHARED_READ_WAIT_MS } from "../../src/operations/shared-read.ts";
import { Unavailable } from "../../src/operations/unavailable.ts";
import { FEED_PAGE_ROWS, type FeedHead } from "../../src/store/change-feed.ts";
import {
  Isolate,
  pickOf,
  settle,
  type Arrival,
  type Check,
  type IsolateOptions,
  type Row,
} from "./held-store.ts";

const KEYS = ["a", "b"] as const;
const TEAM = "team";

/** What may happen next. `pick` chooses among what is there at that time. */
type Event =
  | {
      readonly kind: "arrive";
      readonly key: string;
      readonly strict: boolean;
      readonly lingers: boolean;
      /** Whether it looks first at what is at hand, as a check does. */
      readonly looks: boolean;
    }
  | { readonly kind: "glance"; readonly key: string }
  | { readonly kind: "begin" | "look" | "answer" | "fail" | "die" | "end timer"; readonly pick: number }
  | { readonly kind: "change" | "remake" | "remove"; readonly key: string }
  | { readonly kind: "ask" | "change team" | "flood" | "show clock" }
  | { readonly kind: "pass"; readonly quarters: number }
  | { readonly kind: "prune"; readonly mask: number }
  | { readonly kind: "restore"; readonly back: number; readonly replayed: readonly string[] };

const key = fc.constantFrom(...KEYS);
const pick = fc.nat({ max: 7 });
const kind = <K extends Event["kind"]>(name: K) => fc.constant(name);

const anyArrival = fc.record({
  kind: kind("arrive"),
  key,
  strict: fc.boolean(),
  lingers: fc.boolean(),
  looks: fc.boolean(),
});
const anyPass = fc.record({
  kind: kind("pass"),
  quarters: fc.constantFrom(1, 2, 4, 6, 8, 12, 16, 17, 32, 1000),
});
const anyPrune = fc.record({ kind: kind("prune"), mask: fc.nat({ max: 255 }) });
const anyRestore = fc.record({
  kind: kind("restore"),
  back: fc.nat({ max: 4 }),
  replayed: fc.array(key, { maxLength: 3 }),
});

const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  { weight: 24, arbitrary: anyArrival },
  { weight: 6, arbitrary: fc.record({ kind: kind("glance"), key }) },
  { weight: 8, arbitrary: fc.record({ kind: kind("begin"), pick }) },
  { weight: 14, arbitrary: fc.record({ kind: kind("look"), pick }) },
  { weight: 26, arbitrary: fc.record({ kind: kind("answer"), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("fail"), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("die"), pick }) },
  { weight: 4, arbitrary: fc.record({ kind: kind("end timer"), pick }) },
  { weight: 12, arbitrary: fc.record({ kind: kind("change"), key }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("remake"), key }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("remove"), key }) },
  { weight: 3, arbitrary: fc.record({ kind: kind("change team") }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("flood") }) },
  { weight: 3, arbitrary: fc.record({ kind: kind("show clock") }) },
  { weight: 28, arbitrary: anyPass },
  { weight: 3, arbitrary: anyPrune },
  { weight: 6, arbitrary: anyRestore },
);

/** What concerns the feed alone, so that its reads overlap more often. */
const anyFeedEvent: fc.Arbitrary<Event> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: kind("ask") }) },
  { weight: 5, arbitrary: fc.record({ kind: kind("look"), pick }) },
  { weight: 10, arbitrary: fc.record({ kind: kind("answer"), pick }) },
  { weight: 8, arbitrary: fc.record({ kind: kind("change"), key }) },
  { weight: 12, arbitrary: anyPass },
  { weight: 1, arbitrary: fc.record({ kind: kind("flood") }) },
  { weight: 1, arbitrary: anyPrune },
  { weight: 4, arbitrary: anyRestore },
);

/** Each run leaves some of these out: what is rare everywhere is frequent somewhere. */
const DISPENSABLE: Event["kind"][] = [
  "glance",
  "begin",
  "look",
  "fail",
  "die",
  "end timer",
  "remake",
  "remove",
  "change team",
  "flood",
  "show clock",
  "prune",
  "restore",
];

const options = {
  maxKills: fc.constantFrom(1, 2, 50_000),
  maxEntries: fc.constantFrom(1, 100),
  startsAt: fc.constantFrom(1000, 1000.25, 1000.75),
  without: fc.subarray(DISPENSABLE),
};

const anyRun = fc.record({
  ...options,
  boundMs: fc.constantFrom(0, 1, 2, 4, 1000),
  events: fc.array(anyEvent, { maxLength: 80, size: "max" }),
});

const anyFeedRun = fc.record({
  ...options,
  boundMs: fc.constantFrom(1, 2),
  events: fc.array(anyFeedEvent, { maxLength: 60, size: "max" }),
});

/** What was true of a key, and from when. */
interface Truth {
  readonly from: number;
  readonly label: string | null;
}

/** A commit, or a restore, which may change anything. */
interface Change {
  readonly time: number;
  readonly subject: string;
}

/** Where the feed stood, and how many changes there had been. */
interface PastHead extends FeedHead {
  readonly after: number;
}

/** What was at hand for a check, right before it was made. */
interface Look {
  readonly check: Check;
  readonly hit: Fresh<Row> | null;
  /** Reads of rows that were begun before the check. */
  readonly rowReads: number;
}

const ANYTHING = "anything";

/** An isolate, its store, and a record of what was true when. */
class World {
  readonly isolate: Isolate;
  readonly checks: Check[] = [];
  readonly #looks: Look[] = [];
  readonly #history = new Map<string, Truth[]>();
  readonly #changes: Change[] = [];
  readonly #heads: PastHead[] = [];
  readonly #lingering: (() => void)[] = [];
  #versions = 0;
  #epochs = 0;

  constructor(options: IsolateOptions) {
    this.isolate = new Isolate(options);
    const { store } = this.isolate;
    store.held = true;
    store.commit([], (rows) => KEYS.forEach((key) => rows.set(key, this.#rowOf(key))));
    this.#remember();
  }

  async happen(event: Event): Promise<void> {
    const { isolate } = this;
    const { clock, store } = isolate;
    switch (event.kind) {
      case "arrive": {
        const arrival = isolate.arrive();
        const begin = (): void => {
          this.checks.push(
            event.looks ? this.#look(event, arrival) : isolate.begin(event.key, { ...event, arrival }),
          );
        };
        if (event.lingers) this.#lingering.push(begin);
        else begin();
        break;
      }
      case "glance":
        isolate.cache.hit(event.key, isolate.arrive());
        break;
      case "ask":
        isolate.feed.fresh(isolate.arrive()).catch(() => undefined);
        break;
      case "begin": {
        const begin = pickOf(this.#lingering, event.pick);
        if (begin !== undefined) this.#lingering.splice(this.#lingering.indexOf(begin), 1);
        begin?.();
        break;
      }
      case "look":
        pickOf(store.waiting, event.pick)?.look();
        break;
      case "answer":
        await pickOf(store.waiting, event.pick)?.answer();
        break;
      case "fail":
        await pickOf(store.waiting, event.pick)?.fail();
        break;
      case "die":
        pickOf(store.waiting, event.pick)?.die();
        break;
      case "end timer":
        await clock.endEarly(event.pick);
        break;
      case "change": {
        const row = store.rows.get(event.key);
        if (row !== undefined) this.#change(`token:${row.id}`, [event.key]);
        break;
      }
      case "remake": {
        const row = store.rows.get(event.key);
        if (row === undefined) store.commit([], (rows) => rows.set(event.key, this.#rowOf(event.key)));
        else this.#change(`token:${row.id}`, [event.key]);
        break;
      }
      case "remove": {
        const row = store.rows.get(event.key);
        if (row !== undefined) this.#change(`token:${row.id}`, [], (rows) => rows.delete(event.key));
        break;
      }
      case "change team":
        this.#change(`team:${TEAM}`, [...store.rows.keys()]);
        break;
      case "flood":
        store.commit(Array.from({ length: FEED_PAGE_ROWS + 2 }, (_, index) => `noise:${index % 5}`));
        break;
      case "show clock":
        clock.show();
        break;
      case "pass":
        await clock.pass(event.quarters / 4);
        break;
      case "prune":
        store.prune(({ seq }) => ((event.mask >> (seq % 8)) & 1) === 1);
        break;
      case "restore": {
        const last = store.feed.at(-1)?.seq ?? 0;
        store.restore({ seq: Math.max(0, last - event.back), epoch: `epoch ${++this.#epochs}` });
        this.#changes.push({ time: clock.time, subject: ANYTHING });
        store.commit(
          event.replayed.map((key) => `token:${key}`),
          (rows) => KEYS.forEach((key) => rows.set(key, this.#rowOf(key))),
        );
        break;
      }
    }
    await settle();
    this.#remember();
  }

  /** Every read is answered: no check may be left without an answer, and nothing stale may have settled. */
  async finish(boundMs: number): Promise<void> {
    const { isolate, checks } = this;
    const { clock, store } = isolate;
    for (const begin of this.#lingering) begin();
    while (store.waiting.length > 0) await store.waiting[0]?.answer();
    store.held = false;
    for (const wait of [0, boundMs / 2, boundMs + 0.25]) {
      await clock.pass(wait);
      for (const key of KEYS) checks.push(await isolate.check(key));
    }
    await clock.pass(SHARED_READ_WAIT_MS + OWN_READ_WAIT_MS);
    await settle();
  }

  /** When what a check was told stopped being true. */
  endOf({ key, outcome, endedTime }: Check): number {
    const label = outcome === null ? null : (outcome as Fresh<Row>).value.label;
    const history = this.#history.get(key) ?? [];
    const index = history.findLastIndex((truth) => truth.label === label && truth.from <= endedTime);
    if (index === -1) throw new Error(`${label} never was true of ${key}`);
    return history[index + 1]?.from ?? Number.POSITIVE_INFINITY;
  }

  /** What the feed vouches for is what nothing touched before the moment that it names. */
  judgeFeed(): void {
    const { feed } = this.isolate;
    for (const head of this.#heads) {
      for (const key of KEYS) {
        const subjects = [`token:${key}`, `team:${TEAM}`];
        if (!feed.vouchesFor(head, subjects)) continue;
        const missed = this.#changes
          .slice(head.after)
          .find(({ time, subject }) => time < feed.knownAt && [...subjects, ANYTHING].includes(subject));
        if (missed !== undefined) {
          throw new Error(`changed at ${missed.time}, but vouched for up to ${feed.knownAt}`);
        }
      }
    }
  }

  /** What was at hand for a check is what it is told, at once and without a read; where nothing was, it waits. */
  judgeLooks(): void {
    const { store } = this.isolate;
    for (const { check, hit, rowReads } of this.#looks.splice(0)) {
      const { outcome, strict } = check;
      if (hit === null) {
        if (outcome !== "waiting")
          throw new Error("nothing was at hand, and yet the check waited for nothing");
        continue;
      }
      if (strict) throw new Error("a copy was at hand for a strict check");
      if (outcome === null || outcome === "waiting" || outcome instanceof Error)
        throw new Error("a check waited for what was at hand");
      if (outcome.value !== hit.value || outcome.asOf !== hit.asOf)
        throw new Error("a check was told something else than what was at hand");
      if (store.rowReads !== rowReads) throw new Error("what was at hand was read");
    }
  }

  #look({ key, strict }: { readonly key: string; readonly strict: boolean }, arrival: Arrival): Check {
    const { cache, store } = this.isolate;
    const hit = cache.hit(key, arrival, strict ? () => true : undefined);
    const { rowReads } = store;
    const check = this.isolate.begin(key, { strict, arrival });
    this.#looks.push({ check, hit, rowReads });
    return check;
  }

  #change(subject: string, keys: readonly string[], also?: (rows: Map<string, Row>) => void): void {
    const { clock, store } = this.isolate;
    store.commit([subject], (rows) => {
      for (const key of keys) rows.set(key, this.#rowOf(key));
      also?.(rows);
    });
    this.#changes.push({ time: clock.time, subject });
  }

  #rowOf(key: string): Row {
    return { id: key, team: TEAM, label: `v${++this.#versions}` };
  }

  #remember(): void {
    const { clock, store } = this.isolate;
    for (const key of KEYS) {
      const history = this.#history.get(key) ?? [];
      this.#history.set(key, history);
      const label = store.rows.get(key)?.label ?? null;
      if (history.at(-1)?.label !== label) history.push({ from: clock.time, label });
    }
    const head = store.head();
    const last = this.#heads.at(-1);
    if (last?.max !== head.max || last.epoch !== head.epoch) {
      this.#heads.push({ ...head, after: this.#changes.length });
    }
  }
}

/** @throws when the check was told what it must not be told any more. */
function judge(world: World, check: Check, boundMs: number): void {
  const { outcome, arrivedTime, arrivedAt, strict } = check;
  if (outcome === "waiting") throw new Error("a check was left without an answer");
  if (outcome instanceof Error) {
    if (!(outcome instanceof Unavailable)) throw outcome;
    return;
  }
  const ended = world.endOf(check);
  const leewayMs = strict || outcome === null ? 0 : boundMs;
  if (arrivedTime > ended + leewayMs)
    throw new Error(`told what had ended ${arrivedTime - ended} ms before it arrived`);
  if (outcome === null) return;
  if (outcome.asOf > ended) throw new Error(`told as of ${outcome.asOf} what had ended at ${ended}`);
  if (outcome.asOf < arrivedAt - leewayMs)
    throw new Error(`arrived at ${arrivedAt}, told as of ${outcome.asOf}`);
}

/** For a long run: `FRESHNESS_RUNS=1000000 npx vitest run --project pure test/operations/freshness`. */
const RUNS = Number(process.env.FRESHNESS_RUNS ?? 4000);
const TIMEOUT_MS = 20 * RUNS;

test(
  "no check is told what ended more than the bound before it arrived, nor as of a later moment than is true",
  () =>
    fc.assert(
      fc.asyncProperty(anyRun, async ({ events, without, ...options }) => {
        const world = new World(options);
        for (const event of events) if (!without.includes(event.kind)) await world.happen(event);
        await world.finish(options.boundMs);
        for (const check of world.checks) judge(world, check, options.boundMs);
        const { entries } = world.isolate.cache.held;
        expect(entries).toBeLessThanOrEqual(options.boundMs === 0 ? 0 : options.maxEntries);
      }),
      { numRuns: RUNS },
    ),
  TIMEOUT_MS,
);

test(
  "what is at hand is what a check is told, which then waits for nothing; where nothing is, it waits",
  () =>
    fc.assert(
      fc.asyncProperty(anyRun, async ({ events, without, ...options }) => {
        const world = new World(options);
        for (const event of events) {
          if (without.includes(event.kind)) continue;
          await world.happen(event);
          world.judgeLooks();
        }
        const { feedReads } = world.isolate.store;
        if (options.boundMs === 0) expect(feedReads).toBe(0);
      }),
      { numRuns: RUNS },
    ),
  TIMEOUT_MS,
);

test(
  "the feed vouches for nothing that changed before the moment that it names",
  () =>
    fc.assert(
      fc.asyncProperty(anyFeedRun, async ({ events, without, ...options }) => {
        const world = new World(options);
        for (const event of events) {
          if (without.includes(event.kind)) continue;
          await world.happen(event);
          world.judgeFeed();
        }
      }),
      { numRuns: RUNS },
    ),
  TIMEOUT_MS,
);
