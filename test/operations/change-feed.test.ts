import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OWN_READ_WAIT_MS, SHARED_READ_WAIT_MS } from "../../src/operations/shared-read.ts";
import { Unavailable } from "../../src/operations/unavailable.ts";
import { FEED_PAGE_ROWS } from "../../src/store/change-feed.ts";
import { Isolate, settle, type IsolateOptions } from "./held-store.ts";

const BOUND_MS = 1000;

/** So long after a read that took no time the next one is due. */
const AHEAD_MS = 0.95 * BOUND_MS;

/** Half the bound, in which reads come ahead at the earliest, but for the longest gap between two checks. */
const MAX_READ_MS = BOUND_MS / 2 - 10;

/** How long the first read takes, what part of what the next ones may, and when checks come. */
const anyTraffic = fc.record({
  firstMs: fc.constantFrom(0, 1, 12, 13, 60, 300, MAX_READ_MS),
  slower: fc.array(fc.constantFrom(0, 0.1, 0.5, 0.9, 1), { minLength: 1, maxLength: 12 }),
  gaps: fc.array(fc.constantFrom(0.75, 1, 2.5, 5), { minLength: 1, maxLength: 8 }),
  startsAt: fc.constantFrom(10_000, 10_000.25, 10_000.75),
});

/** An isolate that has read the feed once, over a store with five changes behind it. */
async function warm(options: IsolateOptions = {}): Promise<Isolate> {
  const isolate = new Isolate(options);
  isolate.store.commit(["noise", "noise", "noise", "noise", "noise"]);
  await isolate.feed.fresh(isolate.arrive());
  isolate.store.held = true;
  return isolate;
}

/** Asks for freshness and does not wait for it. */
function ask(isolate: Isolate, arrival = isolate.arrive()): { state: "waiting" | "fresh" | Error } {
  const asked: { state: "waiting" | "fresh" | Error } = { state: "waiting" };
  isolate.feed.fresh(arrival).then(
    () => {
      asked.state = "fresh";
    },
    (error: Error) => {
      asked.state = error;
    },
  );
  return asked;
}

function forgotten({ feed }: Isolate): { times: number } {
  const count = { times: 0 };
  feed.onForget(() => {
    count.times++;
  });
  return count;
}

describe("when the feed is read", () => {
  test("one read serves every check that arrives within the bound", async () => {
    const isolate = new Isolate();
    for (let each = 0; each < AHEAD_MS; each++) {
      await isolate.feed.fresh(isolate.arrive());
      await isolate.clock.pass(1);
    }
    expect(isolate.store.feedReads).toBe(1);
  });

  test("checks that arrive together wait for one read, each no longer than it takes", async () => {
    const isolate = await warm();
    await isolate.clock.pass(BOUND_MS);
    const asked = Array.from({ length: 50 }, () => ask(isolate));
    await settle();
    expect(asked.every(({ state }) => state === "waiting")).toBe(true);
    await isolate.store.read("feed").answer();
    expect(asked.every(({ state }) => state === "fresh")).toBe(true);
    expect(isolate.store.feedReads).toBe(2);
    expect(isolate.clock.timers).toBe(0);
  });

  test("at the very bound a check waits: its millisecond may have begun before the read did", async () => {
    const isolate = await warm({ startsAt: 10_000.2 });
    await isolate.clock.pass(BOUND_MS + 0.7);
    const asked = ask(isolate);
    await settle();
    expect(asked.state).toBe("waiting");
  });

  test("a millisecond inside the bound it does not", async () => {
    const isolate = await warm({ startsAt: 10_000.2 });
    await isolate.clock.pass(BOUND_MS - 0.3);
    const asked = ask(isolate);
    await settle();
    expect(asked.state).toBe("fresh");
  });

  test("a read under way that is too old for a check is not waited for", async () => {
    const isolate = await warm();
    await isolate.clock.pass(BOUND_MS);
    ask(isolate);
    await isolate.clock.pass(200);
    const hangs = isolate.store.read("feed");
    await isolate.clock.pass(BOUND_MS - 200);
    const asked = ask(isolate);
    await settle();
    expect(isolate.store.waiting).toHaveLength(2);
    await isolate.store.waiting[1]?.answer();
    expect(asked.state).toBe("fresh");
    hangs.die();
  });

  test("with a bound of 0 the feed is never read and vouches for nothing", async () => {
    const isolate = new Isolate({ boundMs: 0 });
    await isolate.feed.fresh(isolate.arrive());
    expect(isolate.store.feedReads).toBe(0);
    expect(isolate.feed.mayKeep(isolate.store.head())).toBe(false);
    expect(isolate.feed.vouchesFor(isolate.store.head(), ["token:a"])).toBe(false);
  });

  test("without an epoch no check is fresh, and none is left waiting", async () => {
    const isolate = new Isolate();
    isolate.store.epoch = null;
    const asked = ask(isolate);
    await settle();
    expect(asked.state).toBeInstanceOf(Unavailable);
    expect(isolate.feed.knownAt).toBe(Number.NEGATIVE_INFINITY);
    expect(isolate.feed.mayKeep({ epoch: "one", min: 0, max: 0, mark: 0 })).toBe(false);
  });
});

