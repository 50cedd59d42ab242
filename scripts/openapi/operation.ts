import type { Route } from "../../src/routes/api/route.ts";
import { isForwardAuth, proxyHeaders } from "./forward-auth.ts";
import { operationId, tagOf } from "./names.ts";
import { parametersOf } from "./parameters.ts";
import { refusalsOf } from "./refusals.ts";
import { bodySchema, type Json } from "./schemas.ts";
import { securityOf } from "./security.ts";

/** One route as an operation. */
export function describeOperation(route: Route, routes: readonly Route[]): Json {
  const { access, ownBody, body = ownBody, consumes = "application/json", summary } = route;
  const parameters = parametersOf(route);
  return {
    operationId: operationId(route),
    tags: [tagOf(route)],
    summary,
    security: securityOf(route),
    ...(access.kind === "team" ? { "x-permission": access.permission } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { [consumes]: { schema: bodySchema(body) } } } }),
    responses: { ...successes(route, routes), ...refusalsOf(route) },
  };
}

function successes(route: Route, routes: readonly Route[]): Json {
  const { method, answers, produces = [] } = route;
  const headers = successHeaders(route, routes);
  const others = produces.filter((type) => type !== "application/json");
  const described = {
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    content: {
      "application/json": { schema: { $ref: `#/components/schemas/${answers.body}` } },
      ...Object.fromEntries(others.map((type) => [type, { schema: { type: "string" } }])),
    },
  };
  const done = isForwardAuth(route) ? "Allowed." : answers.status === 201 ? "Created." : "Done.";
  return {
    [answers.status]: { description: done, ...described },
    // RFC 9110, section 9.3.4: a PUT that made what was not there says so.
    ...(method === "PUT" ? { 201: { description: "Created.", ...described } } : {}),
  };
}

function successHeaders(route: Route, routes: readonly Route[]): Json {
  if (isForwardAuth(route)) return proxyHeaders();
  const { method, path } = route;
  const isEditable = routes.some((other) => other.path === path && other.method === "PATCH");
  return isEditable && (method === "GET" || method === "PATCH")
    ? { ETag: { description: "For `If-Match`.", schema: { type: "string" } } }
    : {};
}
