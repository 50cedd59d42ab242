import { CLIENT_TYPE_RULES, CLIENT_TYPES } from "../../domain/client.ts";
import { JWS_ALGORITHMS } from "../../domain/jws.ts";
import { OAUTH_PATHS } from "../../domain/oauth-endpoints.ts";
import { REGION_CODES } from "../../domain/region.ts";
import { DEPLOYMENTS } from "../../deployments.ts";
import { GRANTS } from "../../grants/index.ts";
import type { Deps } from "../../operations/deps.ts";
import type { Moment } from "../../operations/moment.ts";
import { knownScopes } from "../../operations/oauth/describe-scopes.ts";
import { signJwt } from "../../operations/oauth/sign-jwt.ts";
import { publishedKeys } from "../../operations/oauth/signing-keys.ts";
import type { DepsOf, OAuthApp } from "./endpoint.ts";
import { servePublic } from "./public-document.ts";

/** The catalogue of this API's own permissions. */
const OWN_CATALOGUE = "EMM";

/** The documents that tell clients how to talk to this server (RFC 8414, RFC 9728, RFC 7517). */
export function serveMetadata(app: OAuthApp, depsOf: DepsOf): void {
  servePublic(app, OAUTH_PATHS.serverMetadata, depsOf, serverMetadata);
  servePublic(app, OAUTH_PATHS.resourceMetadata, depsOf, resourceMetadata);
  servePublic(
    app,
    OAUTH_PATHS.keys,
    depsOf,
    async (deps) => ({ keys: await publishedKeys(deps) }),
    "application/jwk-set+json",
  );
  servePublic(app, OAUTH_PATHS.serverInfo, depsOf, ({ origins }) => ({
    result: "success",
    locations: origins,
    // What each honestly promises about where its data rests (README, "Regions").
    residency: Object.fromEntries(REGION_CODES.map((code) => [code, DEPLOYMENTS[code].residency])),
  }));
}

async function serverMetadata(deps: Deps, moment: Moment): Promise<object> {
  const issuer = deps.origins[deps.region];
  const metadata = {
    issuer,
    authorization_endpoint: issuer + OAUTH_PATHS.authorization,
    token_endpoint: issuer + OAUTH_PATHS.token,
    revocation_endpoint: issuer + OAUTH_PATHS.revocation,
    introspection_endpoint: issuer + OAUTH_PATHS.introspection,
    device_authorization_endpoint: issuer + OAUTH_PATHS.deviceAuthorization,
    pushed_authorization_request_endpoint: issuer + OAUTH_PATHS.pushedAuthorization,
    jwks_uri: issuer + OAUTH_PATHS.keys,
    scopes_supported: await knownScopes(deps, moment),
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    grant_types_supported: grantTypes(),
    code_challenge_methods_supported: ["S256"],
    ...authenticationAt("token_endpoint", [...SECRET_METHODS, ...KEY_METHODS, ...PUBLIC_METHODS]),
    ...authenticationAt("revocation_endpoint", [...SECRET_METHODS, ...KEY_METHODS, ...PUBLIC_METHODS]),
    // Whoever asks about tokens has to be known (RFC 7662, section 2.1).
    ...authenticationAt("introspection_endpoint", [...SECRET_METHODS, ...KEY_METHODS]),
    authorization_response_iss_parameter_supported: true,
    dpop_signing_alg_values_supported: JWS_ALGORITHMS,
    protected_resources: [issuer],
    service_documentation: `${issuer}/openapi.json`,
    ui_locales_supported: ["en"],
  };
  return { ...metadata, signed_metadata: await signed(deps, metadata, "oauth-authorization-server+jwt") };
}

async function resourceMetadata(deps: Deps, moment: Moment): Promise<object> {
  const resource = deps.origins[deps.region];
  const metadata = {
    resource,
    authorization_servers: [resource],
    resource_name: "Jeton",
    resource_documentation: `${resource}/openapi.json`,
    scopes_supported: await knownScopes(deps, moment, OWN_CATALOGUE),
    bearer_methods_supported: ["header"],
    dpop_signing_alg_values_supported: JWS_ALGORITHMS,
    dpop_bound_access_tokens_required: false,
  };
  return { ...metadata, signed_metadata: await signed(deps, metadata, "oauth-protected-resource+jwt") };
}

/** RFC 8414, section 2.1, and RFC 9728, section 2.2: the same values, so that a copy can be verified. */
function signed(deps: Deps, metadata: object, typ: string): Promise<string> {
  const claims = { iss: deps.origins[deps.region], iat: Math.floor(deps.clock() / 1000) };
  return signJwt(deps, { ...claims, ...metadata }, typ);
}

/** Those that the token endpoint takes and that some type of client may use. */
function grantTypes(): string[] {
  return GRANTS.map(({ type }) => type).filter((type) =>
    CLIENT_TYPES.some((client) => CLIENT_TYPE_RULES[client].grants.includes(type)),
  );
}

const rules = CLIENT_TYPES.map((type) => CLIENT_TYPE_RULES[type]);
const HAS_CONFIDENTIAL = rules.some(({ confidential }) => confidential);
const SECRET_METHODS = HAS_CONFIDENTIAL ? ["client_secret_basic", "client_secret_post"] : [];
const KEY_METHODS = HAS_CONFIDENTIAL ? ["private_key_jwt"] : [];
const PUBLIC_METHODS = rules.some(({ confidential }) => !confidential) ? ["none"] : [];

function authenticationAt(endpoint: string, methods: readonly string[]) {
  return {
    [`${endpoint}_auth_methods_supported`]: methods,
    [`${endpoint}_auth_signing_alg_values_supported`]: JWS_ALGORITHMS,
  };
}
