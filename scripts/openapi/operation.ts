import type { Route } from "../../src/routes/api/route.ts";
import { operationId, pathParameters, tagOf } from "./names.ts";
import { refusalsOf } from "./refusals.ts";
import { bodySchema, type Json } from "./schemas.ts";
import { securityOf } from "./security.ts";

const IF_MATCH = "IfMatch";

/** What stands in several operations, by the name that they refer to it by. */
export const PARAMETERS: Readonly<Record<string, Json>> = {
  team: inPath("team", "The team's id, `team_…`."),
  user: inPath("user", "The person's id, `usr_…`."),
  id: inPath("id", "The id that creating or listing answered."),
  service: inPath("service", "The catalogue's name, such as `EMM`."),
  limit: inQuery("limit", PAGE_QUERY.limit, { type: "integer", minimum: 1, maximum: 100 }),
  cursor: inQuery("cursor", PAGE_QUERY.cursor),
  IdempotencyKey: inHeader(
    "Idempotency-Key",
    "Repeats the first answer for 24 h to the same caller for the same path and body, without its secret.",
    { type: "string", minLength: 1, maxLength: 255, pattern: "^[\\x20-\\x7e]+$" },
  ),
  [IF_MATCH]: inHeader("If-Match", "The `ETag` that `GET` gave: changes nothing if somebody else has meanwhile."),
};

/** Query parameters that are more than one string. */
const IN_QUERY: Readonly<Record<string, Json>> = {
  permission: { type: "array", items: { type: "string" } },
};

/** Forward-auth's own headers; its service key is a security scheme. */
const CLIENT_IP: Json = {
  name: "X-Jeton-Client-IP",
  in: "header",
  description:
    "The caller's address as the proxy saw it, for tokens with allowed addresses. The proxy must overwrite " +
    "what its caller sent by this name.",
  schema: { type: "string" },
};

const FORWARDED: Readonly<Record<string, string>> = {
  "X-Jeton-Token": "The token's id.",
  "X-Jeton-Team": "The token's team.",
  "X-Jeton-Profile": "The token's profile id, percent-encoded where it is not visible ASCII.",
  "X-Jeton-Permissions": "The token's permissions that this service may see, separated by commas.",
  "RateLimit-Limit": "Permits in a window, of a limited token.",
  "RateLimit-Remaining": "Permits that are left.",
  "RateLimit-Reset": "Whole seconds until all of them are back.",
};

/** One route as an operation. */
export function describeOperation(route: Route, routes: readonly Route[]): Json {
  const { access, body, summary } = route;
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
      : { requestBody: { required: true, content: { "application/json": { schema: bodySchema(body) } } } }),
    responses: { ...successes(route, routes), ...refusalsOf(route) },
  };
}

function parametersOf({ method, path, query = {}, idempotent }: Route): Json[] {
  return [
    ...pathParameters(path).map((name) => {
      const description = IN_PATH[name];
      if (description === undefined) throw new Error(`the path parameter ${name} has no description`);
      return { name, in: "path", required: true, description, schema: { type: "string" } };
    }),
    ...Object.entries(query).map(([name, description]) => ({
      name,
      in: "query",
      ...(REQUIRED_IN_QUERY.has(name) ? { required: true } : {}),
      description,
      schema: IN_QUERY[name] ?? { type: "string" },
    })),
    ...(idempotent ? [{ $ref: "#/components/parameters/IdempotencyKey" }] : []),
    ...(method === "PATCH" ? [{ $ref: "#/components/parameters/IfMatch" }] : []),
    ...(path === "/v1/forward-auth" ? [CLIENT_IP] : []),
  ];
}

function successes(route: Route, routes: readonly Route[]): Json {
  const { method, path, answers, produces = [] } = route;
  const headers = successHeaders(route, routes);
  const others = produces.filter((type) => type !== "application/json");
  const described = {
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    content: {
      "application/json": { schema: { $ref: `#/components/schemas/${answers.body}` } },
      ...Object.fromEntries(others.map((type) => [type, { schema: { type: "string" } }])),
    },
  };
  const done = path === "/v1/forward-auth" ? "Allowed." : answers.status === 201 ? "Created." : "Done.";
  return {
    [answers.status]: { description: done, ...described },
    // RFC 9110, section 9.3.4: a PUT that made what was not there says so.
    ...(method === "PUT" ? { 201: { description: "Created.", ...described } } : {}),
  };
}

function successHeaders({ method, path }: Route, routes: readonly Route[]): Json {
  if (path === "/v1/forward-auth") {
    const headers = Object.entries(FORWARDED);
    return Object.fromEntries(
      headers.map(([name, description]) => [name, { description, schema: { type: "string" } }]),
    );
  }
  const isEditable = routes.some((other) => other.path === path && other.method === "PATCH");
  return isEditable && (method === "GET" || method === "PATCH")
    ? { ETag: { description: "For `If-Match`.", schema: { type: "string" } } }
    : {};
}
