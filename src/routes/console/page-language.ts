import type { Language } from "../../domain/language.ts";
import type { Deps } from "../../operations/deps.ts";
import { languageOf } from "../refusals.ts";
import { cookieOf, LANGUAGE_COOKIE } from "../session-cookie.ts";
import { PAGE_LANGUAGES, readerIn, type Reader } from "./words/index.ts";

/** Who asks for a page: in the language that they chose, else in the one that their browser asks for. */
export function readerOf(request: Request, deps: Pick<Deps, "assets">): Promise<Reader> {
  return readerIn(languageChosenBy(request) ?? languageOf(request), deps);
}

/** The language that a person chose in this browser, null: none. */
export function languageChosenBy(request: Request): Language | null {
  return chosenLanguage(cookieOf(request, LANGUAGE_COOKIE));
}

/** A language in which pages are written, null: the text names none. */
export function chosenLanguage(text: string | null): Language | null {
  return PAGE_LANGUAGES.find((language) => language === text) ?? null;
}
