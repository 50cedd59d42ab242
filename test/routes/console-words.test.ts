import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../../scripts/check/tool.ts";
import { builtInCatalogues } from "../../src/catalogues/index.ts";
import { LANGUAGES, type Language } from "../../src/domain/language.ts";
import { en } from "../../src/routes/console/words/en.ts";

/** A text, or its forms by way of counting. */
type Entry = string | Readonly<Record<string, string>>;

const ENGLISH = entriesOf({ ...en, catalogues: catalogueTexts() });

/** Names, and words that a language has taken over as they are. */
const AS_IN_ENGLISH: Readonly<Record<Exclude<Language, "en">, readonly string[]>> = {
  ja: ["ID", "Android Enterprise ID"],
  fr: [
    "ID",
    "Actions",
    "Audit",
    "Clients",
    "Code",
    "Description",
    "Format",
    "Menu",
    "Sessions",
    "Standard",
    "Type",
    "Webhooks",
    "active",
    "{count} minute",
    "{count} minutes",
  ],
  ar: [],
  zh: ["ID", "Android Enterprise ID"],
  hi: ["ID", "Android Enterprise ID"],
  de: [
    "ID",
    "Clients",
    "Code",
    "Details",
    "Domain",
    "Domains",
    "Enterprise",
    "Name",
    "Passkey",
    "Passkeys",
    "Standard",
    "Team",
    "Webhooks",
  ],
};

const TRANSLATED = LANGUAGES.filter((language) => language !== "en");

/** What stands on a link or button, and what it is called where several look alike (WCAG 2.5.3). */
const CALLED: readonly (readonly [shown: string, called: string])[] = [
  ["tokens.revoke", "tokens.revokeOf"],
  ["apps.revoke", "apps.revokeOf"],
  ["members.manage", "members.manageOf"],
  ["roles.edit", "roles.editOf"],
  ["roles.view", "roles.viewOf"],
  ["roles.delete", "roles.deleteOf"],
  ["sso.edit", "sso.editOf"],
  ["sso.remove", "sso.removeOf"],
  ["account.remove", "account.passkeyRemoveOf"],
  ["clients.chooseShort", "clients.choose"],
  ["webhooks.resume", "webhooks.resumeOf"],
  ["reports.chooseShort", "reports.choose"],
  ["reports.delete", "reports.deleteOf"],
  ["reports.narrower", "reports.narrowerOf"],
];

describe.each(TRANSLATED)("the console in %s", (language) => {
  const texts = readLanguage(language);

  test("has a text for each in English, and no other: missing are", () => {
    expect(missing(ENGLISH, texts)).toEqual([]);
  });

  test("has none that English has not: left over are", () => {
    expect(missing(texts, ENGLISH)).toEqual([]);
  });

  test("has the places to fill in that English has, wherever they stand", () => {
    const wrong = [...texts].filter(([key, entry]) => {
      const wanted = placesIn(ENGLISH.get(key) ?? "");
      // A form for one, two or none may name the number in a word.
      return typeof entry === "string"
        ? placesIn(entry).join() !== wanted.join()
        : placesIn(entry["other"] ?? "").join() !== wanted.join() ||
            Object.values(entry).some((form) => placesIn(form).some((name) => !wanted.includes(name)));
    });
    expect(wrong).toEqual([]);
  });

  test("counts in the ways that the language has", () => {
    const ways = new Intl.PluralRules(language).resolvedOptions().pluralCategories.toSorted();
    const wrong = [...ENGLISH.entries()]
      .filter(([, entry]) => typeof entry !== "string")
      .filter(
        ([key]) =>
          Object.keys(texts.get(key) ?? {})
            .toSorted()
            .join() !== ways.join(),
      )
      .map(([key]) => key);
    expect(wrong).toEqual([]);
  });

  test("repeats no English text, but for names and words taken over", () => {
    const english = new Set([...ENGLISH.values()].flatMap(formsOf));
    const allowed = AS_IN_ENGLISH[language];
    const same = [...texts].filter(([, entry]) =>
      formsOf(entry).some((text) => english.has(text) && !allowed.includes(text)),
    );
    expect(same).toEqual([]);
  });

  test("calls a link by what stands on it: whoever speaks to the page says what they see", () => {
    const wrong = CALLED.filter(([shown, called]) => {
      const [one, other] = [shown, called].map((key) =>
        formsOf(texts.get(key) ?? "")
          .join()
          .toLowerCase(),
      );
      return !other?.includes(one ?? "?");
    });
    expect(wrong).toEqual([]);
  });

  test("leaves no text empty, and no space at its ends", () => {
    const bad = [...texts].filter(([, entry]) =>
      formsOf(entry).some((text) => text === "" || text !== text.trim()),
    );
    expect(bad).toEqual([]);
  });
});

test("no place to fill in is an English text's by mistake: braces stand for nothing else", () => {
  const wrong = [...ENGLISH].filter(([, entry]) => /\{(?!\w+\})|(?<!\{\w+)\}/.test(formsOf(entry).join(" ")));
  expect(wrong).toEqual([]);
});

function readLanguage(language: Language): Map<string, Entry> {
  const file = join(ROOT, "assets/words", `${language}.json`);
  return entriesOf(JSON.parse(readFileSync(file, "utf8")) as object);
}

/** Every text under a path of its own, such as `frame.signOut`. */
function entriesOf(texts: object, path = ""): Map<string, Entry> {
  return new Map(
    Object.entries(texts).flatMap(([name, value]: [string, unknown]): [string, Entry][] => {
      const key = path === "" ? name : `${path}.${name}`;
      if (typeof value === "string") return [[key, value]];
      const inner = value as Readonly<Record<string, string>>;
      // Forms of one text: every language has at least this one.
      if (typeof inner["other"] === "string" && isCounted(inner)) return [[key, inner]];
      return [...entriesOf(inner, key)];
    }),
  );
}

function isCounted(forms: object): boolean {
  return Object.keys(forms).every((way) => ["zero", "one", "two", "few", "many", "other"].includes(way));
}

function formsOf(entry: Entry): string[] {
  return typeof entry === "string" ? [entry] : Object.values(entry);
}

function missing(all: ReadonlyMap<string, Entry>, from: ReadonlyMap<string, Entry>): string[] {
  return [...all.keys()].filter((key) => !from.has(key));
}

function placesIn(entry: Entry): string[] {
  return [
    ...new Set(
      formsOf(entry)
        .join(" ")
        .match(/\{\w+\}/g),
    ),
  ].sort();
}

/** What the catalogues that every deployment has say of themselves, by path. */
function catalogueTexts(): Record<string, string> {
  return Object.fromEntries(
    builtInCatalogues.flatMap(({ service, description, resources, permissionSets }) => [
      [service, description],
      ...resources.flatMap((resource) => [
        [`${service}.${resource.name}`, resource.description],
        ...resource.operations.map((operation) => [
          `${service}.${resource.name}.${operation.name}`,
          operation.description,
        ]),
      ]),
      ...permissionSets.map((set) => [set.name, set.description]),
    ]) as [string, string][],
  );
}
