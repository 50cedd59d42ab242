import * as openid from "openid-client";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { Api, joinTeam } from "./api.ts";
import { launch } from "./chromium.ts";
import { look, shoot, Trouble } from "./look.ts";
import { openContext, SCREENS } from "./screens.ts";
import { OWNER, PASSWORD } from "./world.ts";

/*
 * A real client, and a real browser that goes through the pages for it (contract, section 6): nobody is signed in
 * when it begins.
 */

const world = inject("world");
const api = new Api(world.url);
const CALLBACK = `${world.outside}/callback`;
const VIEW = "EMM.Devices.VIEW";
const LOCK = "EMM.DeviceCommands.LOCK";
const DEVICES = `${VIEW} ${LOCK}`;

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
}, 60_000);

afterAll(() => browser.close());

/** As a person's own browser: at first without a session. */
async function visiting(does: (page: Page) => Promise<void>): Promise<void> {
  const context = await openContext(browser, world.url, SCREENS["desktop-light"]);
  const trouble = new Trouble(context);
  try {
    await does(await context.newPage());
    expect(trouble.take()).toEqual([]);
  } finally {
    await context.close();
  }
}

async function signIn(page: Page, email: string = OWNER.email): Promise<void> {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** At what pages.test.ts does not come to by an address. */
async function lookOnEveryScreen(page: Page, name: string): Promise<void> {
  for (const [screen, { viewport, colorScheme }] of Object.entries(SCREENS)) {
    await page.setViewportSize(viewport);
    // Colours that fade into each other would be measured on their way.
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await look(page);
    await shoot(page, `${name}.${screen}`);
  }
}

async function atHome(page: Page): Promise<URL> {
  await page.waitForURL((url) => url.href.startsWith(CALLBACK));
  return new URL(page.url());
}

function configure({ id, secret }: { id: string; secret: string | null }): Promise<openid.Configuration> {
  const authentication = secret === null ? openid.None() : undefined;
  return openid.discovery(new URL(world.url), id, secret ?? undefined, authentication, {
    algorithm: "oauth2",
    execute: [openid.allowInsecureRequests],
  });
}

async function ask(config: openid.Configuration, scope: string) {
  const pkceCodeVerifier = openid.randomPKCECodeVerifier();
  const expectedState = openid.randomState();
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope,
    state: expectedState,
    access_type: "offline",
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
  });
  return { url: url.href, checks: { pkceCodeVerifier, expectedState } };
}

/** Where a person is asked for more than they have allowed already (contract, section 6). */
async function enhancement(refreshToken: string, scope: string): Promise<string> {
  const { id, secret } = world.clients.server;
  const response = await fetch(`${world.url}/oauth/v2/token/scopeenhance`, {
    method: "POST",
    body: new URLSearchParams({
      client_id: id,
      client_secret: secret ?? "",
      grant_type: "update_scopes_token",
      refresh_token: refreshToken,
    }),
  });
  const { access_token: token } = await response.json<{ access_token: string }>();
  const query = new URLSearchParams({
    response_type: "update_scopes",
    client_id: id,
    redirect_uri: CALLBACK,
    scope,
    enhance_token: token,
    logout: "false",
  });
  return `${world.url}/oauth/v2/token/addextrascope?${query.toString()}`;
}

function check(token: string, permission: string): Promise<{ allowed: boolean; reason: string | null }> {
  return api.post("/v1/check", { token, permissions: [permission] }, world.serviceKey);
}

/** Somebody who has allowed nothing yet. */
async function newcomer(name: string): Promise<string> {
  const email = `${name}@acme.example`;
  await joinTeam(api, world.team, { email, password: PASSWORD });
  return email;
}

