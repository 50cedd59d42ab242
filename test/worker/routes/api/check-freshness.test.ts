import { beforeAll, describe, expect, test, vi } from "vitest";
import {
  call,
  check,
  driveClock,
  expectAnswer,
  expectRefusal,
  issue,
  makeService,
  makeTeam,
  rows,
  sealed,
  startWorker,
  storeToken,
  storeWith,
  type Worker,
} from "../../support.ts";

const clock = driveClock();
const BOUND_MS = 1_000;
const VIEW = "EMM.Devices.VIEW";
const WIPE = "EMM.DeviceCommands.WIPE";

let team = "";
let key = "";
/** Isolates that know nothing of what this one does, except by the feed. */
let elsewhere: Worker;
beforeAll(async () => {
  team = (await makeTeam()).id;
  ({ key } = await makeService());
  elsewhere = await startWorker();
});

async function revoke(id: string): Promise<number> {
  const revoked = await call("POST", `/v1/teams/${team}/access-tokens/${id}/revoke`);
  return Date.parse(expectAnswer(revoked, 200, "RevokedAccessToken").effective_by);
}

function askElsewhere(token: string, permissions: string[] = []) {
  return check(key, { token, permissions }, { at: elsewhere });
}

describe("a revocation", () => {
  test("holds from effective_by on, which is the bound after the answer, in every isolate", async () => {
    const { id, token } = await issue(team);
    expect((await askElsewhere(token)).allowed).toBe(true);
    expect((await check(key, { token })).allowed).toBe(true);
    expect(await revoke(id)).toBe(Date.now() + BOUND_MS);
    clock.advance(BOUND_MS);
    expect((await askElsewhere(token)).reason).toBe("revoked_token");
    expect((await check(key, { token })).reason).toBe("revoked_token");
  });

  test("holds at once in an isolate that has not seen the token", async () => {
    const { id, token } = await issue(team);
    await revoke(id);
    expect((await askElsewhere(token)).reason).toBe("revoked_token");
  });

  test("holds at once when a strict permission is named", async () => {
    const { id, token } = await issue(team, { permissions: [WIPE, VIEW] });
    expect((await askElsewhere(token, [WIPE])).allowed).toBe(true);
    expect((await askElsewhere(token, [VIEW])).allowed).toBe(true);
    await revoke(id);
    expect((await askElsewhere(token, [WIPE, VIEW])).reason).toBe("revoked_token");
  });

  test("holds at once when nothing is named and the token holds a strict permission", async () => {
    const { id, token } = await issue(team, { permissions: [WIPE, VIEW] });
    expect((await askElsewhere(token)).allowed).toBe(true);
    await revoke(id);
    expect((await askElsewhere(token)).reason).toBe("revoked_token");
  });

  test("holds at once for each of many tokens, checked while they are revoked", async () => {
    const tokens = await Promise.all(
      Array.from({ length: 25 }, () => issue(team, { permissions: [WIPE, VIEW] })),
    );
    const reasons = await Promise.all(
      tokens.map(async ({ id, token }) => {
        await askElsewhere(token, [WIPE]);
        await revoke(id);
        return (await askElsewhere(token, [WIPE])).reason;
      }),
    );
    expect(new Set(reasons)).toEqual(new Set(["revoked_token"]));
  });

  test("holds at once everywhere with FRESHNESS_MS=0, and effective_by says so", async () => {
    const exact = await startWorker({ FRESHNESS_MS: "0" });
    const { id, token } = await issue(team);
    expect((await check(key, { token }, { at: exact })).allowed).toBe(true);
    const revoked = await call("DELETE", `/v1/teams/${team}/access-tokens/${id}`, { at: exact });
    const { effective_by } = expectAnswer(revoked, 200, "RevokedAccessToken");
    expect(Date.parse(effective_by)).toBe(Date.now());
    expect((await check(key, { token }, { at: exact })).reason).toBe("revoked_token");
  });

  test("of a caller holds for the management API as it does for a check", async () => {
    const { id, token } = await issue(team);
    const get = () => call("GET", `/v1/teams/${team}`, { as: token, at: elsewhere });
    expectAnswer(await get(), 200, "Team");
    await revoke(id);
    clock.advance(BOUND_MS);
    expectRefusal(await get(), 401, "TOK0005");
  });
});

describe("expiry", () => {
  test("needs no feed: it holds in the very millisecond, for a token that is cached", async () => {
    const { token } = await issue(team, { permissions: [VIEW], expires_in: 2 });
    clock.advance(1_999);
    expect((await check(key, { token })).allowed).toBe(true);
    clock.advance(1);
    expect((await check(key, { token })).reason).toBe("expired_token");
  });
});

describe("as_of", () => {
  test("is never older than the bound before the check, and every change before it is applied", async () => {
    const { token } = await issue(team);
    for (const step of [0, 1, 400, 999, 1_000, 5_000]) {
      clock.advance(step);
      const { as_of } = await check(key, { token });
      expect(Date.parse(as_of)).toBeGreaterThan(Date.now() - BOUND_MS);
      expect(Date.parse(as_of)).toBeLessThanOrEqual(Date.now());
    }
  });

  test("of a strict check is now", async () => {
    const { token } = await issue(team, { permissions: [WIPE, VIEW] });
    await check(key, { token, permissions: [WIPE] });
    clock.advance(300);
    expect(Date.parse((await check(key, { token, permissions: [WIPE] })).as_of)).toBe(Date.now());
  });
});

describe("a new token", () => {
  test("is good at once in every isolate, though it was unknown a moment before", async () => {
    const text = sealed("pat");
    expect((await askElsewhere(text)).reason).toBe("unknown_token");
    await storeToken(team, {}, text);
    expect((await askElsewhere(text)).allowed).toBe(true);
  });
});

describe("when the store cannot be reached", () => {
  test("a check is 503 COM0004 with Retry-After, and no verdict", async () => {
    const { token } = await issue(team);
    const broken = storeWith(() => Promise.reject(new Error(`D1_ERROR: Network connection lost: ${token}`)));
    const cut = await startWorker({ DB: broken });
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const answer = await call("POST", "/v1/check", { as: key, body: { token }, at: cut });
    log.mockRestore();
    expectRefusal(answer, 503, "COM0004");
    expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThanOrEqual(1);
    expect(answer.text).not.toContain(token);
  });

  test("forged, foreign and malformed tokens still get their verdict: they never needed it", async () => {
    let reads = 0;
    const count = (): void => {
      reads += 1;
    };
    const DB = storeWith((run) => {
      count();
      return run();
    }, count);
    const counting = await startWorker({ DB });
    const { token } = await issue(team);
    await check(key, { token }, { at: counting });
    const before = reads;
    expect(before).toBeGreaterThan(0);
    for (const text of [
      "garbage",
      sealed("pat", { region: "eu" }),
      sealed("pat", { key: "forger" }),
      sealed("rt"),
    ]) {
      expect((await check(key, { token: text }, { at: counting })).allowed).toBe(false);
    }
    expect(reads).toBe(before);
  });
});

test("the feed has a row for each change that can kill a cached verdict", async () => {
  const { id } = await issue(team);
  await revoke(id);
  expect(await rows("SELECT subject FROM feed WHERE subject = ?", `token:${id}`)).toHaveLength(1);
});
