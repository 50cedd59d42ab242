import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readRegions, regionVars } from "../../scripts/local/regions.ts";

const folder = mkdtempSync(join(tmpdir(), "start-regions-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("npm run start:regions", () => {
  test("takes the codes of regions, and two of them when none is named", () => {
    expect(readRegions(["us", "eu", "in"])).toEqual(["us", "eu", "in"]);
    expect(readRegions([])).toEqual(["us", "eu"]);
  });

  test.each([
    [["us", "xx"], "by their codes"],
    [["us", "us"], "Each region once"],
  ])("refuses %j", (words, says) => {
    expect(() => readRegions(words)).toThrow(says);
  });

  test("gives each region secrets of its own, which it keeps, and tells it where the others are", () => {
    const all = [
      { region: "us", url: "http://127.0.0.1:1", port: 1 },
      { region: "eu", url: "http://127.0.0.1:2", port: 2 },
    ] as const;
    const us = regionVars("us", all, join(folder, "us"));
    const eu = regionVars("eu", all, join(folder, "eu"));
    for (const name of ["OPERATOR_KEY", "TAG_KEYS", "ENCRYPTION_KEYS"]) expect(us[name]).not.toBe(eu[name]);
    expect(regionVars("us", all, join(folder, "us"))).toEqual(us);
    expect(JSON.parse(eu["ORIGINS"] ?? "")).toEqual({ us: "http://127.0.0.1:1", eu: "http://127.0.0.1:2" });
    expect(statSync(join(folder, "us", "vars")).mode & 0o077).toBe(0);
  });
});
