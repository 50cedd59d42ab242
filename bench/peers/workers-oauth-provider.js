// A route that `@cloudflare/workers-oauth-provider` protects, as its README shows it: tokens are records in KV,
// each holding an encrypted copy of the grant's properties. It has no permissions of its own: the handler looks
// for the scope.
import { OAuthProvider } from "@cloudflare/workers-oauth-provider";

/** As the requests' `Host` has it. */
const ORIGIN = "http://localhost";

const PROPERTIES = { team: "team_bench", name: "Continuous integration", permissions: ["devices.lock"] };

const api = {
  fetch: (_request, _env, context) =>
    Response.json({ allowed: context.props.permissions.includes("devices.lock"), token: context.props }),
};

const rest = {
  fetch: async (request, env) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/client") {
      const { clientId } = await env.OAUTH_PROVIDER.createClient({
        redirectUris: [searchParams.get("redirect_uri")],
        tokenEndpointAuthMethod: "none",
      });
      return Response.json({ client_id: clientId });
    }
    // Signing in and consent are the owner's own: everybody is let in.
    const asked = await env.OAUTH_PROVIDER.parseAuthRequest(request);
    const { redirectTo } = await env.OAUTH_PROVIDER.completeAuthorization({
      request: asked,
      userId: "user-1",
      metadata: {},
      scope: asked.scope,
      props: PROPERTIES,
    });
    return Response.json({ location: redirectTo });
  },
};

export default new OAuthProvider({
  apiRoute: "/api/",
  apiHandler: api,
  defaultHandler: rest,
  authorizeEndpoint: "/authorize",
  tokenEndpoint: "/token",
  scopesSupported: ["devices.lock"],
  accessTokenTTL: 86_400,
  resourceMetadata: { resource: ORIGIN, authorization_servers: [ORIGIN] },
});