describe("an application", () => {
  test("is let in, asks for more later, refreshes, and is gone when it gives its tokens back", async () => {
    const config = await configure(world.clients.server);
    const email = await newcomer("lets-in");
    await visiting(async (page) => {
      const first = await ask(config, VIEW);
      await page.goto(first.url);
      await signIn(page, email);
      await page.getByRole("heading", { name: "Allow access?" }).waitFor();
      await look(page);
      const main = page.getByRole("main");
      expect(await main.textContent()).toContain("Planner");
      expect(await main.getByRole("link", { name: "https://planner.example" }).count()).toBe(1);
      expect(await main.textContent()).toContain("See the devices");
      await page.getByRole("button", { name: "Accept" }).click();
      const tokens = await openid.authorizationCodeGrant(config, await atHome(page), first.checks);
      expect(await check(tokens.access_token, VIEW)).toMatchObject({ allowed: true });
      expect(await check(tokens.access_token, LOCK)).toMatchObject({ allowed: false });

      // Only what is new is asked for, by somebody who is signed in by now.
      await page.goto(await enhancement(tokens.refresh_token ?? "", LOCK));
      await page.getByRole("heading", { name: "Allow more access?" }).waitFor();
      await lookOnEveryScreen(page, "oauth-incremental");
      const scopes = await page.locator(".scopes").allTextContents();
      expect(scopes.join()).toContain("Lock a device");
      expect(scopes.join()).not.toContain("See the devices");
      await page.getByRole("button", { name: "Accept" }).click();
      await atHome(page);
      const wider = await openid.refreshTokenGrant(config, tokens.refresh_token ?? "");
      expect(await check(wider.access_token, LOCK)).toMatchObject({ allowed: true });

      await openid.tokenRevocation(config, tokens.refresh_token ?? "");
      // How long it may take is measured elsewhere.
      await expect
        .poll(() => check(wider.access_token, LOCK), { timeout: 5_000 })
        .toMatchObject({ reason: "revoked_token" });
    });
  });

  test("is turned away, and told so as RFC 6749 says", async () => {
    const config = await configure(world.clients.server);
    const email = await newcomer("turns-away");
    await visiting(async (page) => {
      const { url, checks } = await ask(config, DEVICES);
      await page.goto(url);
      await signIn(page, email);
      const accept = page.getByRole("button", { name: "Accept" });
      const deny = page.getByRole("button", { name: "Deny" });
      // One as easy as the other.
      const [one, other] = [await accept.boundingBox(), await deny.boundingBox()];
      expect(other?.width).toBeCloseTo(one?.width ?? 0, 0);
      expect(other?.height).toBeCloseTo(one?.height ?? 0, 0);
      await deny.click();
      const back = await atHome(page);
      await expect(openid.authorizationCodeGrant(config, back, checks)).rejects.toMatchObject({
        error: "access_denied",
      });
    });
  });

  test("is told in which of two teams", async () => {
    const config = await configure(world.clients.server);
    await visiting(async (page) => {
      const { url, checks } = await ask(config, VIEW);
      await page.goto(url);
      await signIn(page, "both@acme.example");
      await page.getByRole("radio", { name: "Betriebshof" }).check();
      await page.getByRole("button", { name: "Accept" }).click();
      const tokens = await openid.authorizationCodeGrant(config, await atHome(page), checks);
      expect(await check(tokens.access_token, VIEW)).toMatchObject({ allowed: true });
      expect(await check(tokens.access_token, VIEW)).not.toMatchObject({ team: world.team });
    });
  });
});

describe("a device", () => {
  test.each(["Accept", "Deny"])("is let in or not by its code: %s", async (answer) => {
    const config = await configure(world.clients.device);
    const email = await newcomer(`device-${answer.toLowerCase()}`);
    const started = await openid.initiateDeviceAuthorization(config, {
      scope: DEVICES,
      access_type: "offline",
    });
    const waiting = openid.pollDeviceAuthorizationGrant(config, started);
    // Looked at below, after it may have failed already.
    waiting.catch(() => {});
    await visiting(async (page) => {
      await page.goto(started.verification_uri);
      await signIn(page, email);
      await page.getByLabel("Code on your device").fill(started.user_code);
      await page.getByRole("button", { name: "Continue" }).click();
      await page.getByRole("heading", { name: "Let this device in?" }).waitFor();
      await look(page);
      await page.getByRole("button", { name: answer }).click();
      await page.getByRole("heading", { name: /^Device (connected|turned away)$/ }).waitFor();
      await lookOnEveryScreen(page, `device-${answer}`);
    });
    if (answer === "Deny") {
      await expect(waiting).rejects.toMatchObject({ error: "access_denied" });
    } else {
      expect(await check((await waiting).access_token, LOCK)).toMatchObject({ allowed: true });
    }
  });
});
