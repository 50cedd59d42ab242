import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomUserCode, readUserCode, writeUserCode } from "../../src/domain/user-code.ts";

/** RFC 8628, section 6.1. */
const SHOWN = /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/;

const code = fc
  .array(fc.integer({ min: 0, max: 239 }), { minLength: 8, maxLength: 8 })
  .map((bytes) => randomUserCode(() => Uint8Array.from(bytes)));

describe("a user code", () => {
  test("is eight consonants with a dash, and is read back however it is typed", () => {
    const between = fc.constantFrom("", " ", "-", "\t", "–", ".");
    const separators = fc.array(between, { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(code, separators, fc.boolean(), (made, marks, lower) => {
        expect(writeUserCode(made)).toMatch(SHOWN);
        const typed = Array.from(made, (letter, index) => letter + (marks[index] ?? "")).join("");
        expect(readUserCode(lower ? typed.toLowerCase() : typed)).toBe(made);
      }),
    );
  });

  test("has each letter equally often: bytes that would favour some are thrown away", () => {
    const counts = new Map<string, number>();
    for (let byte = 0; byte < 256; byte += 1) {
      let calls = 0;
      const made = randomUserCode((length) => {
        calls += 1;
        return new Uint8Array(length).fill(calls === 1 ? byte : 0);
      });
      // From 240 on the second round's letter comes instead.
      if (byte < 240) counts.set(made.charAt(0), (counts.get(made.charAt(0)) ?? 0) + 1);
      else expect(made).toBe("BBBBBBBB");
    }
    expect([...counts.values()]).toEqual(Array.from({ length: 20 }, () => 12));
  });

  test("fails rather than waits on a source that gives nothing usable", () => {
    expect(() => randomUserCode((length) => new Uint8Array(length).fill(255))).toThrow("broken");
  });

  test("is nothing with vowels, digits, another length or other letters", () => {
    const others = [
      "",
      "BCDF-GHJ",
      "BCDF-GHJKL",
      "ABCD-FGHJ",
      "BCDF-GHJ1",
      "BCDF-GHJß",
      "ВСDF-GHJK",
      "B".repeat(99),
    ];
    for (const text of others) expect(readUserCode(text)).toBeNull();
    fc.assert(
      fc.property(fc.string(), (text) => {
        const read = readUserCode(text);
        if (read !== null) expect(writeUserCode(read)).toMatch(SHOWN);
      }),
    );
  });
});
