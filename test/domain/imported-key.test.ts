import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isForeignText, readKeyHash } from "../../src/domain/imported-key.ts";

describe("the hash of a foreign key", () => {
  test("is the same in hex of either case and in base64 of either alphabet, padded or not", () => {
    fc.assert(
      fc.property(fc.string(), (key) => {
        const written = (as: "hex" | "base64" | "base64url") => createHash("sha256").update(key).digest(as);
        const hex = written("hex");
        expect(readKeyHash(hex, "sha256-hex")).toBe(hex);
        expect(readKeyHash(hex.toUpperCase(), "sha256-hex")).toBe(hex);
        expect(readKeyHash(written("base64"), "sha256-base64")).toBe(hex);
        expect(readKeyHash(written("base64url"), "sha256-base64")).toBe(hex);
      }),
    );
  });

  test("has one writing only: bits that no hash has are refused", () => {
    expect(readKeyHash("A".repeat(43), "sha256-base64")).toBe("0".repeat(64));
    expect(readKeyHash(`${"A".repeat(42)}B`, "sha256-base64")).toBeNull();
  });

  test.each([
    ["too short", "a".repeat(63), "sha256-hex"],
    ["too long", "a".repeat(65), "sha256-hex"],
    ["no hex", "g".repeat(64), "sha256-hex"],
    ["with a line end", `${"a".repeat(64)}\n`, "sha256-hex"],
    ["hex where base64 was said", "a".repeat(64), "sha256-base64"],
    ["base64 where hex was said", `${"A".repeat(43)}=`, "sha256-hex"],
    ["padded twice", `${"A".repeat(43)}==`, "sha256-base64"],
    ["of another hash function", createHash("sha1").update("x").digest("hex"), "sha256-hex"],
    ["empty", "", "sha256-base64"],
  ] as const)("is none when it is %s", (_, text, format) => {
    expect(readKeyHash(text, format)).toBeNull();
  });
});

describe("a text that may be an imported key", () => {
  test.each(["sk_live_51H8x", "12345678", "x".repeat(512), "Jtn_pat_us_000", "aGVsbG8+d29ybGQ/=="])(
    "is %j",
    (text) => {
      expect(isForeignText(text)).toBe(true);
    },
  );

  test.each([
    ["one that begins as ours do", "jtn_pat_us_altered"],
    ["one of seven characters", "1234567"],
    ["one of 513", "x".repeat(513)],
    ["one with a space", "two words here"],
    ["one with a line end", "12345678\n"],
    ["one with a letter beyond ASCII", "schlüssel-1"],
    ["an empty one", ""],
  ])("is never %s", (_, text) => {
    expect(isForeignText(text)).toBe(false);
  });
});
