import { describe, expect, test } from "vitest";
import { OWN_READ_WAIT_MS, SHARED_READ_WAIT_MS } from "../../src/operations/shared-read.ts";
import { Unavailable } from "../../src/operations/unavailable.ts";
import { FEED_PAGE_ROWS } from "../../src/store/change-feed.ts";
import { Isolate, settle, type Check, type IsolateOptions } from "./held-store.ts";

const BOUND_MS = 1000;
const STARTS_AT = 10_000;

/** So long after a read of the feed that took no time the next one is due. */
const AHEAD_MS = 0.95 * BOUND_MS;

/** An isolate that knows the feed and none of the rows: tokens `a` and `b` of one team, `c` of another. */
async function cold(options: IsolateOptions = {}): Promise<Isolate> {
  const isolate = new Isolate({ startsAt: STARTS_AT, ...options });
  isolate.store.commit(["noise", "noise", "noise", "noise", "noise"], (rows) => {
    rows.set("a", { id: "a", team: "one", label: "live" });
    rows.set("b", { id: "b", team: "one", label: "live" });
    rows.set("c", { id: "c", team: "two", label: "live" });
  });
  await isolate.feed.fresh(isolate.arrive());
  return isolate;
}

/** The same with a copy of each row. */
async function warm(options: IsolateOptions = {}): Promise<Isolate> {
  const isolate = await cold(options);
  for (const key of ["a", "b", "c"]) await isolate.check(key);
  return isolate;
}

function revoke({ store }: Isolate, key: string): void {
  const row = store.rows.get(key);
  if (row === undefined) throw new Error(`no row ${key}`);
  store.commit([`token:${row.id}`], (rows) => rows.set(key, { ...row, label: "revoked" }));
}

/** What a check was told: a label, `unknown`, `waiting`, or `unavailable`. */
function told({ outcome }: Check): string {
  if (outcome === null) return "unknown";
  if (outcome === "waiting") return "waiting";
  if (outcome instanceof Unavailable) return "unavailable";
  if (outcome instanceof Error) throw outcome;
  return outcome.value.label;
}

function asOf({ outcome }: Check): number {
  if (outcome === null || outcome === "waiting" || outcome instanceof Error)
    throw new Error("there is no answer");
  return outcome.asOf;
}

describe("a check that costs nothing", () => {
  test("a hot row is read once, and the feed about once for each bound", async () => {
    const isolate = await warm();
    for (let each = 0; each < 1000; each++) {
      await isolate.clock.pass(10);
      expect(told(await isolate.check("a"))).toBe("live");
    }
    expect(isolate.store.rowReads).toBe(3);
    expect(isolate.store.feedReads).toBe(1 + Math.floor(10_000 / AHEAD_MS));
  });

  test("a change ends the copies of its subject and leaves the others", async () => {
    const isolate = await warm();
    revoke(isolate, "a");
    await isolate.clock.pass(BOUND_MS);
    expect(told(await isolate.check("a"))).toBe("revoked");
    expect(told(await isolate.check("b"))).toBe("live");
    expect(told(await isolate.check("c"))).toBe("live");
    expect(isolate.store.rowReads).toBe(4);
    expect(told(await isolate.check("a"))).toBe("revoked");
    expect(isolate.store.rowReads).toBe(4);
  });

  test("a change of a team ends the copies of all its tokens", async () => {
    const isolate = await warm();
    isolate.store.commit(["team:one"], (rows) => {
      for (const key of ["a", "b"]) rows.set(key, { id: key, team: "one", label: "suspended" });
    });
    await isolate.clock.pass(BOUND_MS);
    expect(told(await isolate.check("a"))).toBe("suspended");
    expect(told(await isolate.check("b"))).toBe("suspended");
    expect(told(await isolate.check("c"))).toBe("live");
    expect(isolate.store.rowReads).toBe(5);
  });
});

