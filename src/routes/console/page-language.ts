import type { Language } from "../../domain/language.ts";
import { languageOf } from "../refusals.ts";
import { cookieOf, LANGUAGE_COOKIE } from "../session-cookie.ts";
import { PAGE_LANGUAGES } from "./words/index.ts";

/**
 * The language of a page: the one that the person chose, else what their browser asks for, as far as pages are
 * written in it.
 */
export function pageLanguageOf(request: Request): Language {
  return chosenLanguage(cookieOf(request, LANGUAGE_COOKIE)) ?? chosenLanguage(languageOf(request)) ?? "en";
}

/** A language in which pages are written, null: the text names none. */
export function chosenLanguage(text: string | null): Language | null {
  return PAGE_LANGUAGES.find((language) => language === text) ?? null;
}
