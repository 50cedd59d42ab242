import { exports } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { clientBody, clientsPath } from "../worker/clients.ts";
import { call, driveClock, expectRefusal, ORIGIN, send } from "../worker/support.ts";
import {
  credentials,
  expectError,
  expectTokens,
  LOCK_SCOPE,
  post,
  redeem,
  REDIRECT,
  refresh,
  VIEW,
  type TestClient,
} from "../worker/oauth/support.ts";
import {
  AUTH,
  decide,
  expectConsent,
  expectProblem,
  expectReturn,
  expectReturnedError,
  visitor,
} from "../worker/oauth/visitor.ts";
import {
  authorization,
  basic,
  codeOf,
  homeTeam,
  INTROSPECT,
  ownerOf,
  readDocument,
  register,
  SERVER_METADATA,
  TOKEN,
  tokensOf,
  verifierOf,
} from "./support.ts";

const clock = driveClock();

async function registerWith(type: TestClient["type"], redirectUris: readonly string[] | undefined) {
  return call("POST", clientsPath(await homeTeam()), {
    body: clientBody(type, { redirect_uris: redirectUris }),
  });
}

describe("clients (section 2)", () => {
  test("RFC 6749, section 2.2: a client identifier is unique", async () => {
    const [one, two] = [await register(), await register()];
    expect(one.id).not.toBe(two.id);
  });

  test("RFC 6749, section 2.2: the identifier alone authenticates no confidential client", async () => {
    const client = await register();
    const code = await codeOf(client);
    expectError(await redeem(client, code, { client_secret: "" }), 401, "invalid_client");
  });

  test("RFC 6749, section 2.3: more than one way of authenticating in a request is refused", async () => {
    const client = await register();
    const request = { grant_type: "client_credentials", scope: VIEW, ...credentials(client) };
    expectError(await post(TOKEN, request, { headers: basic(client) }), 400, "invalid_request");
  });

  test("RFC 6749, section 2.3.1: HTTP Basic is supported for clients with a secret, both parts form-encoded", async () => {
    const client = await register();
    const encoded = { id: client.id.replaceAll("_", "%5F"), secret: client.secret.replaceAll("_", "%5F") };
    const headers = { Authorization: `Basic ${btoa(`${encoded.id}:${encoded.secret}`)}` };
    expectTokens(await post(TOKEN, { grant_type: "client_credentials", scope: VIEW }, { headers }));
  });
});

