import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Timer } from "../../src/operations/shared-read.ts";
import { UsageLog, type Use } from "../../src/operations/usage-log.ts";
import type { LastUse, UsageRow } from "../../src/store/usage.ts";
import { pickOf, settle } from "./held-store.ts";

const HOUR_MS = 3_600_000;

/** A write under way: as the store copies what it is given when it is told to, not before. */
interface HeldWrite {
  succeed(): Promise<void>;
  fail(): Promise<void>;
}

/** A log over a store whose writes end when the test says so. */
class Counting {
  readonly writes: HeldWrite[] = [];
  readonly timers: (() => void)[] = [];
  readonly background: Promise<unknown>[] = [];
  readonly counted = new Map<string, number>();
  readonly lastUses = new Map<string, number>();
  readonly log: UsageLog;

  constructor() {
    this.log = new UsageLog(
      (rows, lastUses) => this.#write(rows, lastUses),
      () => this.#startTimer(),
    );
  }

  note(use: Partial<Use>): void {
    const whole = { tokenId: "tok", teamId: "team", permissions: ["P"], verdict: "allowed", at: 0, ...use };
    this.log.note(whole, { background: (work) => void this.background.push(work) });
  }

  /** Begins a write, and does not wait for it. */
  flush(): void {
    this.background.push(this.log.flush());
  }

  async endTimers(): Promise<void> {
    for (const end of this.timers.splice(0)) end();
    await settle();
  }

  async finish(): Promise<void> {
    while (this.writes.length > 0) await this.writes[0]?.succeed();
    await this.endTimers();
    this.flush();
    while (this.writes.length > 0) await this.writes[0]?.succeed();
  }

  #write(rows: readonly UsageRow[], lastUses: readonly LastUse[]): Promise<void> {
    const given = JSON.stringify({ rows, lastUses });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = (): void => void this.writes.splice(this.writes.indexOf(write), 1);
    const write: HeldWrite = {
      succeed: () => {
        leave();
        // Nothing that was handed over may change while it is being written.
        expect(JSON.stringify({ rows, lastUses })).toBe(given);
        for (const row of rows) add(this.counted, keyOf(row), row.count);
        for (const { tokenId, at } of lastUses) {
          this.lastUses.set(tokenId, Math.max(at, this.lastUses.get(tokenId) ?? 0));
        }
        resolve();
        return settle();
      },
      fail: () => {
        leave();
        reject(new Error("Network connection lost"));
        return settle();
      },
    };
    this.writes.push(write);
    return promise;
  }

  #startTimer(): Timer {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.timers.push(resolve);
    return { done: promise, cancel: () => undefined };
  }
}

function keyOf({ tokenId, teamId, hour, verdict, permission }: Omit<UsageRow, "count">): string {
  return JSON.stringify([tokenId, teamId, hour, verdict, permission]);
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

const anyUse = fc.record({
  kind: fc.constant("use" as const),
  tokenId: fc.constantFrom("tok_a", "tok_b"),
  permissions: fc.subarray(["P", "Q"]),
  verdict: fc.constantFrom("allowed", "revoked_token"),
  at: fc.constantFrom(0, 1, HOUR_MS - 1, HOUR_MS, HOUR_MS + 5),
});
const anyOther = fc.record({
  kind: fc.constantFrom("flush" as const, "timers" as const, "succeed" as const, "fail" as const),
  pick: fc.nat({ max: 3 }),
});

describe("counting", () => {
  test("comes to what was noted, however notes, writes and failures of writes interleave", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(anyUse, anyOther), { maxLength: 60, size: "max" }),
        async (events) => {
          const counting = new Counting();
          const noted = new Map<string, number>();
          const used = new Map<string, number>();
          for (const event of events) {
            if (event.kind === "use") {
              const { tokenId, permissions, verdict, at } = event;
              counting.note(event);
              const hour = at < HOUR_MS ? 0 : 1;
              for (const permission of permissions.length === 0 ? [""] : permissions) {
                add(noted, keyOf({ tokenId, teamId: "team", hour, verdict, permission }), 1);
              }
              if (verdict === "allowed") used.set(tokenId, at);
            } else if (event.kind === "flush") counting.flush();
            else if (event.kind === "timers") await counting.endTimers();
            else await pickOf(counting.writes, event.pick)?.[event.kind]();
          }
          await counting.finish();
          expect(counting.counted).toEqual(noted);
          expect(new Set(counting.lastUses.keys())).toEqual(new Set(used.keys()));
          for (const [tokenId, at] of used) expect(counting.lastUses.get(tokenId)).toBeGreaterThanOrEqual(at);
        },
      ),
      { numRuns: 1_000 },
    ));

  test("of a write that fails is made up for by the next, with what was noted meanwhile", async () => {
    const counting = new Counting();
    counting.note({});
    counting.note({ permissions: ["P", "Q"], at: 3 });
    counting.flush();
    counting.note({ at: 7 });
    counting.note({ tokenId: "other" });
    await counting.writes[0]?.fail();
    counting.note({ at: 8 });
    await counting.finish();
    expect([...counting.counted.values()].toSorted((a, b) => a - b)).toEqual([1, 1, 4]);
    expect(counting.lastUses).toEqual(
      new Map([
        ["tok", 8],
        ["other", 0],
      ]),
    );
  });

  test("is written once for many notes, five seconds after the first", async () => {
    const counting = new Counting();
    for (let each = 0; each < 1_000; each++) counting.note({ at: each });
    expect([counting.timers.length, counting.background.length]).toEqual([1, 1]);
    await counting.endTimers();
    await counting.writes[0]?.succeed();
    expect(counting.counted).toEqual(
      new Map([
        [keyOf({ tokenId: "tok", teamId: "team", hour: 0, verdict: "allowed", permission: "P" }), 1_000],
      ]),
    );
    expect(counting.lastUses).toEqual(new Map([["tok", 999]]));
  });

  test("of very many different things is written at once, and none of it twice", async () => {
    const counting = new Counting();
    for (let each = 0; each < 5_000; each++) counting.note({ tokenId: `tok_${each}` });
    expect(counting.writes).toHaveLength(1);
    await counting.finish();
    expect(counting.counted.size).toBe(5_000);
    expect(new Set(counting.counted.values())).toEqual(new Set([1]));
  });

  test("waits in the background alone, where a failure troubles nobody", async () => {
    const counting = new Counting();
    counting.note({});
    await counting.endTimers();
    await counting.writes[0]?.fail();
    await expect(Promise.all(counting.background)).resolves.toBeDefined();
  });
});
