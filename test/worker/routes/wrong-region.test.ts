import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import {
  AUTHORIZATION_CODE,
  DEVICE_CODE,
  REFRESH_TOKEN,
  TOKEN_EXCHANGE,
} from "../../../src/domain/client.ts";
import { REGION_CODES } from "../../../src/domain/region.ts";
import type { CredentialKind } from "../../../src/domain/token.ts";
import { defaultOrigin } from "../../../src/deployments.ts";
import { makeService, makeTeam, sealed, startWorker, storeWith, type Worker } from "../support.ts";

/*
 * Contract, section 9: a credential of another region is refused by its region code, with no store read, and the
 * answer names the right base URL. One line for each place that takes a credential.
 */

/** A request with this credential in it. */
type Ask = (credential: string) => Request;

const AT = "https://jeton.test";
const TEAM = "team_0000000000000000000000000a";

function api(method: string, path: string): Ask {
  const body = method === "GET" ? null : "{}";
  return (credential) =>
    new Request(AT + path, {
      method,
      body,
      headers: { Authorization: `Bearer ${credential}`, "Content-Type": "application/json" },
    });
}

function form(path: string, fields: (credential: string) => Record<string, string>): Ask {
  return (credential) =>
    new Request(AT + path, { method: "POST", body: new URLSearchParams(fields(credential)) });
}

const token = (grantType: string, parameter: string): Ask =>
  form("/oauth/v2/token", (credential) => ({
    grant_type: grantType,
    [parameter]: credential,
    client_id: "cli_us_x",
  }));

/** Needs no store at all: nobody but the credential has to be known. */
const WITHOUT_STORE: readonly (readonly [string, CredentialKind, Ask])[] = [
  ["a read of the management API", "pat", api("GET", `/v1/teams/${TEAM}/access-tokens`)],
  ["a change by the management API", "at", api("POST", `/v1/teams/${TEAM}/access-tokens`)],
  ["what only the operator may", "pat", api("POST", "/v1/teams")],
  ["the operator's list of services", "at", api("GET", "/v1/services")],
  ["a check, by the service's key", "sk", api("POST", "/v1/check")],
  ["the user's own name", "at", api("GET", "/oauth/user/info")],
  ["the token endpoint, a grant token", "gc", token(AUTHORIZATION_CODE, "code")],
  ["the token endpoint, a refresh token", "rt", token(REFRESH_TOKEN, "refresh_token")],
  ["the token endpoint, a device code", "dc", token(DEVICE_CODE, "device_code")],
  ["the token endpoint, a token to exchange", "at", token(TOKEN_EXCHANGE, "subject_token")],
  ["a revocation as RFC 7009 has it", "rt", form("/oauth/v2/token/revoke", (t) => ({ token: t }))],
  [
    "a revocation of an access token",
    "at",
    form("/oauth/v2/token/revoke", (t) => ({ token: t, client_id: "x" })),
  ],
  ["a revocation as seed 002 has it", "rt", form("/oauth/v2/token/revoke", (t) => ({ refresh_token: t }))],
  [
    "incremental authorization",
    "rt",
    form("/oauth/v2/token/scopeenhance", (t) => ({ grant_type: "update_scopes_token", refresh_token: t })),
  ],
];

/** Asked by a service whose key is at hand: the token itself costs nothing. */
const BY_SERVICE: readonly (readonly [string, CredentialKind, (key: string) => Ask])[] = [
  ["a check", "pat", (key) => checkBy(key)],
  [
    "a question of a reverse proxy",
    "at",
    (key) => (credential) =>
      new Request(`${AT}/v1/forward-auth?permission=EMM.Devices.VIEW&team=any`, {
        headers: { Authorization: `Bearer ${credential}`, "X-Jeton-Service-Key": key },
      }),
  ],
  [
    "a question of Envoy",
    "pat",
    (key) => (credential) =>
      new Request(`${AT}/v1/forward-auth/envoy`, {
        headers: {
          Authorization: `Bearer ${credential}`,
          "X-Jeton-Service-Key": key,
          "X-Jeton-Permission": "EMM.Devices.VIEW",
          "X-Jeton-Team": "any",
        },
      }),
  ],
];

function checkBy(key: string): Ask {
  return (credential) =>
    new Request(`${AT}/v1/check`, {
      method: "POST",
      body: JSON.stringify({ token: credential, permissions: ["EMM.Devices.VIEW"] }),
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    });
}

let key = "";
/** A Worker whose store can be taken away. */
let worker: Worker;
let reads = 0;
let isGone = false;

beforeAll(async () => {
  await makeTeam();
  key = (await makeService()).key;
  const touched = (): void => {
    reads += 1;
    if (isGone) throw new Error("the store was asked");
  };
  const DB = storeWith((run) => run(), touched);
  worker = await startWorker({ ...env, DB, FRESHNESS_MS: "60000" });
  // Its key and the permissions are at hand from now on, and the change feed is fresh for a minute.
  await worker(checkBy(key)(sealed("pat", { region: "eu" })));
});