describe("reading ahead", () => {
  test("when the bound is nearly over one read begins in the background, and nobody waits for it", async () => {
    const isolate = await warm();
    await isolate.clock.pass(AHEAD_MS - 1);
    await isolate.feed.fresh(isolate.arrive());
    expect(isolate.store.waiting).toHaveLength(0);
    await isolate.clock.pass(1);
    for (let each = 0; each < 10; each++) {
      await isolate.feed.fresh(isolate.arrive());
      await isolate.clock.pass(4);
    }
    expect(isolate.store.waiting).toHaveLength(1);
    expect(isolate.background).toHaveLength(1);
    await isolate.store.read("feed").answer();
    await isolate.background[0];
    expect(isolate.feed.knownAt).toBe(10_000 + AHEAD_MS);
    await isolate.clock.pass(BOUND_MS - 200 - 1);
    await isolate.feed.fresh(isolate.arrive());
    expect(isolate.store.feedReads).toBe(2);
  });

  test("what is at hand starts it as a check that would wait does, and only then", async () => {
    const isolate = await warm();
    expect(isolate.feed.isFreshFor(isolate.arrive())).toBe(true);
    await isolate.clock.pass(AHEAD_MS - 1);
    expect(isolate.feed.isFreshFor(isolate.arrive())).toBe(true);
    expect(isolate.store.feedReads).toBe(1);
    await isolate.clock.pass(1);
    for (let each = 0; each < 10; each++) expect(isolate.feed.isFreshFor(isolate.arrive())).toBe(true);
    expect(isolate.store.feedReads).toBe(2);
    expect(isolate.background).toHaveLength(1);
    await isolate.clock.pass(BOUND_MS - AHEAD_MS);
    expect(isolate.feed.isFreshFor(isolate.arrive())).toBe(false);
    expect(isolate.store.feedReads).toBe(2);
  });

  test("with a fast store a read comes about once for each bound: 106 at most in 100", async () => {
    for (const everyMs of [0.3, 1, 7]) {
      const isolate = await warm();
      isolate.store.held = false;
      const end = isolate.clock.time + 100 * BOUND_MS;
      while (isolate.clock.time < end) {
        expect(isolate.feed.isFreshFor(isolate.arrive())).toBe(true);
        // Its answer arrives before the next check does.
        if (isolate.background.length > 0) await isolate.background.pop();
        await isolate.clock.pass(everyMs);
      }
      expect(isolate.store.feedReads).toBeGreaterThanOrEqual(100);
      expect(isolate.store.feedReads).toBeLessThanOrEqual(106);
    }
  });

  test.each([
    [0, 950],
    [5, 950],
    [12, 950],
    [13, 948],
    [50, 800],
    [100, 600],
    [125, 500],
    [250, 500],
    [900, 500],
  ])(
    "after a read that took %d ms the next one begins %d ms after it: a slow store is asked earlier",
    async (tookMs, laterMs) => {
      const isolate = new Isolate();
      isolate.store.held = true;
      const asked = ask(isolate);
      await isolate.clock.pass(tookMs);
      await isolate.store.read("feed").answer();
      expect(asked.state).toBe("fresh");
      const due = 10_000 + laterMs;
      if (isolate.clock.time < due) {
        await isolate.clock.pass(due - 1 - isolate.clock.time);
        expect(isolate.feed.isFreshFor(isolate.arrive())).toBe(true);
        expect(isolate.store.feedReads).toBe(1);
        await isolate.clock.pass(1);
      }
      expect(isolate.feed.isFreshFor(isolate.arrive())).toBe(true);
      expect(isolate.store.feedReads).toBe(2);
    },
  );

  test("a store that is fast again is asked late again", async () => {
    const isolate = new Isolate();
    isolate.store.held = true;
    ask(isolate);
    await isolate.clock.pass(400);
    await isolate.store.read("feed").answer();
    await isolate.clock.pass(100);
    ask(isolate);
    await isolate.store.read("feed").answer();
    expect(isolate.feed.knownAt).toBe(10_500);
    await isolate.clock.pass(AHEAD_MS - 1);
    ask(isolate);
    expect(isolate.store.feedReads).toBe(2);
    await isolate.clock.pass(1);
    ask(isolate);
    expect(isolate.store.feedReads).toBe(3);
  });

  test("the clock that was set back during a read does not make the next one late", async () => {
    const isolate = await warm();
    await isolate.clock.pass(BOUND_MS);
    ask(isolate);
    isolate.clock.setBack(300);
    await isolate.store.read("feed").answer();
    await isolate.clock.pass(300 + AHEAD_MS);
    expect(isolate.feed.isFreshFor(isolate.arrive())).toBe(true);
    expect(isolate.store.waiting).toHaveLength(1);
  });

  test("no check waits while checks keep coming, unless a read is over three times as slow as the last", () =>
    fc.assert(
      fc.asyncProperty(anyTraffic, async ({ firstMs, slower, gaps, startsAt }) => {
        const isolate = new Isolate({ startsAt });
        const { clock, store } = isolate;
        store.held = true;
        const first = ask(isolate);
        await clock.pass(firstMs);
        await store.read("feed").answer();
        expect(first.state).toBe("fresh");
        let lastMs = firstMs;
        let endsAt = Number.POSITIVE_INFINITY;
        const until = clock.time + 6 * BOUND_MS;
        for (let each = 0; clock.time < until; each++) {
          await clock.pass(gaps[each % gaps.length] ?? 1);
          if (clock.time >= endsAt) {
            await store.read("feed").answer();
            endsAt = Number.POSITIVE_INFINITY;
          }
          expect(isolate.feed.isFreshFor(isolate.arrive())).toBe(true);
          if (store.waiting.length > 0 && endsAt === Number.POSITIVE_INFINITY) {
            const share = slower[store.feedReads % slower.length] ?? 0;
            lastMs = share * Math.min(MAX_READ_MS, Math.max(40, 3 * lastMs));
            endsAt = clock.time + lastMs;
          }
          expect(store.waiting.length).toBeLessThanOrEqual(1);
        }
        expect(store.feedReads).toBeGreaterThan(5);
      }),
      { numRuns: 100 },
    ));

  test("a background read that fails troubles nobody, and the next check begins another", async () => {
    const isolate = await warm();
    await isolate.clock.pass(AHEAD_MS);
    await isolate.feed.fresh(isolate.arrive());
    await isolate.store.read("feed").fail();
    await expect(isolate.background[0]).resolves.toBeUndefined();
    await isolate.feed.fresh(isolate.arrive());
    expect(isolate.store.waiting).toHaveLength(1);
  });

  test("a read that hangs for half the bound does not keep others from reading ahead", async () => {
    const isolate = await warm();
    await isolate.clock.pass(BOUND_MS);
    ask(isolate);
    ask(isolate);
    await isolate.clock.pass(SHARED_READ_WAIT_MS);
    const [first, hangs] = isolate.store.waiting;
    await first?.answer();
    expect(isolate.feed.knownAt).toBe(10_000 + BOUND_MS);
    await isolate.clock.pass(BOUND_MS / 2 - 1);
    await isolate.feed.fresh(isolate.arrive());
    expect(isolate.store.waiting).toEqual([hangs]);
    await isolate.clock.pass(1);
    await isolate.feed.fresh(isolate.arrive());
    expect(isolate.store.waiting).toHaveLength(2);
  });
});

