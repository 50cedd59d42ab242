import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Operator } from "./operator.ts";
import { addressIn, gone, makePlace, runCurl, spawnStart, type StartProcess } from "./start-process.ts";

const STARTING_MS = 60_000;

const place = makePlace();
const running: StartProcess[] = [];

async function start(): Promise<{
  readonly process: StartProcess;
  readonly printed: string;
  readonly url: string;
}> {
  const process = spawnStart(place);
  running.push(process);
  const printed = await process.untilReady();
  return { process, printed, url: addressIn(printed) };
}

afterAll(async () => {
  for (const process of running) process.kill("SIGKILL");
  await Promise.all(running.map(({ ended }) => ended));
  place.remove();
});

describe("npm start (contract, section 1)", { timeout: STARTING_MS }, () => {
  let first: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    first = await start();
  }, STARTING_MS);

  test("serves region us at the address that it prints", async () => {
    const response = await fetch(`${first.url}/healthz`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: "ok", region: "us" });
  });

  test("prints a command whose answer allows the demo token", async () => {
    expect(await runCurl(first.printed)).toMatchObject({ allowed: true, token: { name: "Demo token" } });
  });

  test("prints a command that locks a device of the example, which the same token may not wipe", async () => {
    expect(await runCurl(first.printed, 1)).toMatchObject({ command: { name: "lock", status: "queued" } });
    const wiping = first.printed.replace("/commands/lock ", "/commands/wipe ");
    expect(await runCurl(wiping, 1)).toMatchObject({ missing: ["EMM.DeviceCommands.WIPE"] });
  });

  test("prints nothing but its own lines", () => {
    const starts = first.printed
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.trim().split(" ")[0]);
    expect(starts.filter((word) => word !== "Console" && word !== "sign")).toEqual([
      "Wrote",
      "Building",
      "Jeton",
      "API",
      "Example",
      "Operator",
      "State",
      "Ask",
      "curl",
      "Lock",
      "curl",
      "Ctrl-C",
    ]);
  });

  test("names the console only if there is one", async () => {
    const { status } = await fetch(`${first.url}/console`, { redirect: "manual" });
    expect(/^ *Console /m.test(first.printed)).toBe(status !== 404);
  });

  test("writes the settings from their example, and keeps what was shown once from other users", () => {
    expect(readFileSync(place.varsFile, "utf8")).toBe(readFileSync(".dev.vars.example", "utf8"));
    expect(statSync(join(place.stateDir, "demo.json")).mode & 0o077).toBe(0);
  });

  test("says in one line that the port is taken, and how to choose another", async () => {
    const elsewhere = makePlace();
    const { port } = new URL(first.url);
    const { code, stdout, stderr } = await spawnStart(elsewhere, port).ended;
    elsewhere.remove();
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(`Port ${port} is taken. Choose another: PORT=${Number(port) + 1} npm start\n`);
  });

  test("refuses a folder that another one uses", async () => {
    const { code, stdout, stderr } = await spawnStart(place).ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^Another Jeton \(process \d+\) uses .*STATE_DIR=.* npm start\n$/);
  });

  test("refuses a PORT that is none", async () => {
    const { code, stdout, stderr } = await spawnStart(place, "70000").ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^PORT must be a whole number from 0 to 65535.*\n$/);
  });

  test(
    "stops cleanly on Ctrl-C, goes on where it stopped, and survives being killed",
    async () => {
      const operator = await Operator.setUp(first.url, "survivor");
      const live = await operator.issue();
      const revoked = await operator.issue();
      await operator.revoke(revoked.id);
      const spent = await operator.issue(3);
      for (let count = 0; count < 3; count += 1) {
        expect(await operator.check(spent.token)).toMatchObject({ allowed: true });
      }
      const expectSameState = async (url: string): Promise<void> => {
        const moved = operator.at(url);
        expect(await moved.check(live.token)).toMatchObject({ allowed: true });
        expect(await moved.check(revoked.token)).toMatchObject({ allowed: false, reason: "revoked_token" });
        expect(await moved.check(spent.token)).toMatchObject({ allowed: false, reason: "rate_limited" });
        expect(await moved.slugs()).toEqual(["survivor", "demo"]);
      };

      first.process.kill("SIGINT");
      // npm passes on what the terminal has sent already: that is no second wish. Two of the same would be one.
      first.process.kill("SIGTERM");
      expect(await first.process.ended).toMatchObject({ code: 0, stderr: "" });
      // workerd itself has the port: who is refused there knows that it is gone.
      await gone(first.url);

      const second = await start();
      await expectSameState(second.url);
      expect(await runCurl(second.printed)).toMatchObject({ allowed: true });
      second.process.kill("SIGKILL");
      await second.process.ended;
      await gone(second.url);

      const third = await start();
      await expectSameState(third.url);
      third.process.kill("SIGTERM");
      expect(await third.process.ended).toMatchObject({ code: 0, stderr: "" });
    },
    3 * STARTING_MS,
  );
});
