import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runTool } from "../../scripts/check/tool.ts";
import { addFiles, buildHouse, demolish, type Files } from "./house.ts";

/** A small Worker that has nothing against it. */
const CLEAN: Files = {
  "package.json": [
    `{`,
    `  "name": "house",`,
    `  "private": true,`,
    `  "type": "module",`,
    `  "scripts": { "check": "node scripts/check/index.ts" },`,
    `  "dependencies": { "drizzle-orm": "*", "hono": "*" },`,
    `  "devDependencies": { "drizzle-kit": "*", "rolldown": "*" }`,
    `}`,
  ],
  "wrangler.toml": [`name = "house"`, `main = "src/index.ts"`, `compatibility_date = "2026-11-01"`],
  "src/domain/thing.ts": [`export interface Thing {`, `  readonly id: string;`, `}`],
  "src/store/schema.ts": [
    `import { sqliteTable, text } from "drizzle-orm/sqlite-core";`,
    ``,
    `export const things = sqliteTable("things", { id: text().primaryKey() });`,
  ],
  "src/store/things.ts": [
    `import { drizzle } from "drizzle-orm/d1";`,
    `import type { Thing } from "../domain/thing.ts";`,
    `import { things } from "./schema.ts";`,
    ``,
    `export async function readThings(d1: D1Database): Promise<Thing[]> {`,
    `  return await drizzle(d1).select().from(things);`,
    `}`,
  ],
  "src/operations/list-things.ts": [
    `import type { Thing } from "../domain/thing.ts";`,
    `import { readThings } from "../store/things.ts";`,
    ``,
    `export function listThings(d1: D1Database): Promise<Thing[]> {`,
    `  return readThings(d1);`,
    `}`,
  ],
  "src/bindings.ts": [
    `export interface Env {`,
    `  readonly DB: D1Database;`,
    `}`,
    ``,
    `export function readDatabase(env: Env): D1Database {`,
    `  return env.DB;`,
    `}`,
  ],
  "src/app.ts": [
    `import { Hono } from "hono";`,
    `import { type Env, readDatabase } from "./bindings.ts";`,
    `import { listThings } from "./operations/list-things.ts";`,
    ``,
    `export const app = new Hono<{ Bindings: Env }>();`,
    ``,
    `app.get("/", async (context) => context.json(await listThings(readDatabase(context.env))));`,
  ],
  "src/index.ts": [`import { app } from "./app.ts";`, ``, `export default { fetch: app.fetch };`],
  "scripts/openapi.ts": [`process.exitCode = 0;`],
  "scripts/regions.ts": [`process.exitCode = 0;`],
};

/** One thing or two against each check. */
const PLANTS: Files = {
  "src/operations/type-error.ts": [`export const count: number = "many";`],
  "src/routes/route.ts": [`export { readThings } from "../store/things.ts";`],
  "src/store/forgetful.ts": [
    `import { drizzle } from "drizzle-orm/d1";`,
    `import { things } from "./schema.ts";`,
    ``,
    `export async function forgetThings(d1: D1Database): Promise<void> {`,
    `  drizzle(d1).delete(things);`,
    `}`,
  ],
  "src/operations/unformatted.ts": [`export   const spaces = 'many'`],
  "src/store/schema.ts": [
    `import { sqliteTable, text } from "drizzle-orm/sqlite-core";`,
    ``,
    `export const things = sqliteTable("things", { id: text().primaryKey(), forgotten: text() });`,
  ],
  "drizzle/0001_destructive.sql": [
    "CREATE TABLE `__new_things` (",
    "  `id` text REFERENCES `owners`(`id`) ON DELETE CASCADE",
    ");",
    "DROP TABLE `things`;",
  ],
  "scripts/openapi.ts": [
    `console.error("the document is not what the routes say");`,
    `process.exitCode = 1;`,
  ],
  "scripts/regions.ts": [`console.error("a region has another environment");`, `process.exitCode = 1;`],
  "src/operations/heavy.ts": [`export const heavy = "${randomBytes(300_000).toString("base64")}";`],
};

