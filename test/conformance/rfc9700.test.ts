import { describe, expect, test } from "vitest";
import { clientBody, clientsPath, patchClient } from "../worker/clients.ts";
import { call, driveClock, expectRefusal, send } from "../worker/support.ts";
import {
  credentials,
  expectError,
  expectTokens,
  LOCK_SCOPE,
  post,
  redeem,
  REDIRECT,
  refresh,
} from "../worker/oauth/support.ts";
import {
  decide,
  expectConsent,
  expectProblem,
  expectReturn,
  expectReturnedError,
} from "../worker/oauth/visitor.ts";
import {
  authorization,
  codeOf,
  homeTeam,
  INTROSPECT,
  ownerOf,
  PKCE,
  readDocument,
  register,
  SERVER_METADATA,
  TOKEN,
  tokensOf,
  VERIFIER,
} from "./support.ts";

const clock = driveClock();

describe("redirect flows (section 2.1)", () => {
  test("RFC 9700, section 2.1: redirection URIs are compared as text, the port of a native app's loopback address excepted", async () => {
    const client = await register("server", { redirect_uris: [REDIRECT, "http://127.0.0.1:7000/callback"] });
    const owner = await ownerOf(client);
    for (const uri of [
      `${REDIRECT}/`,
      `${REDIRECT}?a=b`,
      REDIRECT.toUpperCase(),
      REDIRECT.replace("app.", "evil.app."),
      REDIRECT.replace("https", "http"),
      `${REDIRECT}/../callback`,
      "http://127.0.0.1:7001/callback",
    ]) {
      await expectProblem(await owner.get(authorization(client, { redirect_uri: uri })), 400, /redirect_uri/);
    }
  });

  test("RFC 9700, section 2.1: a redirection URI is not http, but for loopback", async () => {
    for (const type of ["browser", "server", "mobile"] as const) {
      const body = clientBody(type, { redirect_uris: ["http://app.example/callback"] });
      expectRefusal(await call("POST", clientsPath(await homeTeam()), { body }), 400, "COM0005");
    }
  });

  test("RFC 9700, sections 2.1 and 4.4.2: a client can tell this server's answers from another's by iss", async () => {
    const client = await register();
    const { parameters } = expectReturn(await decide(await ownerOf(client), authorization(client)));
    expect(parameters["iss"]).toBe((await readDocument(SERVER_METADATA))["issuer"]);
  });
});

describe("the authorization code grant (section 2.1.1)", () => {
  test("RFC 9700, section 2.1.1: public clients have to use PKCE", async () => {
    for (const type of ["browser", "mobile"] as const) {
      const client = await register(type);
      const link = authorization(client, { code_challenge: null, code_challenge_method: null });
      expectReturnedError(await (await ownerOf(client)).get(link), "invalid_request");
    }
  });

  test("RFC 9700, section 2.1.1: PKCE is supported, and enforced where it was used", async () => {
    const client = await register();
    const code = await codeOf(client, PKCE);
    expectError(await redeem(client, code), 400, "invalid_grant");
    expectError(await redeem(client, code, { code_verifier: "x".repeat(43) }), 400, "invalid_grant");
    expectTokens(await redeem(client, code, { code_verifier: VERIFIER }));
  });

  test("RFC 9700, sections 2.1.1 and 4.8.2: a verifier is refused where no challenge was sent", async () => {
    const client = await register();
    const code = await codeOf(client);
    expectError(await redeem(client, code, { code_verifier: VERIFIER }), 400, "invalid_grant");
  });

  test("RFC 9700, section 2.1.1: the metadata say that PKCE is supported", async () => {
    expect((await readDocument(SERVER_METADATA))["code_challenge_methods_supported"]).toEqual(["S256"]);
  });
});

describe("other grants and tokens (sections 2.1.2 to 2.5)", () => {
  test("RFC 9700, section 2.1.2: no token is given in an authorization response", async () => {
    const client = await register();
    const owner = await ownerOf(client);
    for (const type of ["token", "id_token", "code token"]) {
      const link = authorization(client, { response_type: type });
      expectReturnedError(await owner.get(link), "unsupported_response_type");
    }
    const { uri } = expectReturn(await decide(owner, authorization(client)));
    expect(uri).not.toMatch(/access_token|jtn_at_|jtn_rt_/);
  });

  test("RFC 9700, section 2.2.2: a public client's refresh token is replaced, and its second use ends the grant", async () => {
    const client = await register("mobile");
    const { refresh_token } = await tokensOf(client);
    const next = expectTokens(await refresh(client, refresh_token)).refresh_token ?? "";
    expect(next).not.toBe(refresh_token);
    clock.advance(11_000);
    expectError(await refresh(client, refresh_token), 400, "invalid_grant");
    expectError(await refresh(client, next), 400, "invalid_grant");
  });

  test("RFC 9700, section 2.3: a token has the scope and the resources that were agreed to, and no more", async () => {
    const client = await register();
    const resource = "https://one.example";
    const { access_token } = await tokensOf(client, { scope: "EMM.Team.VIEW", resource });
    const { body } = await post(INTROSPECT, { token: access_token, ...credentials(client) });
    expect(body).toMatchObject({ scope: "EMM.Team.VIEW", aud: resource });
  });

  test("RFC 9700, section 2.4: there is no password grant", async () => {
    const request = {
      grant_type: "password",
      username: "a",
      password: "b",
      ...credentials(await register()),
    };
    expectError(await post(TOKEN, request), 400, "unsupported_grant_type");
    expect((await readDocument(SERVER_METADATA))["grant_types_supported"]).not.toContain("password");
  });

  test("RFC 9700, section 2.6: the authorization endpoint can be read by no script of another origin", async () => {
    const client = await register("browser", { js_origins: ["https://app.example"] });
    const owner = await ownerOf(client);
    const page = await owner.get(authorization(client), { Origin: "https://app.example" });
    expect(page.headers.get("Access-Control-Allow-Origin")).toBeNull();
    const link = authorization(client);
    const preflight = await send("OPTIONS", link, { as: null, headers: { Origin: "https://app.example" } });
    expect(preflight.headers.get("Access-Control-Allow-Origin")).toBeNull();
  });
});

