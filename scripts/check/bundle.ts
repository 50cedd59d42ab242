import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildModules, type BuiltWorker } from "../build/worker.ts";
import { failed, passed, type Outcome } from "./outcome.ts";

/**
 * What the Worker may weigh, in bytes after gzip. What a check loads is about 115 KB of it, the rest of the API and the
 * OAuth server with its pages 105, the rest of the console at most 60.
 */
export const BUDGET_BYTES = 288 * 1024;

/**
 * What of it a check may have to load at a cold start: the module that is called, and those that it imports at once
 * (`npm run bench -- --rows start`).
 */
export const START_BUDGET_BYTES = 120 * 1024;

/** Modules that have no business in a Worker, by their path. */
const FORBIDDEN: readonly Forbidden[] = [
  ["zod (hono-openapi brings all of it; alias it to an empty module)", /(^|\/)node_modules\/zod\//],
  ["test code", /^(test|bench|scripts)\/|(^|\/)node_modules\/(@?vitest|fast-check|chai)\//],
];

/** Modules that no check needs. */
const FORBIDDEN_AT_START: readonly Forbidden[] = [
  ["the console", /^src\/routes\/console\//],
  ["the OAuth server", /^src\/(?:routes\/oauth|grants)\//],
  [
    "the rest of the API",
    // All but how a route is served, and those of the check.
    /^src\/routes\/api\/(?!(?:check|forward-auth|header-text|health|hot|idempotency|present|route|serve|verdict)\.ts$)/,
  ],
  ["scheduled work", /^src\/jobs\//],
];

type Forbidden = readonly [name: string, pattern: RegExp];

export interface Budget {
  readonly all: number;
  readonly start: number;
}

const BUDGET: Budget = { all: BUDGET_BYTES, start: START_BUDGET_BYTES };

type Modules = BuiltWorker["modules"];

/**
 * Judges a built Worker: its weight after gzip, as a whole and at its start, and that nothing forbidden is in either.
 * @param modules the first is the one that the platform calls
 */
export function judgeBundle(modules: Modules, budget = BUDGET): Outcome {
  const start = importedAtOnce(modules);
  const bytes = { all: weigh(modules), start: weigh(start) };
  const problems = [
    ...judge("the bundle", modules, { bytes: bytes.all, budget: budget.all, forbidden: FORBIDDEN }),
    ...judge("what a check loads at a cold start", start, {
      bytes: bytes.start,
      budget: budget.start,
      forbidden: FORBIDDEN_AT_START,
    }),
  ];
  if (problems.length > 0) return failed(problems.join("\n"));
  return passed(
    `${kilobytes(bytes.all)} of ${kilobytes(budget.all)} gzip, of which a check loads ${kilobytes(bytes.start)} at a cold start`,
  );
}

/** All of them together, as the platform weighs an upload. */
function weigh(modules: Modules): number {
  const code = Object.values(modules).map((module) => module.code);
  return gzipSync(code.join(""), { level: 9 }).length;
}

interface Rules {
  readonly bytes: number;
  readonly budget: number;
  readonly forbidden: readonly Forbidden[];
}

function judge(what: string, modules: Modules, { bytes, budget, forbidden }: Rules): string[] {
  const sources = heaviestSources(modules);
  if (sources.length === 0) return [`nothing is known of what is in ${what}`];
  const problems = forbidden.flatMap(([name, pattern]) =>
    sources
      .filter(([path]) => pattern.test(path))
      .slice(0, 3)
      .map(([path]) => `${what} contains ${name}: ${path}`),
  );
  if (bytes <= budget) return problems;
  const heaviest = sources
    .slice(0, 10)
    .map(([path, size]) => `  ${kilobytes(size)} before minification: ${path}`);
  return [
    ...problems,
    `${what}: ${kilobytes(bytes)} after gzip, the budget is ${kilobytes(budget)}`,
    ...heaviest,
  ];
}

/** The module that is called, and all that it imports, not when something is first needed but at once. */
function importedAtOnce(modules: Modules): Modules {
  const found = new Set(Object.keys(modules).slice(0, 1));
  // A set hands on what is added to it on the way.
  for (const name of found) {
    for (const imported of modules[name]?.imports ?? [])
      if (Object.hasOwn(modules, imported)) found.add(imported);
  }
  return Object.fromEntries(Object.entries(modules).filter(([name]) => found.has(name)));
}

/** What left bytes in the modules, heaviest first. */
function heaviestSources(modules: Modules): [path: string, bytes: number][] {
  return Object.values(modules)
    .flatMap(({ sources }) => Object.entries(sources))
    .filter(([, bytes]) => bytes > 0)
    .sort(([, a], [, b]) => b - a);
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KB`;
}

/** Builds the Worker as a deployment would, and judges it. */
export async function checkBundle(): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "bundle-"));
  try {
    const { modules } = await buildModules(folder);
    return judgeBundle(modules);
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
