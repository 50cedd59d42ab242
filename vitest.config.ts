import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import drizzleConfig from "./drizzle.config.ts";
import { storeInMemory } from "./test/memory-folder.ts";
import { sourceBundle } from "./test/source-bundle.ts";

storeInMemory();

/**
 * Tests that drive a browser run where one is named (`.ci/run` does), or when somebody asks for them; who has no
 * browser is then told so. `npm test` by itself needs nothing installed.
 */
const isAskedFor = process.argv.some((argument) => /^(--project=)?browser$/.test(argument));
const browser = process.env.CHROMIUM !== undefined || isAskedFor ? ["browser"] : [];

/** Files that are run at once, whatever the machine: most wait a good part of the time. */
const WORKERS = 4;

/** What keeps nothing but what it was asked about: files that ask about their own need no process each. */
const PURE = ["domain", "catalogues", "operations", "routes"].map((folder) => `test/${folder}/**/*.test.ts`);

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "pure",
          environment: "node",
          include: PURE,
          isolate: false,
          // As many as the others may have, or it would have to wait for their end.
          maxWorkers: WORKERS,
          // Properties are tried thousands of times; slow machines take their time.
          testTimeout: 60_000,
        },
      },
      {
        // Static checks, and what starts processes of its own.
        test: {
          name: "node",
          // Servers are started and hundreds of requests sent; slow machines take their time.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          environment: "node",
          include: ["test/**/*.test.{ts,tsx}"],
          exclude: ["test/worker/**", "test/conformance/**", "test/browser/**", ...PURE],
        },
      },
      {
        // Everything that meets D1, a Durable Object or HTTP, on workerd itself.
        plugins: [
          sourceBundle(),
          cloudflareTest(async () => ({
            // The source, not what `wrangler.toml` has built from it.
            main: "./src/index.ts",
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              // Nobody takes from this one: endpoints have their turns when a test says so.
              queueProducers: { DELIVERIES: { queueName: "unattended" } },
              // Where a test plays other regions too (test/worker/moves).
              d1Databases: { EU_DB: "jeton-eu", IN_DB: "jeton-in" },
              bindings: {
                OPERATOR_KEY: "jtn-dev-operator-key",
                TAG_KEYS: "jtn-dev-tag-key",
                ENCRYPTION_KEYS: "jtn-dev-encryption-key",
                DEVELOPMENT: "true",
                // A developer's own .dev.vars is read too: what would change results is set here.
                ALLOW_LOOPBACK_WEBHOOKS: "",
                FRESHNESS_MS: "",
                ORIGINS: "",
                HOSTS: "jeton.test",
                MIGRATIONS: await readD1Migrations(drizzleConfig.out),
              },
            },
          })),
        ],
        test: {
          name: "worker",
          // Files share nothing, and each waits for its storage a good part of the time.
          maxWorkers: WORKERS,
          include: ["test/worker/**/*.test.{ts,tsx}", "test/conformance/**/*.test.ts"],
          setupFiles: ["./test/worker/setup.ts"],
        },
      },
      ...browser.map((name) => ({
        test: {
          name,
          environment: "node" as const,
          include: [`test/${name}/**/*.test.ts`],
          globalSetup: [`test/${name}/setup.ts`],
          // Each file waits for its own browser most of the time.
          maxWorkers: 3,
          testTimeout: 60_000,
        },
      })),
    ],
  },
});
