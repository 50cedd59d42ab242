import { generateKeyPairSync, sign, verify } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fixedLengthSignature } from "../../src/domain/ecdsa-signature.ts";

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

/** The two halves, as another library writes them. */
function encoded(r: readonly number[], s: readonly number[]): Uint8Array {
  const integers = [0x02, r.length, ...r, 0x02, s.length, ...s];
  return Uint8Array.from([0x30, integers.length, ...integers]);
}

describe("a signature in DER", () => {
  test("that another library made has the halves that the library gives otherwise", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (text) => {
        const fixed = fixedLengthSignature(sign("sha256", text, privateKey));
        const how = { key: publicKey, dsaEncoding: "ieee-p1363" } as const;
        expect(verify("sha256", text, how, fixed ?? new Uint8Array())).toBe(true);
      }),
    );
  });

  test("is filled with zeros at the front", () => {
    const fixed = fixedLengthSignature(encoded([0x01], [0x00, 0xff]));
    expect([fixed?.[31], fixed?.[63], fixed?.reduce((sum, byte) => sum + byte, 0)]).toEqual([1, 255, 256]);
  });

  test.each([
    ["nothing", []],
    ["no sequence", [0x31, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01]],
    ["another length", [0x30, 0x07, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01]],
    ["something behind it", [0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01, 0x00]],
    ["something behind the halves", [0x30, 0x07, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01, 0x00]],
    ["one half", [0x30, 0x03, 0x02, 0x01, 0x01]],
    ["a half without digits", [0x30, 0x05, 0x02, 0x00, 0x02, 0x01, 0x01]],
    ["a half that ends elsewhere", [0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x05, 0x01]],
    ["a negative half", [0x30, 0x06, 0x02, 0x01, 0x80, 0x02, 0x01, 0x01]],
    ["a zero too many", [0x30, 0x07, 0x02, 0x02, 0x00, 0x01, 0x02, 0x01, 0x01]],
    ["too long a half", [0x30, 38, 0x02, 33, 0x01, ...Array<number>(32).fill(1), 0x02, 0x01, 0x01]],
    ["long lengths", [0x30, 0x81, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01]],
  ])("is refused: %s", (_what, bytes) => {
    expect(fixedLengthSignature(Uint8Array.from(bytes))).toBeNull();
  });

  test("never fails, whatever the bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const fixed = fixedLengthSignature(bytes);
        expect(fixed === null || fixed.length === 64).toBe(true);
      }),
    );
  });
});
