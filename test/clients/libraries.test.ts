import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as webapi from "oauth4webapi";
import * as openid from "openid-client";
import { AuthorizationCode, ClientCredentials } from "simple-oauth2";
import { startClientsRegion, type Region } from "./region.ts";

/*
 * Real clients, each through its full cycle with nothing patched (facts: the OAuth service in the field), over HTTP
 * against a running region.
 */

const LOCK = "EMM.DeviceCommands.LOCK";
const SCOPE = `${LOCK} EMM.Devices.VIEW`;
const REDIRECT = "https://app.example/callback";

let region: Region;

beforeAll(async () => {
  region = await startClientsRegion();
}, 120_000);

afterAll(() => region.stop());

async function expectRevoked(token: string): Promise<void> {
  await expect
    .poll(() => region.check(token, LOCK), { timeout: 5_000 })
    .toMatchObject({ reason: "revoked_token" });
}

describe("openid-client", () => {
  test("discovers, authorizes with PKCE, refreshes and revokes as a server-based application", async () => {
    const client = await region.register({
      type: "server",
      name: "openid-client",
      redirect_uris: [REDIRECT],
    });
    const config = await openid.discovery(new URL(region.url), client.id, client.secret, undefined, {
      algorithm: "oauth2",
      execute: [openid.allowInsecureRequests],
    });
    const verifier = openid.randomPKCECodeVerifier();
    const state = openid.randomState();
    const url = openid.buildAuthorizationUrl(config, {
      redirect_uri: REDIRECT,
      scope: SCOPE,
      state,
      access_type: "offline",
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });

    const back = await region.browser().accept(url.href);
    const tokens = await openid.authorizationCodeGrant(config, new URL(back), {
      pkceCodeVerifier: verifier,
      expectedState: state,
    });
    expect(await region.check(tokens.access_token, LOCK)).toMatchObject({ allowed: true });

    const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? "");
    expect(refreshed.access_token).not.toBe(tokens.access_token);
    expect(await openid.tokenIntrospection(config, refreshed.access_token)).toMatchObject({ active: true });
    await openid.tokenRevocation(config, tokens.refresh_token ?? "");
    await expectRevoked(refreshed.access_token);
  });

  test("authorizes a mobile application, which has no secret and whose refresh token is replaced", async () => {
    const redirect = "http://127.0.0.1/callback";
    const client = await region.register({ type: "mobile", name: "mobile", redirect_uris: [redirect] });
    const config = await openid.discovery(new URL(region.url), client.id, undefined, openid.None(), {
      algorithm: "oauth2",
      execute: [openid.allowInsecureRequests],
    });
    const verifier = openid.randomPKCECodeVerifier();
    const url = openid.buildAuthorizationUrl(config, {
      redirect_uri: "http://127.0.0.1:49152/callback",
      scope: SCOPE,
      access_type: "offline",
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });

    const back = await region.browser().accept(url.href);
    const tokens = await openid.authorizationCodeGrant(config, new URL(back), { pkceCodeVerifier: verifier });
    const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? "");

    expect(refreshed.refresh_token).not.toBe(tokens.refresh_token);
    expect(await region.check(refreshed.access_token, LOCK)).toMatchObject({ allowed: true });
  });

  test("lets a device in that has no browser (RFC 8628)", async () => {
    const client = await region.register({ type: "device", name: "Television" });
    const config = await openid.discovery(new URL(region.url), client.id, undefined, openid.None(), {
      algorithm: "oauth2",
      execute: [openid.allowInsecureRequests],
    });
    const started = await openid.initiateDeviceAuthorization(config, {
      scope: SCOPE,
      access_type: "offline",
    });
    const browser = region.browser();
    const page = await browser.visit(started.verification_uri_complete ?? started.verification_uri);
    const question = await browser.press(page, { user_code: started.user_code });
    const done = await browser.press(question, { decision: "accept" });
    expect(done.html).toContain("Device connected");

    const tokens = await openid.pollDeviceAuthorizationGrant(config, started);

    expect(await region.check(tokens.access_token, LOCK)).toMatchObject({ allowed: true });
    expect(tokens.refresh_token).toMatch(/^jtn_rt_/);
  }, 30_000);
});