describe("what the feed says", () => {
  test("a subject's change ends what was read before it, and nothing else", async () => {
    const isolate = await warm();
    const before = isolate.store.head();
    isolate.store.commit(["token:a"]);
    const after = isolate.store.head();
    await isolate.clock.pass(BOUND_MS);
    ask(isolate);
    await isolate.store.read("feed").answer();
    const { feed } = isolate;
    expect(feed.killed(["team:t", "token:a"], before.max)).toBe(true);
    expect(feed.killed(["token:a"], after.max)).toBe(false);
    expect(feed.killed(["token:b"], before.max)).toBe(false);
    expect(feed.vouchesFor(before, ["token:a"])).toBe(false);
    expect(feed.vouchesFor(before, ["token:b"])).toBe(true);
    expect(feed.vouchesFor(after, ["token:a"])).toBe(true);
  });

  test("the last of several changes to a subject counts", async () => {
    const isolate = await warm();
    isolate.store.commit(["token:a", "noise", "token:a"]);
    await isolate.clock.pass(BOUND_MS);
    ask(isolate);
    await isolate.store.read("feed").answer();
    expect(isolate.feed.killed(["token:a"], 7)).toBe(true);
    expect(isolate.feed.killed(["token:a"], 8)).toBe(false);
  });

  test("a change is read once: the next read begins after it", async () => {
    const isolate = await warm();
    isolate.store.commit(["token:a"]);
    await isolate.clock.pass(BOUND_MS);
    ask(isolate);
    expect(isolate.store.read("feed").what).toBe("feed > 5");
    await isolate.store.read("feed").answer();
    await isolate.clock.pass(BOUND_MS);
    ask(isolate);
    expect(isolate.store.read("feed").what).toBe("feed > 6");
  });
});

