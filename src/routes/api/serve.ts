import type { Hono } from "hono";
import type { Env } from "../../bindings.ts";
import { bearerCredential, TOKEN_SCHEMES } from "../../domain/bearer.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { actorOf, type Caller } from "../../operations/caller.ts";
import type { Deps } from "../../operations/deps.ts";
import {
  identifyOperator,
  identifyService,
  identifyTeamCaller,
  serviceAtHand,
  type KeyedService,
} from "../../operations/identify-caller.ts";
import type { Moment } from "../../operations/moment.ts";
import { recordDenial } from "../../operations/record-denial.ts";
import { acceptsAny } from "../accept.ts";
import { sentProof } from "../sent-proof.ts";
import { sessionCookie } from "../session-cookie.ts";
import { readJson, validate } from "../body.ts";
import { JSON_TYPE, refuse } from "../refusals.ts";
import { metadataUrlOf } from "../resource-metadata.ts";
import { answerOnce } from "./idempotency.ts";
import { TEAM_PARAMETER, type Access, type Answer, type Call, type Route } from "./route.ts";

type App = Hono<{ Bindings: Env }>;

/** Registers every route, and for each path an answer to the methods that it does not take. */
export function serveRoutes(app: App, routes: readonly Route[], depsOf: (env: Env) => Deps): void {
  for (const [path, taken] of byPath(routes)) {
    const allow = [...taken.keys()]
      .flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]))
      .sort();
    const anyMethod = routes.find((route) => route.anyMethod && honoPath(route.path) === path);
    // One handler for each path: a second one that matches too would send every request through a chain.
    app.all(path, async (context) => {
      const deps = depsOf(context.env);
      const request = context.req.raw;
      const { method } = request;
      const route = taken.get(method === "HEAD" ? "GET" : method) ?? anyMethod;
      if (route === undefined) return refuse({ kind: "method_not_allowed", allow }, request, deps.origins);
      const moment: Moment = {
        arrivedAt: deps.clock(),
        background: (work) => context.executionCtx.waitUntil(work),
      };
      const params: Readonly<Record<string, string>> = path.includes(":")
        ? context.req.param()
        : NO_PARAMETERS;
      const answer = await answerCall(route, { deps, request, moment, params });
      if (!answer.ok) {
        const isTokens = route.access.kind === "team";
        return refuse(answer.error, request, deps.origins, isTokens ? metadataUrlOf(deps) : undefined);
      }
      if (isChange(route)) deps.auditSealer.soon(params[TEAM_PARAMETER] ?? null, moment);
      return respond(answer.value);
    });
  }
}

const NO_PARAMETERS = {};

/** Which route takes which method, for each path. */
function byPath(routes: readonly Route[]): Map<string, Map<string, Route>> {
  const paths = new Map<string, Map<string, Route>>();
  for (const route of routes) {
    const path = honoPath(route.path);
    const taken = paths.get(path) ?? new Map<string, Route>();
    paths.set(path, taken.set(route.method, route));
  }
  return paths;
}

export type Incoming = Pick<Call, "deps" | "request" | "moment" | "params">;

/** A request's way: acceptable? who? well formed? then the operation, once. */
export async function answerCall(route: Route, incoming: Incoming): Promise<Result<Answer, Refusal>> {
  const { request } = incoming;
  const { handle, produces = ["application/json"] } = route;
  if (!route.anyAccept && !acceptsAny(request.headers.get("Accept"), produces))
    return err({ kind: "not_acceptable" });
  const identifying = identify(route, incoming);
  const identified = identifying instanceof Promise ? await identifying : identifying;
  if (!identified.ok) return identified;
  const { caller, service, ip } = identified.value;
  const read = route.body === undefined ? ok({ text: "", value: undefined }) : await readJson(request);
  if (!read.ok) return read;
  const body = validBody(route, read.value.value);
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
  const answer = await (key === null
    ? handle(call)
    : answerOnce(call, { caller: actorOf(caller), key, body: read.value.text }, handle));
  if (!answer.ok && route.access.kind === "team") {
    await recordDenial(incoming.deps, call.actor, subjectOf(route.access, incoming.params), answer.error);
  }
  return answer;
}

/** A denial for what the caller holds is only reached once what the path names was found. */
function subjectOf({ permission }: { readonly permission: string }, params: Call["params"]) {
  const teamId = params[TEAM_PARAMETER] ?? "";
  return { teamId, subject: params["id"] ?? teamId, permission };
}

function validBody({ body, plainBody }: Route, value: unknown): Result<unknown, Refusal> {
  if (body === undefined) return ok(undefined);
  const plain = plainBody?.(value) ?? null;
  return plain === null ? validate(body, value) : ok(plain);
}

interface Identified {
  readonly caller: Caller;
  readonly service: KeyedService;
  readonly ip: string | null;
}

/** Waits for nothing where the caller is at hand. */
function identify(
  route: Route,
  incoming: Incoming,
): Result<Identified, Refusal> | Promise<Result<Identified, Refusal>> {
  const { deps, request, moment } = incoming;
  // Where anyone may call, nobody asks who it is: the header may be somebody else's, passed on.
  const authorization = route.access.kind === "anyone" ? null : request.headers.get("Authorization");
  // A service key is bound to no key: the scheme of those that are is none for it.
  const schemes = route.access.kind === "service" ? undefined : TOKEN_SCHEMES;
  const credential = bearerCredential(authorization, request.url, schemes);
  if (!credential.ok) return credential;
  if (route.access.kind !== "service") return identifyPerson(route.access, credential.value, incoming);
  const presented = { credential: credential.value };
  const service = serviceAtHand(deps, presented, moment);
  if (service !== null) return ok({ ...NOBODY, service });
  return identifyService(deps, presented, moment).then((found) =>
    found.ok ? ok({ ...NOBODY, service: found.value }) : found,
  );
}

/** A handler reads only what its route's access brings; the rest stays empty. */
const NOBODY = { ip: null } as Identified;

async function identifyPerson(
  access: Exclude<Access, { readonly kind: "service" }>,
  credential: string | null,
  { deps, request, moment, params }: Incoming,
): Promise<Result<Identified, Refusal>> {
  // Forwarded-for headers are anybody's to write; only the platform's own is trusted (RFC 9700).
  const ip = request.headers.get("CF-Connecting-IP");
  const presented = { credential, session: sessionCookie(request), proof: sentProof(deps, request), ip };
  switch (access.kind) {
    case "anyone":
      return ok({ ...NOBODY, ip });
    case "operator": {
      const caller = await identifyOperator(deps, presented, moment);
      return caller.ok ? ok({ ...NOBODY, caller: caller.value, ip }) : caller;
    }
    case "team": {
      const team = params[TEAM_PARAMETER] ?? "";
      const needs = { team, permission: access.permission };
      const caller = await identifyTeamCaller(deps, presented, needs, moment);
      return caller.ok ? ok({ ...NOBODY, caller: caller.value, ip }) : caller;
    }
  }
}

/** Whatever a caller of the management API changes is in the audit trail. */
function isChange({ method, access }: Route): boolean {
  return method !== "GET" && access.kind !== "service" && access.kind !== "anyone";
}

const PLAIN_HEADERS = { "Content-Type": JSON_TYPE, "Cache-Control": "no-store" } as const;

function respond({ status, body, written, headers, stream }: Answer): Response {
  return new Response(stream ?? (written ? (body as string) : JSON.stringify(body)), {
    status,
    headers: headers === undefined ? PLAIN_HEADERS : { ...PLAIN_HEADERS, ...headers },
  });
}

function honoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}
