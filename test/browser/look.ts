import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { AxeResults } from "axe-core";
import type { BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import { isRightToLeft, type Language } from "../../src/domain/language.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Chromium says of every document that is refused that it was; whoever opened it knows. */
const REFUSED_DOCUMENT = /^Failed to load resource: the server responded with a status of 4\d\d/;

/** What goes wrong behind a page's back, in all pages of a context. */
export class Trouble {
  readonly #found: string[] = [];

  constructor(context: BrowserContext) {
    context.on("console", (message) => {
      const isOfDocument = message.location().url === message.page()?.url();
      if (message.type() !== "error" || (isOfDocument && REFUSED_DOCUMENT.test(message.text()))) return;
      this.#found.push(`console: ${message.text()}`);
    });
    context.on("weberror", (error) => this.#found.push(`script: ${error.error().message}`));
    context.on("requestfailed", (request) => {
      const why = request.failure()?.errorText ?? "";
      // A download is a document that is not shown, and whoever goes on stops what is still loading.
      if (why !== "net::ERR_ABORTED") this.#found.push(`request: ${request.url()} ${why}`);
    });
  }

  /** What has gone wrong since this was asked last. */
  take(): string[] {
    return this.#found.splice(0);
  }
}

export interface Looking {
  readonly language?: Language;
  /** Whether axe-core looks too; it is script itself. */
  readonly axe?: boolean;
}

/** Below this tables stand as blocks. */
const NARROW = 600;

/** What must hold of every page that anybody is ever shown. */
export async function look(page: Page, { language = "en", axe = true }: Looking = {}): Promise<void> {
  const seen = await page.evaluate<Seen>(`(() => {
    const root = document.documentElement;
    return {
      lang: root.lang,
      dir: root.dir,
      title: document.title,
      headings: [...document.querySelectorAll("h1")].map((heading) => heading.textContent),
      beyond: root.scrollWidth - root.clientWidth,
      widest: [...document.querySelectorAll("body *")]
        .filter((part) => {
          if (part.closest(".skip, .out-of-sight, thead") || !part.checkVisibility()) return false;
          const { left, right } = part.getBoundingClientRect();
          return right > root.clientWidth + 1 || left < -1;
        })
        .slice(0, 5)
        .map((part) => part.outerHTML.slice(0, 120)),
    };
  })()`);
  const where = `${page.url()} (${seen.title})`;
  expect.soft(seen.lang, where).toBe(language);
  expect.soft(seen.dir, where).toBe(isRightToLeft(language) ? "rtl" : "ltr");
  expect.soft(seen.headings, where).toHaveLength(1);
  expect.soft(seen.title, where).toContain("Jeton");
  expect.soft(seen.beyond, `${where} scrolls sideways: ${seen.widest.join("\n")}`).toBe(0);
  // On a phone nothing scrolls by itself either, and nothing is cut off.
  if ((page.viewportSize()?.width ?? 0) < NARROW) expect.soft(seen.widest, where).toEqual([]);
  if (axe) expect.soft(await findings(page), where).toEqual([]);
}

interface Seen {
  readonly lang: string;
  readonly dir: string;
  readonly title: string;
  readonly headings: readonly string[];
  readonly beyond: number;
  readonly widest: readonly string[];
}

/** What axe-core finds serious or critical. */
async function findings(page: Page): Promise<string[]> {
  // Evaluated and not added as a script: the pages' own policy stays in force, and is tested by that.
  if (!(await page.evaluate<boolean>(`"axe" in globalThis`))) await page.evaluate(`${AXE}; 0`);
  const { violations } = await page.evaluate<Pick<AxeResults, "violations">>(
    `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => ({ violations }))`,
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("\n")}`,
    );
}

/** Where screenshots go; by default nowhere. */
const SCREENSHOTS = process.env["SCREENSHOTS"] ?? "";

/** Keeps what a page looks like, where a folder for it is named. */
export async function shoot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS === "") return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  const file = `${name.replaceAll(/[^\w-]+/g, "-").replaceAll(/^-|-$/g, "")}.png`;
  await page.screenshot({ path: join(SCREENSHOTS, file), fullPage: true, animations: "disabled" });
}
