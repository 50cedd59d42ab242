import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LANGUAGES, isRightToLeft, negotiateLanguage } from "../../src/domain/language.ts";
import type { Language } from "../../src/domain/language.ts";

describe("negotiating a language", () => {
  it.each<[string | undefined, Language, string]>([
    [undefined, "en", "no header"],
    ["ja", "ja", "one language"],
    ["JA", "ja", "in any case"],
    ["zh-CN", "zh", "a region is cut off"],
    ["zh-Hant", "zh", "a script is cut off"],
    ["zh-Hans-CN-x-private", "zh", "every subtag is cut off"],
    ["de-AT, en;q=0.8", "de", "a cut-off range keeps its weight"],
    ["fr;q=0.5, de;q=0.9", "de", "the highest weight wins"],
    ["fr;q=0.123, de;q=0.124", "de", "to the third digit"],
    ["hi, ar", "hi", "the earlier wins a tie"],
    ["ar;q=0.3, hi;q=0.3, fr;q=0.2", "ar", "the earlier wins a tie of equal weights"],
    ["sv, nb;q=0.9, fr;q=0.1", "fr", "unknown languages are passed over"],
    ["sv", "en", "only unknown languages"],
    ["fr;q=0, de;q=0.1", "de", "q=0 excludes"],
    ["fr;q=0.000, fr-CA", "en", "q=0 excludes what a longer range would fall back to"],
    ["de-AT;q=0, de", "de", "q=0 on a longer range leaves the language itself"],
    ["*", "en", "anything means the default"],
    ["*, fr;q=0.2", "fr", "RFC 4647, section 3.4: * is skipped when other ranges follow"],
    ["sv, *;q=0.5", "en", "* at the end asks for the default"],
    ["en;q=0, *", "ja", "* never brings back what was excluded"],
    ["en;q=0", "en", "nothing acceptable at all: still answered"],
    ["*;q=0", "en", "nothing acceptable at all: still answered"],
    ["fr, *;q=0", "fr", "* excluded leaves what was named"],
    [" ,\t, fr ; q=0.4 ,, de\t;\tQ=0.5,", "de", "optional white space and empty elements"],
    ["fr;q=1.000", "fr", "the longest form of 1"],
  ])("%s gives %s: %s", (header, expected) => {
    expect(negotiateLanguage(header)).toBe(expected);
  });

  it.each([
    "",
    ",",
    ";",
    ";;;",
    "q=1",
    "fr;q=2",
    "fr;q=-1",
    "fr;q=0.1234",
    "fr;q=1.001",
    "fr;q=NaN",
    "fr;q=",
    "fr;q",
    "fr;level=1",
    "fr fr",
    "fr_FR",
    "français",
    "-fr",
    "fr-",
    "fr--FR",
    "frenchish",
    "f",
    "日本語",
    "ſr",
    "\u0000fr",
    "fr\r\nX-Injected: 1",
    "<script>",
    "en-toolongsubtag",
    "__proto__",
    "constructor",
  ])("ignores garbage: %j", (header) => {
    expect(negotiateLanguage(header)).toBe("en");
  });

  it("passes over a malformed element and reads the others", () => {
    expect(negotiateLanguage("de;q=7, <x>, ja;q=0.2")).toBe("ja");
  });

  it("reads 1,000 characters and ignores a longer header altogether", () => {
    expect(negotiateLanguage("ja".padEnd(1_000, ","))).toBe("ja");
    expect(negotiateLanguage("ja".padEnd(1_001, ","))).toBe("en");
  });

  it("gives a known language for any string at all", () => {
    const pieces = fc.constantFrom(
      "en",
      "ja",
      "zh-Hant",
      "*",
      "-",
      ",",
      ";",
      "q=",
      "0",
      "1",
      ".",
      " ",
      "\t",
      "5",
    );
    const header = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.array(pieces).map((p) => p.join("")),
    );
    fc.assert(
      fc.property(header, (text) => {
        expect(LANGUAGES).toContain(negotiateLanguage(text));
      }),
    );
  });

  it("never picks a language of lower weight, nor one that was excluded", () => {
    const weight = fc.integer({ min: 0, max: 1_000 });
    const weights = fc.uniqueArray(fc.tuple(fc.constantFrom(...LANGUAGES), weight), {
      selector: ([language]) => language,
      minLength: 1,
    });
    fc.assert(
      fc.property(weights, (wanted) => {
        const header = wanted.map(([language, w]) => `${language};q=${(w / 1_000).toFixed(3)}`).join(", ");
        const best = Math.max(...wanted.map(([, w]) => w));
        const first = wanted.find(([, w]) => w === best)?.[0];
        expect(negotiateLanguage(header)).toBe(best === 0 ? "en" : first);
      }),
    );
  });
});

describe("writing direction", () => {
  it("is from right to left in Arabic alone", () => {
    expect(LANGUAGES.filter(isRightToLeft)).toEqual(["ar"]);
  });
});
