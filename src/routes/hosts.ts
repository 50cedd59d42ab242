import type { Hono } from "hono";
import type { Env } from "../bindings.ts";
import type { Deps } from "../operations/deps.ts";
import { atTenant, findProvenDomain } from "../operations/tenant.ts";
import { refuse } from "./refusals.ts";

type App = Hono<{ Bindings: Env }>;
type DepsOf = (env: Env) => Deps;
type Domain = NonNullable<Awaited<ReturnType<typeof findProvenDomain>>>;

/** Asked by whoever watches over the server, by whatever address it has there. */
const HEALTH_PATH = "/healthz";

/**
 * Asked by proxies that leave their caller's `Host` as it is (Caddy and Envoy do). Nothing in the answer comes of
 * the host; where it is a tenant's, its team alone is let through.
 */
const FORWARD_AUTH_PATH = /^\/v1\/forward-auth(?:\/envoy)?$/;

export interface Hosts {
  /** An app with the same routes, for what comes to tenants' domains. */
  readonly build: (depsOf: DepsOf) => App;
  readonly depsOf: DepsOf;
  readonly refuseFault: (error: unknown, request: Request) => Response;
}

/**
 * Decides by its host what a request comes to: the region itself, a domain that a team has proven, or nothing
 * (contract, section 9). Around the app and not in it, so that a request to the region's own host goes on as if
 * there were no others. No header says what the host is but `Host` itself, which is the URL's.
 */
export function servingHosts(own: App, { build, depsOf, refuseFault }: Hosts): App {
  const { fetch } = own;
  let tenants: App | null = null;
  own.fetch = (request, env, context) => {
    if (env === undefined || isOwn(env as Env, request.url)) return fetch(request, env, context);
    return answerElsewhere(request, env as Env, context).catch((error: unknown) =>
      refuseFault(error, request),
    );
  };
  return own;

  function isOwn(env: Env, url: string): boolean {
    try {
      return depsOf(env).ownHosts.covers(url);
    } catch {
      // A Worker that is not fit to serve says so wherever it is met.
      return true;
    }
  }

  async function answerElsewhere(
    request: Request,
    env: Env,
    context: Parameters<typeof fetch>[2],
  ): Promise<Response> {
    const deps = depsOf(env);
    const url = new URL(request.url);
    if (url.pathname === HEALTH_PATH) return fetch(request, env, context);
    const moment = {
      arrivedAt: deps.clock(),
      background: (work: Promise<unknown>) => context?.waitUntil(work),
    };
    // An issuer has no port (`https://<name>`): what comes to another one comes to something else.
    const domain = url.port === "" ? await findProvenDomain(deps, url.hostname, moment) : null;
    if (domain === null) {
      if (FORWARD_AUTH_PATH.test(url.pathname)) return fetch(request, env, context);
      return refuse({ kind: "misdirected" }, request, deps.origins);
    }
    tenants ??= build(tenantDeps);
    return tenants.fetch(request, envAt(domain, env, deps), context);
  }
}

/** What the routes are handed as their environment on a tenant's domain, and what it stands for. */
const depsByEnv = new WeakMap<object, Deps>();

/** Made once for each reading of the table of domains. */
const envByDomain = new WeakMap<Domain, Env>();

function envAt(domain: Domain, env: Env, deps: Deps): Env {
  const known = envByDomain.get(domain);
  if (known !== undefined) return known;
  const itsEnv = { ...env };
  depsByEnv.set(itsEnv, atTenant(deps, domain));
  envByDomain.set(domain, itsEnv);
  return itsEnv;
}

function tenantDeps(env: Env): Deps {
  const deps = depsByEnv.get(env);
  if (deps === undefined) throw new Error("a tenant's domain has an environment of its own");
  return deps;
}

/** Whose domain a page is shown at; null: it is the region's own. */
export function tenantAt(env: Env): Deps["tenant"] {
  return depsByEnv.get(env)?.tenant ?? null;
}
