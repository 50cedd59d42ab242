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
