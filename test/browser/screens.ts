import type { BrowserContextOptions, BrowserContext, Browser } from "playwright-core";
import type { Cookie } from "./api.ts";

const DESKTOP = { width: 1200, height: 900 };
const PHONE = { width: 390, height: 844 };

/** On what people look at pages. */
export const SCREENS = {
  "desktop-light": { viewport: DESKTOP, colorScheme: "light" },
  "phone-dark": { viewport: PHONE, colorScheme: "dark" },
  "desktop-dark": { viewport: DESKTOP, colorScheme: "dark" },
  "phone-light": { viewport: PHONE, colorScheme: "light" },
} as const satisfies Readonly<Record<string, BrowserContextOptions>>;

/** A browser of its own: nothing of another one is in it. @param cookie of who is signed in there */
export async function openContext(
  browser: Browser,
  url: string,
  { cookie = null, ...options }: BrowserContextOptions & { readonly cookie?: Cookie | null },
): Promise<BrowserContext> {
  const context = await browser.newContext({
    locale: "en-GB",
    timezoneId: "UTC",
    // Of an address of its own, as the platform would tell it: attempts to sign in are limited by address.
    extraHTTPHeaders: { "CF-Connecting-IP": someAddress() },
    ...options,
  });
  // Nothing takes as long; what is stuck is told before the test's own time is over.
  context.setDefaultTimeout(15_000);
  if (cookie !== null) {
    // A browser takes them from this machine without TLS as well; here it has to be told as if there were.
    const from = url.replace("http:", "https:");
    await context.addCookies([{ ...cookie, url: from, httpOnly: true, secure: true, sameSite: "Lax" }]);
  }
  return context;
}

function someAddress(): string {
  return `10.${[0, 0, 0].map(() => Math.floor(Math.random() * 256)).join(".")}`;
}
