import type { Hono } from "hono";
import type { Env } from "../../bindings.ts";
import { bearerCredential } from "../../domain/bearer.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { actorOf, type Caller } from "../../operations/caller.ts";
import type { Deps } from "../../operations/deps.ts";
import {
  identifyOperator,
  identifyService,
  identifyTeamCaller,
  type KeyedService,
} from "../../operations/identify-caller.ts";
import type { Moment } from "../../operations/moment.ts";
import { acceptsAny } from "../accept.ts";
import { sessionCookie } from "../session-cookie.ts";
import { readJson, validate } from "../body.ts";
import { JSON_TYPE, refuse } from "../refusals.ts";
import { answerOnce } from "./idempotency.ts";
import { TEAM_PARAMETER, type Answer, type Call, type Method, type Route } from "./route.ts";

type App = Hono<{ Bindings: Env }>;

/** Registers every route, and for each path an answer to the methods that it does not take. */
export function serveRoutes(app: App, routes: readonly Route[], depsOf: (env: Env) => Deps): void {
  const methods = new Map<string, Method[]>();
  for (const route of routes) {
    const path = honoPath(route.path);
    methods.set(path, [...(methods.get(path) ?? []), route.method]);
    app.on(route.anyMethod ? "ALL" : route.method, path, async (context) => {
      const deps = depsOf(context.env);
      const moment: Moment = {
        arrivedAt: deps.clock(),
        background: (work) => context.executionCtx.waitUntil(work),
      };
      const request = context.req.raw;
      const answer = await answerCall(route, { deps, request, moment, params: context.req.param() });
      if (!answer.ok) return refuse(answer.error, request, deps.origins);
      if (isChange(route)) deps.auditSealer.soon(context.req.param(TEAM_PARAMETER) ?? null, moment);
      return respond(answer.value);
    });
  }
  for (const [path, taken] of methods) {
    const allow = taken.includes("GET") ? ["HEAD", ...taken] : taken;
    app.all(path, ({ req, env }) =>
      refuse({ kind: "method_not_allowed", allow: allow.toSorted() }, req.raw, depsOf(env).origins),
    );
  }
}

type Incoming = Pick<Call, "deps" | "request" | "moment" | "params">;

/** A request's way: acceptable? who? well formed? then the operation, once. */
async function answerCall(route: Route, incoming: Incoming): Promise<Result<Answer, Refusal>> {
  const { request } = incoming;
  const { handle, produces = ["application/json"] } = route;
  if (!route.anyAccept && !acceptsAny(request.headers.get("Accept"), produces))
    return err({ kind: "not_acceptable" });
  const identified = await identify(route, incoming);
  if (!identified.ok) return identified;
  const { caller, service, ip } = identified.value;
  const read = route.body === undefined ? ok({ text: "", value: undefined }) : await readJson(request);
  if (!read.ok) return read;
  const body = route.body === undefined ? ok(undefined) : validate(route.body, read.value.value);
  if (!body.ok) return body;

  const call: Call<never> = {
    ...incoming,
    // Read by few: a hot check does not pay for it.
    get query() {
      return new URL(request.url).searchParams;
    },
    body: body.value as never,
    caller,
    actor: { caller, ip },
    service,
    keepAnswer: () => () => [],
  };
  const key = route.idempotent ? request.headers.get("Idempotency-Key") : null;
  if (key === null) return handle(call);
  return answerOnce(call, { caller: actorOf(caller), key, body: read.value.text }, handle);
}

interface Identified {
  readonly caller: Caller;
  readonly service: KeyedService;
  readonly ip: string | null;
}

async function identify(route: Route, incoming: Incoming): Promise<Result<Identified, Refusal>> {
  const { deps, request, moment, params } = incoming;
  // Where anyone may call, nobody asks who it is: the header may be somebody else's, passed on.
  const authorization = route.access.kind === "anyone" ? null : request.headers.get("Authorization");
  const credential = bearerCredential(authorization, request.url);
  if (!credential.ok) return credential;
  // Forwarded-for headers are anybody's to write; only the platform's own is trusted (RFC 9700).
  const ip = request.headers.get("CF-Connecting-IP");
  const presented = { credential: credential.value, session: sessionCookie(request), ip };
  // A handler reads only what its route's access brings; the rest stays empty.
  const nobody = {} as Identified;
  switch (route.access.kind) {
    case "anyone":
      return ok({ ...nobody, ip });
    case "service": {
      const service = await identifyService(deps, presented, moment);
      return service.ok ? ok({ ...nobody, service: service.value, ip }) : service;
    }
    case "operator": {
      const caller = await identifyOperator(deps, presented, moment);
      return caller.ok ? ok({ ...nobody, caller: caller.value, ip }) : caller;
    }
    case "team": {
      const team = params[TEAM_PARAMETER] ?? "";
      const needs = { team, permission: route.access.permission };
      const caller = await identifyTeamCaller(deps, presented, needs, moment);
      return caller.ok ? ok({ ...nobody, caller: caller.value, ip }) : caller;
    }
  }
}

/** Whatever a caller of the management API changes is in the audit trail. */
function isChange({ method, access }: Route): boolean {
  return method !== "GET" && access.kind !== "service" && access.kind !== "anyone";
}

const PLAIN_HEADERS = { "Content-Type": JSON_TYPE, "Cache-Control": "no-store" } as const;

function respond({ status, body, headers, stream }: Answer): Response {
  return new Response(stream ?? JSON.stringify(body), {
    status,
    headers: headers === undefined ? PLAIN_HEADERS : { ...PLAIN_HEADERS, ...headers },
  });
}

function honoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}
