import type { Route } from "../../src/routes/api/route.ts";
import type { Json } from "./schemas.ts";

const OF_QUERY = "/v1/forward-auth";
const OF_HEADERS = "/v1/forward-auth/envoy";

const OF_CALLER = {
  "X-Jeton-Client-IP":
    "The caller's address as the proxy saw it, for tokens with allowed addresses. The proxy must overwrite " +
    "what its caller sent by this name.",
  "X-Jeton-Method":
    "The method that the caller used, for tokens that are bound to a key (RFC 9449). As above.",
  "X-Jeton-Url": "The URL that the caller used, for the same. As above.",
  "X-Jeton-DPoP": "The caller's proof, where the proxy does not pass its header `DPoP` on.",
};

/** What a proxy asks in headers, by path; its service key is a security scheme. */
const ASKED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [OF_QUERY]: OF_CALLER,
  [OF_HEADERS]: {
    "X-Jeton-Permission": "Exact permissions, separated by commas or spaces; one at least.",
    "X-Jeton-Team": "The team whose data is asked for, or `any`.",
    ...OF_CALLER,
  },
};

const OPTIONAL: ReadonlySet<string> = new Set(Object.keys(OF_CALLER));

const ANSWERED: Readonly<Record<string, string>> = {
  "X-Jeton-Token": "The token's id.",
  "X-Jeton-Team": "The token's team.",
  "X-Jeton-Profile": "The token's profile id, percent-encoded where it is not visible ASCII.",
  "X-Jeton-Permissions": "The token's permissions that this service may see, separated by commas.",
  "RateLimit-Limit": "Permits in a window, of a limited token.",
  "RateLimit-Remaining": "Permits that are left.",
  "RateLimit-Reset": "Whole seconds until all of them are back.",
};

/** Proxies and their callers come in one request: such routes identify both themselves. */
export function isForwardAuth({ path }: Pick<Route, "path">): boolean {
  return path in ASKED;
}

export function proxyParameters({ path }: Pick<Route, "path">): Json[] {
  return Object.entries(ASKED[path] ?? {}).map(([name, description]) => ({
    name,
    in: "header",
    ...(OPTIONAL.has(name) ? {} : { required: true }),
    description,
    schema: { type: "string" },
  }));
}

/** The headers of an answer that allows. */
export function proxyHeaders(): Json {
  return Object.fromEntries(
    Object.entries(ANSWERED).map(([name, description]) => [
      name,
      { description, schema: { type: "string" } },
    ]),
  );
}
