import { GRANTS } from "../../src/grants/index.ts";
import { OAUTH_PATHS } from "../../src/domain/oauth-endpoints.ts";
import { REGION_CODES } from "../../src/domain/region.ts";
import type { Json } from "./schemas.ts";

/*
 * The OAuth server's endpoints, which take forms and not the JSON of the route table. A test holds the list
 * against what is served.
 */

export const OAUTH_TAG = "OAuth";

const TEXT: Json = { type: "string" };
const URL_TEXT: Json = { type: "string", format: "uri" };

/** A parameter's name, with a star where it is required, and what it means. */
type Parameters = Readonly<Record<string, string>>;

interface Endpoint {
  readonly summary: string;
  /** In the query of a GET, in the form of a POST. */
  readonly parameters?: Parameters;
  /** How the caller is told: as a client, by its token, not at all, or as the person at the browser. */
  readonly caller: "client" | "token" | "anyone" | "person";
  readonly status?: 201;
  /** Members of the answer; null: a page. */
  readonly answer: Readonly<Record<string, Json>> | null;
}

const CLIENT: Parameters = {
  client_id: "Unless the client authenticates by Basic or `private_key_jwt`.",
  client_secret: "Of a confidential client that does not use Basic.",
  client_assertion_type: "`urn:ietf:params:oauth:client-assertion-type:jwt-bearer`, with `client_assertion`.",
  client_assertion: "A JWT by a key of the client (RFC 7523), used once; `aud` is the issuer.",
};

const AUTHORIZATION: Parameters = {
  "client_id*": "The client's id.",
  scope: "Permissions, separated by spaces or commas.",
  redirect_uri: "A registered one.",
  response_type: "`code`.",
  state: "Comes back as it is.",
  access_type: "`offline` for a refresh token, which comes when the consent page was accepted.",
  prompt: "`consent` asks again.",
  code_challenge: "PKCE; public clients must.",
  code_challenge_method: "`S256`.",
  resource: "What the token is for (RFC 8707); repeatable.",
  dpop_jkt: "Thumbprint of the key to which the code is bound (RFC 9449).",
};

