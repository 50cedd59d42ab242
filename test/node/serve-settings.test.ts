import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readServeSettings } from "../../scripts/serve/settings.ts";
import { watchHealth } from "../../scripts/serve/watch-health.ts";

const folder = mkdtempSync(join(tmpdir(), "serve-"));
afterAll(() => rmSync(folder, { recursive: true }));

const WORDS = ["--region", "cn", "--state", "/var/lib/jeton"];

function secretsFile(text: string, mode = 0o600): string {
  const path = join(folder, "secrets");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

describe("npm run serve", () => {
  test("takes secrets from the environment or from a file, which wins", () => {
    const environment = { OPERATOR_KEY: "from the environment", TAG_KEYS: "too", HOME: "/root" };
    expect(readServeSettings(WORDS, environment)).toEqual({
      region: "cn",
      stateDir: "/var/lib/jeton",
      port: 8787,
      bundle: null,
      vars: { OPERATOR_KEY: "from the environment", TAG_KEYS: "too", DEVELOPMENT: "", SELF_HOSTED: "true" },
    });
    const words = [...WORDS, "--secrets", secretsFile("OPERATOR_KEY=from the file\n"), "--port", "9000"];
    expect(readServeSettings(words, environment)).toMatchObject({
      port: 9000,
      vars: { OPERATOR_KEY: "from the file", TAG_KEYS: "too" },
    });
  });

  test("knows its own address beside those of the other regions", () => {
    const words = [...WORDS, "--origin", "https://tokens.example.cn"];
    const { vars } = readServeSettings(words, { ORIGINS: '{"eu":"https://eu.example"}' });
    expect(JSON.parse(vars["ORIGINS"] ?? "")).toEqual({
      eu: "https://eu.example",
      cn: "https://tokens.example.cn",
    });
    expect(() => readServeSettings(words, { ORIGINS: "SECRET" })).toThrow("ORIGINS must be a JSON object");
  });

  test.each([
    ["no region", ["--state", "x"], "--region has to be one of"],
    ["a region that is none", ["--region", "xx", "--state", "x"], "--region has to be one of"],
    ["no state", ["--region", "cn"], "--state is missing"],
    ["an unknown word", [...WORDS, "--force"], "npm run serve --"],
    ["a port that is none", [...WORDS, "--port", "x"], "--port must be a whole number"],
    ["a path behind the address", [...WORDS, "--origin", "https://x.cn/y"], "--origin has to be an address"],
    ["a secrets file that is missing", [...WORDS, "--secrets", "/nowhere/s"], "/nowhere/s cannot be read"],
  ])("refuses %s", (_, words, message) => {
    expect(() => readServeSettings(words, {})).toThrow(message);
  });

  test("refuses a secrets file that others can read", () => {
    const words = [...WORDS, "--secrets", secretsFile("OPERATOR_KEY=x\n", 0o644)];
    expect(() => readServeSettings(words, {})).toThrow("chmod 600");
  });

  test.each(["DEVELOPMENT", "ALLOW_LOOPBACK_WEBHOOKS"])(
    "refuses %s from a file, and ignores it elsewhere",
    (name) => {
      const words = [...WORDS, "--secrets", secretsFile(`${name}=true\n`)];
      expect(() => readServeSettings(words, {})).toThrow(`${name} is for development only`);
      expect(readServeSettings(WORDS, { [name]: "true" }).vars[name] ?? "").toBe("");
    },
  );
});

describe("the watch over a server", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Asks as many times as there are answers, and gives what was reported. */
  async function watch(...answers: (() => Response)[]): Promise<string[]> {
    const reported: string[] = [];
    let asked = 0;
    const send = (async () => (answers[asked++] ?? well)()) as typeof fetch;
    const end = watchHealth("http://jeton.test", (why) => reported.push(why), send);
    await vi.advanceTimersByTimeAsync(5_000 * answers.length);
    end();
    return reported;
  }

  const well = () => new Response("{}");
  const ill = () => new Response("{}", { status: 503 });
  const mute = () => {
    throw new DOMException("timed out", "TimeoutError");
  };

  test("says nothing while it serves, and nothing of a moment's weakness", async () => {
    expect(await watch(well, ill, ill, well, mute, ill, well)).toEqual([]);
  });

  test("reports three failures in a row, once", async () => {
    expect(await watch(well, ill, mute, ill, ill, ill)).toEqual(["/healthz answers 503"]);
  });
});
