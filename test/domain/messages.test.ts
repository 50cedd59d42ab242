import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ERROR_CODES } from "../../src/domain/error-codes.ts";
import { LANGUAGES } from "../../src/domain/language.ts";
import type { Language } from "../../src/domain/language.ts";
import { describeRefusal } from "../../src/domain/messages/describe.ts";
import { MESSAGES } from "../../src/domain/messages/index.ts";
import type { Refusal } from "../../src/domain/refusal.ts";
import { REFUSALS } from "./refusal-samples.ts";

const surroundings = { regionUrl: (code: string) => `https://${code}.api.example` };
const tell = (refusal: Refusal, language: Language = "en") =>
  describeRefusal(refusal, MESSAGES[language], surroundings);

/** Every text of a language under a path of its own, such as `codes.COM0001`. */
function textsOf(language: Language): Map<string, string> {
  const { listSeparator, body, nouns, codes, refusals } = MESSAGES[language];
  const families = Object.entries({ nouns, codes, refusals });
  const texts = families.flatMap(([family, of]) =>
    Object.entries(of).map(([key, text]): [string, string] => [`${family}.${key}`, text]),
  );
  return new Map([["listSeparator", listSeparator], ["body", body], ...texts]);
}

const isSentence = (key: string) => /^(?:codes|refusals)\./.test(key);

const placeholdersOf = (text: string) => (text.match(/\{[^}]*\}?/g) ?? []).sort();

/** What a text in the language must contain; `de` and `fr` are told apart by their commonest words. */
const SCRIPT: Readonly<Record<Language, RegExp>> = {
  en: /^[\x20-\x7e]+$/,
  ja: /[\p{Script=Hiragana}\p{Script=Katakana}]/u,
  fr: /[ln]’|\b(?:le|la|les|aucune|un|une|ce|cet|ces|des|en|pas|est|rien|trop|il|envoyez)\b/i,
  ar: /\p{Script=Arabic}/u,
  zh: /\p{Script=Han}/u,
  hi: /\p{Script=Devanagari}/u,
  de: /\b(?:der|die|das|den|ein|eine|dies|diese[mnrs]?|nicht|ist|in|zu|es|alle|bei|senden|sie)\b/i,
};

/** Letters that no text in the language may contain: another language's script. */
const FOREIGN: Readonly<Record<Language, RegExp>> = {
  en: /[^\x20-\x7e]/,
  ja: /[\p{Script=Arabic}\p{Script=Devanagari}]/u,
  fr: /[^\p{Script=Latin}\p{Script=Common}]/u,
  ar: /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Devanagari}]/u,
  zh: /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Arabic}\p{Script=Devanagari}]/u,
  hi: /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Arabic}]/u,
  de: /[^\p{Script=Latin}\p{Script=Common}]/u,
};

