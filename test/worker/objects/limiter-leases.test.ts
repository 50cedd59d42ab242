import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { LeaseRequest } from "../../../src/domain/lease.ts";
import { driveClock, unique } from "../support.ts";

const clock = driveClock();
const LIMIT = { limit: 100, windowMs: 10_000 };
const HOT: LeaseRequest = {
  ...LIMIT,
  cost: 1,
  waiting: 0,
  recentRatePerSecond: 100,
  leaseMs: 2_750,
  returned: null,
};

function limiterOf(subject = unique("token")) {
  return env.LIMITER.get(env.LIMITER.idFromName(subject));
}

type Stub = ReturnType<typeof limiterOf>;

/** A block, with the call that it came with. */
async function leased(limiter: Stub, request: LeaseRequest = HOT) {
  const answer = await limiter.lease(request);
  if (answer.lease === null) throw new Error("nothing was handed out");
  return { ...answer, lease: answer.lease };
}

const left = async (limiter: Stub) => (await limiter.take({ ...LIMIT, cost: 0 })).remaining;

async function storedKeys(limiter: Stub): Promise<string[]> {
  return runInDurableObject(limiter, (_instance, { storage }) =>
    [...storage.kv.list()].map(([name]) => name),
  );
}

describe("a block that is handed out", () => {
  test("counts, with what was charged beside it, until its lease and the window have passed", async () => {
    const limiter = limiterOf();
    const { lease, remaining } = await leased(limiter);
    expect(lease.count).toBe(49);
    expect(remaining).toBe(50);
    clock.advance(2_750 + 10_000 - 1);
    expect(await left(limiter)).toBe(51);
    clock.advance(1);
    expect(await left(limiter)).toBe(100);
  });

  test("still counts after an eviction, and can be returned then", async () => {
    const limiter = limiterOf();
    const { lease } = await leased(limiter);
    await evictDurableObject(limiter);
    expect(await left(limiter)).toBe(50);
    await limiter.settle({ leaseId: lease.id, used: 9 });
    await evictDurableObject(limiter);
    expect(await left(limiter)).toBe(90);
  });

  test("is as large as what waits for it, as far as that is there", async () => {
    const cold = { ...HOT, recentRatePerSecond: 0 };
    expect((await leased(limiterOf(), { ...cold, waiting: 30 })).lease.count).toBe(30);
    expect((await leased(limiterOf(), { ...cold, waiting: 500 })).lease.count).toBe(99);
    expect((await limiterOf().lease(cold)).lease).toBeNull();
  });

  test("goes to one caller: of parallel ones, all blocks and charges together are within the limit", async () => {
    const limiter = limiterOf();
    const answers = await Promise.all(
      Array.from({ length: 120 }, () => limiter.lease({ ...HOT, waiting: 3 })),
    );
    const handedOut = answers.reduce(
      (sum, { allowed, lease }) => sum + Number(allowed) + (lease?.count ?? 0),
      0,
    );
    expect(handedOut).toBe(100);
    const ids = answers.flatMap(({ lease }) => (lease === null ? [] : [lease.id]));
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("a return", () => {
  test("frees what was not used, once, however often it is sent", async () => {
    const limiter = limiterOf();
    const { lease } = await leased(limiter);
    for (let again = 0; again < 3; again += 1) {
      await limiter.settle({ leaseId: lease.id, used: 40 });
      expect(await left(limiter)).toBe(59);
    }
  });

  test("of a lease that nobody has changes nothing", async () => {
    const limiter = limiterOf();
    const { lease } = await leased(limiter);
    await limiter.settle({ leaseId: lease.id + 1, used: 0 });
    expect(await left(limiter)).toBe(50);
  });

  test("is kept when the request that brings it is refused", async () => {
    const limiter = limiterOf();
    const { lease } = await leased(limiter);
    const asked = await limiter.lease({ ...HOT, cost: 99, returned: { leaseId: lease.id, used: 20 } });
    expect(asked).toMatchObject({ allowed: false, remaining: 79, lease: null });
    await evictDurableObject(limiter);
    expect(await left(limiter)).toBe(79);
  });

  test("that comes after everything was forgotten leaves nothing behind", async () => {
    const limiter = limiterOf();
    const { lease } = await leased(limiter);
    clock.advance(60_000);
    expect(await runDurableObjectAlarm(limiter)).toBe(true);
    expect(await storedKeys(limiter)).toEqual([]);
    await limiter.settle({ leaseId: lease.id, used: 1 });
    expect(await storedKeys(limiter)).toEqual([]);
    expect(await left(limiter)).toBe(100);
  });
});

test("the alarm waits for the lease's end and the window", async () => {
  const limiter = limiterOf();
  await limiter.lease(HOT);
  const alarm = await runInDurableObject(limiter, (_instance, { storage }) => storage.getAlarm());
  expect(alarm).toBe(Date.now() + 2_750 + 10_000);
});
