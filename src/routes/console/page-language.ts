import { LANGUAGES, type Language } from "../../domain/language.ts";
import { languageOf } from "../refusals.ts";
import { cookieOf, LANGUAGE_COOKIE } from "../session-cookie.ts";

/** The language in which a person reads pages: the one that they chose, else what their browser asks for. */
export function pageLanguageOf(request: Request): Language {
  return chosenLanguage(cookieOf(request, LANGUAGE_COOKIE)) ?? languageOf(request);
}

/** A language of ours, null: the text names none. */
export function chosenLanguage(text: string | null): Language | null {
  return LANGUAGES.find((language) => language === text) ?? null;
}
