/** The languages in which errors are told (contract, section 7), the default first. */
export const LANGUAGES = ["en", "ja", "fr", "ar", "zh", "hi", "de"] as const;

export type Language = (typeof LANGUAGES)[number];

const DEFAULT_LANGUAGE: Language = "en";

/** Far above what any browser sends; a longer header is not worth reading. */
const MAX_HEADER_CHARACTERS = 1_000;

/** One element: a language range (RFC 4647, section 2.1) and its weight (RFC 9110, section 12.4.2). */
const ELEMENT =
  /^[ \t]*(\*|[a-z]{1,8}(?:-[a-z0-9]{1,8})*)[ \t]*(?:;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?[ \t]*$/i;

/** Whether the language is written from right to left. */
export function isRightToLeft(language: Language): boolean {
  return language === "ar";
}

/**
 * The language to answer in: RFC 4647 lookup over the ranges of Accept-Language (RFC 9110, section 12.5.4).
 * The highest weight wins, the earlier range on a tie. A malformed element is passed over, and a header
 * without a usable one, or longer than 1,000 characters, gives English: it is never an error.
 *
 * @param acceptLanguage the header's value; undefined when it was not sent
 */
export function negotiateLanguage(acceptLanguage: string | undefined): Language {
  if (acceptLanguage === undefined || acceptLanguage.length > MAX_HEADER_CHARACTERS) return DEFAULT_LANGUAGE;
  const ranges = acceptLanguage.split(",").flatMap(parseElement);
  const excluded = new Set(ranges.filter(({ weight }) => weight === 0).map(({ range }) => range));
  const wanted = ranges.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight);

  for (const { range } of wanted) {
    // Our tags are primary subtags alone, so lookup's truncation (section 3.4) can only end at the first one.
    const primary = range.split("-", 1)[0];
    const found = LANGUAGES.find((language) => language === primary && !excluded.has(language));
    if (found !== undefined) return found;
  }
  // Lookup passes over "*" and it asks for the default: for the first that was not refused by name.
  const anyWillDo = wanted.some(({ range }) => range === "*");
  const fallback = anyWillDo ? LANGUAGES.find((language) => !excluded.has(language)) : undefined;
  return fallback ?? DEFAULT_LANGUAGE;
}

interface WeightedRange {
  /** In lower case. */
  readonly range: string;
  readonly weight: number;
}

function parseElement(element: string): WeightedRange[] {
  const range = ELEMENT.exec(element);
  return range?.[1] === undefined ? [] : [{ range: range[1].toLowerCase(), weight: Number(range[2] ?? "1") }];
}
