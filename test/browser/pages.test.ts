import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { personPages, teamPages } from "../../src/routes/console/pages/index.ts";
import { launch } from "./chromium.ts";
import { look, shoot, Trouble } from "./look.ts";
import { OTHER_PAGES, PERSON_PAGES, TEAM_PAGES, type Place } from "./places.ts";
import { openContext, SCREENS } from "./screens.ts";
import { addPasskey } from "./passkey.ts";

/*
 * Every page there is, as it is met by whoever comes to it: readable, in place, without a fault that a machine
 * can find. What is done on them is for tasks.test.ts.
 */

const world = inject("world");

const places: readonly (Place & { readonly name: string })[] = [
  ...named(TEAM_PAGES, world.base),
  ...named(PERSON_PAGES, "/console/me"),
  ...named(OTHER_PAGES, ""),
];

function named(table: Readonly<Record<string, readonly Place[]>>, base: string) {
  return Object.entries(table).flatMap(([name, all]) =>
    all.map((place) => ({ ...place, path: base + place.path, name: `${base}${name}` })),
  );
}

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
  const context = await openContext(browser, world.url, { cookie: world.owner.cookie });
  await addPasskey(context, world, "The owner's phone");
  await context.close();
}, 60_000);

afterAll(() => browser.close());

describe("every page of the console stands in the table", () => {
  test.each([
    ["team", teamPages, TEAM_PAGES],
    ["person", personPages, PERSON_PAGES],
  ] as const)("of a %s", (_, pages, table) => {
    const paths = pages.map(({ path }) => path);
    expect(Object.keys(table).toSorted()).toEqual(paths.toSorted());
  });
});

interface Visitor {
  readonly page: Page;
  readonly trouble: Trouble;
}

/** Each sort of person at a screen of their own, for all pages of a screen. */
function visitors(screen: keyof typeof SCREENS, locale = "en-GB") {
  const open = new Map<string, Visitor & { context: BrowserContext }>();
  const cookies = { owner: world.owner.cookie, viewer: world.viewer.cookie, both: world.both, nobody: null };
  return {
    async at(who: keyof typeof cookies): Promise<Visitor> {
      const known = open.get(who);
      if (known !== undefined) return known;
      const context = await openContext(browser, world.url, {
        ...SCREENS[screen],
        locale,
        cookie: cookies[who],
      });
      const visitor = { context, page: await context.newPage(), trouble: new Trouble(context) };
      open.set(who, visitor);
      return visitor;
    },
    async close(): Promise<void> {
      for (const { context } of open.values()) await context.close();
    },
  };
}

/** Goes to a place, which may not be there before somebody has done something. */
async function go(page: Page, place: Place): Promise<void> {
  const path = typeof place.of === "function" ? await place.of(page) : place.path;
  const response = await page.goto(world.url + path);
  expect(response?.status(), `${path}: ${await page.title()}`).toBe(place.status ?? 200);
  await place.prepare?.(page);
}

const OTHER_SCREENS =
  (process.env["SCREENSHOTS"] ?? "") === "" ? [] : (["desktop-dark", "phone-light"] as const);

describe.each(["desktop-light", "phone-dark", ...OTHER_SCREENS] as const)("on %s", (screen) => {
  const all = visitors(screen);
  afterAll(() => all.close());

  test.for(places)("$path", async (place) => {
    const { page, trouble } = await all.at(place.as ?? "owner");
    await go(page, place);
    await look(page);
    expect(trouble.take()).toEqual([]);
    await shoot(page, `${place.name}${place.label ?? ""}.${screen}`);
  });
});

describe("in Arabic on a phone", () => {
  const all = visitors("phone-dark", "ar");
  afterAll(() => all.close());

  // The first of each page: it is the same page.
  test.for(places.filter(({ label }) => label === undefined))("$path", async (place) => {
    const { page, trouble } = await all.at(place.as ?? "owner");
    await go(page, place);
    await look(page, { language: "ar", axe: false });
    expect(trouble.take()).toEqual([]);
    await shoot(page, `${place.name}.arabic`);
  });
});
