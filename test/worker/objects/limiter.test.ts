import {
  abortAllDurableObjects,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { driveClock, unique } from "../support.ts";

const clock = driveClock();
const LIMIT = { limit: 50, windowMs: 10_000 };

function limiterOf(subject = unique("token")) {
  return env.LIMITER.get(env.LIMITER.idFromName(subject));
}

type Stub = ReturnType<typeof limiterOf>;

async function takeTogether(limiter: Stub, calls: number, cost = 1): Promise<number> {
  const answers = await Promise.all(Array.from({ length: calls }, () => limiter.take({ ...LIMIT, cost })));
  return answers.filter(({ allowed }) => allowed).length;
}

async function storedKeys(limiter: Stub): Promise<string[]> {
  return runInDurableObject(limiter, (_instance, { storage }) =>
    [...storage.kv.list()].map(([name]) => name),
  );
}

async function alarmOf(limiter: Stub): Promise<number | null> {
  return runInDurableObject(limiter, (_instance, { storage }) => storage.getAlarm());
}

describe("parallel callers", () => {
  test("get exactly the limit between them", async () => {
    expect(await takeTogether(limiterOf(), 200)).toBe(50);
  });

  test("with a cost get as many whole costs as fit, and what is left goes to smaller ones", async () => {
    const limiter = limiterOf();
    expect(await takeTogether(limiter, 20, 7)).toBe(7);
    expect(await takeTogether(limiter, 5, 1)).toBe(1);
  });

  test("of different subjects do not meet", async () => {
    const [one, two] = [limiterOf(), limiterOf()];
    expect(await Promise.all([takeTogether(one, 60), takeTogether(two, 60)])).toEqual([50, 50]);
  });
});

describe("what was counted", () => {
  test("is still counted after an eviction", async () => {
    const limiter = limiterOf();
    expect(await takeTogether(limiter, 30)).toBe(30);
    await evictDurableObject(limiter);
    expect(await takeTogether(limiter, 200)).toBe(20);
    await evictDurableObject(limiter);
    expect(await takeTogether(limiter, 200)).toBe(0);
  });

  test("is still counted after a crash", async () => {
    const subject = unique("token");
    expect(await takeTogether(limiterOf(subject), 30)).toBe(30);
    await abortAllDurableObjects();
    expect(await takeTogether(limiterOf(subject), 200)).toBe(20);
  });

  test("is never more than was allowed: a refusal charges nothing and lengthens no wait", async () => {
    const limiter = limiterOf();
    await limiter.take({ ...LIMIT, cost: 50 });
    clock.advance(4_000);
    for (let again = 0; again < 3; again += 1) {
      expect(await limiter.take({ ...LIMIT, cost: 1 })).toEqual({
        allowed: false,
        remaining: 0,
        retryAfterMs: 6_000,
        resetMs: 6_000,
      });
    }
  });

  test("slides out of the window one by one, each a window after it was charged", async () => {
    const limiter = limiterOf();
    await limiter.take({ ...LIMIT, cost: 20 });
    clock.advance(6_000);
    await limiter.take({ ...LIMIT, cost: 30 });
    clock.advance(3_999);
    expect(await limiter.take({ ...LIMIT, cost: 20 })).toMatchObject({ allowed: false, retryAfterMs: 1 });
    clock.advance(1);
    expect(await limiter.take({ ...LIMIT, cost: 20 })).toMatchObject({ allowed: true, remaining: 0 });
    expect(await limiter.take({ ...LIMIT, cost: 1 })).toMatchObject({ allowed: false, retryAfterMs: 6_000 });
  });

  test("is counted by the object's own clock, and nothing comes back when that one goes back", async () => {
    const limiter = limiterOf();
    let now = Date.now();
    await runInDurableObject(limiter, (instance) => {
      instance.clock = () => now;
    });
    await limiter.take({ ...LIMIT, cost: 50 });
    now -= 3_600_000;
    expect((await limiter.take({ ...LIMIT, cost: 1 })).allowed).toBe(false);
    now += 3_600_000 + 10_000;
    expect((await limiter.take({ ...LIMIT, cost: 50 })).allowed).toBe(true);
  });
});

describe("a cost above the limit", () => {
  test("can never be allowed, and says so", async () => {
    const limiter = limiterOf();
    expect(await limiter.take({ ...LIMIT, cost: 51 })).toEqual({
      allowed: false,
      remaining: 50,
      retryAfterMs: null,
      resetMs: 0,
    });
    expect(await storedKeys(limiter)).toEqual([]);
  });
});

describe("the alarm", () => {
  test("is set for the end of the window, and forgets an empty one altogether", async () => {
    const limiter = limiterOf();
    await limiter.take({ ...LIMIT, cost: 1 });
    expect(await alarmOf(limiter)).toBe(Date.now() + 10_000);
    clock.advance(10_000);
    expect(await runDurableObjectAlarm(limiter)).toBe(true);
    expect(await storedKeys(limiter)).toEqual([]);
    expect(await alarmOf(limiter)).toBeNull();
    expect(await takeTogether(limiter, 200)).toBe(50);
  });

  test("forgets nothing that still counts, and comes again when that has passed", async () => {
    const limiter = limiterOf();
    await limiter.take({ ...LIMIT, cost: 20 });
    clock.advance(7_000);
    await limiter.take({ ...LIMIT, cost: 20 });
    clock.advance(3_000);
    expect(await runDurableObjectAlarm(limiter)).toBe(true);
    expect(await alarmOf(limiter)).toBe(Date.now() + 7_000);
    expect(await takeTogether(limiter, 200)).toBe(30);
  });

  test("that comes early forgets nothing", async () => {
    const limiter = limiterOf();
    await limiter.take({ ...LIMIT, cost: 50 });
    await runDurableObjectAlarm(limiter);
    expect(await takeTogether(limiter, 10)).toBe(0);
  });

  test("is set after an eviction too, for an object that finds an old window in its storage", async () => {
    const limiter = limiterOf();
    await limiter.take({ ...LIMIT, cost: 1 });
    await evictDurableObject(limiter);
    clock.advance(20_000);
    await limiter.take({ ...LIMIT, cost: 1 });
    expect(await runDurableObjectAlarm(limiter)).toBe(true);
    expect(await alarmOf(limiter)).toBe(Date.now() + 10_000);
  });
});
