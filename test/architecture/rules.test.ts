import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runTool } from "../../scripts/check/tool.ts";
import { buildHouse, type Complaint, demolish, lintHouse } from "./house.ts";

/** A line of source and the rule that must refuse it, by a part of its name or of its words; null: none may. */
type Plants = readonly (readonly [source: string, refusedBy: string | null])[];

const ENVIRONMENT = "Only src/bindings.ts reads the environment";
const CLOCK = "The domain has no clock";

const PLANTS: Readonly<Record<string, Plants>> = {
  "src/operations/query.ts": [
    [`import { find } from "../store/find.ts";`, null],
    [`export async function wrong(): Promise<void> { find(); }`, "no-floating-promises"],
    [`export async function voided(): Promise<void> { void find(); }`, "no-floating-promises"],
    [`export async function right(): Promise<unknown> { return await find(); }`, null],
  ],
  "src/store/find.ts": [
    [`import { drizzle } from "drizzle-orm/d1";`, null],
    [`import { integer, sqliteTable } from "drizzle-orm/sqlite-core";`, null],
    [`const things = sqliteTable("things", { id: integer().primaryKey() });`, null],
    [`declare const d1: D1Database;`, null],
    [`export const find = () => drizzle(d1).select().from(things);`, null],
    [`export async function wrong(): Promise<void> { drizzle(d1).delete(things); }`, "no-floating-promises"],
    [`export async function late(): Promise<void> { Promise.resolve(1); }`, "no-floating-promises"],
  ],
  "src/operations/one.ts": [
    [`import { two } from "./two.ts";`, "no-cycle"],
    [`export const one = (): unknown => two;`, null],
  ],
  "src/operations/two.ts": [
    [`import { one } from "./one.ts";`, "no-cycle"],
    [`export const two = (): unknown => one;`, null],
  ],
  "src/domain/left.ts": [
    [`import type { Right } from "./right.ts";`, "no-cycle"],
    [`export interface Left { readonly right: Right | null }`, null],
  ],
  "src/domain/right.ts": [
    [`import type { Left } from "./left.ts";`, "no-cycle"],
    [`export interface Right { readonly left: Left | null }`, null],
  ],
  "src/domain/impure.ts": [
    [`export const now = (): number => Date.now();`, CLOCK],
    [`export const made = (): number => new Date().getTime();`, CLOCK],
    [`export const stamp = (ms: number): string => new Date(ms).toISOString();`, CLOCK],
    [`export const dice = (): number => Math.random();`, "The domain has no randomness"],
    [`export const { random } = Math;`, "The domain has no randomness"],
    [`export const around = (): unknown => globalThis;`, "The domain has no globals"],
    [`export const floor = (n: number): number => Math.floor(n);`, null],
  ],
  "src/routes/environment.ts": [
    [`interface Context { readonly env: { readonly REGION: string } }`, null],
    [`export const a = (c: Context): string => c.env.REGION;`, ENVIRONMENT],
    [`export const b = ({ env }: Context): unknown => env;`, ENVIRONMENT],
    [`export const d = (env: { readonly REGION: string }): string => env.REGION;`, ENVIRONMENT],
    [
      `export const e = (env: { readonly REGION: string }): string => { const { REGION } = env; return REGION; };`,
      ENVIRONMENT,
    ],
    [`export const f = (): unknown => process.env;`, ENVIRONMENT],
  ],
  "src/objects/environment.ts": [
    [`import { DurableObject, env } from "cloudflare:workers";`, ENVIRONMENT],
    [`export class Thing extends DurableObject<{ readonly REGION: string }> {`, null],
    [`  region(): string { return this.env.REGION; }`, ENVIRONMENT],
    [`  other(): unknown { return env; }`, null],
    [`}`, null],
  ],
  "src/index.ts": [
    [`import { WorkerEntrypoint, env as everything } from "cloudflare:workers";`, ENVIRONMENT],
    [`export class Authority extends WorkerEntrypoint<{ readonly REGION: string }> {`, null],
    [`  handOn(take: (env: unknown) => string): string { return take(this.env); }`, null],
    [`  other(): unknown { return everything; }`, null],
    [`}`, null],
    [
      `export default { fetch(_: Request, env: { readonly REGION: string }): Response { return new Response(env.REGION); } };`,
      ENVIRONMENT,
    ],
  ],
  "src/app.ts": [
    [`interface Context { readonly env: { readonly REGION: string } }`, null],
    [`export const a = (c: Context, take: (env: unknown) => string): string => take(c.env);`, null],
    [`export const b = (env: { readonly REGION: string }): string => env.REGION;`, ENVIRONMENT],
  ],
  "src/routes/api/serve.ts": [
    [`interface Context { readonly env: { readonly REGION: string } }`, null],
    [`export const a = (c: Context, take: (env: unknown) => string): string => take(c.env);`, null],
    [`export const b = (env: { readonly REGION: string }): string => env.REGION;`, ENVIRONMENT],
  ],
  "src/wiring.ts": [
    [`export const a = (env: { readonly REGION: string }): string => env.REGION;`, ENVIRONMENT],
  ],
  "src/bindings.ts": [
    [`export const region = (env: { readonly REGION: string }): string => env.REGION;`, null],
  ],
  "src/operations/style.ts": [
    [`export const any = (x: any): unknown => x;`, "no-explicit-any"],
    [`export const parsed = (text: string): string => JSON.parse(text);`, "no-unsafe-return"],
    [`export const log = (): void => console.log("x");`, "no-console"],
    [`export const sure = (x: string | null): number => x!.length;`, "no-non-null-assertion"],
    [`// @ts-ignore`, "ban-ts-comment"],
    [`export const loose = (x: string, y: string): boolean => x == y;`, "eqeqeq"],
    [`/** FIXME: later. */`, "no-warning-comments"],
    [
      `export const kind = (x: "a" | "b"): number => { switch (x) { case "a": return 1; } return 2; };`,
      "switch-exhaustiveness-check",
    ],
  ],
};

