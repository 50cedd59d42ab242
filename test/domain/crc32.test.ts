import { crc32 as reference } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { crc32 } from "../../src/domain/crc32.ts";

test.each([
  ["", 0],
  ["a", 0xe8b7be43],
  ["abc", 0x352441c2],
  ["123456789", 0xcbf43926],
  ["The quick brown fox jumps over the lazy dog", 0x414fa339],
])("the CRC-32 of %j is the published one", (text, crc) => {
  expect(crc32(text)).toBe(crc);
});

test("it is the CRC-32 that zlib computes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary-ascii", maxLength: 200 }), (text) => {
      expect(crc32(text)).toBe(reference(text));
    }),
  );
});
