import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from "jose";
import { exports } from "cloudflare:workers";
import * as oauth from "oauth4webapi";
import { beforeAll, describe, expect, test } from "vitest";
import { CLIENT_TYPES, CLIENT_TYPE_RULES } from "../../../src/domain/client.ts";
import { defaultOrigin } from "../../../src/deployments.ts";
import { REGION_CODES } from "../../../src/domain/region.ts";
import { GRANTS } from "../../../src/grants/index.ts";
import { makeRole, join } from "../people.ts";
import {
  call,
  expectRefusal,
  issue,
  makeTeam,
  ORIGIN,
  OPERATOR_KEY,
  sealed,
  send,
  startWorker,
  storeToken,
} from "../support.ts";
import { ISSUER } from "./proofs.ts";
import { ownerOf } from "./support.ts";

const SERVER = "/.well-known/oauth-authorization-server";
const RESOURCE = "/.well-known/oauth-protected-resource";
const KEYS = "/.well-known/jwks.json";
const INFO = "/oauth/serverinfo";

async function read(path: string): Promise<Record<string, unknown>> {
  const response = await send("GET", path, { as: null });
  expect(response.status).toBe(200);
  return response.json();
}

let team = "";

beforeAll(async () => {
  team = (await makeTeam()).id;
});

describe("the metadata of the authorization server", () => {
  test("are found and understood by a library", async () => {
    const response = await oauth.discoveryRequest(new URL(ISSUER), {
      algorithm: "oauth2",
      [oauth.customFetch]: (url, { headers }) =>
        exports.default.fetch(new Request(url.replace(ISSUER, ORIGIN), { headers })),
    });
    const as = await oauth.processDiscoveryResponse(new URL(ISSUER), response);
    expect(as.issuer).toBe(ISSUER);
    expect(as.token_endpoint).toBe(`${ISSUER}/oauth/v2/token`);
  });

  test("say what this server does, and nothing that it does not", async () => {
    const { scopes_supported: scopes, signed_metadata: _signed, ...rest } = await read(SERVER);
    const algorithms = ["ES256", "PS256", "RS256", "EdDSA", "Ed25519"];
    expect(rest).toEqual({
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/oauth/v2/auth`,
      token_endpoint: `${ISSUER}/oauth/v2/token`,
      revocation_endpoint: `${ISSUER}/oauth/v2/token/revoke`,
      introspection_endpoint: `${ISSUER}/oauth/v2/introspect`,
      device_authorization_endpoint: `${ISSUER}/oauth/v2/device`,
      pushed_authorization_request_endpoint: `${ISSUER}/oauth/v2/par`,
      jwks_uri: `${ISSUER}/.well-known/jwks.json`,
      response_types_supported: ["code"],
      response_modes_supported: ["query"],
      grant_types_supported: GRANTS.map(({ type }) => type),
      code_challenge_methods_supported: ["S256"],
      token_endpoint_auth_methods_supported: [
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
        "none",
      ],
      token_endpoint_auth_signing_alg_values_supported: algorithms,
      revocation_endpoint_auth_methods_supported: [
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
        "none",
      ],
      revocation_endpoint_auth_signing_alg_values_supported: algorithms,
      introspection_endpoint_auth_methods_supported: [
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
      ],
      introspection_endpoint_auth_signing_alg_values_supported: algorithms,
      authorization_response_iss_parameter_supported: true,
      dpop_signing_alg_values_supported: algorithms,
      protected_resources: [ISSUER],
      service_documentation: `${ISSUER}/openapi.json`,
      ui_locales_supported: ["en"],
    });
    expect(scopes).toEqual(expect.arrayContaining(["EMM.DeviceCommands.LOCK", "MDMOnDemand.MDMUser.READ"]));
    expect(scopes).toEqual([...(scopes as string[])].sort());
  });

  test("name every grant that some type of client may use, and those alone", async () => {
    const used = new Set(CLIENT_TYPES.flatMap((type) => CLIENT_TYPE_RULES[type].grants));
    const { grant_types_supported: supported } = await read(SERVER);
    for (const type of supported as string[]) expect([...used]).toContain(type);
    expect(supported).toEqual(expect.arrayContaining(["authorization_code", "refresh_token"]));
  });

  test("name endpoints that answer", async () => {
    const metadata = await read(SERVER);
    const endpoints = Object.entries(metadata).filter(([name]) =>
      /_endpoint$|_uri$|_documentation$/.test(name),
    );
    expect(endpoints.length).toBeGreaterThan(7);
    for (const [name, url] of endpoints) {
      const { status } = await send("GET", String(url).slice(ISSUER.length), { as: null });
      expect(status, name).not.toBe(404);
    }
  });

  test("gain the permissions of a new catalogue", async () => {
    const body = {
      description: "Orders",
      resources: [
        {
          name: "Orders",
          description: "Orders",
          graded: false,
          operations: [{ name: "READ", description: "Read", strict: false, requires: [], implies: [] }],
        },
      ],
      permission_sets: [],
    };
    expect((await call("PUT", "/v1/catalogues/Metadata", { body })).status).toBe(201);
    expect((await read(SERVER))["scopes_supported"]).toContain("Metadata.Orders.READ");
    expect((await read(RESOURCE))["scopes_supported"]).not.toContain("Metadata.Orders.READ");
  });

  test("are signed by a key of jwks.json, with the same values", async () => {
    const keys = createLocalJWKSet((await read(KEYS)) as unknown as JSONWebKeySet);
    for (const path of [SERVER, RESOURCE]) {
      const { signed_metadata: signed, ...metadata } = await read(path);
      const { payload, protectedHeader } = await jwtVerify(String(signed), keys, {
        issuer: ISSUER,
        algorithms: ["ES256"],
      });
      const { iss: _iss, iat, ...values } = payload;
      expect(values).toEqual(metadata);
      expect(iat).toBeGreaterThan(Date.now() / 1000 - 60);
      expect(protectedHeader.typ).not.toBe("JWT");
    }
    const [first, second] = await Promise.all([read(SERVER), read(RESOURCE)]);
    const typ = ({ signed_metadata: signed }: Record<string, unknown>) =>
      decodeProtectedHeader(String(signed)).typ;
    expect(typ(first)).not.toBe(typ(second));
  });

  test("name the origin that the deployment is configured with", async () => {
    const at = await startWorker({ ORIGINS: JSON.stringify({ us: "https://us.tokens.test" }) });
    const response = await send("GET", SERVER, { as: null, at });
    expect(await response.json()).toMatchObject({
      issuer: "https://us.tokens.test",
      token_endpoint: "https://us.tokens.test/oauth/v2/token",
    });
  });
});

test("the metadata of this API as a resource name the server that issues for it", async () => {
  const { scopes_supported: scopes, signed_metadata: _signed, ...rest } = await read(RESOURCE);
  expect(rest).toEqual({
    resource: ISSUER,
    authorization_servers: [ISSUER],
    resource_name: "Jeton",
    resource_documentation: `${ISSUER}/openapi.json`,
    bearer_methods_supported: ["header"],
    dpop_signing_alg_values_supported: ["ES256", "PS256", "RS256", "EdDSA", "Ed25519"],
    dpop_bound_access_tokens_required: false,
  });
  expect(scopes).toContain("EMM.Team.VIEW");
  expect((scopes as string[]).every((scope) => scope.startsWith("EMM."))).toBe(true);
});

test("serverinfo tells the nine regions, and nothing else", async () => {
  const locations = Object.fromEntries(REGION_CODES.map((code) => [code, defaultOrigin(code)]));
  expect(await read(INFO)).toEqual({
    result: "success",
    locations,
    residency: {
      us: "at-rest",
      eu: "at-rest",
      in: "nearby",
      au: "nearby",
      jp: "nearby",
      ca: "nearby",
      cn: "self-hosted",
      sa: "self-hosted",
      uk: "nearby",
    },
  });
  expect(Object.keys(locations)).toHaveLength(9);
});

test("there is no OpenID provider here", async () => {
  expect((await send("GET", "/.well-known/openid-configuration", { as: null })).status).toBe(404);
});

describe.each([SERVER, RESOURCE, KEYS, INFO])("%s", (path) => {
  test("is for everybody, scripts of any origin included, and may be kept a while", async () => {
    const response = await send("GET", path, { as: null, headers: { Origin: "https://any.example" } });
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(response.headers.get("Access-Control-Allow-Credentials")).toBeNull();
    expect(response.headers.get("Cache-Control")).toBe("public, max-age=300");
    expect(response.headers.get("Content-Type")).toMatch(/^application\/(?:json|jwk-set\+json)/);
    expect(JSON.stringify(await response.json())).not.toMatch(/null|undefined/);
  });

  test("answers HEAD without a body, and other methods by 405", async () => {
    const head = await send("HEAD", path, { as: null });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
      const answer = await call(method, path, { as: null });
      expectRefusal(answer, 405, "COM0001");
      expect(answer.headers.get("Allow")).toBe("GET, HEAD");
    }
  });
});

describe("a challenge of the management API", () => {
  test.each<[string, string | null, RegExp]>([
    ["without a credential", null, /^Bearer realm="jeton", resource_metadata="([^"]+)"$/],
    [
      "with an unknown one",
      sealed("pat"),
      /^Bearer realm="jeton", error="invalid_token", .*, resource_metadata="([^"]+)"$/,
    ],
  ])("%s says where the resource is described (RFC 9728, section 5.1)", async (_what, as, form) => {
    const answer = await call("GET", `/v1/teams/${team}`, { as });
    const challenge = answer.headers.get("WWW-Authenticate") ?? "";
    const [, url] = form.exec(challenge) ?? [];
    expect(url, challenge).toBe(ISSUER + RESOURCE);
  });

  test("of a missing permission names the scope and the description", async () => {
    const { token } = await issue(team);
    const answer = await call("GET", `/v1/teams/${team}/access-tokens`, { as: token });
    expect(answer.headers.get("WWW-Authenticate")).toMatch(
      /scope="EMM\.AccessTokens\.VIEW", resource_metadata="/,
    );
  });

  test("does not offer OAuth where only a service key will do", async () => {
    const answer = await call("POST", "/v1/check", { as: null, body: { token: "x" } });
    expect(answer.headers.get("WWW-Authenticate")).toBe('Bearer realm="jeton"');
  });
});

describe("user info", () => {
  const PATH = "/oauth/user/info";
  const ask = (as: string | null, scheme = "Bearer") =>
    send("GET", PATH, { as: null, headers: as === null ? {} : { Authorization: `${scheme} ${as}` } });

  async function tokenOf(user: string | null, of = team): Promise<string> {
    return storeToken(of, { kind: "at", user_id: user, client_id: "cli_us_1" }, sealed("at"));
  }

  test("says for whom a token acts, by the names that clients of seed 002 read", async () => {
    const { team: its, owner } = (await call("POST", "/v1/teams", {
      body: {
        name: "Info",
        slug: `info-${Date.now()}`,
        owner: { email: "ada@example.com", password: "correct horse battery" },
      },
    }).then(({ body }) => body)) as { team: { id: string }; owner: { id: string } };
    const token = await tokenOf(owner.id, its.id);
    for (const scheme of ["Bearer", "Zoho-oauthtoken"]) {
      const response = await ask(token, scheme);
      expect(response.status).toBe(200);
      expect(response.headers.get("Cache-Control")).toBe("no-store");
      expect(await response.json()).toEqual({
        ZUID: owner.id,
        Display_Name: null,
        First_Name: null,
        Last_Name: null,
        Email: "ada@example.com",
        email: "ada@example.com",
      });
    }
  });

  test("gives no address that nobody vouched for: somebody may sign people in by it", async () => {
    const { user } = await join(team, (await makeRole(team, ["EMM.Devices.VIEW"])).id);
    expect(await (await ask(await tokenOf(user))).json()).toMatchObject({
      ZUID: user,
      Email: null,
      email: null,
    });
  });

  test("is not for tokens that act for nobody", async () => {
    const { token } = await issue(team);
    for (const as of [token, await tokenOf(null)]) {
      const response = await ask(as);
      expect([response.status, await response.json()]).toMatchObject([403, { error_code: "TOK0001" }]);
    }
  });

  test("is not for anybody else", async () => {
    for (const as of [null, OPERATOR_KEY, sealed("at"), "garbage"]) {
      const response = await ask(as);
      expect(response.status).toBe(401);
      expect(response.headers.get("WWW-Authenticate")).toContain("resource_metadata=");
    }
    const revoked = await storeToken(
      team,
      { kind: "at", user_id: await ownerOf(team), revoked_at: 1 },
      sealed("at"),
    );
    expect((await ask(revoked)).status).toBe(401);
    const inQuery = await send("GET", `${PATH}?access_token=${await tokenOf(await ownerOf(team))}`, {
      as: null,
    });
    expect(inQuery.status).toBe(400);
    expectRefusal(await call("POST", PATH, { as: null }), 405, "COM0001");
  });
});