describe("a revocation", () => {
  test("holds for each check that arrives more than the bound after it, on both sides of each millisecond", async () => {
    for (const startsAt of [10_000, 10_000.25, 10_000.5, 10_000.75]) {
      for (const later of [0.25, 0.5, 0.75]) {
        const isolate = await warm({ startsAt });
        await isolate.clock.pass(later);
        revoke(isolate, "a");
        await isolate.clock.pass(BOUND_MS + 0.25);
        expect(told(await isolate.check("a"))).toBe("revoked");
      }
    }
  });

  test("holds for a check that shares a fill which began in the same millisecond of a second ago", async () => {
    const isolate = await cold({ startsAt: 10_000.25 });
    const { clock, store } = isolate;
    store.held = true;
    await isolate.check("a");
    store.read("row").look();
    await clock.pass(0.25);
    revoke(isolate, "a");
    await clock.pass(BOUND_MS + 0.25);
    const late = await isolate.check("a");
    await store.read("feed").answer();
    await store.waiting[0]?.answer();
    expect(told(late)).toBe("waiting");
    await store.waiting[0]?.answer();
    expect(told(late)).toBe("revoked");
  });

  test("holds when a fill read the row before it and stores it after", async () => {
    const isolate = await cold();
    const { clock, store } = isolate;
    store.held = true;
    const early = await isolate.check("a");
    const fill = store.read("row");
    fill.look();
    revoke(isolate, "a");
    await clock.pass(BOUND_MS);
    await isolate.check("b");
    await store.read("feed").answer();
    expect(isolate.feed.killed(["token:a"], 5)).toBe(true);
    await fill.answer();
    // The early check arrived before the revocation, and is not told more than its own read saw.
    expect(told(early)).toBe("live");
    expect(asOf(early)).toBe(STARTS_AT);
    store.held = false;
    expect(told(await isolate.check("a"))).toBe("revoked");
  });

  test("holds when a fill read the row before it and stores it before the feed is read", async () => {
    const isolate = await cold();
    const { clock, store } = isolate;
    store.held = true;
    const early = await isolate.check("a");
    store.read("row").look();
    revoke(isolate, "a");
    await store.read("row").answer();
    expect(told(early)).toBe("live");
    store.held = false;
    await clock.pass(BOUND_MS + 1);
    expect(told(await isolate.check("a"))).toBe("revoked");
  });

  test("holds when the fill that began before it ends after everything was forgotten", async () => {
    const isolate = await cold();
    const { clock, store } = isolate;
    store.held = true;
    const early = await isolate.check("a");
    const fill = store.read("row");
    fill.look();
    revoke(isolate, "a");
    store.commit(Array.from({ length: FEED_PAGE_ROWS }, () => "noise"));
    await clock.pass(BOUND_MS);
    await isolate.check("b");
    await store.read("feed").answer();
    await fill.answer();
    expect(told(early)).toBe("live");
    expect(asOf(early)).toBe(STARTS_AT);
    store.held = false;
    expect(told(await isolate.check("a"))).toBe("revoked");
  });

  test("holds in an isolate that slept until the feed was pruned", async () => {
    const isolate = await warm();
    revoke(isolate, "a");
    isolate.store.commit(["noise"]);
    isolate.store.prune(() => true);
    await isolate.clock.pass(7_200_000);
    expect(told(await isolate.check("a"))).toBe("revoked");
  });

  test("holds when its row was pruned from between others", async () => {
    const isolate = await warm();
    isolate.store.commit(["noise"]);
    revoke(isolate, "a");
    isolate.store.commit(["noise"]);
    isolate.store.prune(({ subject }) => subject === "token:a");
    await isolate.clock.pass(3_600_000);
    expect(told(await isolate.check("a"))).toBe("revoked");
  });

  test("holds among more than a thousand changes", async () => {
    const isolate = await warm();
    noise(isolate);
    revoke(isolate, "a");
    noise(isolate);
    await isolate.clock.pass(BOUND_MS + 1);
    expect(told(await isolate.check("a"))).toBe("revoked");
    expect(told(await isolate.check("b"))).toBe("live");
  });

  test("holds when more subjects changed than the isolate may remember", async () => {
    const isolate = await warm({ maxKills: 2 });
    revoke(isolate, "a");
    isolate.store.commit(["x", "y", "z"]);
    await isolate.clock.pass(BOUND_MS + 1);
    expect(told(await isolate.check("a"))).toBe("revoked");
    expect(isolate.cache.held.entries).toBe(1);
  });

  test("holds when the row is deleted and made again under its key", async () => {
    const isolate = await warm();
    isolate.store.commit(["token:a"], (rows) => rows.delete("a"));
    isolate.store.commit([], (rows) => rows.set("a", { id: "another", team: "one", label: "made again" }));
    await isolate.clock.pass(BOUND_MS + 1);
    expect(told(await isolate.check("a"))).toBe("made again");
    isolate.store.commit(["token:another"], (rows) => rows.delete("a"));
    await isolate.clock.pass(BOUND_MS + 1);
    expect(told(await isolate.check("a"))).toBe("unknown");
  });

  test("holds when it comes with the row of an id that was there before", async () => {
    const isolate = await warm();
    isolate.store.commit(["token:a"], (rows) => rows.delete("a"));
    await isolate.clock.pass(BOUND_MS + 1);
    expect(told(await isolate.check("a"))).toBe("unknown");
    isolate.store.commit([], (rows) => rows.set("a", { id: "a", team: "one", label: "made again" }));
    expect(told(await isolate.check("a"))).toBe("made again");
    revoke(isolate, "a");
    await isolate.clock.pass(BOUND_MS + 1);
    expect(told(await isolate.check("a"))).toBe("revoked");
  });

  test("holds after a restore that begins another epoch, with numbers that have been there before", async () => {
    const isolate = await warm();
    const { clock, store } = isolate;
    store.held = true;
    await clock.pass(10);
    await isolate.check("a", { strict: true });
    store.read("row").look();
    store.restore({ seq: 4, epoch: "two" });
    revoke(isolate, "a");
    revoke(isolate, "b");
    await clock.pass(BOUND_MS);
    store.held = false;
    expect(told(await isolate.check("b"))).toBe("revoked");
    // What was read before the restore comes after it was noticed.
    await store.read("row").answer();
    expect(told(await isolate.check("a"))).toBe("revoked");
  });

  test("holds after a restore that rewinds the feed in one epoch", async () => {
    const isolate = await warm();
    isolate.store.restore({ seq: 3, epoch: "one" });
    revoke(isolate, "a");
    await isolate.clock.pass(BOUND_MS + 1);
    expect(told(await isolate.check("a"))).toBe("revoked");
  });

  test("holds when three reads of the feed overlap and answer out of order", async () => {
    const isolate = await cold();
    const { clock, store } = isolate;
    store.held = true;
    await clock.pass(AHEAD_MS);
    await isolate.feed.fresh(isolate.arrive());
    await clock.pass(40);
    await isolate.check("a");
    await clock.pass(210);
    await isolate.check("b");
    await clock.pass(SHARED_READ_WAIT_MS);
    const [first, fill, second] = store.waiting;
    fill?.look();
    second?.look();
    await clock.pass(10);
    revoke(isolate, "a");
    const revokedTime = clock.time;
    await first?.answer();
    await clock.pass(500);
    await isolate.check("b");
    await clock.pass(SHARED_READ_WAIT_MS);
    const third = store.waiting.at(-1);
    expect(store.waiting.map(({ what }) => what)).toEqual(["row a", "feed > 5", "feed > 6"]);
    await second?.answer();
    await fill?.answer();
    await third?.answer();
    store.dropReads();
    await clock.pass(revokedTime + BOUND_MS + 1 - clock.time);
    const late = await isolate.check("a");
    expect(late.arrivedAt - isolate.feed.knownAt).toBeLessThan(BOUND_MS);
    await store.read("row a").answer();
    expect(told(late)).toBe("revoked");
  });

  test("holds while the clock is set back", async () => {
    const isolate = await warm();
    isolate.clock.setBack(60_000);
    revoke(isolate, "a");
    await isolate.clock.pass(BOUND_MS + 1);
    expect(told(await isolate.check("a"))).toBe("revoked");
    await isolate.clock.pass(BOUND_MS + 1);
    expect(told(await isolate.check("b"))).toBe("live");
    revoke(isolate, "b");
    await isolate.clock.pass(BOUND_MS + 1);
    expect(told(await isolate.check("b"))).toBe("revoked");
  });
});