describe("when the feed can no longer vouch for what was read", () => {
  /** Reads the feed again, and tells whether everything was forgotten. */
  async function readAgain(isolate: Isolate): Promise<boolean> {
    const count = forgotten(isolate);
    await isolate.clock.pass(BOUND_MS);
    const asked = ask(isolate);
    await isolate.store.read("feed").answer();
    expect(asked.state).toBe("fresh");
    return count.times > 0;
  }

  test("nothing happened: nothing is forgotten", async () => {
    const isolate = await warm();
    expect(await readAgain(isolate)).toBe(false);
    expect(isolate.feed.mayKeep(isolate.store.head())).toBe(true);
  });

  test("rows were pruned that this isolate had read: nothing is forgotten", async () => {
    const isolate = await warm();
    isolate.store.commit(["token:a"]);
    isolate.store.prune(({ seq }) => seq <= 5);
    expect(await readAgain(isolate)).toBe(false);
    expect(isolate.feed.killed(["token:a"], 5)).toBe(true);
  });

  test("a row was pruned that it had not read: a gap", async () => {
    const isolate = await warm();
    const before = isolate.store.head();
    isolate.store.commit(["token:a", "noise"]);
    isolate.store.prune(({ seq }) => seq <= 6);
    expect(await readAgain(isolate)).toBe(true);
    expect(isolate.feed.mayKeep(before)).toBe(false);
    expect(isolate.feed.mayKeep(isolate.store.head())).toBe(true);
  });

  test("a row was pruned from between others, because its writer's clock was behind: a gap as well", async () => {
    const isolate = await warm();
    const before = isolate.store.head();
    isolate.store.commit(["noise", "token:a", "noise"]);
    isolate.store.prune(({ seq }) => seq === 7);
    expect(isolate.store.feed.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 8]);
    expect(await readAgain(isolate)).toBe(true);
    expect(isolate.feed.vouchesFor(before, ["token:a"])).toBe(false);
  });

  test("a restore took the feed back below what this isolate had read", async () => {
    const isolate = await warm();
    const before = isolate.store.head();
    isolate.store.restore({ seq: 4, epoch: "one" });
    isolate.store.rows.clear();
    expect(await readAgain(isolate)).toBe(true);
    isolate.store.commit(["token:a"]);
    expect(isolate.store.head()).toEqual(before);
    expect(await readAgain(isolate)).toBe(false);
    expect(isolate.feed.killed(["token:a"], 4)).toBe(true);
  });

  test("a restore began another epoch, whatever the numbers say", async () => {
    const isolate = await warm();
    const before = isolate.store.head();
    isolate.store.restore({ seq: 5, epoch: "two" });
    isolate.store.commit(["noise"]);
    expect(await readAgain(isolate)).toBe(true);
    expect(isolate.feed.mayKeep({ ...before, max: 6 })).toBe(false);
    expect(isolate.feed.mayKeep(isolate.store.head())).toBe(true);
  });

  test("a restore took the feed back while two reads overlapped: the younger one notices", async () => {
    const isolate = await warm();
    const count = forgotten(isolate);
    await isolate.clock.pass(AHEAD_MS);
    ask(isolate);
    const [older] = isolate.store.waiting;
    await isolate.clock.pass(BOUND_MS - AHEAD_MS);
    ask(isolate);
    await isolate.clock.pass(SHARED_READ_WAIT_MS);
    const [, younger] = isolate.store.waiting;
    isolate.store.commit(["token:a", "token:b"]);
    await older?.answer();
    expect(count.times).toBe(0);
    isolate.store.restore({ seq: 6, epoch: "one" });
    await younger?.answer();
    expect(count.times).toBe(1);
  });

  test("more rows came than one read brings", async () => {
    const isolate = await warm();
    const before = isolate.store.head();
    isolate.store.commit([...noise(FEED_PAGE_ROWS), "token:a"]);
    expect(await readAgain(isolate)).toBe(true);
    expect(isolate.feed.mayKeep(before)).toBe(false);
    expect(isolate.store.feedReads).toBe(2);
    await isolate.clock.pass(BOUND_MS);
    ask(isolate);
    expect(isolate.store.read("feed").what).toBe(`feed > ${FEED_PAGE_ROWS + 6}`);
  });

  test("exactly as many rows as one read brings are all known", async () => {
    const isolate = await warm();
    const before = isolate.store.head();
    isolate.store.commit([...noise(FEED_PAGE_ROWS - 1), "token:a"]);
    expect(await readAgain(isolate)).toBe(false);
    expect(isolate.feed.vouchesFor(before, ["token:a"])).toBe(false);
    expect(isolate.feed.vouchesFor(before, ["token:b"])).toBe(true);
  });

  test("more subjects changed than it may remember", async () => {
    const isolate = await warm({ maxKills: 3 });
    const before = isolate.store.head();
    isolate.store.commit(["token:a", "token:b", "token:c"]);
    expect(await readAgain(isolate)).toBe(false);
    isolate.store.commit(["token:d"]);
    expect(await readAgain(isolate)).toBe(true);
    expect(isolate.feed.mayKeep(before)).toBe(false);
    expect(isolate.feed.vouchesFor(isolate.store.head(), ["token:a"])).toBe(true);
    isolate.store.commit(["token:e", "token:f", "token:g"]);
    expect(await readAgain(isolate)).toBe(false);
  });
});

