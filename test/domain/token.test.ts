import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { REGION_CODES } from "../../src/domain/region.ts";
import {
  type Credential,
  CREDENTIAL_KINDS,
  isTagged,
  parseCredential,
  sealCredential,
  tagFromMac,
  tagMatches,
  untaggedCredential,
} from "../../src/domain/token.ts";

const DIGITS = Array.from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

// By other means: HMAC-SHA-256 under "test-tag-key" of the first 35 characters begins bbd4fc8f = 3151297679,
// in base62 3RGWTv; the CRC-32 of the first 41 is af57d8fc = 2941769980, in base62 3D5Mku.
const KNOWN = "jtn_pat_us_0123456789ABCDEFGHIJKLMN3RGWTv3D5Mku";

/** Any UTF-16 code unit, half a character included. */
const codeUnit = fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code));
const kind = fc.constantFrom(...CREDENTIAL_KINDS);
const region = fc.constantFrom(...REGION_CODES);
const random24 = fc.string({ unit: fc.constantFrom(...DIGITS), minLength: 24, maxLength: 24 });
const key = fc.string({ minLength: 1 });
const credential = fc.record({ kind, region, random24, key }).map((made) => {
  const untagged = untaggedCredential(made.kind, made.region, made.random24);
  return { ...made, untagged, text: sealCredential(untagged, macOf(untagged, made.key)) };
});

describe("making and reading a credential", () => {
  test("the known one reads as what it is", () => {
    expect(parseCredential(KNOWN)).toEqual({
      kind: "pat",
      region: "us",
      text: KNOWN,
      tagged: "jtn_pat_us_0123456789ABCDEFGHIJKLMN",
      tag: "3RGWTv",
    });
    const untagged = untaggedCredential("pat", "us", "0123456789ABCDEFGHIJKLMN");
    expect(sealCredential(untagged, macOf(untagged, "test-tag-key"))).toBe(KNOWN);
  });

  test("every kind in every region makes the round trip, and its tag holds under its key alone", () => {
    fc.assert(
      fc.property(credential, key, (made, otherKey) => {
        const read = parsed(made.text);
        expect(read).toMatchObject({
          kind: made.kind,
          region: made.region,
          text: made.text,
          tagged: made.untagged,
        });
        expect(made.text).toMatch(/^jtn_[a-z]{2,3}_[a-z]{2}_[0-9A-Za-z]{36}$/);
        expect(tagMatches(read, macOf(read.tagged, made.key))).toBe(true);
        fc.pre(otherKey !== made.key && !sameMac(made.untagged, made.key, otherKey));
        expect(tagMatches(read, macOf(read.tagged, otherKey))).toBe(false);
      }),
    );
  });

  test.each(["", "0".repeat(23), "0".repeat(25), `${"0".repeat(23)}_`, `${"0".repeat(23)}é`])(
    "%j is not taken as 24 random characters",
    (random) => expect(() => untaggedCredential("pat", "us", random)).toThrow(RangeError),
  );

  test("only client secrets go untested for region and tag", () => {
    expect(CREDENTIAL_KINDS.filter((each) => !isTagged(each))).toEqual(["cs"]);
  });
});

