import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import {
  check,
  driveClock,
  issue,
  makeService,
  makeTeam,
  sealed,
  startWorker,
  storeToken,
  type IssuedToken,
  type Verdict,
} from "../../support.ts";

const clock = driveClock();

let team = "";
let key = "";
beforeAll(async () => {
  team = (await makeTeam()).id;
  ({ key } = await makeService());
});

function limited(limit: number, window_seconds = 60): Promise<IssuedToken> {
  return issue(team, { permissions: ["EMM.Devices.VIEW"], rate_limit: { limit, window_seconds } });
}

async function checkTogether(token: string, calls: number, question: object = {}): Promise<Verdict[]> {
  return Promise.all(Array.from({ length: calls }, () => check(key, { token, ...question })));
}

function allowedOf(verdicts: readonly Verdict[]): number {
  return verdicts.filter(({ allowed }) => allowed).length;
}

describe("a rate limit", () => {
  test("of 50 lets exactly 50 of 200 parallel checks pass, and tells each of the others when to come back", async () => {
    const { token } = await limited(50);
    const verdicts = await checkTogether(token, 200);
    expect(allowedOf(verdicts)).toBe(50);
    for (const verdict of verdicts) {
      if (verdict.allowed) continue;
      expect(verdict).toMatchObject({
        reason: "rate_limited",
        token: { team },
        rate_limit: { limit: 50, remaining: 0, reset_seconds: 60 },
        error: { status: 429, error_code: "COM0002", retry_after: 60 },
      });
    }
    const remaining = verdicts
      .filter(({ allowed }) => allowed)
      .map(({ rate_limit }) => rate_limit?.remaining);
    expect(remaining.toSorted((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 50 }, (_, left) => left),
    );
  });

  test("holds across isolates: two Workers allow 50 between them", async () => {
    const { token } = await limited(50);
    const second = await startWorker();
    const there = Promise.all(Array.from({ length: 60 }, () => check(key, { token }, { at: second })));
    const [here, elsewhere] = await Promise.all([checkTogether(token, 60), there]);
    expect(allowedOf(here) + allowedOf(elsewhere)).toBe(50);
  });

  test("is remembered by an object that was evicted", async () => {
    const { id, token } = await limited(5);
    expect(allowedOf(await checkTogether(token, 3))).toBe(3);
    await evictDurableObject(env.LIMITER.get(env.LIMITER.idFromName(`token:${id}`)));
    expect(allowedOf(await checkTogether(token, 10))).toBe(2);
  });

  test("slides: a permit is back a window after it was used, and retry_after is the truth", async () => {
    const { token } = await limited(2, 10);
    await check(key, { token });
    clock.advance(6_000);
    await check(key, { token });
    const refused = await check(key, { token });
    expect(refused.error?.retry_after).toBe(4);
    clock.advance(3_999);
    expect((await check(key, { token })).allowed).toBe(false);
    clock.advance(1);
    expect((await check(key, { token })).allowed).toBe(true);
    expect((await check(key, { token })).error?.retry_after).toBe(6);
  });

  test("is each token's own", async () => {
    const [one, two] = await Promise.all([limited(1), limited(1)]);
    expect(allowedOf(await checkTogether(one.token, 3))).toBe(1);
    expect(allowedOf(await checkTogether(two.token, 3))).toBe(1);
  });

  test("does not exist for a token without one, nor for an OAuth access token", async () => {
    const { token } = await issue(team);
    const oauth = await storeToken(team, { kind: "at" }, sealed("at"));
    for (const unlimited of [token, oauth]) {
      const verdicts = await checkTogether(unlimited, 30, { cost: 1_000_000 });
      expect(allowedOf(verdicts)).toBe(30);
      expect(verdicts[0]?.rate_limit).toBeNull();
    }
  });
});

describe("the cost of a check", () => {
  test("is what is charged", async () => {
    const { token } = await limited(10);
    expect((await check(key, { token, cost: 4 })).rate_limit?.remaining).toBe(6);
    expect((await check(key, { token, cost: 7 })).reason).toBe("rate_limited");
    expect((await check(key, { token, cost: 6 })).rate_limit?.remaining).toBe(0);
  });

  test.each([10, 100, 5_000])(
    "above a limit of %i can never be paid: no retry_after, nothing charged",
    async (limit) => {
      const { token } = await limited(limit);
      for (const cost of [limit + 1, Number.MAX_SAFE_INTEGER]) {
        const { reason, error, rate_limit } = await check(key, { token, cost });
        expect(reason).toBe("rate_limited");
        expect(error).toMatchObject({ status: 429, error_code: "COM0002" });
        expect(error).not.toHaveProperty("retry_after");
        expect(rate_limit).toMatchObject({ limit, remaining: limit });
      }
      expect((await check(key, { token, cost: limit })).allowed).toBe(true);
    },
  );
});

describe("a check that is denied for another reason", () => {
  test("is not charged", async () => {
    const { token } = await limited(2);
    const denied = [
      { permissions: ["EMM.DeviceCommands.WIPE"] },
      { team: "team_0000000000000000000000000x" },
      { permissions: ["EMM.DeviceCommands.LOCK"], cost: 2 },
    ];
    for (const question of [...denied, ...denied, ...denied]) {
      const verdict = await check(key, { token, ...question });
      expect(verdict).toMatchObject({ allowed: false, rate_limit: null });
    }
    expect((await check(key, { token })).rate_limit?.remaining).toBe(1);
  });

  test("says so even when the limit is used up", async () => {
    const { token } = await limited(1);
    await check(key, { token });
    const verdict = await check(key, { token, permissions: ["EMM.DeviceCommands.WIPE"] });
    expect(verdict.reason).toBe("missing_permission");
  });
});
