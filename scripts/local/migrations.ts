import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import drizzleConfig from "../../drizzle.config.ts";
import { ROOT } from "../check/tool.ts";
import type { LocalDatabase } from "./runtime.ts";
import { Trouble } from "./trouble.ts";

/** As wrangler records them, so that either can go on where the other stopped. */
const CREATE_RECORD = `CREATE TABLE IF NOT EXISTS d1_migrations(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

/**
 * Applies the migrations that a database does not have yet, in the order of their names. A file is applied
 * with its record in one transaction: whole, or not at all. Returns the names of those applied.
 * @throws {Trouble} naming the file that failed; what came before it stays.
 */
export async function applyMigrations(
  database: LocalDatabase,
  folder = join(ROOT, drizzleConfig.out),
): Promise<string[]> {
  const { unstable_splitSqlQuery: splitStatements } = await import("wrangler");
  await database.prepare(CREATE_RECORD).run();
  const { results } = await database.prepare("SELECT name FROM d1_migrations").all<{ name: string }>();
  const there = new Set(results.map(({ name }) => name));
  const missing = readdirSync(folder)
    .filter((name) => name.endsWith(".sql") && !there.has(name))
    .sort();
  for (const name of missing) {
    const statements = splitStatements(readFileSync(join(folder, name), "utf8"));
    const record = database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name);
    try {
      await database.batch([...statements.map((statement) => database.prepare(statement)), record]);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Trouble(`The migration ${name} failed: ${reason}`, { cause });
    }
  }
  return missing;
}
