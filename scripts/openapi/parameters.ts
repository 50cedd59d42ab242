import { PAGE_QUERY } from "../../src/routes/api/paging.ts";
import type { Route } from "../../src/routes/api/route.ts";
import { isForwardAuth, proxyParameters } from "./forward-auth.ts";
import { pathParameters } from "./names.ts";
import type { Json } from "./schemas.ts";

const TEXT: Json = { type: "string" };

/** What stands in several operations, by the name that they refer to it by; those in paths by their own. */
export const PARAMETERS: Readonly<Record<string, Json>> = {
  team: inPath("team", "The team's id, `team_…`."),
  user: inPath("user", "The person's id, `usr_…`."),
  id: inPath("id", "The id that creating or listing answered."),
  delivery: inPath("delivery", "The delivery's id, `dlv_…`."),
  service: inPath("service", "The catalogue's name, such as `EMM`."),
  limit: inQuery("limit", PAGE_QUERY.limit, { type: "integer", minimum: 1, maximum: 100 }),
  cursor: inQuery("cursor", PAGE_QUERY.cursor),
  IdempotencyKey: inHeader(
    "Idempotency-Key",
    "Repeats the first answer for 24 h to the same caller for the same path and body, without its secret.",
    { type: "string", minLength: 1, maxLength: 255, pattern: "^[\\x20-\\x7e]+$" },
  ),
  IfMatch: inHeader(
    "If-Match",
    "The `ETag` that `GET` gave: changes nothing if somebody else has meanwhile.",
    TEXT,
  ),
};

/** Query parameters that are more than one text. */
const IN_QUERY: Readonly<Record<string, Json>> = {
  permission: { type: "array", items: TEXT },
};

export function parametersOf(route: Route): Json[] {
  const { path, query = {}, idempotent } = route;
  return [
    ...pathParameters(path).map((name) => refer(name)),
    ...Object.entries(query).map(([name, description]) => {
      if (PARAMETERS[name]?.["description"] === description) return refer(name);
      const required = isForwardAuth(route) && name === "team" ? { required: true } : {};
      return { ...inQuery(name, description, IN_QUERY[name]), ...required };
    }),
    ...(idempotent ? [refer("IdempotencyKey")] : []),
    ...(takesIfMatch(route) ? [refer("IfMatch")] : []),
    ...proxyParameters(route),
  ];
}

/** Whatever can be changed can be changed under a condition; some of it deleted, too. */
export function takesIfMatch({ method, refuses = [] }: Route): boolean {
  return method === "PATCH" || refuses.includes(412);
}

function refer(name: string): Json {
  if (!Object.hasOwn(PARAMETERS, name)) throw new Error(`the parameter ${name} has no description`);
  return { $ref: `#/components/parameters/${name}` };
}

function inPath(name: string, description: string): Json {
  return { name, in: "path", required: true, description, schema: TEXT };
}

function inQuery(name: string, description: string, schema = TEXT): Json {
  return { name, in: "query", description, schema };
}

function inHeader(name: string, description: string, schema: Json): Json {
  return { name, in: "header", description, schema };
}