const ENDPOINTS: Readonly<Record<string, Readonly<Partial<Record<"get" | "post", Endpoint>>>>> = {
  [OAUTH_PATHS.authorization]: {
    get: {
      summary: "Ask a person to let a client in: sign-in and consent, then back to the client with a code.",
      parameters: { ...AUTHORIZATION, request_uri: "Of a pushed request, with `client_id` alone." },
      caller: "person",
      answer: null,
    },
    post: { summary: "The consent page's own form.", caller: "person", answer: null },
  },
  [OAUTH_PATHS.pushedAuthorization]: {
    post: {
      summary: "Push an authorization request (RFC 9126).",
      parameters: { ...CLIENT, ...AUTHORIZATION },
      caller: "client",
      status: 201,
      answer: { request_uri: TEXT, expires_in: { type: "integer" } },
    },
  },
  [OAUTH_PATHS.token]: {
    post: {
      summary: "Get tokens. With a proof in the header `DPoP` (RFC 9449) they are bound to its key.",
      parameters: {
        "grant_type*": GRANTS.map(({ type }) => `\`${type}\``).join(", "),
        code: "Of `authorization_code`.",
        redirect_uri: "As at the authorization; a self client has none.",
        code_verifier: "Of the `code_challenge`.",
        refresh_token: "Of `refresh_token`.",
        device_code: "Of the device grant.",
        subject_token: "Of the token exchange: an access token of the client's own.",
        subject_token_type: "`urn:ietf:params:oauth:token-type:access_token`.",
        scope: "Narrows.",
        resource: "Narrows; repeatable.",
        state: "Comes back as it is.",
        ...CLIENT,
      },
      caller: "client",
      answer: {
        access_token: TEXT,
        refresh_token: TEXT,
        token_type: { type: "string", enum: ["Bearer", "DPoP"] },
        expires_in: { type: "integer" },
        scope: TEXT,
        api_domain: URL_TEXT,
        issued_token_type: TEXT,
        state: TEXT,
      },
    },
  },
  [OAUTH_PATHS.revocation]: {
    post: {
      summary: "Revoke a token of the client's own (RFC 7009).",
      parameters: {
        token: "Or `refresh_token`.",
        refresh_token: "Suffices alone, without a client.",
        ...CLIENT,
      },
      caller: "client",
      answer: { status: { const: "success" } },
    },
  },
  [OAUTH_PATHS.introspection]: {
    post: {
      summary: "What a token is worth (RFC 7662), for its client or a service.",
      parameters: { "token*": "An access token, a refresh token or a team's access token.", ...CLIENT },
      caller: "client",
      answer: {
        active: { type: "boolean" },
        region: {
          type: "object",
          properties: { code: { enum: [...REGION_CODES] }, base_url: URL_TEXT },
        },
        scope: TEXT,
        client_id: TEXT,
        sub: TEXT,
        aud: { anyOf: [TEXT, { type: "array", items: TEXT }] },
        iss: URL_TEXT,
        iat: { type: "integer" },
        exp: { type: "integer" },
        jti: TEXT,
        token_type: TEXT,
        cnf: { type: "object", properties: { jkt: TEXT } },
        team: TEXT,
      },
    },
  },
  [OAUTH_PATHS.deviceAuthorization]: {
    post: {
      summary: "Start the device flow (RFC 8628).",
      parameters: {
        "scope*": AUTHORIZATION["scope"] ?? "",
        access_type: "`offline` for a refresh token.",
        ...CLIENT,
      },
      caller: "client",
      answer: {
        device_code: TEXT,
        user_code: TEXT,
        verification_uri: URL_TEXT,
        verification_url: URL_TEXT,
        verification_uri_complete: URL_TEXT,
        expires_in: { type: "integer" },
        interval: { type: "integer" },
      },
    },
  },
  "/device": {
    get: {
      summary: "The page on which a person lets a device in.",
      parameters: { user_code: "Prefills it." },
      caller: "person",
      answer: null,
    },
    post: { summary: "The page's own form.", caller: "person", answer: null },
  },
  "/device/decision": {
    post: { summary: "The page's own form.", caller: "person", answer: null },
  },
  "/oauth/v2/token/scopeenhance": {
    post: {
      summary: "Get an enhance token, by which a client asks for more.",
      parameters: {
        "grant_type*": "`update_scopes_token`.",
        "refresh_token*": "The one that is to have more.",
        state: "Comes back as it is.",
        ...CLIENT,
      },
      caller: "client",
      answer: { access_token: TEXT, token_type: TEXT, expires_in: { type: "integer" }, state: TEXT },
    },
  },
  "/oauth/v2/token/addextrascope": {
    get: {
      summary: "Ask a person for more: consent to what is new, then back to the client.",
      parameters: {
        "response_type*": "`update_scopes`.",
        "client_id*": "The client's id.",
        "redirect_uri*": "A registered one.",
        "scope*": "What is wanted in addition.",
        "enhance_token*": "Used once.",
        logout: "`true` signs the person out afterwards.",
        state: "Comes back as it is.",
      },
      caller: "person",
      answer: null,
    },
    post: { summary: "The consent page's own form.", caller: "person", answer: null },
  },
  [OAUTH_PATHS.userInfo]: {
    get: {
      summary: "For whom a token acts.",
      caller: "token",
      answer: Object.fromEntries(
        ["ZUID", "Display_Name", "First_Name", "Last_Name", "Email", "email"].map((name) => [
          name,
          { anyOf: [TEXT, { type: "null" }] },
        ]),
      ),
    },
  },
  [OAUTH_PATHS.serverInfo]: {
    get: {
      summary: "The regions and their addresses.",
      caller: "anyone",
      answer: {
        result: { const: "success" },
        locations: { type: "object", additionalProperties: URL_TEXT },
        residency: {
          type: "object",
          additionalProperties: { enum: ["at-rest", "nearby", "self-hosted"] },
        },
      },
    },
  },
  [OAUTH_PATHS.serverMetadata]: {
    get: {
      summary: "What this authorization server does (RFC 8414).",
      caller: "anyone",
      answer: { issuer: URL_TEXT, signed_metadata: TEXT },
    },
  },
  [OAUTH_PATHS.resourceMetadata]: {
    get: {
      summary: "Who issues tokens for this API (RFC 9728).",
      caller: "anyone",
      answer: { resource: URL_TEXT, authorization_servers: { type: "array", items: URL_TEXT } },
    },
  },
  [OAUTH_PATHS.keys]: {
    get: {
      summary: "The keys by which this region signs (RFC 7517).",
      caller: "anyone",
      answer: { keys: { type: "array", items: { type: "object" } } },
    },
  },
};