describe("reads of the feed that overlap", () => {
  /** Two reads under way: the older began in the background, the younger because the older one hung. */
  async function overlapping(isolate: Isolate) {
    const { clock, store } = isolate;
    await clock.pass(AHEAD_MS);
    ask(isolate);
    await clock.pass(BOUND_MS - AHEAD_MS);
    const asked = ask(isolate);
    await clock.pass(SHARED_READ_WAIT_MS);
    const [older, younger] = store.waiting;
    if (older === undefined || younger === undefined) throw new Error("two reads were to overlap");
    return { older, younger, asked };
  }

  test("the older one is dropped when the younger one was first: it may know less", async () => {
    const isolate = await warm();
    const count = forgotten(isolate);
    const before = isolate.store.head();
    const { older, younger, asked } = await overlapping(isolate);
    older.look();
    isolate.store.commit(["token:a"]);
    await younger.answer();
    expect(asked.state).toBe("fresh");
    await older.answer();
    expect(isolate.feed.knownAt).toBe(11_250);
    expect(isolate.feed.killed(["token:a"], before.max)).toBe(true);
    expect(count.times).toBe(0);
  });

  test("of two that seem to begin at once, as the clock stands still, the one that was asked first is dropped", async () => {
    const isolate = await warm();
    const count = forgotten(isolate);
    const before = isolate.store.head();
    await isolate.clock.pass(BOUND_MS);
    ask(isolate);
    isolate.clock.stands = true;
    const asked = ask(isolate);
    await isolate.clock.pass(SHARED_READ_WAIT_MS);
    const [first, second] = isolate.store.waiting;
    first?.look();
    isolate.store.commit(["token:a"]);
    await second?.answer();
    expect(asked.state).toBe("fresh");
    await first?.answer();
    expect(isolate.feed.knownAt).toBe(10_000 + BOUND_MS);
    expect(isolate.feed.killed(["token:a"], before.max)).toBe(true);
    expect(count.times).toBe(0);
  });

  test("in their own order both count", async () => {
    const isolate = await warm();
    const before = isolate.store.head();
    const { older, younger } = await overlapping(isolate);
    isolate.store.commit(["token:a"]);
    await older.answer();
    expect(isolate.feed.knownAt).toBe(10_000 + AHEAD_MS);
    isolate.store.commit(["token:b"]);
    await younger.answer();
    expect(isolate.feed.knownAt).toBe(11_250);
    expect(isolate.feed.vouchesFor(before, ["token:a"])).toBe(false);
    expect(isolate.feed.vouchesFor(before, ["token:b"])).toBe(false);
    expect(isolate.feed.vouchesFor(before, ["token:c"])).toBe(true);
  });

  test("a younger one that the store executed first names an earlier moment, and the next read makes up for it", async () => {
    const isolate = await warm();
    const before = isolate.store.head();
    const { older, younger } = await overlapping(isolate);
    younger.look();
    await isolate.clock.pass(10);
    isolate.store.commit(["token:a"]);
    const revokedTime = isolate.clock.time;
    await older.answer();
    expect(isolate.feed.vouchesFor(before, ["token:a"])).toBe(false);
    await younger.answer();
    expect(isolate.feed.knownAt).toBeLessThan(revokedTime);
    await isolate.clock.pass(BOUND_MS);
    ask(isolate);
    await isolate.store.read("feed").answer();
    expect(isolate.feed.vouchesFor(before, ["token:a"])).toBe(false);
  });

  test("one that began after a cursor which was given up meanwhile does not skip what lies between", async () => {
    const isolate = await warm();
    const before = isolate.store.head();
    const { older, younger } = await overlapping(isolate);
    younger.look();
    await isolate.clock.pass(10);
    isolate.store.commit(["token:a"]);
    const revokedTime = isolate.clock.time;
    await older.answer();
    await isolate.clock.pass(AHEAD_MS - SHARED_READ_WAIT_MS);
    ask(isolate);
    await isolate.clock.pass(SHARED_READ_WAIT_MS);
    const third = isolate.store.waiting[1];
    expect(third?.what).toBe("feed > 6");
    await younger.answer();
    await third?.answer();
    expect(isolate.feed.knownAt).toBeGreaterThan(revokedTime);
    expect(isolate.feed.vouchesFor(before, ["token:a"])).toBe(false);
  });

  test("nor does one that began before a restore was noticed", async () => {
    const isolate = await warm();
    const { older, younger } = await overlapping(isolate);
    isolate.store.restore({ seq: 3, epoch: "two" });
    older.look();
    const before = isolate.store.head();
    isolate.store.commit(["token:a", "noise"]);
    // The cursor is back at 3, and the younger read asked for what follows 5: there is nothing yet.
    await older.answer();
    await younger.answer();
    expect(isolate.feed.vouchesFor(before, ["token:a"])).toBe(false);
    expect(isolate.feed.vouchesFor(isolate.store.head(), ["token:a"])).toBe(true);
  });
});

