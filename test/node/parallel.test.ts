import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildWorker } from "../../scripts/local/build.ts";
import { startRegion, type RegionServer } from "../../scripts/local/region-server.ts";
import { Operator, OPERATOR_KEY } from "./operator.ts";

const folder = mkdtempSync(join(tmpdir(), "parallel-"));
let server: RegionServer;

beforeAll(async () => {
  const vars = { DEVELOPMENT: "true", OPERATOR_KEY, TAG_KEYS: "jtn-dev-tag-key" };
  const bundle = buildWorker(folder);
  server = await startRegion({ region: "us", port: 0, stateDir: null, vars, bundle });
}, 60_000);

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

// Contract, section 4: a limit is exact. `fetch` opens a connection for each request that is under way.
test("of 200 parallel checks on a token limited to 50, exactly 50 are allowed", async () => {
  const operator = await Operator.setUp(server.url, "parallel");
  const { token } = await operator.issue(50);

  const verdicts = await Promise.all(Array.from({ length: 200 }, () => operator.check(token)));

  expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(50);
  expect(new Set(verdicts.filter(({ allowed }) => !allowed).map(({ reason }) => reason))).toEqual(
    new Set(["rate_limited"]),
  );
});

test("a burst on one token leaves another token's limit untouched", async () => {
  const operator = await Operator.setUp(server.url, "burst");
  const { token } = await operator.issue(2);
  const { token: other } = await operator.issue(2);

  await Promise.all(Array.from({ length: 20 }, () => operator.check(token)));

  expect(await operator.check(other)).toMatchObject({ allowed: true });
});

test("a limit that is handed out in blocks is just as exact: of 300 parallel checks on a limit of 150, 150", async () => {
  const operator = await Operator.setUp(server.url, "leased");
  const { token } = await operator.issue(150);

  const verdicts = await Promise.all(Array.from({ length: 300 }, () => operator.check(token)));

  expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(150);
});

test("checks beyond a plan's quota are limited, exactly, and the answer names the quota", async () => {
  const operator = await Operator.setUp(server.url, "quota", "free");
  const { token } = await operator.issue(1000);

  const verdicts = await Promise.all(Array.from({ length: 640 }, () => operator.check(token)));

  expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(600);
  const refused = verdicts.find(({ allowed }) => !allowed);
  expect(refused).toMatchObject({ reason: "rate_limited", error: { status: 429, error_code: "COM0002" } });
  expect(JSON.stringify(refused)).toContain("checks_per_minute");
});
