import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ROOT } from "../../scripts/check/tool.ts";
import { buildWorker } from "../../scripts/local/build.ts";
import { Operator } from "./operator.ts";
import { addressIn, gone } from "./start-process.ts";

/*
 * A region on the owner's own machine: started as the README tells, killed, restarted, backed up while it works,
 * and restored.
 */

const LONG_MS = 240_000;
const KEY = "an operator key of our own";

const folder = mkdtempSync(join(tmpdir(), "sovereign-"));
const secrets = join(folder, "secrets");
let bundle = "";
const running = new Set<Served>();

interface Served {
  readonly url: string;
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<{ readonly code: number | null; readonly said: string }>;
}

beforeAll(async () => {
  const lines = [
    `OPERATOR_KEY=${KEY}`,
    "TAG_KEYS=a tag key of our own",
    "ENCRYPTION_KEYS=keys of our very own",
  ];
  writeFileSync(secrets, lines.join("\n"), { mode: 0o600 });
  bundle = await buildWorker(join(folder, "bundle"));
}, LONG_MS);

afterAll(async () => {
  for (const { kill } of running) kill("SIGKILL");
  await Promise.all([...running].map(({ ended }) => ended));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** Runs one of the scripts that package.json names. */
function run(script: string, words: readonly string[]) {
  const child = spawn(process.execPath, [`scripts/${script}.ts`, ...words], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part: string) => {
      said += part;
    });
  }
  const ended = once(child, "close").then(() => ({ code: child.exitCode, said }));
  return { child, ended, said: () => said };
}

async function serve(stateDir: string, more: readonly string[] = []): Promise<Served> {
  const words = [
    "--region",
    "cn",
    "--state",
    stateDir,
    "--secrets",
    secrets,
    "--port",
    "0",
    "--bundle",
    bundle,
  ];
  const { child, ended, said } = run("serve", [...words, ...more]);
  while (addressIn(said()) === "") {
    const early = await Promise.race([once(child.stdout, "data").then(() => null), ended]);
    if (early !== null) throw new Error(`it ended early: ${early.said}`);
  }
  const served: Served = {
    url: addressIn(said()),
    pid: child.pid ?? 0,
    kill: (signal) => child.kill(signal),
    ended,
  };
  running.add(served);
  return served;
}

async function stop(served: Served, signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
  served.kill(signal);
  const { code } = await served.ended;
  await gone(served.url);
  running.delete(served);
  return code;
}

const backUp = (stateDir: string, more: readonly string[] = []) =>
  command("backup", ["--region", "cn", "--state", stateDir, "--to", join(folder, "backups"), ...more]);

const restore = (stateDir: string, ...backups: string[]) =>
  command("restore", ["--region", "cn", "--state", stateDir, ...backups.flatMap((each) => ["--from", each])]);

async function command(script: string, words: readonly string[]): Promise<string> {
  const { code, said } = await run(script, words).ended;
  if (code !== 0) throw new Error(said);
  return said.trim();
}

/** The processes that do the work of this one. */
function runtimesOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  return children
    .filter((each) => readFileSync(`/proc/${each}/comm`, "utf8").startsWith("workerd"))
    .map(Number);
}