describe("what is at hand", () => {
  test("is answered at once, as a check would be, and starts no read", async () => {
    const isolate = await warm();
    await isolate.clock.pass(AHEAD_MS - 1);
    const hit = isolate.cache.hit("a", isolate.arrive());
    expect(hit).toEqual((await isolate.check("a")).outcome);
    expect([isolate.store.rowReads, isolate.store.feedReads]).toEqual([3, 1]);
  });

  test("is nothing that was never read, nor what the feed has ended", async () => {
    const isolate = await warm();
    expect(isolate.cache.hit("nobody", isolate.arrive())).toBeNull();
    revoke(isolate, "a");
    expect(isolate.cache.hit("a", isolate.arrive())?.value.label).toBe("live");
    await isolate.clock.pass(AHEAD_MS);
    expect(isolate.cache.hit("b", isolate.arrive())?.value.label).toBe("live");
    await isolate.background[0];
    expect(isolate.cache.hit("a", isolate.arrive())).toBeNull();
    expect(isolate.cache.hit("b", isolate.arrive())?.asOf).toBe(STARTS_AT + AHEAD_MS);
    expect(isolate.store.rowReads).toBe(3);
  });

  test("is nothing from the very bound on, until the feed was read again", async () => {
    const isolate = await warm();
    await isolate.clock.pass(BOUND_MS - 1);
    isolate.store.held = true;
    expect(isolate.cache.hit("a", isolate.arrive())).not.toBeNull();
    await isolate.clock.pass(1);
    expect(isolate.cache.hit("a", isolate.arrive())).toBeNull();
    await isolate.store.read("feed").answer();
    expect(isolate.cache.hit("a", isolate.arrive())).not.toBeNull();
  });

  test("is nothing for a question that needs a read of its own, which its copy decides", async () => {
    const isolate = await warm();
    const asked: string[] = [];
    const mustRead = (row: { readonly id: string }): boolean => {
      asked.push(row.id);
      return row.id === "a";
    };
    expect(isolate.cache.hit("a", isolate.arrive(), mustRead)).toBeNull();
    expect(isolate.cache.hit("b", isolate.arrive(), mustRead)?.value.id).toBe("b");
    expect(asked).toEqual(["a", "b"]);
  });

  test("is nothing with a bound of 0", async () => {
    const isolate = await warm({ boundMs: 0 });
    expect(isolate.cache.hit("a", isolate.arrive())).toBeNull();
    isolate.clock.setBack(60_000);
    expect(isolate.cache.hit("a", isolate.arrive())).toBeNull();
    expect(isolate.background).toEqual([]);
    expect(isolate.store.feedReads).toBe(0);
  });
});

