import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import passport from "passport";
import { Strategy } from "passport-zoho-crm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startClientsRegion, type Region } from "./region.ts";

/* The vendor's own SDK, and the strategy that its users sign in with, neither patched. */

const LOCK = "EMM.DeviceCommands.LOCK";
const SCOPE = `${LOCK},EMM.Devices.VIEW`;
const REDIRECT = "https://app.example/callback";

let region: Region;

beforeAll(async () => {
  region = await startClientsRegion();
}, 120_000);

afterAll(() => region.stop());

describe("@zohocrm/nodejs-sdk-8.0", () => {
  /** The API that the SDK then calls: it asks Jeton about what came in `Zoho-oauthtoken`. */
  let api: Server;
  const verdicts: { authorization: string; allowed: boolean }[] = [];
  const folder = mkdtempSync(join(tmpdir(), "vendor-"));

  beforeAll(async () => {
    api = createServer((request, response) => {
      const authorization = request.headers.authorization ?? "";
      region.check(authorization.replace(/^Zoho-oauthtoken /, ""), LOCK).then(
        ({ allowed }) => {
          verdicts.push({ authorization, allowed });
          response.writeHead(allowed ? 200 : 401, { "Content-Type": "application/json" });
          response.end(JSON.stringify({ org: [{ id: "1", company_name: "Example" }] }));
        },
        (error: unknown) => response.destroy(error as Error),
      );
    });
    await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
  });

  afterAll(() => {
    api.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("redeems a self client's grant token by multipart, calls the API, refreshes and revokes", async () => {
    const sdk = await import("@zohocrm/nodejs-sdk-8.0");
    const client = await region.register({ type: "self", name: "SDK" });
    const apiUrl = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
    const environment = sdk.DataCenter.setEnvironment(apiUrl, `${region.url}/oauth/v2/token`, apiUrl);
    const token = new sdk.OAuthBuilder()
      .clientId(client.id)
      .clientSecret(client.secret)
      .grantToken(await region.grantToken(client.id, SCOPE))
      .redirectURL(REDIRECT)
      .findUser(false)
      .build();
    const builder = await new sdk.InitializeBuilder();
    await builder
      .environment(environment)
      .token(token)
      .store(new sdk.FileStore(join(folder, "tokens.txt")))
      .resourcePath(folder)
      .logger(sdk.Logger.getInstance(sdk.Levels.OFF, join(folder, "sdk.log")))
      .initialize();

    const first = await token.getToken();
    expect(await region.check(first, LOCK)).toMatchObject({ allowed: true });
    expect(token.getRefreshToken()).toMatch(/^jtn_rt_us_/);

    await new sdk.Org.OrgOperations().getOrganization();
    expect(verdicts).toContainEqual({ authorization: `Zoho-oauthtoken ${first}`, allowed: true });

    // The SDK refreshes when its idea of the expiry has passed.
    token.setExpiresIn("1");
    await token.refreshAccessToken(token, `${region.url}/oauth/v2/token`);
    const second = token.getAccessToken();
    expect(second).not.toBe(first);

    await token
      .revokeRefreshToken(token.getRefreshToken(), `${region.url}/oauth/v2/token/revoke`)
      .catch(() => undefined);
    await expect
      .poll(() => region.check(second, LOCK), { timeout: 5_000 })
      .toMatchObject({ reason: "revoked_token" });
  });
});

describe("passport-zoho-crm", () => {
  test("signs a person in: code, tokens and who they are", async () => {
    const client = await region.register({ type: "server", name: "passport", redirect_uris: [REDIRECT] });
    const seen: { token: string; profile: string }[] = [];
    passport.use(
      new Strategy(
        {
          clientID: client.id,
          clientSecret: client.secret,
          callbackURL: REDIRECT,
          redirect_URL: REDIRECT,
          scope: SCOPE,
          response_type: "code",
          access_type: "offline",
          authorizationURL: `${region.url}/oauth/v2/auth`,
          tokenURL: `${region.url}/oauth/v2/token`,
          userProfileURL: `${region.url}/oauth/user/info`,
        },
        (token, _refresh, profile, done) => {
          seen.push({ token, profile: profile.id });
          done(null, { id: profile.id });
        },
      ),
    );
    const toConsent = await authenticate({});
    const back = await region.browser().accept(toConsent.redirect ?? "");

    const signedIn = await authenticate({ code: new URL(back).searchParams.get("code") ?? "" });

    expect(signedIn.user).toMatchObject({ id: expect.stringMatching(/^usr_/) as unknown });
    expect(await region.check(seen[0]?.token ?? "", LOCK)).toMatchObject({ allowed: true });
  });

  /** One request to an application that uses the strategy. */
  function authenticate(query: Record<string, string>): Promise<{ redirect?: string; user?: object }> {
    return new Promise((resolve, reject) => {
      const request = {
        query,
        url: "/callback",
        headers: {},
        session: {},
        user: undefined as object | undefined,
      };
      const response = {
        setHeader: (name: string, value: string) => {
          if (name === "Location") resolve({ redirect: value });
        },
        end: () => undefined,
        statusCode: 0,
      };
      passport.authenticate("zoho-crm", { session: false })(request, response, (error) => {
        if (error) reject(error instanceof Error ? error : new Error(JSON.stringify(error)));
        else resolve(request.user === undefined ? {} : { user: request.user });
      });
    });
  }
});