describe("a read whose request is cancelled", () => {
  test("those who wait for it go on after 250 ms with one of their own", async () => {
    expect(SHARED_READ_WAIT_MS).toBe(250);
    const isolate = await warm();
    await isolate.clock.pass(BOUND_MS);
    ask(isolate);
    await settle();
    isolate.store.read("feed").die();
    const asked = ask(isolate);
    await isolate.clock.pass(SHARED_READ_WAIT_MS - 1);
    expect(isolate.store.waiting).toHaveLength(0);
    await isolate.clock.pass(1);
    expect(isolate.store.waiting).toHaveLength(1);
    expect(asked.state).toBe("waiting");
    await isolate.store.read("feed").answer();
    expect(asked.state).toBe("fresh");
    expect(isolate.feed.knownAt).toBe(10_000 + BOUND_MS + SHARED_READ_WAIT_MS);
  });

  test("and are refused when that one fails", async () => {
    const isolate = await warm();
    await isolate.clock.pass(BOUND_MS);
    ask(isolate);
    isolate.store.read("feed").die();
    const asked = ask(isolate);
    await isolate.clock.pass(SHARED_READ_WAIT_MS);
    await isolate.store.read("feed").fail();
    expect(asked.state).toBeInstanceOf(Unavailable);
    expect(asked.state).toHaveProperty("cause.message", "Network connection lost");
  });

  test("or when that one does not end in time", async () => {
    const isolate = await warm();
    await isolate.clock.pass(BOUND_MS);
    ask(isolate);
    isolate.store.read("feed").die();
    const asked = ask(isolate);
    await isolate.clock.pass(SHARED_READ_WAIT_MS + OWN_READ_WAIT_MS - 1);
    expect(asked.state).toBe("waiting");
    await isolate.clock.pass(1);
    expect(asked.state).toEqual(new Unavailable("the store did not answer in time"));
    expect(isolate.clock.timers).toBe(0);
  });

  test("is no reason to wait once another one has answered", async () => {
    const isolate = await warm();
    await isolate.clock.pass(BOUND_MS);
    ask(isolate);
    isolate.store.read("feed").die();
    ask(isolate);
    await isolate.clock.pass(SHARED_READ_WAIT_MS);
    await isolate.store.read("feed").answer();
    const asked = ask(isolate);
    await settle();
    expect(asked.state).toBe("fresh");
    expect(isolate.store.feedReads).toBe(3);
  });
});