describe("what is not a credential", () => {
  test.each([
    ["nothing", ""],
    ["the shape with a wrong checksum", `${KNOWN.slice(0, -6)}000000`],
    ["another prefix", KNOWN.replace("jtn", "jtm")],
    ["an upper-case prefix", KNOWN.replace("jtn", "JTN")],
    ["an unknown kind", resealed("jtn_xx_us_0123456789ABCDEFGHIJKLMN")],
    ["an unknown region", resealed("jtn_pat_xx_0123456789ABCDEFGHIJKLMN")],
    ["an upper-case region", resealed("jtn_pat_US_0123456789ABCDEFGHIJKLMN")],
    ["no kind", resealed("jtn__pa_us_0123456789ABCDEFGHIJKLMN")],
    ["a name that every object inherits", resealed("jtn_toString_us_0123456789ABCDEFGHI")],
    ["a separator out of place", resealed("jtn_at_us0_123456789ABCDEFGHIJKLMN")],
    ["one random character fewer", resealed("jtn_pat_us_0123456789ABCDEFGHIJKLM")],
    ["one random character more", resealed("jtn_pat_us_0123456789ABCDEFGHIJKLMNO")],
    ["no base62 character though the checksum is right", resealed("jtn_pat_us_0123456789ABCDEFGHIJKLM-")],
    ["a space before it", ` ${KNOWN}`],
    ["a line end after it", `${KNOWN}\n`],
    ["the same twice", KNOWN + KNOWN],
  ])("%s", (_, text) => {
    expect(parseCredential(text)).toBeNull();
  });

  test("any one character changed into any other, of any script", () => {
    const change = fc.oneof(
      fc.constantFrom(...DIGITS, "_", "-"),
      fc.string({ unit: codeUnit, minLength: 1, maxLength: 1 }),
    );
    fc.assert(
      fc.property(credential, fc.nat(), change, ({ text }, position, character) => {
        const at = position % text.length;
        fc.pre(text[at] !== character);
        expect(parseCredential(text.slice(0, at) + character + text.slice(at + 1))).toBeNull();
      }),
      { numRuns: 1000 },
    );
  });

  test("a character that differs from the right one only above its lowest eight bits", () => {
    for (let at = 0; at < KNOWN.length; at += 1) {
      const twin = String.fromCharCode(KNOWN.charCodeAt(at) + 0x100);
      expect(parseCredential(KNOWN.slice(0, at) + twin + KNOWN.slice(at + 1))).toBeNull();
    }
  });

  test("two neighbours swapped, a character dropped or doubled", () => {
    fc.assert(
      fc.property(credential, fc.nat(), ({ text }, position) => {
        const at = position % (text.length - 1);
        const [left = "", right = ""] = [text[at], text[at + 1]];
        if (left !== right) {
          expect(parseCredential(text.slice(0, at) + right + left + text.slice(at + 2))).toBeNull();
        }
        expect(parseCredential(text.slice(0, at) + text.slice(at + 1))).toBeNull();
        expect(parseCredential(text.slice(0, at) + left + text.slice(at))).toBeNull();
      }),
      { numRuns: 1000 },
    );
  });

  test("no text makes it throw, and what it accepts is what it was given", () => {
    const anything = fc.oneof(
      fc.string({ unit: codeUnit, maxLength: 60 }),
      fc.string({ unit: codeUnit, minLength: 35, maxLength: 43 }).map((rest) => `jtn_${rest}`),
      fc
        .string({ unit: fc.constantFrom(...DIGITS), minLength: 36, maxLength: 36 })
        .map((rest) => `jtn_at_eu_${rest}`),
      fc.string({ unit: codeUnit, minLength: 36, maxLength: 36 }).map((rest) => `jtn_pat_us_${rest}`),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const read = parseCredential(text);
        expect(read === null || read.text === text).toBe(true);
      }),
      { numRuns: 1000 },
    );
    expect(parseCredential("jtn_".repeat(1_000_000))).toBeNull();
  });
});

describe("the tag", () => {
  test("is the first four bytes of the mac, big-endian, the rest ignored", () => {
    expect(tagFromMac(Uint8Array.of(0, 0, 0, 61))).toBe("00000z");
    expect(tagFromMac(Uint8Array.of(0, 0, 1, 0, 9, 9))).toBe("000048");
    expect(tagFromMac(Uint8Array.of(255, 255, 255, 255))).toBe("4gfFC3");
    expect(() => tagFromMac(Uint8Array.of(1, 2, 3))).toThrow(RangeError);
  });

  test("does not match when any one of its characters differs", () => {
    fc.assert(
      fc.property(credential, fc.nat({ max: 5 }), fc.constantFrom(...DIGITS), (made, at, character) => {
        const read = parsed(made.text);
        fc.pre(read.tag[at] !== character);
        const tag = read.tag.slice(0, at) + character + read.tag.slice(at + 1);
        expect(tagMatches({ ...read, tag }, macOf(read.tagged, made.key))).toBe(false);
      }),
    );
  });

  test("does not match when it has the right beginning but another length", () => {
    const read = parsed(KNOWN);
    const mac = macOf(read.tagged, "test-tag-key");
    expect(tagMatches(read, mac)).toBe(true);
    expect(tagMatches({ ...read, tag: `${read.tag}0` }, mac)).toBe(false);
    expect(tagMatches({ ...read, tag: "" }, mac)).toBe(false);
  });
});

function macOf(text: string, secret: string): Uint8Array {
  return createHmac("sha256", secret).update(text, "ascii").digest();
}

function sameMac(text: string, left: string, right: string): boolean {
  return tagFromMac(macOf(text, left)) === tagFromMac(macOf(text, right));
}

function parsed(text: string): Credential {
  const read = parseCredential(text);
  if (read === null) throw new Error("expected a credential");
  return read;
}

/** Gives any text a right tag and checksum, so that only its shape is wrong. */
function resealed(untagged: string): string {
  return sealCredential(untagged, macOf(untagged, "test-tag-key"));
}
