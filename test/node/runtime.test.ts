import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyMigrations } from "../../scripts/local/migrations.ts";
import { startRuntime, type LocalWorker, type Runtime } from "../../scripts/local/runtime.ts";

const host: LocalWorker = {
  name: "host",
  code: {
    text: `export default {
      fetch: (request) => new Response("host of " + request.headers.get("CF-Connecting-IP")),
      scheduled: ({ cron }, env) => env.DB.prepare("INSERT INTO fired (cron) VALUES (?)").bind(cron).run(),
    }`,
  },
  settings: { compatibilityDate: "2026-11-01", d1Databases: { DB: "db" } },
};

const guest: LocalWorker = {
  name: "guest",
  code: {
    text: `export default {
      fetch: async (request, env) => new Response("guest of " + await (await env.HOST.fetch(request)).text()),
    }`,
  },
  settings: { compatibilityDate: "2026-11-01", serviceBindings: { HOST: "host" } },
  directPort: 0,
};

let runtime: Runtime;
let folder: string;
beforeAll(async () => {
  // Migrations need it, and it takes longer to load than a test may.
  await import("wrangler");
  folder = mkdtempSync(join(tmpdir(), "migrations-"));
  runtime = await startRuntime({ workers: [host, guest], port: 0, stateDir: null, onLog: () => {} });
}, 60_000);
afterAll(async () => {
  await runtime.stop();
  rmSync(folder, { recursive: true });
});

const textAt = async (url: string): Promise<string> => (await fetch(url)).text();

describe("the local runtime", () => {
  test("tells the first Worker the caller's address, as the platform does", async () => {
    expect(await textAt(runtime.url)).toBe("host of 127.0.0.1");
  });

  test("serves another Worker on a port of its own, bound to the first", async () => {
    expect(await textAt(await runtime.directUrl("guest"))).toMatch(/^guest of host of /);
  });

  test("leaves it to whoever started it what a signal does", () => {
    const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    const own = names.flatMap((name) => process.listeners(name)).map(String);
    expect(own.filter((source) => source.includes("runCallbacks"))).toEqual([]);
  });

  test("fires cron triggers when told", async () => {
    const database = await runtime.database("host", "DB");
    await database.prepare("CREATE TABLE fired (cron TEXT)").run();
    await runtime.fireCron("host", "*/5 * * * *");
    expect((await database.prepare("SELECT cron FROM fired").all()).results).toEqual([
      { cron: "*/5 * * * *" },
    ]);
  });

  test("says that a cron trigger failed", async () => {
    const database = await runtime.database("host", "DB");
    await database.prepare("DROP TABLE IF EXISTS fired").run();
    await expect(runtime.fireCron("host", "*/5 * * * *")).rejects.toThrow("exception");
  });
});

describe("migrations", () => {
  test("are applied in order, each once, and recorded as wrangler does", async () => {
    const database = await runtime.database("host", "DB");
    writeFileSync(
      join(folder, "0000_a.sql"),
      "CREATE TABLE a (x TEXT);--> statement-breakpoint\nCREATE TABLE b (x TEXT);",
    );
    expect(await applyMigrations(database, folder)).toEqual(["0000_a.sql"]);
    writeFileSync(
      join(folder, "0001_b.sql"),
      "-- a comment; with a semicolon\nINSERT INTO a VALUES ('one; two');",
    );
    expect(await applyMigrations(database, folder)).toEqual(["0001_b.sql"]);
    expect(await applyMigrations(database, folder)).toEqual([]);
    expect((await database.prepare("SELECT * FROM a").all()).results).toEqual([{ x: "one; two" }]);
    const { results } = await database.prepare("SELECT id, name, applied_at FROM d1_migrations").all();
    expect(results).toEqual([
      { id: 1, name: "0000_a.sql", applied_at: expect.stringMatching(/^\d{4}-\d\d-\d\d /) as unknown },
      { id: 2, name: "0001_b.sql", applied_at: expect.stringMatching(/^\d{4}-\d\d-\d\d /) as unknown },
    ]);
  });

  test("that fail are named and leave nothing behind, and what comes after them waits", async () => {
    const database = await runtime.database("host", "DB");
    writeFileSync(join(folder, "0002_c.sql"), "CREATE TABLE c (x TEXT);\nINSERT INTO nowhere VALUES (1);");
    writeFileSync(join(folder, "0003_d.sql"), "CREATE TABLE d (x TEXT);");
    await expect(applyMigrations(database, folder)).rejects.toThrow("0002_c.sql");
    const { results } = await database
      .prepare("SELECT name FROM sqlite_schema WHERE name IN ('c', 'd')")
      .all();
    expect(results).toEqual([]);
  });
});