/** Every path of the OAuth server, described. */
export function oauthPaths(): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    Object.entries(ENDPOINTS).map(([path, methods]) => [
      path,
      Object.fromEntries(
        Object.entries(methods).map(([method, endpoint]) => [method, operation(method, path, endpoint)]),
      ),
    ]),
  );
}

/** An error as RFC 6749, section 5.2, has it; `OAuthError` among the answers. */
export const OAUTH_ERROR: Json = {
  description: "An error of RFC 6749 or its relatives; the description names the cause.",
  content: {
    "application/json": {
      schema: {
        type: "object",
        required: ["error", "error_description"],
        properties: { error: TEXT, error_description: TEXT },
      },
    },
  },
};

const SECURITY = {
  client: [{ clientSecret: [] }, {}],
  token: [{ teamToken: [] }],
  anyone: [],
  person: [],
} as const;

function operation(method: string, path: string, endpoint: Endpoint): Json {
  const { summary, parameters = {}, caller, status = 200, answer } = endpoint;
  const isForm = method === "post" && Object.keys(parameters).length > 0;
  return {
    operationId: operationName(method, path),
    tags: [OAUTH_TAG],
    summary,
    security: SECURITY[caller],
    ...(isForm ? { requestBody: { required: true, content: formContent(parameters) } } : {}),
    ...(isForm || Object.keys(parameters).length === 0 ? {} : { parameters: inQuery(parameters) }),
    responses: { [status]: success(answer, path), ...refusals(caller) },
  };
}

function refusals(caller: Endpoint["caller"]): Json {
  const refer = (name: string): Json => ({ $ref: `#/components/responses/${name}` });
  switch (caller) {
    case "client":
      return Object.fromEntries([400, 401, 429, 503].map((status) => [status, refer("OAuthError")]));
    case "token":
      return { 400: refer("BadRequest"), 401: refer("Unauthorized"), 403: refer("Forbidden") };
    case "person":
      return { 303: { description: "On to sign-in, or back to the client." } };
    case "anyone":
      return {};
  }
}

function success(answer: Endpoint["answer"], path: string): Json {
  if (answer === null) return { description: "A page.", content: { "text/html": { schema: TEXT } } };
  const type = path === OAUTH_PATHS.keys ? "application/jwk-set+json" : "application/json";
  const receipt = { description: "What was revoked, signed (a JWS); none where nothing was.", schema: TEXT };
  return {
    description: "Done.",
    ...(path === OAUTH_PATHS.revocation ? { headers: { "Jeton-Receipt": receipt } } : {}),
    content: { [type]: { schema: { type: "object", properties: answer } } },
  };
}

function formContent(parameters: Parameters): Json {
  const required = Object.keys(parameters).filter((name) => name.endsWith("*"));
  const schema = {
    type: "object",
    ...(required.length === 0 ? {} : { required: required.map(bare) }),
    properties: Object.fromEntries(
      Object.entries(parameters).map(([name, description]) => [bare(name), { ...TEXT, description }]),
    ),
  };
  return { "application/x-www-form-urlencoded": { schema } };
}

function inQuery(parameters: Parameters): Json[] {
  return Object.entries(parameters).map(([name, description]) => ({
    name: bare(name),
    in: "query",
    ...(name.endsWith("*") ? { required: true } : {}),
    description,
    schema: TEXT,
  }));
}

function bare(name: string): string {
  return name.replace("*", "");
}

function operationName(method: string, path: string): string {
  const words = path.split(/[^a-z0-9]+/i).filter((word) => word !== "");
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}
