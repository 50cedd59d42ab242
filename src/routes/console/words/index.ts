import type { Language } from "../../../domain/language.ts";
import { en, type Words } from "./en.ts";

export type { Words } from "./en.ts";

/** The console's texts, by language; what no page is written in yet reads English. */
export const WORDS: Readonly<Record<Language, Words>> = {
  en,
  ja: en,
  fr: en,
  ar: en,
  zh: en,
  hi: en,
  de: en,
};

/** The languages in which pages are written. */
export const PAGE_LANGUAGES: readonly Language[] = ["en"];