describe("strict questions", () => {
  test("read the store each time, and see what was committed before they arrived", async () => {
    const isolate = await warm();
    revoke(isolate, "a");
    expect(told(await isolate.check("a"))).toBe("live");
    expect(told(await isolate.check("a", { strict: true }))).toBe("revoked");
    expect(told(await isolate.check("a", { strict: true }))).toBe("revoked");
    expect(isolate.store.rowReads).toBe(5);
  });

  test("two that arrive together read twice", async () => {
    const isolate = await warm();
    isolate.store.held = true;
    const first = await isolate.check("a", { strict: true });
    const second = await isolate.check("a", { strict: true });
    const [early, late] = isolate.store.waiting;
    early?.look();
    revoke(isolate, "a");
    await late?.answer();
    await early?.answer();
    expect(told(first)).toBe("live");
    expect(told(second)).toBe("revoked");
  });

  test("take no part in a read that another check began", async () => {
    const isolate = await cold();
    const { store } = isolate;
    store.held = true;
    const lenient = await isolate.check("a");
    store.read("row").look();
    revoke(isolate, "a");
    const strict = await isolate.check("a", { strict: true });
    await store.read("row").answer();
    expect(told(lenient)).toBe("live");
    expect(told(strict)).toBe("waiting");
    await store.read("row").answer();
    expect(told(strict)).toBe("revoked");
  });

  test("read once when there is no copy to look at", async () => {
    const isolate = await cold();
    expect(told(await isolate.check("a", { strict: true }))).toBe("live");
    expect(isolate.store.rowReads).toBe(1);
  });

  test("are refused when their own read fails, whatever copy is there", async () => {
    const isolate = await warm();
    isolate.store.held = true;
    const failed = await isolate.check("a", { strict: true });
    await isolate.store.read("row").fail();
    expect(told(failed)).toBe("unavailable");
    const hung = await isolate.check("a", { strict: true });
    await isolate.clock.pass(OWN_READ_WAIT_MS);
    expect(told(hung)).toBe("unavailable");
    expect(isolate.clock.timers).toBe(0);
  });

  test("leave a copy behind for the others", async () => {
    const isolate = await cold();
    await isolate.check("a", { strict: true });
    expect(told(await isolate.check("a"))).toBe("live");
    expect(isolate.store.rowReads).toBe(1);
  });
});

