import type { Deps } from "../../operations/deps.ts";
import type { Moment } from "../../operations/moment.ts";
import { JSON_TYPE, refuse } from "../refusals.ts";
import { momentOf, type DepsOf, type OAuthApp } from "./endpoint.ts";

/** What is published changes seldom, and clients may keep it so long. */
const MAX_AGE_SECONDS = 300;

/**
 * Serves a document that is for everybody, scripts of whatever origin included, and answers every other method
 * by 405.
 */
export function servePublic(
  app: OAuthApp,
  path: string,
  depsOf: DepsOf,
  make: (deps: Deps, moment: Moment) => object | Promise<object>,
  type = JSON_TYPE,
): void {
  app.all(path, async (context) => {
    const deps = depsOf(context.env);
    const request = context.req.raw;
    const { method } = request;
    if (method !== "GET" && method !== "HEAD") {
      return refuse({ kind: "method_not_allowed", allow: ["GET", "HEAD"] }, request, deps.origins);
    }
    const text = JSON.stringify(await make(deps, momentOf(context, deps)));
    return new Response(method === "HEAD" ? null : text, {
      headers: {
        "Content-Type": type,
        "Cache-Control": `public, max-age=${MAX_AGE_SECONDS}`,
        "Access-Control-Allow-Origin": "*",
      },
    });
  });
}