describe("attacks (section 4)", () => {
  test("RFC 9700, section 4.2.4: neither the page nor the redirect tells the next site where one came from", async () => {
    const client = await register();
    const owner = await ownerOf(client);
    const page = await owner.get(authorization(client));
    expect(page.headers.get("Referrer-Policy")).toMatch(/^(?:no-referrer|same-origin)$/);
    const sent = await decide(owner, authorization(client));
    expect(sent.headers.get("Referrer-Policy")).toBe("no-referrer");
  });

  test("RFC 9700, sections 4.2.4 and 4.5: a code is good once, and its replay ends what it gave", async () => {
    const client = await register("mobile");
    const code = await codeOf(client);
    const { refresh_token = "" } = expectTokens(await redeem(client, code, { code_verifier: VERIFIER }));
    clock.advance(11_000);
    expectError(await redeem(client, code, { code_verifier: VERIFIER }), 400, "invalid_grant");
    expectError(await refresh(client, refresh_token), 400, "invalid_grant");
  });

  test("RFC 9700, section 4.3.2: an answer with a code or a token is kept by nobody", async () => {
    const client = await register();
    const sent = await decide(await ownerOf(client), authorization(client));
    expect(sent.headers.get("Cache-Control")).toBe("no-store");
  });

  test("RFC 9700, section 4.7: a form that another site sends agrees to nothing", async () => {
    const client = await register();
    const owner = await ownerOf(client);
    const { action, fields } = await expectConsent(await owner.get(authorization(client)));
    for (const site of ["cross-site", "same-site", "none"]) {
      const answer = await owner.post(action, { ...fields, decision: "accept" }, { "Sec-Fetch-Site": site });
      await expectProblem(answer, 400, /did not come from this page/);
    }
  });

  test("RFC 9700, section 4.11.2: nobody is sent anywhere for an unknown client or redirection URI", async () => {
    const client = await register();
    const owner = await ownerOf(client);
    for (const more of [{ client_id: "cli_us_made_up" }, { redirect_uri: "https://evil.example" }]) {
      await expectProblem(await owner.get(authorization(client, more)), 400, /client|redirect_uri/);
    }
  });

  test("RFC 9700, section 4.12: who has sent a form is redirected by 303, never by 307", async () => {
    const client = await register();
    const owner = await ownerOf(client);
    for (const decision of ["accept", "deny"] as const) {
      expect((await decide(owner, authorization(client), decision)).status).toBe(303);
    }
  });

  test("RFC 9700, section 4.13: where a request came from is the platform's word, and no header of the sender's", async () => {
    const client = await register("self");
    const body = { scope: "EMM.Team.VIEW", description: "for one address" };
    const issued = await call("POST", `/v1/teams/${client.team}/access-tokens`, {
      body: {
        name: "one address",
        permissions: ["EMM.AccessTokens.CREATE", "EMM.Team.VIEW"],
        allowed_ips: ["203.0.113.7"],
      },
    });
    const { token } = issued.body as { token: string };
    const path = clientsPath(client.team, client.id, "grant-tokens");
    const claimed = "203.0.113.7";
    const spoofed = {
      "CF-Connecting-IP": "198.51.100.9",
      "X-Forwarded-For": `${claimed}, ${claimed}`,
      "X-Real-IP": claimed,
      Forwarded: `for=${claimed}`,
      "True-Client-IP": claimed,
    };
    expectRefusal(await call("POST", path, { as: token, body, headers: spoofed }), 403, "TOK0006");
    const right = { "CF-Connecting-IP": claimed };
    expect((await call("POST", path, { as: token, body, headers: right })).status).toBe(201);
  });

  test("RFC 9700, section 4.14.2: a refresh token is bound to the scope and the resources that were agreed to", async () => {
    const client = await register("browser");
    const resource = "https://one.example";
    const { refresh_token } = await tokensOf(client, { scope: "EMM.Team.VIEW", resource });
    expectError(await refresh(client, refresh_token, { scope: LOCK_SCOPE }), 400, "invalid_scope");
    const wider = await refresh(client, refresh_token, { resource: "https://two.example" });
    expectError(wider, 400, "invalid_target");
  });

  test("RFC 9700, section 4.15.1: no client chooses an id, which could look like a person's", async () => {
    const body = clientBody("server", { id: "usr_somebody", client_id: "usr_somebody" });
    expectRefusal(await call("POST", clientsPath(await homeTeam()), { body }), 400, "COM0005");
    const { id, team } = await register();
    expect(id).toMatch(/^cli_us_/);
    expectRefusal(await patchClient(team, id, { id: "usr_somebody" }), 400, "COM0005");
  });

  test("RFC 9700, section 4.16: nobody can frame the pages on which one decides and signs in", async () => {
    const client = await register();
    const pages = [
      await (await ownerOf(client)).get(authorization(client)),
      await send("GET", "/signin", { as: null }),
      await send("GET", "/oauth/v2/auth", { as: null }),
    ];
    for (const page of pages) {
      expect(page.headers.get("Content-Security-Policy")).toContain("frame-ancestors 'none'");
    }
  });
});
