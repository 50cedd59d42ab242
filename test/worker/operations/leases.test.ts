import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { check, issue, makeService, makeTeam, startWorker, type Verdict, type Worker } from "../support.ts";

let team = "";
let key = "";

beforeAll(async () => {
  team = (await makeTeam()).id;
  key = (await makeService()).key;
});

async function limited(limit: number, windowSeconds = 3_600) {
  return issue(team, {
    permissions: ["EMM.Devices.VIEW"],
    rate_limit: { limit, window_seconds: windowSeconds },
  });
}

async function checkTogether(token: string, count: number, at: Worker, cost = 1): Promise<Verdict[]> {
  return Promise.all(Array.from({ length: count }, () => check(key, { token, cost }, { at })));
}

const allowedOf = (verdicts: readonly Verdict[]) => verdicts.filter(({ allowed }) => allowed).length;

/** An isolate of its own that counts its calls of limiters. */
async function countingWorker(): Promise<{ at: Worker; calls: () => number }> {
  let calls = 0;
  const counted = <T extends object>(stub: T): T =>
    new Proxy(stub, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return (...given: unknown[]): unknown => {
          calls += 1;
          return Reflect.apply(method, target, given);
        };
      },
    });
  const LIMITER = new Proxy(env.LIMITER, {
    get: (target, name) => {
      if (name === "get") return (id: DurableObjectId) => counted(target.get(id));
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
  return { at: await startWorker({ LIMITER }), calls: () => calls };
}

describe("a leased limit on one isolate", () => {
  test("of 150 allows exactly 150 of 200 parallel checks, with a few calls", async () => {
    const { at, calls } = await countingWorker();
    const { token } = await limited(150);
    expect(allowedOf(await checkTogether(token, 200, at))).toBe(150);
    expect(calls()).toBeLessThanOrEqual(5);
  });

  test("costs at most a call per 20 checks while under half of it", async () => {
    const { at, calls } = await countingWorker();
    const { token } = await limited(1_000);
    let checks = 0;
    for (let round = 0; round < 50; round += 1) checks += allowedOf(await checkTogether(token, 10, at));
    expect(checks).toBe(500);
    expect(checks / calls()).toBeGreaterThanOrEqual(20);
  });

  test("tells what is left as if there were no blocks, and nothing of what was never there", async () => {
    const { at } = await countingWorker();
    const { token } = await limited(100);
    for (let used = 1; used <= 60; used += 1) {
      const verdict = await check(key, { token }, { at });
      expect(verdict.rate_limit).toMatchObject({ limit: 100, remaining: 100 - used });
    }
    const refused = await check(key, { token, cost: 41 }, { at });
    expect(refused).toMatchObject({ allowed: false, rate_limit: { remaining: 40 } });
    expect(refused.error?.retry_after).toBeGreaterThan(3_000);
    expect((await check(key, { token, cost: 40 }, { at })).allowed).toBe(true);
    expect((await check(key, { token, cost: 101 }, { at })).error).not.toHaveProperty("retry_after");
  });
});

describe("a leased limit on several isolates", () => {
  test("is exact together when each wants all of it", async () => {
    const isolates = await Promise.all([startWorker(), startWorker(), startWorker()]);
    const { token } = await limited(150);
    const verdicts = await Promise.all(isolates.map((at) => checkTogether(token, 150, at)));
    expect(allowedOf(verdicts.flat())).toBe(150);
  });

  test("is not exceeded, and used up in the end, when one of them is gone with what it held", async () => {
    const [gone, stays] = await Promise.all([startWorker(), startWorker()]);
    const { token } = await limited(100);
    const first = allowedOf(await checkTogether(token, 2, gone));
    const second = allowedOf(await checkTogether(token, 200, stays));
    expect(first).toBe(2);
    // What the first one holds at most: half of it, while it is fresh.
    expect(second).toBeGreaterThanOrEqual(48);
    expect(second).toBeLessThanOrEqual(98);
  });

  test("comes back to the others when a lease ends unused", async () => {
    const [idle, busy] = await Promise.all([startWorker(), startWorker()]);
    // Leases of a second, which end long before the window does.
    const { token } = await limited(1_000, 4);
    await checkTogether(token, 20, idle);
    await vi.waitFor(
      async () =>
        expect((await check(key, { token }, { at: busy })).rate_limit?.remaining).toBeGreaterThan(940),
      { timeout: 3_500, interval: 100 },
    );
  });

  test("is still exact after the limiter was evicted in between", async () => {
    const { token, id } = await limited(120);
    const [one, two] = await Promise.all([startWorker(), startWorker()]);
    const before = allowedOf(await checkTogether(token, 60, one));
    await evictDurableObject(env.LIMITER.get(env.LIMITER.idFromName(`token:${id}`)));
    const after =
      allowedOf(await checkTogether(token, 200, one)) + allowedOf(await checkTogether(token, 50, two));
    expect(before).toBe(60);
    expect(after).toBe(60);
  });
});