describe("a read that fails", () => {
  test("refuses the check that began it, and those who wait for it read for themselves", async () => {
    const isolate = await warm();
    await isolate.clock.pass(BOUND_MS);
    const first = ask(isolate);
    const second = ask(isolate);
    await isolate.store.read("feed").fail();
    expect(first.state).toBeInstanceOf(Unavailable);
    expect(second.state).toBe("waiting");
    await isolate.store.read("feed").answer();
    expect(second.state).toBe("fresh");
    expect(isolate.clock.timers).toBe(0);
  });

  test("is not waited for by a check that arrives later", async () => {
    const isolate = await warm();
    await isolate.clock.pass(BOUND_MS);
    ask(isolate);
    await isolate.store.read("feed").fail();
    const asked = ask(isolate);
    await isolate.store.read("feed").answer();
    expect(asked.state).toBe("fresh");
  });
});

describe("a clock that somebody sets back", () => {
  test("by more than the bound makes a check read, and the reads after it count", async () => {
    const isolate = await warm();
    const before = isolate.store.head();
    isolate.clock.setBack(5 * BOUND_MS);
    isolate.store.commit(["token:a"]);
    await isolate.clock.pass(BOUND_MS + 1);
    const asked = ask(isolate);
    await settle();
    expect(asked.state).toBe("waiting");
    await isolate.store.read("feed").answer();
    expect(asked.state).toBe("fresh");
    expect(isolate.feed.vouchesFor(before, ["token:a"])).toBe(false);
    expect(isolate.feed.knownAt).toBe(10_000 - 4 * BOUND_MS + 1);
  });
});

function noise(count: number): string[] {
  return Array.from({ length: count }, () => "noise");
}
