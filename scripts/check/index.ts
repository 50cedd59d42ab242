/**
 * `npm run check`: every static check, each in one line; `npm run check -- types lint` runs some of them.
 * All are run even when one fails, and what failed is told in full at the end.
 */
import { checkBundle } from "./bundle.ts";
import { checkMigrations } from "./migrations.ts";
import type { Outcome } from "./outcome.ts";
import { toolCheck } from "./tool.ts";
import { checkTypes } from "./types.ts";

const CHECKS: Readonly<Record<string, () => Promise<Outcome>>> = {
  types: checkTypes,
  lint: () => toolCheck("oxlint", [], "layering, cycles, un-awaited queries"),
  format: () => toolCheck("oxfmt", ["--check"], "as oxfmt writes it"),
  unused: () => toolCheck("knip", ["--no-progress"], "no unused file, export or dependency"),
  migrations: checkMigrations,
  openapi: () => toolCheck("node", ["scripts/openapi.ts", "--check"], "the document says what the routes do"),
  regions: () =>
    toolCheck("node", ["scripts/regions.ts", "--check"], "wrangler.toml says what deployments.ts does"),
  bundle: checkBundle,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(CHECKS, name));
if (unknown.length > 0) {
  console.error(`no such check: ${unknown.join(" ")} (there are: ${Object.keys(CHECKS).join(" ")})`);
  process.exit(2);
}

const failures: string[] = [];
for (const [name, check] of Object.entries(CHECKS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const startedAt = performance.now();
  const outcome = await settle(check);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(
    `${outcome.ok ? "ok  " : "FAIL"} ${name.padEnd(10)} ${seconds.padStart(5)} s  ${summary(outcome)}`,
  );
  if (!outcome.ok) failures.push(`--- ${name} ---\n${outcome.problems.trim()}\n`);
}
if (failures.length > 0) {
  console.error(`\n${failures.join("\n")}`);
  process.exit(1);
}

async function settle(check: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await check();
  } catch (error) {
    return { ok: false, problems: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

function summary(outcome: Outcome): string {
  return outcome.ok ? outcome.note : "see below";
}
