import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clientId, isPublicId, publicId, type PublicIdPrefix } from "../../src/domain/public-id.ts";
import { REGION_CODES } from "../../src/domain/region.ts";

const PREFIXES: readonly PublicIdPrefix[] = [
  "team",
  "usr",
  "tok",
  "svc",
  "whk",
  "evt",
  "dlv",
  "rep",
  "rol",
  "grt",
  "mem",
  "key",
  "aud",
];
/** Any UTF-16 code unit, half a character included. */
const codeUnit = fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code));
const prefix = fc.constantFrom(...PREFIXES);
const time = fc.nat({ max: 2 ** 50 - 1 });
const random = fc.uint8Array({ minLength: 10, maxLength: 10 });

describe("a public id", () => {
  test("is its prefix, the time and the randomness in Crockford's lower-case base32", () => {
    expect(publicId("tok", 0, new Uint8Array(10))).toBe("tok_00000000000000000000000000");
    expect(publicId("tok", 2 ** 50 - 1, new Uint8Array(10).fill(255))).toBe("tok_zzzzzzzzzzzzzzzzzzzzzzzzzz");
    // 1469918176385 is the time of the ULID specification's example, 01ARYZ6S41.
    const bytes = Uint8Array.of(0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf);
    expect(publicId("evt", 1469918176385, bytes)).toBe("evt_01aryz6s410123456789abcdef");
    expect(clientId("us", 1469918176385, bytes)).toBe("cli_us_01aryz6s410123456789abcdef");
  });

  test("sorts by its time, and is recognised by its own prefix only", () => {
    fc.assert(
      fc.property(prefix, prefix, time, time, random, random, (own, other, a, b, left, right) => {
        const id = publicId(own, a, left);
        if (a !== b) expect(id < publicId(own, b, right)).toBe(a < b);
        expect(isPublicId(own, id)).toBe(true);
        expect(isPublicId(other, id)).toBe(own === other);
      }),
    );
  });

  test("keeps all eighty random bits apart", () => {
    fc.assert(
      fc.property(random, random, (left, right) => {
        const same = left.every((byte, index) => byte === right[index]);
        expect(publicId("tok", 1, left) === publicId("tok", 1, right)).toBe(same);
      }),
    );
    for (let bit = 0; bit < 80; bit += 1) {
      const bytes = new Uint8Array(10);
      bytes[bit >> 3] = 0x80 >> (bit & 7);
      expect(publicId("tok", 0, bytes)).not.toBe(publicId("tok", 0, new Uint8Array(10)));
    }
  });

  test("is not made of a wrong time or of too little randomness", () => {
    for (const now of [-1, 0.5, Number.NaN, 2 ** 50, Infinity]) {
      expect(() => publicId("tok", now, new Uint8Array(10))).toThrow(RangeError);
    }
    expect(() => publicId("tok", 0, new Uint8Array(9))).toThrow(RangeError);
    expect(() => clientId("us", 0, new Uint8Array(0))).toThrow(RangeError);
  });
});

describe("what is not a public id", () => {
  const id = publicId("tok", 1_800_000_000_000, new Uint8Array(10).fill(77));

  test.each([
    ["nothing", ""],
    ["the prefix alone", "tok_"],
    ["one character fewer", id.slice(0, -1)],
    ["one character more", `${id}0`],
    ["upper case", id.toUpperCase()],
    ["no underscore", id.replace("_", "-")],
    ["a letter that Crockford leaves out", `${id.slice(0, -1)}u`],
    ["a line end", `${id.slice(0, -1)}\n`],
    ["a client id", clientId("us", 1, new Uint8Array(10))],
  ])("%s", (_, text) => {
    expect(isPublicId("tok", text)).toBe(false);
  });

  test("whatever the text, it answers and does not throw", () => {
    const near = fc.string({ unit: codeUnit, minLength: 26, maxLength: 26 }).map((rest) => `tok_${rest}`);
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: codeUnit }), near), (text) => {
        expect(isPublicId("tok", text)).toBe(/^tok_[0-9a-hjkmnp-tv-z]{26}$/.test(text));
      }),
    );
  });

  test("a client id names its home region", () => {
    for (const code of REGION_CODES) {
      expect(clientId(code, 5, new Uint8Array(10))).toBe(`cli_${code}_00000000050000000000000000`);
    }
  });
});
