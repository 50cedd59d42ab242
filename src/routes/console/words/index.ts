import type { Language } from "../../../domain/language.ts";
import { en, type Words } from "./en.ts";

export type { Words } from "./en.ts";

/** The console's texts, by language. */
export const WORDS: Readonly<Record<Language, Words>> = {
  en,
  ja: en,
  fr: en,
  ar: en,
  zh: en,
  hi: en,
  de: en,
};