describe("oauth4webapi", () => {
  test("exchanges a code by Basic, checks iss and state, and sees an error as one", async () => {
    const registered = await region.register({
      type: "server",
      name: "oauth4webapi",
      redirect_uris: [REDIRECT],
    });
    const insecure = { [webapi.allowInsecureRequests]: true };
    const issuer = new URL(region.url);
    const server = await webapi.processDiscoveryResponse(
      issuer,
      await webapi.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure }),
    );
    const client: webapi.Client = { client_id: registered.id };
    const authentication = webapi.ClientSecretBasic(registered.secret);
    const verifier = webapi.generateRandomCodeVerifier();
    const state = webapi.generateRandomState();
    const url = new URL(server.authorization_endpoint ?? "");
    url.search = new URLSearchParams({
      client_id: registered.id,
      redirect_uri: REDIRECT,
      response_type: "code",
      scope: SCOPE,
      state,
      code_challenge: await webapi.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    }).toString();

    const parameters = webapi.validateAuthResponse(
      server,
      client,
      new URL(await region.browser().accept(url.href)),
      state,
    );
    const request = () =>
      webapi.authorizationCodeGrantRequest(
        server,
        client,
        authentication,
        parameters,
        REDIRECT,
        verifier,
        insecure,
      );
    const tokens = await webapi.processAuthorizationCodeResponse(server, client, await request());

    expect(await region.check(tokens.access_token, LOCK)).toMatchObject({ allowed: true });
    expect(tokens.refresh_token).toBeUndefined();
    const wrong = webapi.authorizationCodeGrantRequest(
      server,
      client,
      webapi.ClientSecretBasic("wrong"),
      parameters,
      REDIRECT,
      verifier,
      insecure,
    );
    await expect(
      wrong.then((response) => webapi.processAuthorizationCodeResponse(server, client, response)),
    ).rejects.toMatchObject({ status: 401 });
  });

  test("is refused by Deny as RFC 6749 says", async () => {
    const registered = await region.register({ type: "server", name: "denied", redirect_uris: [REDIRECT] });
    const browser = region.browser();
    const url = new URL("/oauth/v2/auth", region.url);
    url.search = new URLSearchParams({
      client_id: registered.id,
      redirect_uri: REDIRECT,
      response_type: "code",
      scope: SCOPE,
      state: "s",
    }).toString();

    const back = new URL((await browser.press(await browser.visit(url.href), { decision: "deny" })).url);

    expect(Object.fromEntries(back.searchParams)).toMatchObject({
      error: "access_denied",
      state: "s",
      iss: region.url,
    });
  });
});

describe("simple-oauth2", () => {
  test("goes through code, refresh and revocation with commas in its scope and its secret in the body", async () => {
    const registered = await region.register({ type: "server", name: "simple", redirect_uris: [REDIRECT] });
    const client = new AuthorizationCode({
      client: registered,
      auth: {
        tokenHost: region.url,
        tokenPath: "/oauth/v2/token",
        authorizePath: "/oauth/v2/auth",
        revokePath: "/oauth/v2/token/revoke",
      },
      options: { authorizationMethod: "body", scopeSeparator: "," },
    });
    const url = client.authorizeURL({
      redirect_uri: REDIRECT,
      scope: SCOPE.split(" "),
      state: "a state",
      access_type: "offline",
      prompt: "consent",
    });
    const back = new URL(await region.browser().accept(url));
    expect(back.searchParams.get("state")).toBe("a state");

    const made = await client.getToken({ code: back.searchParams.get("code"), redirect_uri: REDIRECT });
    expect(made.expired()).toBe(false);
    const refreshed = await made.refresh();
    expect(await region.check(refreshed.token.access_token, LOCK)).toMatchObject({ allowed: true });
    await made.revoke("refresh_token");
    await expectRevoked(refreshed.token.access_token);
    await expect(made.refresh()).rejects.toThrow(/400/);
  });

  test("gets a token for itself by client credentials", async () => {
    const registered = await region.register({ type: "self", name: "robot" });
    const client = new ClientCredentials({
      client: registered,
      auth: { tokenHost: region.url, tokenPath: "/oauth/v2/token" },
      options: { authorizationMethod: "body" },
    });

    const made = await client.getToken({ scope: SCOPE });

    expect(await region.check(made.token.access_token, LOCK)).toMatchObject({ allowed: true });
    expect(made.token.refresh_token).toBeUndefined();
  });
});
