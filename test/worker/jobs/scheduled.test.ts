import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import worker from "../../../src/index.ts";
import {
  call,
  check,
  driveClock,
  expectAnswer,
  issue,
  makeService,
  makeTeam,
  rows,
  startWorker,
  unique,
} from "../support.ts";

const HOUR_MS = 3_600_000;
const clock = driveClock();

async function runScheduled(): Promise<void> {
  await worker.scheduled(createScheduledController(), env);
}

async function revokeOne(team: string): Promise<string> {
  const { id } = await issue(team);
  expectAnswer(await call("DELETE", `/v1/teams/${team}/access-tokens/${id}`), 200, "RevokedAccessToken");
  return id;
}

describe("the change feed", () => {
  test("is pruned after an hour, except for its last row: its height never falls", async () => {
    const team = (await makeTeam()).id;
    await revokeOne(team);
    await revokeOne(team);
    const before = await rows<{ seq: number }>("SELECT seq FROM feed ORDER BY seq");
    clock.advance(HOUR_MS);
    await runScheduled();
    expect(await rows("SELECT seq FROM feed ORDER BY seq")).toEqual(before);
    clock.advance(1);
    await runScheduled();
    expect(await rows("SELECT seq FROM feed ORDER BY seq")).toEqual(before.slice(-1));
  });

  test("that was pruned while an isolate slept costs that isolate its cache, and no revocation", async () => {
    const team = (await makeTeam()).id;
    const { key } = await makeService();
    const sleeper = await startWorker();
    const { id, token } = await issue(team);
    expect((await check(key, { token }, { at: sleeper })).allowed).toBe(true);
    expectAnswer(await call("DELETE", `/v1/teams/${team}/access-tokens/${id}`), 200, "RevokedAccessToken");
    await revokeOne(team);
    clock.advance(HOUR_MS + 1);
    await runScheduled();
    expect(await rows("SELECT seq FROM feed WHERE subject = ?", `token:${id}`)).toEqual([]);
    expect((await check(key, { token }, { at: sleeper })).reason).toBe("revoked_token");
  });
});

describe("kept answers", () => {
  test("are forgotten after 24 hours, and not before", async () => {
    const team = (await makeTeam()).id;
    const body = { name: "x", permissions: ["EMM.Team.VIEW"] };
    await call("POST", `/v1/teams/${team}/access-tokens`, {
      body,
      headers: { "Idempotency-Key": unique("key") },
    });
    clock.advance(24 * HOUR_MS);
    await runScheduled();
    expect(await rows("SELECT id FROM idempotency")).toHaveLength(1);
    clock.advance(1);
    await runScheduled();
    expect(await rows("SELECT id FROM idempotency")).toEqual([]);
  });
});