/** Names that a runtime declares and ECMAScript does not: without their types they do not compile. */
const GLOBALS = [
  "crypto",
  "fetch",
  "console",
  "TextEncoder",
  "URL",
  "Response",
  "setTimeout",
  "queueMicrotask",
  "performance",
  "structuredClone",
  "process",
  "Buffer",
  "caches",
  "document",
];

let house = "";
let complaints: readonly Complaint[] = [];
let compiled = "";

beforeAll(async () => {
  const sources = Object.entries(PLANTS).map(([file, plants]) => [file, plants.map(([source]) => source)]);
  house = buildHouse({
    ...Object.fromEntries(sources),
    "src/domain/globals.ts": GLOBALS.map((name) => `export const use_${name}: unknown = ${name};`),
  });
  complaints = await lintHouse(house);
  compiled = (await runTool("tsc", ["--pretty", "false", "--project", "src/domain"], house)).output;
}, 60_000);

afterAll(() => demolish(house));

describe.each(Object.entries(PLANTS))("in %s", (file, plants) => {
  const cases = plants.map(([source, refusedBy], index) => ({ source, refusedBy, line: index + 1 }));
  const at = (line: number): Complaint[] => complaints.filter((it) => it.file === file && it.line === line);

  test.each(cases.filter((it) => it.refusedBy !== null))("refused: $source", ({ line, refusedBy }) => {
    expect(at(line).map(({ rule, text }) => `${rule} ${text}`)).toContainEqual(
      expect.stringContaining(refusedBy!),
    );
  });

  test.each(cases.filter((it) => it.refusedBy === null))("accepted: $source", ({ line }) => {
    expect(at(line)).toEqual([]);
  });
});

test.each(GLOBALS.map((name, index) => ({ name, line: index + 1 })))(
  "the domain does not compile with the global $name",
  ({ name, line }) => {
    expect(compiled).toMatch(
      new RegExp(`^src/domain/globals\\.ts\\(${line},\\d+\\): error TS\\d+: .*'${name}'`, "m"),
    );
  },
);

test("the domain compiles with what ECMAScript has", () => {
  expect(compiled).not.toMatch(/^src\/domain\/(left|right|impure)\.ts/m);
});