describe("checks that share a read", () => {
  test("many that arrive together for a row that nobody has read cause one read", async () => {
    const isolate = await cold();
    isolate.store.held = true;
    const checks = Array.from({ length: 20 }, () => isolate.begin("a"));
    await settle();
    expect(isolate.store.waiting).toHaveLength(1);
    await isolate.store.read("row").answer();
    expect(checks.map(told)).toEqual(checks.map(() => "live"));
    expect(isolate.store.rowReads).toBe(1);
    expect(isolate.clock.timers).toBe(0);
  });

  test("go on after 250 ms with one of their own when its request was cancelled", async () => {
    const isolate = await cold();
    isolate.store.held = true;
    const cancelled = await isolate.check("a");
    isolate.store.read("row").die();
    const waits = await isolate.check("a");
    await isolate.clock.pass(SHARED_READ_WAIT_MS - 1);
    expect(isolate.store.waiting).toHaveLength(0);
    await isolate.clock.pass(1);
    await isolate.store.read("row").answer();
    expect(told(waits)).toBe("live");
    expect(told(cancelled)).toBe("waiting");
  });

  test("are refused when that one fails", async () => {
    const isolate = await cold();
    isolate.store.held = true;
    await isolate.check("a");
    isolate.store.read("row").die();
    const waits = await isolate.check("a");
    await isolate.clock.pass(SHARED_READ_WAIT_MS);
    await isolate.store.read("row").fail();
    expect(told(waits)).toBe("unavailable");
  });

  test("read for themselves when it fails", async () => {
    const isolate = await cold();
    isolate.store.held = true;
    const first = await isolate.check("a");
    const second = await isolate.check("a");
    await isolate.store.read("row").fail();
    expect(told(first)).toBe("unavailable");
    await isolate.store.read("row").answer();
    expect(told(second)).toBe("live");
  });

  test("do not share one that began longer ago than the bound", async () => {
    const isolate = await cold();
    const { clock, store } = isolate;
    store.held = true;
    await isolate.check("a");
    const old = store.read("row");
    old.look();
    await clock.pass(BOUND_MS);
    store.held = false;
    await isolate.check("b");
    expect(told(await isolate.check("a"))).toBe("live");
    expect(store.rowReads).toBe(3);
    old.die();
  });

  test("share the youngest one, also when an older one has ended", async () => {
    const isolate = await cold();
    const { store } = isolate;
    store.held = true;
    await isolate.check("a", { strict: true });
    const [older] = store.waiting;
    await isolate.clock.pass(SHARED_READ_WAIT_MS - 1);
    await isolate.check("a", { strict: true });
    await isolate.clock.pass(SHARED_READ_WAIT_MS);
    expect(store.waiting).toHaveLength(2);
    await older?.fail();
    const shares = await isolate.check("a");
    expect(store.rowReads).toBe(2);
    await store.read("row").answer();
    expect(told(shares)).toBe("live");
  });

  test("that were released together by a read of the feed share one as well", async () => {
    const isolate = await cold();
    const { store } = isolate;
    store.held = true;
    await isolate.clock.pass(BOUND_MS);
    const checks = Array.from({ length: 20 }, () => isolate.begin("a"));
    await settle();
    await store.read("feed").answer();
    await store.read("row").answer();
    expect(checks.map(told)).toEqual(checks.map(() => "live"));
    expect(store.rowReads).toBe(1);
  });
});