describe.each(LANGUAGES)("the texts in %s", (language) => {
  const english = textsOf("en");
  const texts = textsOf(language);

  it("have the same keys as the English ones, in the same order", () => {
    expect([...texts.keys()]).toEqual([...english.keys()]);
  });

  it("have the same placeholders as the English ones", () => {
    for (const [key, text] of texts) {
      expect(placeholdersOf(text), key).toEqual(placeholdersOf(english.get(key) ?? ""));
    }
  });

  it("are whole: none empty, none with stray white space, sentences that end", () => {
    for (const [key, text] of texts) {
      if (key === "listSeparator") continue;
      expect(text, key).toMatch(/^\S(?:.*\S)?$/);
      expect(text, key).not.toMatch(/ {2}/);
      if (isSentence(key)) expect(text, key).toMatch(/[.。।]$/);
    }
  });

  it("are written in the language's own script", () => {
    for (const [key, text] of texts) {
      expect(text, key).not.toMatch(FOREIGN[language]);
      if (isSentence(key)) expect(text, key).toMatch(SCRIPT[language]);
    }
  });

  it("are translated: nothing but English is as in English", () => {
    if (language === "en") return;
    const same = [...texts].filter(([key, text]) => isSentence(key) && text === english.get(key));
    expect(same).toEqual([]);
  });

  it("tell the codes apart", () => {
    const { codes } = MESSAGES[language];
    expect(new Set(Object.values(codes)).size).toBe(Object.keys(ERROR_CODES).length);
  });

  it("tell the refusals apart", () => {
    const { refusals } = MESSAGES[language];
    expect(new Set(Object.values(refusals)).size).toBe(Object.keys(refusals).length);
  });

  it("describe every kind of refusal and leave no placeholder behind", () => {
    for (const refusal of REFUSALS) {
      const text = tell(refusal, language);
      expect(text, refusal.kind).not.toMatch(/[{}]|undefined|null|NaN|\[object/);
      expect(text.length, refusal.kind).toBeGreaterThan(10);
    }
  });
});

describe("describing a refusal", () => {
  it("names the right region and where it is", () => {
    const text = tell({ kind: "wrong_region", region: "eu" });
    expect(text).toBe("This token belongs to region eu; use https://eu.api.example instead.");
  });

  it("joins lists as the language does", () => {
    const refusal: Refusal = { kind: "missing_permission", missing: ["A.B.C", "A.B.D"] };
    expect(tell(refusal)).toContain("A.B.C, A.B.D");
    expect(tell(refusal, "ja")).toContain("A.B.C、A.B.D");
    expect(tell(refusal, "ar")).toContain("A.B.C، A.B.D");
    expect(tell({ kind: "method_not_allowed", allow: ["GET", "POST"] }, "zh")).toContain("GET、POST");
  });

  it("says when to come back, or that it is no use", () => {
    for (const language of LANGUAGES) {
      expect(tell({ kind: "rate_limited", retryAfterSeconds: 17 }, language)).toContain("17");
      expect(tell({ kind: "rate_limited", retryAfterSeconds: null }, language)).not.toMatch(/\d/);
      expect(tell({ kind: "unavailable", retryAfterSeconds: 3 }, language)).toContain("3");
    }
  });

  it("says what is wrong with a member: absent, unknown, or wrong", () => {
    const about = (problem: "missing" | "unknown" | "invalid", member = "rate_limit") =>
      tell({ kind: "invalid_member", member, problem });
    expect(about("missing")).toBe("Member rate_limit is missing. Add it.");
    expect(about("unknown")).toBe(
      "There is an unknown member in rate_limit. Remove it, or correct its name.",
    );
    expect(about("unknown", "")).toBe(
      "There is an unknown member in the body. Remove it, or correct its name.",
    );
    expect(about("invalid")).toMatch(/^Member rate_limit has a value of the wrong type/);
  });

  it("counts a body's limit in KiB", () => {
    expect(tell({ kind: "body_too_large", limitBytes: 65_536 })).toContain("64 KiB");
  });

  it("has the language's own word for what is not there", () => {
    expect(tell({ kind: "not_found", noun: "access_token" })).toMatch(
      /^There is no such access token here\./,
    );
    expect(tell({ kind: "not_found", noun: "access_token" }, "de")).toMatch(
      /^Es gibt dieses Zugriffstoken hier nicht\./,
    );
    expect(tell({ kind: "not_found", noun: "team" }, "hi")).toMatch(/^इस टीम को यहाँ/);
  });

  it("never echoes anything that rides along on a refusal", () => {
    const submitted = "jtn_pat_us_<script>{region}";
    for (const refusal of REFUSALS) {
      const laden = { ...refusal, submitted, token: submitted, value: submitted, message: submitted };
      for (const language of LANGUAGES) expect(tell(laden, language)).toBe(tell(refusal, language));
    }
  });

  it("takes braces and dollar signs in a value for what they are", () => {
    const value = fc.array(fc.constantFrom("{missing}", "{url}", "$&", "$1", "$`", "{", "}", "A.B.C"), {
      minLength: 1,
    });
    fc.assert(
      fc.property(value, fc.constantFrom(...LANGUAGES), (missing, language) => {
        const { listSeparator, refusals } = MESSAGES[language];
        const [before = "", after = ""] = refusals.exceeds_maker.split("{missing}");
        expect(tell({ kind: "exceeds_maker", missing }, language)).toBe(
          before + missing.join(listSeparator) + after,
        );
      }),
    );
  });
});
