import type { DepsOf, OAuthApp } from "./endpoint.ts";
import { serveIntrospect } from "./introspect.ts";
import { serveRevoke } from "./revoke.ts";
import { serveToken } from "./token.ts";

/** The OAuth server's endpoints (contract, section 6). */
export function serveOAuth(app: OAuthApp, depsOf: DepsOf): void {
  serveToken(app, depsOf);
  serveRevoke(app, depsOf);
  serveIntrospect(app, depsOf);
}