describe("what is never kept", () => {
  test("a row that does not exist: it is found as soon as it is there", async () => {
    const isolate = await warm();
    expect(told(await isolate.check("nobody"))).toBe("unknown");
    expect(told(await isolate.check("nobody"))).toBe("unknown");
    expect(isolate.store.rowReads).toBe(5);
    expect(isolate.cache.has("nobody")).toBe(false);
    isolate.store.commit([], (rows) => rows.set("nobody", { id: "n", team: "one", label: "somebody" }));
    expect(told(await isolate.check("nobody"))).toBe("somebody");
  });

  test("a row that does not exist, when others wait for the read that did not find it", async () => {
    const isolate = await cold();
    const { store } = isolate;
    store.held = true;
    const first = await isolate.check("nobody");
    store.read("row").look();
    store.commit([], (rows) => rows.set("nobody", { id: "n", team: "one", label: "somebody" }));
    const second = await isolate.check("nobody");
    await store.read("row").answer();
    expect(told(first)).toBe("unknown");
    await store.read("row").answer();
    expect(told(second)).toBe("somebody");
  });

  test("a row that is gone", async () => {
    const isolate = await warm();
    isolate.store.commit(["token:a"], (rows) => rows.delete("a"));
    await isolate.clock.pass(BOUND_MS + 1);
    expect(told(await isolate.check("a"))).toBe("unknown");
    expect(isolate.cache.has("a")).toBe(false);
    expect(isolate.cache.held).toEqual({ entries: 2, bytes: 8, fills: 0 });
  });

  test("anything, with a bound of 0: each check reads", async () => {
    const isolate = await cold({ boundMs: 0 });
    for (let each = 1; each <= 5; each++) {
      const check = await isolate.check("a");
      expect(told(check)).toBe("live");
      expect(asOf(check)).toBe(STARTS_AT);
      expect(isolate.store.rowReads).toBe(each);
    }
    await isolate.clock.pass(1);
    revoke(isolate, "a");
    expect(told(await isolate.check("a"))).toBe("revoked");
    const both = [isolate.begin("a"), isolate.begin("a")];
    await settle();
    expect(both.map(told)).toEqual(["revoked", "revoked"]);
    expect(isolate.store.rowReads).toBe(8);
    expect(isolate.store.feedReads).toBe(0);
    expect(isolate.cache.held).toEqual({ entries: 0, bytes: 0, fills: 0 });
  });

  test("anything, without an epoch: no check is answered", async () => {
    for (const boundMs of [0, BOUND_MS]) {
      const isolate = new Isolate({ boundMs });
      isolate.store.epoch = null;
      isolate.store.rows.set("a", { id: "a", team: "one", label: "live" });
      expect(told(await isolate.check("a"))).toBe("unavailable");
      expect(isolate.cache.held.entries).toBe(0);
    }
  });

  test("what was read in an epoch that this isolate does not know yet, though it answers", async () => {
    const isolate = await warm();
    isolate.store.restore({ seq: 5, epoch: "two" });
    const check = await isolate.check("a", { strict: true });
    expect(told(check)).toBe("live");
    expect(asOf(check)).toBe(STARTS_AT);
    expect(told(await isolate.check("a", { strict: true }))).toBe("live");
    await isolate.clock.pass(BOUND_MS + 1);
    await isolate.check("b");
    expect(isolate.cache.held.entries).toBe(1);
  });

  test("an older copy over a younger one", async () => {
    const isolate = await warm();
    const { clock, store } = isolate;
    store.held = true;
    await isolate.check("a", { strict: true });
    const [older] = store.waiting;
    older?.look();
    revoke(isolate, "a");
    await isolate.check("a", { strict: true });
    await store.waiting[1]?.answer();
    await older?.answer();
    store.held = false;
    await clock.pass(BOUND_MS + 1);
    const reads = store.rowReads;
    expect(told(await isolate.check("a"))).toBe("revoked");
    expect(store.rowReads).toBe(reads);
  });
});

describe("as of when", () => {
  test("a copy is as young as the newest read of the feed", async () => {
    const isolate = await warm();
    await isolate.clock.pass(AHEAD_MS);
    await isolate.check("a");
    await isolate.clock.pass(10);
    expect(asOf(await isolate.check("a"))).toBe(STARTS_AT + AHEAD_MS);
  });

  test("a row that was read after the feed is as young as its own read", async () => {
    const isolate = await cold();
    await isolate.clock.pass(300);
    expect(asOf(await isolate.check("a"))).toBe(STARTS_AT + 300);
    await isolate.clock.pass(100);
    expect(asOf(await isolate.check("a"))).toBe(STARTS_AT + 300);
    expect(asOf(await isolate.check("a", { strict: true }))).toBe(STARTS_AT + 400);
    // The strict check's read leaves the younger copy, though the feed stands where it stood.
    expect(asOf(await isolate.check("a"))).toBe(STARTS_AT + 400);
  });

  test("a shared read that a younger read of the feed overtook is no younger than itself", async () => {
    const isolate = await cold();
    const { clock, store } = isolate;
    await clock.pass(AHEAD_MS - 100);
    store.held = true;
    const owner = await isolate.check("a");
    const fill = store.read("row");
    fill.look();
    await clock.pass(10);
    revoke(isolate, "a");
    await clock.pass(90);
    const shares = await isolate.check("a");
    await store.read("feed").answer();
    expect(isolate.feed.knownAt).toBe(STARTS_AT + AHEAD_MS);
    await fill.answer();
    expect([owner, shares].map(told)).toEqual(["live", "live"]);
    const readAt = STARTS_AT + AHEAD_MS - 100;
    expect([owner, shares].map(asOf)).toEqual([readAt, readAt]);
  });

  test("a row that nothing has touched is as young as the feed, also when it was read before", async () => {
    const isolate = await cold();
    const { clock, store } = isolate;
    await clock.pass(AHEAD_MS - 100);
    store.held = true;
    const owner = await isolate.check("a");
    await clock.pass(100);
    await isolate.check("a");
    await store.read("feed").answer();
    await store.read("row").answer();
    expect(asOf(owner)).toBe(STARTS_AT + AHEAD_MS);
  });

  test("a strict answer is no older than its question", async () => {
    const isolate = await warm();
    await isolate.clock.pass(400);
    const arrival = isolate.arrive();
    await isolate.clock.pass(100);
    isolate.clock.show();
    expect(asOf(await isolate.check("a", { strict: true, arrival }))).toBe(STARTS_AT + 500);
  });
});

