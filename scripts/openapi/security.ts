import type { Route } from "../../src/routes/api/route.ts";
import { isForwardAuth } from "./forward-auth.ts";
import type { Json } from "./schemas.ts";

function bearer(bearerFormat: string, description: string): Json {
  return { type: "http", scheme: "bearer", bearerFormat, description };
}

export const SECURITY_SCHEMES = {
  operatorKey: bearer("secret", "A key of whoever runs this deployment."),
  teamToken: bearer(
    "jtn_pat_<region>_…",
    "An access token of the team in the path; `x-permission` is what it needs.",
  ),
  serviceKey: bearer("jtn_sk_<region>_…", "A key of a service, which checks tokens on its callers' behalf."),
  callerToken: bearer("jtn_pat_<region>_…", "The token to be checked, as the proxy's caller sent it."),
  clientSecret: {
    type: "http",
    scheme: "basic",
    description:
      "Client id and secret, where they do not come in the form; public clients send their id alone.",
  },
  proxyKey: {
    type: "apiKey",
    in: "header",
    name: "X-Jeton-Service-Key",
    description:
      "The proxy's service key. A bad one is answered 500, so that it is never the caller's fault.",
  },
} as const satisfies Readonly<Record<string, Json>>;

type Requirement = Partial<Record<keyof typeof SECURITY_SCHEMES, readonly string[]>>;

/** Which credentials a route takes: one of these, and where one names two schemes, both together. */
export function securityOf(route: Route): readonly Requirement[] {
  // Its proxy and the proxy's caller are told apart by header, so it identifies them itself.
  if (isForwardAuth(route)) return [{ proxyKey: [], callerToken: [] }];
  switch (route.access.kind) {
    case "anyone":
      return [];
    case "operator":
      return [{ operatorKey: [] }];
    case "service":
      return [{ serviceKey: [] }];
    case "team":
      return [{ operatorKey: [] }, { teamToken: [] }];
  }
}
