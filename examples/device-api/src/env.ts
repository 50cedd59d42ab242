import type { Authority } from "jeton/guard";

export interface AppEnv {
  Bindings: {
    readonly DB: D1Database;
    /** Jeton's entrypoint `Authority` (wrangler.toml). */
    readonly JETON: Authority;
    readonly DEVICE_LIMIT: string;
  };
}