describe("memory", () => {
  /** Checks ten times more rows than may be kept. */
  async function flood(isolate: Isolate, count: number, label = "live"): Promise<void> {
    for (let each = 0; each < count; each++) {
      isolate.store.rows.set(`row ${each}`, { id: `row ${each}`, team: "one", label });
      await isolate.check(`row ${each}`);
    }
  }

  test("is bounded by the number of copies, and what was pushed out is simply read again", async () => {
    const isolate = await cold({ maxEntries: 50 });
    await flood(isolate, 500);
    expect(isolate.cache.held).toEqual({ entries: 50, bytes: 50 * 4, fills: 0 });
    expect(isolate.cache.has("row 449")).toBe(false);
    expect(isolate.cache.has("row 450")).toBe(true);
    const reads = isolate.store.rowReads;
    expect(told(await isolate.check("row 499"))).toBe("live");
    expect(isolate.store.rowReads).toBe(reads);
    expect(told(await isolate.check("row 0"))).toBe("live");
    expect(isolate.store.rowReads).toBe(reads + 1);
  });

  test("is bounded by the size of copies", async () => {
    const isolate = await cold({ maxBytes: 1000 });
    await flood(isolate, 100, "x".repeat(90));
    expect(isolate.cache.held).toEqual({ entries: 11, bytes: 990, fills: 0 });
    await flood(isolate, 1, "x".repeat(1000));
    expect(isolate.cache.held).toEqual({ entries: 1, bytes: 1000, fills: 0 });
  });

  test("takes no copy that alone is too large, and answers from it all the same", async () => {
    const isolate = await cold({ maxBytes: 10 });
    isolate.store.rows.set("large", { id: "large", team: "one", label: "x".repeat(11) });
    expect(told(await isolate.check("large"))).toBe("x".repeat(11));
    expect(isolate.cache.held).toEqual({ entries: 0, bytes: 0, fills: 0 });
  });

  test("counts a copy once that is read again, and nothing once it is forgotten", async () => {
    const isolate = await warm();
    await isolate.check("a", { strict: true });
    expect(isolate.cache.held).toEqual({ entries: 3, bytes: 12, fills: 0 });
    isolate.store.restore({ seq: 5, epoch: "two" });
    await isolate.clock.pass(BOUND_MS + 1);
    await isolate.feed.fresh(isolate.arrive());
    expect(isolate.cache.held).toEqual({ entries: 0, bytes: 0, fills: 0 });
  });

  test("holds no read for ever whose request was cancelled before it could clear up", async () => {
    const isolate = await cold();
    const { cache, clock, store } = isolate;
    store.held = true;
    await isolate.check("a");
    await clock.pass(300);
    await isolate.check("b");
    await clock.pass(190);
    await isolate.check("a", { strict: true });
    await clock.pass(SHARED_READ_WAIT_MS);
    store.dropReads();
    expect(cache.held.fills).toBe(2);
    await clock.pass(600);
    store.held = false;
    await isolate.feed.fresh(isolate.arrive());
    store.held = true;
    await isolate.check("c");
    // Of `b` nothing is left; `a` was read again later.
    expect(cache.held.fills).toBe(2);
    await clock.pass(BOUND_MS);
    store.held = false;
    await isolate.check("b");
    expect(cache.held.fills).toBe(0);
  });
});

function noise({ store }: Isolate): void {
  store.commit(Array.from({ length: 999 }, () => "noise"));
}
