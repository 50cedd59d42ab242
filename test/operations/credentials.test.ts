import { createHash, createHmac } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { hashCredential, keyedHash, keyedHashHolds } from "../../src/operations/credentials.ts";

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  // Across the ends of SHA-256's blocks, and a half of a character.
  fc.nat({ max: 200 }).map((length) => "x".repeat(length)),
  fc.constantFrom("\uD800", "é", "🔑", "\0"),
);

test("a credential's hash is its SHA-256 as everybody else makes it", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(hashCredential(text)).toBe(createHash("sha256").update(text).digest("hex"));
    }),
  );
});

test("a keyed hash is HMAC-SHA-256 as everybody else makes it, whichever keys and texts came before", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyText, anyText), { minLength: 1, maxLength: 5 }), (pairs) => {
      for (const [key, text] of [...pairs, ...pairs]) {
        const mac = createHmac("sha256", key).update(text).digest("hex");
        expect(keyedHash({ tagKeys: [key, "older"] }, text)).toBe(mac);
        expect(keyedHashHolds({ tagKeys: ["newer", key] }, text, mac)).toBe(true);
        expect(keyedHashHolds({ tagKeys: [`${key}x`] }, text, mac)).toBe(false);
      }
    }),
  );
});
