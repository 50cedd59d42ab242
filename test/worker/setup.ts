import { applyD1Migrations, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { Env as JetonEnv } from "../../src/bindings.ts";
import type * as worker from "../../src/index.ts";

declare global {
  namespace Cloudflare {
    interface Env extends JetonEnv {
      /** The files of `drizzle/`, read by vitest.config.ts: workerd has no file system. */
      readonly MIGRATIONS: D1Migration[];
    }
    interface GlobalProps {
      mainModule: typeof worker;
      durableNamespaces: "Limiter";
    }
  }
}

// Nothing here waits for time to pass: what takes long shares its machine with others.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

// Each test file has storage of its own, which starts empty.
await applyD1Migrations(env.DB, env.MIGRATIONS);
