import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { BuiltModule, BuiltWorker } from "../../scripts/build/worker.ts";
import { BUDGET_BYTES, judgeBundle, START_BUDGET_BYTES } from "../../scripts/check/bundle.ts";

const OWN = { "src/index.ts": 10, "node_modules/hono/dist/hono.js": 20 };

/** A built module, small and of our own code but for what a test makes different. */
const module = (planned: Partial<BuiltModule> = {}): BuiltModule => ({
  code: "export default {}",
  sources: OWN,
  imports: [],
  ...planned,
});

const one = (planned: Partial<BuiltModule> = {}): BuiltWorker["modules"] => ({
  "index.mjs": module(planned),
});

/** Code that gzip can make no smaller than so many bytes. */
const randomCode = (bytes: number): string => randomBytes((bytes / 3) * 4).toString("base64");

test("a small bundle of our own code passes", () => {
  expect(judgeBundle(one())).toMatchObject({ ok: true });
});

test("one byte over the budget is refused, and the heaviest sources are named", () => {
  const heavy = one({ code: randomCode(1000) });
  const bytes = gzipSync(heavy["index.mjs"]?.code ?? "", { level: 9 }).length;
  expect(judgeBundle(heavy, { all: bytes, start: bytes })).toMatchObject({ ok: true });
  expect(judgeBundle(heavy, { all: bytes - 1, start: bytes })).toMatchObject({
    ok: false,
    problems: expect.stringMatching(
      /^the bundle: \d\.\d KB after gzip, the budget is \d\.\d KB\n.*hono\.js\n.*src\/index\.ts$/,
    ),
  });
});

test("the weight of all modules counts, whenever they are loaded", () => {
  const later = module({ code: randomCode(1000), sources: { "src/later.ts": 1000 } });
  expect(judgeBundle({ ...one(), "later.mjs": later }, { all: 1000, start: 1000 })).toMatchObject({
    ok: false,
    problems: expect.stringMatching(/^the bundle: .*\n.*src\/later\.ts/),
  });
});

test("what is imported at once counts for the start, through any number of modules; what is loaded later does not", () => {
  const three = (imports: readonly string[]): BuiltWorker["modules"] => ({
    ...one({ imports: ["shared.mjs", "node:crypto"] }),
    "shared.mjs": module({ imports: ["index.mjs", ...imports] }),
    "heavy.mjs": module({ code: randomCode(1000), sources: { "src/heavy.ts": 1000 } }),
  });
  const budget = { all: 10_000, start: 1000 };
  expect(judgeBundle(three([]), budget)).toMatchObject({ ok: true });
  expect(judgeBundle(three(["heavy.mjs"]), budget)).toMatchObject({
    ok: false,
    problems: expect.stringMatching(/^what a check loads at a cold start: 1\.\d KB .*\n.*src\/heavy\.ts/),
  });
});

test("weight is counted after gzip", () => {
  const code = "a".repeat(BUDGET_BYTES * 10);
  expect(START_BUDGET_BYTES).toBeLessThan(BUDGET_BYTES);
  expect(judgeBundle(one({ code }))).toMatchObject({ ok: true });
});

test.each([
  ["node_modules/zod/v4/core/schemas.js", "zod"],
  ["node_modules/hono-openapi/node_modules/zod/index.js", "zod"],
  ["../node_modules/zod/index.js", "zod"],
  ["test/worker/fixtures.ts", "test code"],
  ["node_modules/@vitest/runner/dist/index.js", "test code"],
  ["node_modules/fast-check/lib/fast-check.js", "test code"],
  ["bench/rig.ts", "test code"],
])("%s has no business in a Worker", (path, name) => {
  expect(judgeBundle(one({ sources: { ...OWN, [path]: 1 } }))).toMatchObject({
    ok: false,
    problems: expect.stringContaining(name),
  });
});

test.each([
  ["src/routes/console/serve.tsx", "the console"],
  ["src/routes/oauth/token.ts", "the OAuth server"],
  ["src/routes/api/table.ts", "the rest of the API"],
  ["src/routes/api/teams.ts", "the rest of the API"],
  ["src/grants/refresh.ts", "the OAuth server"],
  ["src/jobs/scheduled.ts", "scheduled work"],
])("%s is loaded when it is first needed, and not before the first check", (path, name) => {
  const part = (imports: readonly string[]): BuiltWorker["modules"] => ({
    ...one({ imports }),
    "part.mjs": module({ sources: { [path]: 1 } }),
  });
  expect(judgeBundle(part([]))).toMatchObject({ ok: true });
  expect(judgeBundle(part(["part.mjs"]))).toMatchObject({
    ok: false,
    problems: expect.stringContaining(`what a check loads at a cold start contains ${name}: ${path}`),
  });
});

test("a source that left nothing in a module is not part of it", () => {
  expect(judgeBundle(one({ sources: { ...OWN, "node_modules/zod/index.js": 0 } }))).toMatchObject({
    ok: true,
  });
});

test("a build that says nothing about its modules proves nothing", () => {
  expect(judgeBundle({})).toMatchObject({ ok: false });
  expect(judgeBundle(one({ sources: {} }))).toMatchObject({ ok: false });
});