let house = "";
let before: Verdict = { code: null, output: "" };
let after: Verdict = { code: null, output: "" };

interface Verdict {
  readonly code: number | null;
  readonly output: string;
}

/** Runs the whole of `npm run check` as it stands in the house. */
function check(): Verdict {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/check/index.ts"], {
    cwd: house,
    encoding: "utf8",
  });
  return { code: status, output: stdout + stderr };
}

beforeAll(async () => {
  house = buildHouse(CLEAN);
  await runTool("oxfmt", [], house);
  await runTool("drizzle-kit", ["generate"], house);
  before = check();
  addFiles(house, PLANTS);
  appendFileSync(join(house, "src/domain/thing.ts"), `\nexport const nobodyImportsThis = 1;\n`);
  appendFileSync(
    join(house, "src/index.ts"),
    [
      `import { z } from "zod";`,
      `import { heavy } from "./operations/heavy.ts";`,
      `export const weight = z.string().parse(heavy);`,
      ``,
    ].join("\n"),
  );
  after = check();
}, 120_000);

afterAll(() => demolish(house));

test("a house in order passes every check, one line each", () => {
  const lines = before.output.trim().split("\n");
  expect(before.output).not.toContain("FAIL");
  expect(lines.map((line) => line.replace(/^ok +(\w+) .*/, "$1"))).toEqual([
    "types",
    "lint",
    "format",
    "unused",
    "migrations",
    "openapi",
    "regions",
    "bundle",
  ]);
  expect(before.code).toBe(0);
});

test("the checks leave nothing behind", () => {
  expect(readdirSync(join(house, "drizzle")).filter((file) => file.endsWith(".sql"))).toHaveLength(2);
});

test("one failed check does not keep the others from running, and fails the whole", () => {
  expect(after.output.match(/^FAIL \w+/gm)).toEqual([
    "FAIL types",
    "FAIL lint",
    "FAIL format",
    "FAIL unused",
    "FAIL migrations",
    "FAIL openapi",
    "FAIL regions",
    "FAIL bundle",
  ]);
  expect(after.code).toBe(1);
});

test.each([
  ["a type error", /src\/operations\/type-error\.ts\(1,\d+\): error TS2322/],
  ["a layering violation", /Routes reach the store and objects through operations/],
  ["an un-awaited query", /no-floating-promises\)[^[]*\[src\/store\/forgetful\.ts:5/],
  ["an unformatted file", /src\/operations\/unformatted\.ts/],
  ["an unused export", /nobodyImportsThis/],
  ["an unused file", /Unused files[\s\S]*src\/store\/forgetful\.ts/],
  ["a dependency that package.json does not list", /Unlisted dependencies[\s\S]*zod/],
  ["DROP TABLE", /0001_destructive\.sql: DROP TABLE loses data/],
  ["__new_", /0001_destructive\.sql: __new_ loses data/],
  ["ON DELETE CASCADE", /0001_destructive\.sql: ON DELETE CASCADE loses data/],
  ["a schema without its migration", /the schema has changed[\s\S]*ADD `forgotten` text/],
  ["a document that differs from the routes", /the document is not what the routes say/],
  ["an environment that differs from its region", /a region has another environment/],
  ["a bundle over budget", /after gzip, the budget is/],
  ["zod in the bundle", /the bundle contains zod/],
])("%s is told", (_what, words) => {
  expect(after.output).toMatch(words);
});

test("a check can be run alone, and an unknown one is refused", () => {
  const run = (name: string): Verdict["code"] =>
    spawnSync(process.execPath, ["scripts/check/index.ts", name], { cwd: house }).status;
  expect(run("lint")).toBe(1);
  expect(run("layers")).toBe(2);
});