/** Every header and the body, as whoever is refused can read them. */
async function textOf(response: Response): Promise<string> {
  return `${JSON.stringify([...response.headers])} ${await response.text()}`;
}

async function withoutStore(request: Request): Promise<Response> {
  const before = reads;
  isGone = true;
  try {
    const response = await worker(request);
    expect(reads).toBe(before);
    return response;
  } finally {
    isGone = false;
  }
}

describe("another region's credential is sent to its region, and no store is read", () => {
  test.each(WITHOUT_STORE)("by %s (%s)", async (_, kind, ask) => {
    for (const region of REGION_CODES.filter((code) => code !== "us")) {
      const credential = sealed(kind, { region });
      const response = await withoutStore(ask(credential));
      expect([400, 401]).toContain(response.status);
      const text = await textOf(response);
      expect(text).toMatch(new RegExp(`${defaultOrigin(region).replaceAll(".", "\\.")}(?!\\w|\\.\\w)`));
      // No error repeats what was sent (contract, section 7).
      expect(text).not.toContain(credential);
    }
  });

  test.each(BY_SERVICE)("by %s (%s)", async (_, kind, askBy) => {
    const response = await withoutStore(askBy(key)(sealed(kind, { region: "jp" })));
    expect(await textOf(response)).toContain('"base_url":"https://tokens.example.jp"');
  });

  test("by an introspection, to whoever may ask: it is not active, and where it may be", async () => {
    const ask = (by: string, text: string) =>
      new Request(`${AT}/oauth/v2/introspect`, {
        method: "POST",
        body: new URLSearchParams({ token: text }),
        headers: { Authorization: `Bearer ${by}` },
      });
    for (const kind of ["pat", "at", "rt"] as const) {
      const response = await worker(ask(key, sealed(kind, { region: "uk" })));
      expect(await response.json()).toEqual({
        active: false,
        region: { code: "uk", base_url: "https://tokens.example.uk" },
      });
    }
    const stranger = await worker(ask(sealed("sk"), sealed("at", { region: "uk" })));
    expect([stranger.status, await stranger.text()]).not.toContain("tokens.example.uk");
    const foreign = await worker(ask(sealed("sk", { region: "ca" }), sealed("at")));
    expect(foreign.status).toBe(401);
    expect(foreign.headers.get("WWW-Authenticate")).toMatch(/^Bearer .*error="invalid_token"/);
    expect(await foreign.text()).toContain("https://tokens.example.ca");
  });

  test("in words that a script of any origin may read, since no client had to be known", async () => {
    const response = await withoutStore(
      token(REFRESH_TOKEN, "refresh_token")(sealed("rt", { region: "eu" })),
    );
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(response.headers.get("Access-Control-Allow-Credentials")).toBeNull();
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(await response.json()).toEqual({
      error: "invalid_grant",
      error_description: "This refresh token belongs to region eu. Use https://tokens.example.eu.",
    });
  });
});

describe("a client of another region is sent there by its id", () => {
  test.each([
    ["the token endpoint", "/oauth/v2/token", { grant_type: "client_credentials", client_secret: "x" }],
    ["a pushed request", "/oauth/v2/par", { response_type: "code" }],
    ["the device flow", "/oauth/v2/device", { scope: "EMM.Devices.VIEW" }],
    ["a revocation", "/oauth/v2/token/revoke", { token: "x" }],
    ["an introspection", "/oauth/v2/introspect", { token: "x", client_secret: "x" }],
    ["incremental authorization", "/oauth/v2/token/scopeenhance", { grant_type: "update_scopes_token" }],
  ])("by %s", async (_, path, fields) => {
    const ask = form(path, () => ({ ...fields, client_id: "cli_in_0000000000000000000000000a" }));
    const response = await worker(ask(""));
    expect(response.status).toBe(401);
    expect(await response.text()).toContain("https://tokens.example.in");
  });

  test("by the sign-in page, which sends nobody anywhere", async () => {
    const query = new URLSearchParams({
      client_id: "cli_in_0000000000000000000000000a",
      redirect_uri: "https://app.example/callback",
      response_type: "code",
      scope: "EMM.Devices.VIEW",
    });
    const response = await worker(new Request(`${AT}/oauth/v2/auth?${query.toString()}`));
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("https://tokens.example.in");
  });
});

describe("what is not another region's", () => {
  test.each(WITHOUT_STORE)(
    "is not sent anywhere by %s, garbage and forgeries of this region included",
    async (...[, kind, ask]) => {
      for (const text of ["jtn_pat_eu_x", `${sealed(kind, { region: "eu" })}x`, sealed(kind)]) {
        expect(await textOf(await worker(ask(text)))).not.toMatch(/tokens\.example\.eu(?!\w|\.\w)/);
      }
    },
  );
});
