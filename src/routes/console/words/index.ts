import { LANGUAGES, type Language } from "../../../domain/language.ts";
import type { Deps } from "../../../operations/deps.ts";
import { en, type Words } from "./en.ts";

export type { Words } from "./en.ts";

/** Who reads a page: its texts, and in which language they are. */
export interface Reader {
  readonly words: Words;
  readonly language: Language;
}

const ENGLISH: Reader = { words: en as unknown as Words, language: "en" };

/** The languages in which pages are written, the default first. */
export const PAGE_LANGUAGES: readonly Language[] = LANGUAGES;

/**
 * The console's texts in a language. Only English is in the script; each of the others is a file beside it,
 * `assets/words/{language}.json`, with the same members. Without that file pages are in English.
 */
export async function readerIn(language: Language, { assets }: Pick<Deps, "assets">): Promise<Reader> {
  if (language === "en") return ENGLISH;
  const words = await assets.read(`/words/${language}.json`, (json) => completed(en, json) as Words);
  return words === null ? ENGLISH : { words, language };
}

/** What a file leaves out, or has otherwise than it must be, is in English: no page breaks for it. */
function completed(english: unknown, other: unknown): unknown {
  if (typeof english === "string") return typeof other === "string" ? other : english;
  if (Array.isArray(english)) {
    return english.map((item, index) => completed(item, Array.isArray(other) ? other[index] : undefined));
  }
  const members = isObject(other) ? other : {};
  // Ways of counting that English has not, and names that it has no need of, are kept as they are.
  return {
    ...members,
    ...Object.fromEntries(
      Object.entries(english as object).map(([name, text]) => [name, completed(text, members[name])]),
    ),
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
