import { cpSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import drizzleConfig from "../../drizzle.config.ts";
import { failed, passed, type Outcome } from "./outcome.ts";
import { ROOT, runTool } from "./tool.ts";

/**
 * Statements that lose data on D1: a generated table rebuild creates `__new_…` and drops the old table, and
 * with cascades the drop empties the children too, under either setting of the foreign-key pragma.
 */
const DESTRUCTIVE: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["DROP TABLE", /\bdrop\s+table\b/i],
  ["__new_", /__new_/i],
  ["ON DELETE CASCADE", /\bon\s+delete\s+cascade\b/i],
];

/** The destructive statements that a migration contains, by name; a comment between two words hides nothing. */
export function destructiveStatements(sql: string): string[] {
  const code = sql.replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, " ");
  return DESTRUCTIVE.filter(([, pattern]) => pattern.test(code)).map(([name]) => name);
}

/** One line for each destructive statement in the `.sql` files of a folder. */
export function destructiveMigrations(folder: string): string[] {
  return globSync("**/*.sql", { cwd: folder })
    .sort()
    .flatMap((file) =>
      destructiveStatements(readFileSync(join(folder, file), "utf8")).map(
        (name) => `${join(basename(folder), file)}: ${name} loses data`,
      ),
    );
}

/**
 * What is missing from the migrations to reach the schema: nothing, or what the generator said and wrote into
 * a copy of them. It exits with 0 on errors too, so only its own words count as "nothing".
 */
export async function missingMigration(root = ROOT): Promise<string | null> {
  const { dialect, casing, schema, out } = drizzleConfig;
  const copy = mkdtempSync(join(tmpdir(), "migrations-"));
  try {
    cpSync(join(root, out), copy, { recursive: true });
    const before = new Set(readdirSync(copy));
    // The generator puts "./" before the folder, absolute or not.
    const options = [
      "--dialect",
      dialect,
      "--casing",
      casing,
      "--schema",
      schema,
      "--out",
      relative(root, copy),
    ];
    const { output } = await runTool("drizzle-kit", ["generate", ...options], root);
    const written = readdirSync(copy).filter((file) => !before.has(file));
    if (written.length === 0 && output.includes("No schema changes")) return null;
    const statements = written.map((file) => readFileSync(join(copy, file), "utf8"));
    return ["the schema has changed: run `npm run migrations`", output, ...statements].join("\n");
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

export async function checkMigrations(): Promise<Outcome> {
  const folder = join(ROOT, drizzleConfig.out);
  const problems = destructiveMigrations(folder);
  const missing = await missingMigration();
  if (missing !== null) problems.push(missing);
  const count = globSync("*.sql", { cwd: folder }).length;
  return problems.length === 0 ? passed(`${count} files`) : failed(problems.join("\n"));
}
