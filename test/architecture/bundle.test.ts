import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { BUDGET_BYTES, type BuildMetadata, judgeBundle } from "../../scripts/check/bundle.ts";

function metadata(inputs: Readonly<Record<string, number>>): BuildMetadata {
  const shares = Object.entries(inputs).map(([path, bytesInOutput]) => [path, { bytesInOutput }]);
  return { outputs: { "index.js": { inputs: Object.fromEntries(shares) } } };
}

const OWN = { "src/index.ts": 10, "node_modules/hono/dist/hono.js": 20 };
const SMALL = new TextEncoder().encode("export default {}");

test("a small bundle of our own code passes", () => {
  expect(judgeBundle({ script: SMALL, metadata: metadata(OWN) })).toMatchObject({ ok: true });
});

test("one byte over the budget is refused, and the heaviest modules are named", () => {
  const script = randomBytes(1000);
  const metadataOfBoth = metadata(OWN);
  const bytes = 1023;
  expect(judgeBundle({ script, metadata: metadataOfBoth }, bytes)).toMatchObject({ ok: true });
  expect(judgeBundle({ script, metadata: metadataOfBoth }, bytes - 1)).toMatchObject({
    ok: false,
    problems: expect.stringMatching(
      /1\.0 KB after gzip, the budget is 1\.0 KB\n.*hono\.js\n.*src\/index\.ts/,
    ),
  });
});

test("weight is counted after gzip", () => {
  const script = new TextEncoder().encode("a".repeat(BUDGET_BYTES * 10));
  expect(judgeBundle({ script, metadata: metadata(OWN) })).toMatchObject({ ok: true });
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
  expect(judgeBundle({ script: SMALL, metadata: metadata({ ...OWN, [path]: 1 }) })).toMatchObject({
    ok: false,
    problems: expect.stringContaining(name),
  });
});

test("a module that left nothing in the output is not part of it", () => {
  const shaken = metadata({ ...OWN, "node_modules/zod/index.js": 0 });
  expect(judgeBundle({ script: SMALL, metadata: shaken })).toMatchObject({ ok: true });
});

test("a build that says nothing about its modules proves nothing", () => {
  expect(judgeBundle({ script: SMALL, metadata: { outputs: {} } })).toMatchObject({ ok: false });
});
