import type { BrowserContext, Page } from "playwright-core";
import { PASSWORD, type World } from "./world.ts";

/** Gives a page's browser an authenticator, as a phone has one, that always says yes. */
export async function giveAuthenticator(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

/** Adds a passkey to the account that is signed in there. */
export async function addPasskey(context: BrowserContext, { url }: World, name: string): Promise<void> {
  const page = await context.newPage();
  await giveAuthenticator(page);
  await page.goto(`${url}/console/me/passkeys/new`);
  await page.locator("main [name=name]").fill(name);
  await page.locator("main [name=password]").fill(PASSWORD);
  await page.locator("main button[type=submit]").click();
  await page.waitForURL("**/console/me?done=passkey");
}