describe("endpoints (section 3)", () => {
  test("RFC 6749, sections 3.1 and 3.2: endpoint URIs have no fragment, and are reached by TLS", async () => {
    const { authorization_endpoint, token_endpoint } = await readDocument(SERVER_METADATA);
    for (const endpoint of [authorization_endpoint, token_endpoint]) {
      expect(endpoint).toMatch(/^https:\/\/[^#]+$/);
    }
  });

  test("RFC 6749, section 3.1: the authorization endpoint supports GET", async () => {
    const client = await register();
    await expectConsent(await (await ownerOf(client)).get(authorization(client)));
  });

  test("RFC 6749, section 3.1: a parameter without a value is as one that was not sent", async () => {
    const client = await register();
    const owner = await ownerOf(client);
    const link = authorization(client, { code_challenge: "", resource: "", state: "" });
    const { parameters } = expectReturn(await decide(owner, link));
    expect(parameters).not.toHaveProperty("state");
    expectReturnedError(await owner.get(authorization(client, { response_type: "" })), "invalid_request");
  });

  test("RFC 6749, section 3.1: an authorization request may have parameters that nobody knows", async () => {
    const client = await register();
    expect(await codeOf(client, { nobody_knows: "this" })).toMatch(/^jtn_gc_/);
  });

  test("RFC 6749, section 3.1: a parameter of the authorization request may be there once", async () => {
    const client = await register();
    const link = `${authorization(client)}&scope=${encodeURIComponent(VIEW)}`;
    expectReturnedError(await (await ownerOf(client)).get(link), "invalid_request");
  });

  test("RFC 6749, section 3.1.1: a response_type that is missing or not understood is an error", async () => {
    const client = await register();
    const owner = await ownerOf(client);
    expectReturnedError(await owner.get(authorization(client, { response_type: null })), "invalid_request");
    for (const type of ["token", "code token", "Code"]) {
      const link = authorization(client, { response_type: type });
      expectReturnedError(await owner.get(link), "unsupported_response_type");
    }
  });

  test("RFC 6749, section 3.1.2: a redirection URI is absolute and has no fragment", async () => {
    for (const uri of ["/callback", "app.example/callback", `${REDIRECT}#here`]) {
      expectRefusal(await registerWith("server", [uri]), 400, "COM0005");
    }
  });

  test("RFC 6749, section 3.1.2: the query of a redirection URI is kept", async () => {
    const uri = `${REDIRECT}?tenant=7`;
    const client = await register("server", { redirect_uris: [uri] });
    const owner = await ownerOf(client);
    const returned = expectReturn(await decide(owner, authorization(client, { redirect_uri: uri })), uri);
    expect(new URL(returned.uri).searchParams.get("tenant")).toBe("7");
  });

  test("RFC 6749, section 3.1.2.2: public clients have to register their redirection URIs", async () => {
    for (const type of ["browser", "mobile"] as const) {
      for (const uris of [undefined, []]) expectRefusal(await registerWith(type, uris), 400, "COM0005");
    }
  });

  test("RFC 6749, sections 3.1.2.3 and 3.1.2.4: a redirection URI that is not registered leads to a page and nowhere else", async () => {
    const client = await register();
    const owner = await ownerOf(client);
    for (const uri of ["https://evil.example/callback", `${REDIRECT}/more`]) {
      await expectProblem(await owner.get(authorization(client, { redirect_uri: uri })), 400, /redirect_uri/);
    }
  });

  test("RFC 6749, section 3.2: the token endpoint takes POST alone", async () => {
    expect((await send("GET", `${TOKEN}?grant_type=client_credentials`, { as: null })).status).toBe(405);
  });

  test("RFC 6749, section 3.2: at the token endpoint no value is no parameter, and an unknown one is ignored", async () => {
    const client = await register();
    const code = await codeOf(client);
    expectTokens(await redeem(client, code, { code_verifier: "", scope: "", nobody_knows: "this" }));
  });

  test("RFC 6749, section 3.2: a parameter of a token request may be there once", async () => {
    const client = await register();
    const request = { grant_type: "client_credentials", scope: VIEW, ...credentials(client) };
    expectError(await post(TOKEN, [...Object.entries(request), ["scope", VIEW]]), 400, "invalid_request");
  });

  test("RFC 6749, section 3.2.1: a confidential client authenticates at the token endpoint, in every grant", async () => {
    const client = await register();
    const tokens = await tokensOf(client);
    const requests: Record<string, string>[] = [
      { grant_type: "authorization_code", code: await codeOf(client), redirect_uri: REDIRECT },
      { grant_type: "refresh_token", refresh_token: tokens.refresh_token },
      { grant_type: "client_credentials", scope: VIEW },
    ];
    for (const request of requests) {
      expectError(await post(TOKEN, { ...request, client_id: client.id }), 401, "invalid_client");
    }
  });

  test("RFC 6749, section 3.3: an answer names the scope where it is not the one that was asked for", async () => {
    const client = await register();
    // What requires and implies more brings that with it.
    const tokens = await tokensOf(client, { scope: LOCK_SCOPE.replace("EMM.Team.VIEW", "").trim() });
    expect(tokens.scope).toBe(LOCK_SCOPE);
  });

  test("RFC 6749, section 3.3: a request without a scope fails, since there is no default", async () => {
    const client = await register();
    const link = authorization(client, { scope: null });
    expectReturnedError(await (await ownerOf(client)).get(link), "invalid_scope");
  });
});

describe("the authorization code grant (section 4.1)", () => {
  test("RFC 6749, section 4.1.2: a code expires shortly after it was issued", async () => {
    const client = await register();
    const code = await codeOf(client);
    clock.advance(600_000);
    expectError(await redeem(client, code), 400, "invalid_grant");
  });

  test("RFC 6749, section 4.1.2: a code that is used again is refused, and ends what it gave", async () => {
    const client = await register();
    const code = await codeOf(client);
    const { refresh_token = "" } = expectTokens(await redeem(client, code));
    clock.advance(11_000);
    expectError(await redeem(client, code), 400, "invalid_grant");
    expectError(await refresh(client, refresh_token), 400, "invalid_grant");
  });

  test("RFC 6749, sections 4.1.2 and 4.1.2.1: a state comes back exactly as it was sent, with a code or an error", async () => {
    const client = await register();
    const owner = await ownerOf(client);
    const state = "a b+c&d=é%20✓#";
    for (const decision of ["accept", "deny"] as const) {
      const { parameters } = expectReturn(await decide(owner, authorization(client, { state }), decision));
      expect(parameters["state"]).toBe(state);
    }
  });

  test("RFC 6749, section 4.1.2.1: without a sound client or redirection URI nobody is sent anywhere", async () => {
    const client = await register();
    const owner = await ownerOf(client);
    for (const more of [{ client_id: null }, { client_id: "cli_us_none" }, { redirect_uri: null }]) {
      await expectProblem(await owner.get(authorization(client, more)), 400, /client|redirect_uri/i);
    }
  });

  test("RFC 6749, section 4.1.2.1: who says no is reported as access_denied", async () => {
    const client = await register();
    const response = await decide(await ownerOf(client), authorization(client), "deny");
    expect(expectReturnedError(response, "access_denied")).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
  });

  test("RFC 6749, section 4.1.3: a code is for the client to which it was issued", async () => {
    const [client, other] = [await register(), await register()];
    const code = await codeOf(client);
    expectError(await redeem(other, code), 400, "invalid_grant");
    expectTokens(await redeem(client, code));
  });

  test("RFC 6749, section 4.1.3: the redirect_uri has to be there, and the one of the authorization request", async () => {
    const second = "https://app.example/second";
    const client = await register("server", { redirect_uris: [REDIRECT, second] });
    const code = await codeOf(client);
    expectError(await redeem(client, code, { redirect_uri: "" }), 400, "invalid_request");
    expectError(await redeem(client, code, { redirect_uri: second }), 400, "invalid_grant");
    expectTokens(await redeem(client, code));
  });

  test("RFC 6749, section 4.1.3: a public client names itself", async () => {
    const client = await register("mobile");
    const request = { grant_type: "authorization_code", code: await codeOf(client), redirect_uri: REDIRECT };
    expectError(await post(TOKEN, { ...request, ...verifierOf(client) }), 401, "invalid_client");
  });
});

describe("the client credentials grant (section 4.4)", () => {
  test("RFC 6749, section 4.4: client credentials are for confidential clients alone", async () => {
    for (const type of ["browser", "mobile", "device"] as const) {
      const { id } = await register(type);
      const answer = await post(TOKEN, { grant_type: "client_credentials", client_id: id, scope: VIEW });
      expectError(answer, 400, "unauthorized_client");
    }
  });

  test("RFC 6749, section 4.4.3: client credentials bring no refresh token", async () => {
    const client = await register();
    const request = { grant_type: "client_credentials", scope: VIEW, ...credentials(client) };
    expect(expectTokens(await post(TOKEN, request))).not.toHaveProperty("refresh_token");
  });
});

describe("answers (section 5)", () => {
  test("RFC 6749, section 5.1: an answer is JSON with access_token and token_type, and is stored by nobody", async () => {
    const client = await register();
    const { status, headers, body } = await redeem(client, await codeOf(client));
    expect(status).toBe(200);
    expect(headers.get("Content-Type")).toMatch(/^application\/json/);
    expect([headers.get("Cache-Control"), headers.get("Pragma")]).toEqual(["no-store", "no-cache"]);
    expect(body).toMatchObject({
      access_token: expect.any(String) as unknown,
      token_type: "Bearer",
      expires_in: expect.any(Number) as unknown,
    });
  });

  test.each<[string, Record<string, string>]>([
    ["invalid_request", {}],
    ["unsupported_grant_type", { grant_type: "password", username: "a", password: "b" }],
    ["invalid_grant", { grant_type: "authorization_code", code: "made up", redirect_uri: REDIRECT }],
    ["invalid_scope", { grant_type: "client_credentials", scope: "Nothing.Like.THAT" }],
  ])("RFC 6749, section 5.2: %s is a 400 of JSON", async (error, request) => {
    const answer = await post(TOKEN, { ...request, ...credentials(await register()) });
    expectError(answer, 400, error);
    expect(answer.headers.get("Content-Type")).toMatch(/^application\/json/);
  });

  test("RFC 6749, section 5.2: a client that fails to authenticate by the header is a 401 with a challenge of its scheme", async () => {
    const { id } = await register();
    for (const path of [TOKEN, INTROSPECT]) {
      const headers = basic({ id, secret: "wrong" });
      const answer = await post(path, { grant_type: "client_credentials", token: "x" }, { headers });
      expectError(answer, 401, "invalid_client");
      expect(answer.headers.get("WWW-Authenticate")).toMatch(/^Basic /);
    }
  });
});

describe("refreshing (section 6)", () => {
  test("RFC 6749, section 6: a refresh token is for the client to which it was issued", async () => {
    const [client, other] = [await register(), await register()];
    const { refresh_token } = await tokensOf(client);
    expectError(await refresh(other, refresh_token), 400, "invalid_grant");
    expectTokens(await refresh(client, refresh_token));
  });

  test("RFC 6749, section 6: no scope is given that was not granted, and none sent is all that was", async () => {
    const client = await register();
    const narrow = LOCK_SCOPE.split(" ").slice(1).join(" ");
    const { refresh_token } = await tokensOf(client, { scope: narrow });
    expectError(await refresh(client, refresh_token, { scope: LOCK_SCOPE }), 400, "invalid_scope");
    expect(expectTokens(await refresh(client, refresh_token)).scope).toBe(narrow);
  });

  test("RFC 6749, section 6: a new refresh token has the scope of the old one, though less was asked for", async () => {
    const client = await register("mobile");
    const { refresh_token } = await tokensOf(client);
    const less = expectTokens(await refresh(client, refresh_token, { scope: "EMM.Team.VIEW" }));
    expect(less.scope).toBe("EMM.Team.VIEW");
    expect(less.refresh_token).not.toBe(refresh_token);
    const all = expectTokens(await refresh(client, less.refresh_token ?? ""));
    expect(all.scope).toBe(LOCK_SCOPE);
  });
});

describe("security (section 10)", () => {
  test("RFC 6749, section 10.3: a token that was made from another is none", async () => {
    const client = await register();
    const { access_token } = await tokensOf(client);
    const last = access_token.endsWith("0") ? "1" : "0";
    const made = access_token.slice(0, -1) + last;
    expectRefusal(await call("GET", `/v1/teams/${client.team}`, { as: made }), 401, "COM0013");
  });

  test("RFC 6749, section 10.10: what gives access is random of 128 bits at least", async () => {
    const client = await register();
    const { access_token, refresh_token } = await tokensOf(client);
    // 24 digits of base 62 are 142 bits; the rest of it is known or computed.
    for (const secret of [client.secret, access_token, refresh_token, await codeOf(client)]) {
      expect(secret).toMatch(/^jtn_[a-z]{2}_us_[0-9A-Za-z]{36}$/);
    }
  });

  test("RFC 6749, section 10.12: another site cannot agree in the name of who is signed in", async () => {
    const client = await register();
    const owner = await ownerOf(client);
    const { action, fields } = await expectConsent(await owner.get(authorization(client)));
    const form = { ...fields, decision: "accept" };
    await expectProblem(
      await owner.post(action, form, { "Sec-Fetch-Site": "cross-site" }),
      400,
      /did not come from this page/,
    );
  });

  test("RFC 6749, section 10.13: nobody can frame the authorization endpoint", async () => {
    const client = await register();
    const page = await (await ownerOf(client)).get(authorization(client));
    expect(page.headers.get("Content-Security-Policy")).toContain("frame-ancestors 'none'");
  });

  test("RFC 6749, section 10.14: what a request brings is no part of a page's markup", async () => {
    const client = await register();
    const owner = await ownerOf(client);
    const hostile = `"><script>alert(1)</script>`;
    const pages = [
      await owner.get(authorization(client, { state: hostile })),
      await owner.get(authorization(client, { redirect_uri: hostile })),
      await owner.get(authorization(client, { client_id: hostile })),
    ];
    for (const page of pages) expect(await page.text()).not.toContain("<script>alert");
  });

  test("RFC 6749, section 10.15: the authorization endpoint is no open redirector", async () => {
    const nobody = visitor(null);
    for (const query of [
      "redirect_uri=https://evil.example",
      "client_id=x&redirect_uri=https://evil.example",
    ]) {
      const response = await nobody.get(`${AUTH}?${query}`);
      expect([response.status, response.headers.get("Location")]).toEqual([400, null]);
    }
    const posted = await exports.default.fetch(
      new Request(`${ORIGIN}${AUTH}?redirect_uri=https://evil.example`, {
        method: "POST",
        redirect: "manual",
      }),
    );
    expect(posted.headers.get("Location")).toBeNull();
  });
});