describe("a sovereign region", { timeout: LONG_MS }, () => {
  test("serves as itself, and refuses to serve with a development secret", async () => {
    const stateDir = join(folder, "first");
    const served = await serve(stateDir, ["--origin", "https://tokens.cn.example"]);
    const health = await fetch(`${served.url}/healthz`);
    expect(await health.json()).toMatchObject({ status: "ok", region: "cn" });
    const info = await (await fetch(`${served.url}/oauth/serverinfo`)).json();
    expect((info as { locations: unknown }).locations).toMatchObject({
      cn: "https://tokens.cn.example",
      eu: "https://tokens.example.eu",
    });
    const second = run("serve", [
      "--region",
      "cn",
      "--state",
      stateDir,
      "--secrets",
      secrets,
      "--bundle",
      bundle,
    ]);
    expect(await second.ended).toMatchObject({
      code: 1,
      said: expect.stringMatching(/^Another Jeton/) as unknown,
    });
    expect(await stop(served)).toBe(0);

    const bad = join(folder, "bad-secrets");
    writeFileSync(bad, readFileSync(secrets, "utf8").replace(KEY, "jtn-dev-operator-key"), { mode: 0o600 });
    const words = ["--region", "cn", "--state", join(folder, "bad"), "--secrets", bad, "--bundle", bundle];
    const refused = await run("serve", [...words, "--port", "0"]).ended;
    expect(refused.code).toBe(1);
    expect(refused.said).toContain("OPERATOR_KEY is a development secret");
    expect(refused.said).not.toContain("jtn-dev-operator-key");
  });

  test("keeps tokens, revocations and limits through a kill and a restart", async () => {
    const stateDir = join(folder, "killed");
    const first = await serve(stateDir);
    const operator = await Operator.setUp(first.url, "survivor", "standard", KEY);
    const [live, revoked, spent] = [await operator.issue(), await operator.issue(), await operator.issue(1)];
    await operator.revoke(revoked.id);
    expect(await operator.check(spent.token)).toMatchObject({ allowed: true });
    await stop(first, "SIGKILL");

    const second = await serve(stateDir);
    const after = operator.at(second.url);
    expect(await after.check(live.token)).toMatchObject({ allowed: true });
    expect(await after.check(revoked.token)).toMatchObject({ reason: "revoked_token" });
    expect(await after.check(spent.token)).toMatchObject({ reason: "rate_limited" });
    expect(await stop(second)).toBe(0);
  });

  test.runIf(existsSync("/proc/self/task"))(
    "goes on at the same address when its runtime dies, with all that was acknowledged",
    async () => {
      const served = await serve(join(folder, "orphaned"));
      const operator = await Operator.setUp(served.url, "orphaned", "standard", KEY);
      const [live, revoked] = [await operator.issue(), await operator.issue()];
      await operator.revoke(revoked.id);
      for (const pid of runtimesOf(served.pid)) process.kill(pid, "SIGKILL");
      await vi.waitFor(
        async () => expect(await operator.check(live.token)).toMatchObject({ allowed: true }),
        {
          timeout: 30_000,
          interval: 200,
        },
      );
      expect(await operator.check(revoked.token)).toMatchObject({ reason: "revoked_token" });
      expect(await stop(served)).toBe(0);
    },
  );

  test("comes back from a backup that was made while it worked, and what was revoked since stays revoked", async () => {
    const stateDir = join(folder, "restored");
    const first = await serve(stateDir);
    const operator = await Operator.setUp(first.url, "careful", "standard", KEY);
    const [live, before, since] = [await operator.issue(), await operator.issue(), await operator.issue()];
    await operator.revoke(before.id);
    // Work goes on meanwhile.
    const done = new AbortController();
    const working = (async () => {
      while (!done.signal.aborted) await operator.issue();
    })();
    const backup = await backUp(stateDir);
    done.abort();
    await working;
    expect(statSync(backup).mode & 0o077).toBe(0);
    await operator.revoke(since.id);
    const late = await operator.issue();
    await expect(restore(stateDir, backup)).rejects.toThrow("stop it first");
    await stop(first);

    expect(await restore(stateDir, backup)).toContain("the journal that was there stayed");
    const second = await serve(stateDir);
    const after = operator.at(second.url);
    expect(await after.check(live.token)).toMatchObject({ allowed: true });
    expect(await after.check(before.token)).toMatchObject({ reason: "revoked_token" });
    expect(await after.check(since.token)).toMatchObject({ reason: "revoked_token" });
    expect(await after.check(late.token)).toMatchObject({ reason: "unknown_token" });
    // And it can go on from there.
    const next = await after.issue();
    await after.revoke(next.id);
    expect(await after.check(next.token)).toMatchObject({ reason: "revoked_token" });
    await stop(second);
  });

  test("comes back on another machine, with a later backup of the journal", async () => {
    const lost = join(folder, "lost");
    const first = await serve(lost);
    const operator = await Operator.setUp(first.url, "mover", "standard", KEY);
    const [live, since] = [await operator.issue(), await operator.issue()];
    const backup = await backUp(lost);
    await operator.revoke(since.id);
    const journal = await backUp(lost, ["--journal-only"]);
    await stop(first, "SIGKILL");

    const without = join(folder, "without-journal");
    expect(await restore(without, backup)).toContain("what was revoked after it is not known here");
    const found = join(folder, "found");
    await restore(found, backup, journal);
    const second = await serve(found);
    const after = operator.at(second.url);
    expect(await after.check(live.token)).toMatchObject({ allowed: true });
    expect(await after.check(since.token)).toMatchObject({ reason: "revoked_token" });
    await stop(second);
  });

  test("takes no backup that is damaged, of another region, or of the journal alone", async () => {
    const stateDir = join(folder, "picky");
    const served = await serve(stateDir);
    await Operator.setUp(served.url, "picky", "standard", KEY);
    const [whole, journal] = [await backUp(stateDir), await backUp(stateDir, ["--journal-only"])];
    await stop(served);
    await expect(restore(stateDir, journal)).rejects.toThrow("None of these backups has a database");
    await expect(restore(stateDir, folder)).rejects.toThrow("is no backup");
    const words = ["--region", "sa", "--state", stateDir, "--from", whole];
    await expect(command("restore", words)).rejects.toThrow("is a backup of region cn");
    const { files } = JSON.parse(readFileSync(join(whole, "backup.json"), "utf8")) as {
      files: { path: string }[];
    };
    const [file] = files;
    writeFileSync(join(whole, file?.path ?? ""), "x", { flag: "a" });
    await expect(restore(stateDir, whole)).rejects.toThrow("is damaged");
    await expect(command("backup", ["--region", "sa", "--state", stateDir, "--to", folder])).rejects.toThrow(
      "has no state of a region",
    );
  });
});
