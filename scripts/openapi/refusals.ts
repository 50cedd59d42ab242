import { ERROR_CODES } from "../../src/domain/error-codes.ts";
import type { Route } from "../../src/routes/api/route.ts";
import { isForwardAuth } from "./forward-auth.ts";
import { pathParameters } from "./names.ts";
import { takesIfMatch } from "./parameters.ts";
import type { Json } from "./schemas.ts";

const RETRY_AFTER = { "Retry-After": header("Whole seconds until it is worth trying again.", "integer") };
const CHALLENGE = { "WWW-Authenticate": header("What is wrong with the credential (RFC 6750, section 3).") };

function header(description: string, type = "string"): Json {
  return { description, schema: { type } };
}

/** Every refusal by its status; the codes are those that section 7 of the contract gives the status. */
const REFUSALS = {
  400: { name: "BadRequest", means: "The request is not well formed", headers: {} },
  401: { name: "Unauthorized", means: "No credential, or one that does not hold", headers: CHALLENGE },
  403: { name: "Forbidden", means: "The credential may not do this", headers: CHALLENGE },
  404: { name: "NotFound", means: "There is no such thing", headers: {} },
  406: { name: "NotAcceptable", means: "`Accept` excludes JSON", headers: {} },
  409: { name: "Conflict", means: "It exists already, or conflicts", headers: {} },
  412: { name: "PreconditionFailed", means: "`If-Match` is not the current `ETag`", headers: {} },
  413: { name: "ContentTooLarge", means: "The body is above 64 KiB", headers: {} },
  415: { name: "UnsupportedMediaType", means: "The body is not JSON", headers: {} },
  421: {
    name: "MisdirectedRequest",
    means: "The host is neither the region's own nor a proven domain",
    headers: {},
  },
  422: { name: "UnprocessableContent", means: "Well formed but inconsistent, or a bad header", headers: {} },
  429: { name: "TooManyRequests", means: "The credential's limit is used up", headers: RETRY_AFTER },
  500: { name: "InternalError", means: "Our fault", headers: {} },
  503: { name: "Unavailable", means: "It cannot be decided in time", headers: RETRY_AFTER },
} as const;

type Status = keyof typeof REFUSALS;

const STATUSES = Object.keys(REFUSALS).map((status) => Number(status) as Status);

/** The components that operations refer to. */
export const ERROR_ANSWERS: Json = Object.fromEntries(
  STATUSES.map((status) => {
    const { name, means, headers } = REFUSALS[status];
    return [
      name,
      {
        description: `${means}: ${codesOf(status).join(", ")}.`,
        headers: { "Content-Language": header("Of `localized_error_description`."), ...headers },
        content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
      },
    ];
  }),
);

/** References to every refusal that a route can give. */
export function refusalsOf(route: Route): Json {
  const possible = possibleStatuses(route);
  return Object.fromEntries(
    STATUSES.filter((status) => possible.has(status)).map((status) => [
      status,
      { $ref: `#/components/responses/${REFUSALS[status].name}` },
    ]),
  );
}

function possibleStatuses(route: Route): ReadonlySet<Status> {
  const { method, path, access, body, anyAccept, idempotent, refuses = [] } = route;
  const callerMayBeToken = access.kind === "operator" || access.kind === "team" || isForwardAuth(route);
  const replaces = method === "PUT" || method === "PATCH";
  // 400 everywhere: a credential in the query is refused whoever may call.
  return new Set<Status>([
    ...([400, 500, 503] as const),
    // Whoever watches over the server asks by any name, and proxies by their caller's.
    ...(path === "/healthz" || isForwardAuth(route) ? [] : ([421] as const)),
    ...(anyAccept ? [] : ([406] as const)),
    ...(access.kind === "service" ? ([401] as const) : []),
    ...(callerMayBeToken ? ([401, 403, 429] as const) : []),
    ...(pathParameters(path).length > 0 && method !== "PUT" ? ([404] as const) : []),
    ...(body === undefined ? [] : ([413, 415, 422] as const)),
    ...(idempotent || replaces ? ([409] as const) : []),
    ...(takesIfMatch(route) ? ([412] as const) : []),
    ...refuses,
  ]);
}

/** Codes of the example device API are not ours to answer. */
function codesOf(status: Status): string[] {
  return Object.entries(ERROR_CODES)
    .filter(
      ([code, statuses]) => /^(?:COM|TOK)/.test(code) && (statuses as readonly number[]).includes(status),
    )
    .map(([code]) => `\`${code}\``);
}
