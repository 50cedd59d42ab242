import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { isDue, startCrons } from "../../scripts/local/cron.ts";
import { parseVars, writeMissingVars } from "../../scripts/local/dev-vars.ts";
import { chooseDeviceApiPort, nextPort, parsePort, tryPort } from "../../scripts/local/port.ts";

describe("a file of settings", () => {
  test("is lines of KEY=value, with comments and quotes as people write them", () => {
    const text = [
      "# secrets",
      "",
      "PLAIN=a,b",
      "export SHELL_STYLE = c # said so",
      'QUOTED="d # e" # a comment',
      "SINGLE='f \"g\"'",
      "URL=https://example.com/#fragment",
      "EMPTY=",
      "ONLY_COMMENT= # nothing",
      "WINDOWS=h\r",
    ].join("\n");
    expect(parseVars(text, "vars")).toEqual({
      PLAIN: "a,b",
      SHELL_STYLE: "c",
      QUOTED: "d # e",
      SINGLE: 'f "g"',
      URL: "https://example.com/#fragment",
      EMPTY: "",
      ONLY_COMMENT: "",
      WINDOWS: "h",
    });
  });

  test.each(["SECRET_WORD", "1SECRET_WORD=x", 'KEY="SECRET_WORD', "KEY='SECRET_WORD' and more"])(
    "with a line like %j is refused by the number of that line, without repeating it",
    (line) => {
      const parse = () => parseVars(`A=b\n${line}`, "vars");
      expect(parse).toThrow("vars, line 2");
      expect(parse).not.toThrow("SECRET_WORD");
    },
  );

  const folder = mkdtempSync(join(tmpdir(), "vars-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  test("is written from its example once, and never over what is there", () => {
    const example = join(folder, "example");
    const path = join(folder, "vars");
    writeFileSync(example, "A=b\n");
    expect(writeMissingVars(path, example)).toBe(true);
    writeFileSync(path, "A=mine\n");
    expect(writeMissingVars(path, example)).toBe(false);
    expect(readFileSync(path, "utf8")).toBe("A=mine\n");
  });
});

describe("a port", () => {
  test("is a whole number up to 65535, or the usual one", () => {
    expect([undefined, "", "0", "1", "65535"].map((text) => parsePort(text, 8787))).toEqual([
      8787, 8787, 0, 1, 65_535,
    ]);
  });

  test.each(["http", "65536", "-1", "8787.5", "1e3", "0x50", " ", "8787 "])("is not %j", (text) => {
    expect(() => parsePort(text, 8787)).toThrow("PORT");
  });

  test("of the device API is the one that is asked for, or Jeton's and a hundred, or any free one", async () => {
    const free = (await tryPort(0)) ?? 0;
    expect(await chooseDeviceApiPort(String(free), 1)).toBe(free);
    expect(await chooseDeviceApiPort(undefined, free - 100)).toBe(free);
    expect(await chooseDeviceApiPort("", 65_500)).toBeGreaterThan(0);
    const holder = createServer().listen(free, "127.0.0.1");
    await once(holder, "listening");
    expect([free, 0]).not.toContain(await chooseDeviceApiPort(undefined, free - 100));
    await expect(chooseDeviceApiPort(String(free), 1)).rejects.toThrow(`DEVICE_API_PORT=${free + 1}`);
    holder.close();
    await expect(chooseDeviceApiPort("x", 1)).rejects.toThrow("DEVICE_API_PORT");
  });

  test("has a neighbour to propose instead", () => {
    expect([nextPort(8787), nextPort(65_535)]).toEqual([8788, 65_534]);
  });
});

describe("a cron schedule", () => {
  // A Sunday.
  const at = (time: string) => new Date(`2026-11-22T${time}:30Z`);

  test.each([
    ["* * * * *", "00:01", true],
    ["*/5 * * * *", "10:35", true],
    ["*/5 * * * *", "10:36", false],
    ["0 3 * * *", "03:00", true],
    ["0 3 * * *", "04:00", false],
    ["10-20/5 * * * *", "10:15", true],
    ["10-20/5 * * * *", "10:25", false],
    ["5/20 * * * *", "10:45", true],
    ["1,31 * 22 11 *", "10:31", true],
    ["* * * 12 *", "10:31", false],
    ["* * * * 0", "10:31", true],
    ["* * * * 5-7", "10:31", true],
    ["* * * * 1-5", "10:31", false],
  ])("%j at %s on a Sunday: %s", (cron, time, due) => {
    expect(isDue(cron, at(time))).toBe(due);
  });

  test("fires when it is due and only then, also after a failure", async () => {
    vi.useFakeTimers({ now: at("10:33") });
    const fired: string[] = [];
    const failed: string[] = [];
    const fireCron = async (cron: string): Promise<void> => {
      fired.push(`${cron} at ${new Date().getUTCMinutes()}`);
      throw new Error("it failed");
    };
    startCrons({ crons: ["*/5 * * * *", "36 * * * *"], fireCron }, (cron) => failed.push(cron));
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    vi.useRealTimers();
    expect(fired).toEqual(["*/5 * * * * at 35", "36 * * * * at 36", "*/5 * * * * at 40"]);
    expect(failed).toHaveLength(3);
  });
});
