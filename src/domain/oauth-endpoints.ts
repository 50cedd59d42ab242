/** Where the OAuth server answers, below the region's origin (contract, section 6). */
export const OAUTH_PATHS = {
  authorization: "/oauth/v2/auth",
  token: "/oauth/v2/token",
  revocation: "/oauth/v2/token/revoke",
  introspection: "/oauth/v2/introspect",
  deviceAuthorization: "/oauth/v2/device",
  pushedAuthorization: "/oauth/v2/par",
  serverInfo: "/oauth/serverinfo",
  userInfo: "/oauth/user/info",
  serverMetadata: "/.well-known/oauth-authorization-server",
  resourceMetadata: "/.well-known/oauth-protected-resource",
  keys: "/.well-known/jwks.json",
} as const;
