import { useContext } from "hono/jsx";
import { Here } from "./here.ts";
import { PAGE_LANGUAGES, type Words } from "./words/index.ts";

/** The languages in their own words: whoever looks for theirs may read no other. */
const LANGUAGE_NAMES = {
  en: "English",
  ja: "日本語",
  fr: "Français",
  ar: "العربية",
  zh: "中文",
  hi: "हिन्दी",
  de: "Deutsch",
} as const;

/** The choice of a language, for this browser; where the page can be shown again in it. */
export function LanguageChoice({ words: { frame: text } }: { readonly words: Words }) {
  const here = useContext(Here);
  if (here === null) return null;
  return (
    <form method="post" action="/language" class="language">
      <input type="hidden" name="next" value={here.path} />
      <label>
        {text.language}
        <select name="language">
          <option value="" selected={here.chosen === null}>
            {text.languageAuto}
          </option>
          {PAGE_LANGUAGES.map((language) => (
            <option value={language} lang={language} selected={language === here.chosen}>
              {LANGUAGE_NAMES[language]}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" class="quiet">
        {text.change}
      </button>
    </form>
  );
}
