import { serveAuthorize } from "./authorize.tsx";
import { serveDevice } from "./device.tsx";
import type { DepsOf, OAuthApp } from "./endpoint.ts";
import { serveIntrospect } from "./introspect.ts";
import { serveMetadata } from "./metadata.ts";
import { servePushedRequests } from "./par.ts";
import { serveRevoke } from "./revoke.ts";
import { serveScopeEnhance } from "./scope-enhance.tsx";
import { serveToken } from "./token.ts";
import { serveUserInfo } from "./user-info.ts";

/** The OAuth server's endpoints (contract, section 6). */
export function serveOAuth(app: OAuthApp, depsOf: DepsOf): void {
  serveAuthorize(app, depsOf);
  servePushedRequests(app, depsOf);
  serveToken(app, depsOf);
  serveScopeEnhance(app, depsOf);
  serveDevice(app, depsOf);
  serveRevoke(app, depsOf);
  serveIntrospect(app, depsOf);
  serveMetadata(app, depsOf);
  serveUserInfo(app, depsOf);
}
