import { Hono, type Context } from "hono";
import { ConfigError, type Env } from "./bindings.ts";
import type { Refusal } from "./domain/refusal.ts";
import { REGION_CODES, type RegionCode } from "./domain/region.ts";
import type { Deps } from "./operations/deps.ts";
import { retryAfterSecondsOf } from "./operations/unavailable.ts";
import { serveRoutes } from "./routes/api/serve.ts";
import { hotRoutes } from "./routes/api/hot.ts";
import { servingHosts } from "./routes/hosts.ts";
import { refuse } from "./routes/refusals.ts";
import { defaultOrigin } from "./deployments.ts";

/**
 * The Worker's HTTP side. What is asked at each call of somebody's API is there from the start. The rest is loaded
 * when it is first asked for, so that a check that meets a cold start does not wait for it.
 * @param loadPages what people look at; left out, there is only what programs call
 */
export function createApp(depsOf: DepsOf, loadPages?: LoadRoutes): App {
  const later = loadPages === undefined ? LATER : [...LATER, loadPages];
  const build = (deps: DepsOf): App => routed(deps, (app) => serveRoutes(app, hotRoutes, deps), later);
  return sendingEvents(servingHosts(build(depsOf), { build, depsOf, refuseFault }), depsOf);
}

type ServeRoutes = (app: App, depsOf: DepsOf) => void;
type LoadRoutes = () => Promise<ServeRoutes>;

/** In the order in which they are asked whether a path is theirs. */
const LATER: readonly LoadRoutes[] = [
  async () => {
    const { otherRoutes } = await import("./routes/api/table.ts");
    return (app, depsOf) => serveRoutes(app, otherRoutes, depsOf);
  },
  async () => (await import("./routes/oauth/serve.ts")).serveOAuth,
];

/** Routes, whatever host they are met at; what is none of them comes to those that are loaded later. */
function routed(depsOf: DepsOf, serve: ServeRoutes, [load, ...later]: readonly LoadRoutes[]): App {
  const app: App = new Hono<{ Bindings: Env }>();
  serve(app, depsOf);
  let next: App | null = null;
  app.notFound(async (context) => {
    const { req, env } = context;
    if (load === undefined) return refuse(unknownPath(req.path), req.raw, depsOf(env).origins);
    // Each request waits for itself: a promise of another one's would go with that one.
    next ??= routed(depsOf, await load(), later);
    return next.fetch(req.raw, env, contextOf(context));
  });
  app.onError((error, { req }) => refuseFault(error, req.raw));
  return app;
}

/** None where nobody gave one. */
function contextOf(context: Context<{ Bindings: Env }>): ExecutionContext | undefined {
  try {
    return context.executionCtx as ExecutionContext;
  } catch {
    return undefined;
  }
}

function refuseFault(error: unknown, request: Request): Response {
  return refuse(faultOf(error), request, DEFAULT_ORIGINS);
}

/**
 * Sees to it that what a request may have caused is told soon. Around the app and not in it: a handler that
 * matches every path would send each check through a chain.
 */
function sendingEvents(app: App, depsOf: DepsOf): App {
  const { fetch } = app;
  app.fetch = (request, env, context) => {
    const answering = fetch(request, env, context);
    if (env === undefined || context === undefined || !mayCauseEvents(request)) return answering;
    return Promise.resolve(answering).then((answer) => {
      // A Worker that is not fit to serve has nothing to see to it with.
      if (answer.status !== UNAVAILABLE) {
        depsOf(env as Env).courier.soon({ background: (work) => context.waitUntil(work) });
      }
      return answer;
    });
  };
  return app;
}

const UNAVAILABLE = 503;

/** What is asked most changes nothing, as a rule: events of checks wait for the scheduled job. */
function mayCauseEvents({ method, url }: Request): boolean {
  if (method === "GET" || method === "HEAD" || method === "OPTIONS") return CHANGING_GET.test(url);
  return !url.endsWith("/v1/check");
}

/** Browsers come back from elsewhere with a GET. */
const CHANGING_GET = /^[^?#]*\/(?:signin\/sso\/callback|oauth\/v2\/auth)(?:[?#]|$)/;

export type App = Hono<{ Bindings: Env }>;
type DepsOf = (env: Env) => Deps;

const DEFAULT_ORIGINS = Object.fromEntries(REGION_CODES.map((code) => [code, defaultOrigin(code)])) as Record<
  RegionCode,
  string
>;

function unknownPath(path: string): Refusal {
  return /^\/v\d+(?:\/|$)/.test(path) && !/^\/v1(?:\/|$)/.test(path)
    ? { kind: "bad_api_version" }
    : { kind: "unknown_path" };
}

/** What is not a refusal is a fault. Messages of stores can hold parameters: only names reach the log. */
function faultOf(error: unknown): Refusal {
  const retryAfterSeconds = retryAfterSecondsOf(error);
  if (retryAfterSeconds !== null) {
    logFault("unavailable", error instanceof Error ? error.message : "");
    return { kind: "unavailable", retryAfterSeconds };
  }
  if (error instanceof ConfigError) {
    logFault("refusing to serve", error.message);
    return { kind: "unavailable", retryAfterSeconds: 60 };
  }
  logFault("internal error", error instanceof Error ? `${error.name} ${stackOf(error)}` : typeof error);
  return { kind: "internal" };
}

/** The stack without its first lines, which repeat the message. */
function stackOf(error: Error): string {
  return (error.stack ?? "")
    .split("\n")
    .filter((line) => line.trimStart().startsWith("at "))
    .join(" ");
}

function logFault(what: string, detail: string): void {
  // oxlint-disable-next-line no-console -- the platform's log is the only place for faults
  console.error(JSON.stringify({ level: "error", what, detail }));
}
