import type { Hono } from "hono";
import type { Env } from "../../bindings.ts";
import type { Deps } from "../../operations/deps.ts";
import { Unavailable } from "../../operations/unavailable.ts";

/** Adds to account pages what passkeys need; every page works without. */
export const PASSKEY_SCRIPT_PATH = "/console/passkey.js";

const HOUR_SECONDS = 3600;

/** What pages are made of beside their markup: files of `assets/`, so that a cold start does not load them. */
const FILES: readonly { readonly path: string; readonly type: string; readonly maxAgeSeconds: number }[] = [
  { path: "/console/style.css", type: "text/css", maxAgeSeconds: HOUR_SECONDS },
  { path: "/console/console.js", type: "text/javascript", maxAgeSeconds: HOUR_SECONDS },
  { path: PASSKEY_SCRIPT_PATH, type: "text/javascript", maxAgeSeconds: HOUR_SECONDS },
  { path: "/console/icon.svg", type: "image/svg+xml", maxAgeSeconds: 24 * HOUR_SECONDS },
];

export function serveFiles(app: Hono<{ Bindings: Env }>, depsOf: (env: Env) => Deps): void {
  for (const { path, type, maxAgeSeconds } of FILES) {
    app.get(path, async ({ body, env }) => {
      const text = await depsOf(env).assets.text(path);
      if (text === null) throw new Unavailable("a file of the console is not there");
      const charset = type.startsWith("text/") ? ";charset=UTF-8" : "";
      return body(text, 200, { "Content-Type": type + charset, "Cache-Control": `max-age=${maxAgeSeconds}` });
    });
  }
}
