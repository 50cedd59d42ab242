import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBase62, encodeBase62, isBase62, randomBase62 } from "../../src/domain/base62.ts";

/** Any UTF-16 code unit, half a character included. */
const codeUnit = fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code));
const uint32 = fc.nat({ max: 0xffffffff });

describe("base62 numbers", () => {
  test.each([
    [0, 6, "000000"],
    [9, 1, "9"],
    [10, 1, "A"],
    [35, 1, "Z"],
    [36, 1, "a"],
    [61, 1, "z"],
    [62, 6, "000010"],
    [3843, 2, "zz"],
    // 4294967295 = 4·62^5 + 42·62^4 + 41·62^3 + 15·62^2 + 12·62 + 3
    [4294967295, 6, "4gfFC3"],
  ])("%d in %d characters is %s, and back", (value, width, text) => {
    expect(encodeBase62(value, width)).toBe(text);
    expect(decodeBase62(text)).toBe(value);
  });

  test("every uint32 makes the round trip in six characters, and order is kept", () => {
    fc.assert(
      fc.property(uint32, uint32, (a, b) => {
        const [left, right] = [encodeBase62(a, 6), encodeBase62(b, 6)];
        expect(left).toHaveLength(6);
        expect(decodeBase62(left)).toBe(a);
        expect(left < right).toBe(a < b);
      }),
    );
  });

  test.each([
    [62, 1],
    [3844, 2],
    [-1, 6],
    [0.5, 6],
    [2 ** 32, 6],
    [Number.NaN, 6],
    [Infinity, 6],
    [1, 0],
  ])("%d does not go into %d characters", (value, width) =>
    expect(() => encodeBase62(value, width)).toThrow(RangeError),
  );

  test("what is no base62 number reads as null, whatever it is", () => {
    for (const text of [
      "",
      " 1",
      "-1",
      "1_",
      "/",
      ":",
      "@",
      "[",
      "`",
      "{",
      "é",
      "\u0131",
      "１",
      "\ud83d\ude00",
    ]) {
      expect(decodeBase62(text)).toBeNull();
      expect(isBase62(text)).toBe(false);
    }
    expect(decodeBase62("zzzzzzzzzzzz")).toBeNull();
    fc.assert(
      fc.property(fc.string({ unit: codeUnit, maxLength: 12 }), (text) => {
        expect(isBase62(text)).toBe(/^[0-9A-Za-z]+$/.test(text));
        expect(decodeBase62(text) === null || isBase62(text)).toBe(true);
      }),
    );
  });
});

describe("random base62 characters", () => {
  test("each of the 62 is given by exactly four bytes, and the eight bytes left over by none", () => {
    const counts = new Map<string, number>();
    for (let byte = 0; byte < 256; byte += 1) {
      const [first, ...rest] = [byte, 0xff, 0];
      const queue = [first, ...rest];
      const given = randomBase62(1, () => Uint8Array.of(queue.shift() ?? 0));
      if (byte < 248) counts.set(given, (counts.get(given) ?? 0) + 1);
      else expect([byte, given, queue.length]).toEqual([byte, "0", 0]);
    }
    expect(counts.size).toBe(62);
    expect([...counts.values()].every((count) => count === 4)).toBe(true);
  });

  test("refused bytes are replaced by fresh ones and nothing else is lost", () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat({ max: 255 })), fc.nat({ max: 40 }), (stream, length) => {
        const drawn: number[] = [];
        const text = randomBase62(length, (count) => {
          const bytes = [...stream.take(count)];
          drawn.push(...bytes);
          return Uint8Array.from(bytes);
        });
        const usable = drawn.filter((byte) => byte < 248);
        expect(text).toBe(usable.map((byte) => encodeBase62(byte % 62, 1)).join(""));
        expect(text).toHaveLength(length);
      }),
    );
  });

  test("a source that gives nothing usable is an error, not an endless loop", () => {
    expect(() => randomBase62(24, () => new Uint8Array(0))).toThrow("byte source");
    expect(() => randomBase62(24, (length) => new Uint8Array(length).fill(0xff))).toThrow("byte source");
  });

  test("a source that gives more than it was asked for does not make it longer", () => {
    expect(randomBase62(3, () => new Uint8Array(64))).toBe("000");
  });
});
