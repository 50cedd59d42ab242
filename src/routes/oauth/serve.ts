import { serveDevice } from "./device.tsx";
import type { DepsOf, OAuthApp } from "./endpoint.ts";
import { serveIntrospect } from "./introspect.ts";
import { serveMetadata } from "./metadata.ts";
import { serveRevoke } from "./revoke.ts";
import { serveToken } from "./token.ts";
import { serveUserInfo } from "./user-info.ts";

/** The OAuth server's endpoints (contract, section 6). */
export function serveOAuth(app: OAuthApp, depsOf: DepsOf): void {
  serveToken(app, depsOf);
  serveDevice(app, depsOf);
  serveRevoke(app, depsOf);
  serveIntrospect(app, depsOf);
  serveMetadata(app, depsOf);
  serveUserInfo(app, depsOf);
}
