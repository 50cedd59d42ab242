import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { expect } from "vitest";
import type { Cookie } from "./api.ts";
import { look, shoot, Trouble } from "./look.ts";
import { openContext, SCREENS } from "./screens.ts";

/** The ways in which people use a page. */
export const WAYS = ["mouse", "keyboard", "without script"] as const;

export type Way = (typeof WAYS)[number];

/** More elements than any page of ours lets one stop at. */
const MAX_STOPS = 400;

/** As far as it is looked at there: the types of browsers are not among those of these tests. */
interface InPage {
  readonly document: {
    readonly activeElement: Stop | null;
    querySelectorAll(selector: string): Iterable<Stop>;
  };
}

interface Stop {
  readonly disabled?: boolean;
  readonly type?: string;
  checkVisibility(): boolean;
}

/** Somebody who uses pages in one way, and in no other. What they do is told in the page's own words. */
export class Hands {
  readonly way: Way;
  readonly url: string;
  readonly #context: BrowserContext;
  readonly #trouble: Trouble;
  readonly #name: string;
  #page: Page;
  #looks = 0;

  private constructor(way: Way, url: string, name: string, context: BrowserContext, page: Page) {
    this.way = way;
    this.url = url;
    this.#name = name;
    this.#context = context;
    this.#page = page;
    this.#trouble = new Trouble(context);
  }

  /** @param cookie of who is signed in; null: nobody */
  static async of(
    browser: Browser,
    way: Way,
    { url, name, cookie }: { url: string; name: string; cookie: Cookie | null },
  ): Promise<Hands> {
    const context = await openContext(browser, url, {
      ...(way === "without script"
        ? { ...SCREENS["phone-dark"], javaScriptEnabled: false }
        : SCREENS["desktop-light"]),
      cookie,
      permissions: ["clipboard-read", "clipboard-write"],
    });
    return new Hands(way, url, name, context, await context.newPage());
  }

  get page(): Page {
    return this.#page;
  }

  get context(): BrowserContext {
    return this.#context;
  }

  /** Of one test each, so that they are in nobody's way. */
  get mark(): string {
    return this.way.replaceAll(" ", "-");
  }

  get hasScript(): boolean {
    return this.way !== "without script";
  }

  async goTo(path: string): Promise<void> {
    await this.#page.goto(new URL(path, this.url).href);
  }

  /** What is on the page beside its menu. */
  get main(): Locator {
    return this.#page.getByRole("main");
  }

  field(label: string): Locator {
    const { main } = this;
    const named = { name: label, exact: true };
    // A list's label has the texts of its options in it, though its name has not; a password has no role.
    return main
      .getByLabel(label, { exact: true })
      .or(main.getByRole("combobox", named))
      .or(main.getByRole("textbox", named));
  }

  box(label: string | RegExp): Locator {
    return this.main.getByRole("checkbox", { name: label, exact: typeof label === "string" });
  }

  async press(name: string | RegExp): Promise<void> {
    const exact = typeof name === "string";
    await this.use(this.main.getByRole("button", { name, exact }));
  }

  async follow(name: string | RegExp): Promise<void> {
    const exact = typeof name === "string";
    await this.use(this.main.getByRole("link", { name, exact }).first());
  }

  /** Opens what is folded up. */
  async unfold(name: string): Promise<void> {
    await this.use(this.main.locator("summary", { hasText: name }).first());
  }

  /** Presses a button, follows a link, ticks a box. */
  async use(what: Locator): Promise<void> {
    if (this.way !== "keyboard") return what.click();
    await this.#reach(what);
    const isBox = (await what.getAttribute("type")) === "checkbox";
    await this.#page.keyboard.press(isBox ? "Space" : "Enter");
  }

  /** Types into a field, in the place of what is in it. */
  async write(label: string | Locator, text: string): Promise<void> {
    const field = typeof label === "string" ? this.field(label) : label;
    if (this.way === "keyboard") await this.#reach(field);
    else await field.click();
    await this.#page.keyboard.press("Control+A");
    await this.#page.keyboard.insertText(text);
  }

  /** Chooses from a list. */
  async choose(label: string | Locator, option: string): Promise<void> {
    const list = typeof label === "string" ? this.field(label) : label;
    if (this.way !== "keyboard") {
      await list.selectOption({ label: option });
      return;
    }
    await this.#reach(list);
    const texts = await list.locator("option").allTextContents();
    const wanted = texts.findIndex((text) => text.trim() === option);
    expect(wanted, `${option} among ${texts.join(", ")}`).toBeGreaterThanOrEqual(0);
    await this.#page.keyboard.press("Home");
    for (let at = 0; at < wanted; at += 1) await this.#page.keyboard.press("ArrowDown");
    expect(await this.#page.evaluate("document.activeElement.selectedIndex")).toBe(wanted);
  }

  /** Waits for a heading: the page that came is the one that was expected, and nothing is wrong with it. */
  async see(title: string | RegExp): Promise<void> {
    await this.#page.getByRole("heading", { level: 1, name: title }).waitFor();
    await this.look();
  }

  async seeText(text: string | RegExp): Promise<void> {
    await this.main.getByText(text).first().waitFor();
  }

  async look(): Promise<void> {
    await look(this.#page, { axe: this.way === "mouse" });
    expect(this.#trouble.take()).toEqual([]);
    this.#looks += 1;
    if (this.way !== "keyboard") await shoot(this.#page, `task-${this.#name}-${this.mark}-${this.#looks}`);
  }

  async close(): Promise<void> {
    await this.#context.close();
  }

  /**
   * How often to press Tab at least, so that the browser is not asked each time where it is; 0: there may be no way
   * forward, or none that is known.
   */
  #stopsTo(what: Locator): Promise<number> {
    return what.evaluate((part) => {
      const { document } = globalThis as unknown as InPage;
      const all = document.querySelectorAll("a[href], button, input, select, textarea, summary");
      const stops = [...all].filter(
        (stop) => stop.disabled !== true && stop.type !== "hidden" && stop.checkVisibility(),
      );
      const at = document.activeElement === null ? -1 : stops.indexOf(document.activeElement);
      return Math.max(0, stops.indexOf(part) - at);
    });
  }

  /** Goes on by the Tab key until something has the focus, and sees that it has. */
  async #reach(what: Locator): Promise<void> {
    await what.waitFor();
    const isThere = () =>
      what.evaluate((part) => (part as unknown) === (globalThis as unknown as InPage).document.activeElement);
    for (let stops = await this.#stopsTo(what); stops > 0; stops -= 1) await this.#page.keyboard.press("Tab");
    for (let stops = 0; !(await isThere()); stops += 1) {
      expect(stops, `reaches ${String(what)} by Tab`).toBeLessThan(MAX_STOPS);
      await this.#page.keyboard.press("Tab");
    }
    const outline = await this.#page.evaluate<string>(`(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      return outlineStyle + " " + outlineWidth;
    })()`);
    expect(outline, `focus of ${String(what)} is seen`).toMatch(/^(?!none)\w+ [1-9]/);
  }
}
