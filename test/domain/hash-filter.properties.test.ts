import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EMPTY_FILTER, mayHold, withHashes } from "../../src/domain/hash-filter.ts";

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Hashes, in the parts in which imports brought them; with extremes, and ones that begin alike. */
const hash = fc.oneof(
  fc.string().map(hashOf),
  fc.constantFrom("0".repeat(64), "f".repeat(64), `${"f".repeat(13)}${"0".repeat(51)}`),
);
const parts = fc.array(fc.array(hash, { maxLength: 40 }), { maxLength: 8 });

describe("a filter of hashes", () => {
  test("says yes to each hash that it was given, in whatever parts and order", () => {
    fc.assert(
      fc.property(parts, (given) => {
        const filter = given.reduce(withHashes, EMPTY_FILTER);
        expect(filter.length).toBe(given.flat().length);
        expect(filter).toEqual(filter.toSorted());
        for (const one of given.flat()) expect(mayHold(filter, one)).toBe(true);
      }),
    );
  });

  test("says yes to another one only if its first 52 bits are those of one that it was given", () => {
    fc.assert(
      fc.property(fc.array(hash, { maxLength: 60 }), hash, (given, other) => {
        const alike = given.some((one) => one.slice(0, 13) === other.slice(0, 13));
        expect(mayHold(withHashes(EMPTY_FILTER, given), other)).toBe(alike);
      }),
    );
  });

  test("leaves the one that it grew from as it was: others may be reading it", () => {
    const before = withHashes(EMPTY_FILTER, [hashOf("a"), hashOf("b")]);
    const copy = before.slice();
    withHashes(before, [hashOf("c")]);
    expect(before).toEqual(copy);
    expect(mayHold(before, hashOf("c"))).toBe(false);
  });

  test("of 100,000 hashes takes none of 100,000 made-up texts for one of them", () => {
    const texts = Array.from({ length: 100_000 }, (_, index) => `key-${index}`);
    const filter = withHashes(EMPTY_FILTER, texts.map(hashOf));
    expect(filter.byteLength).toBe(800_000);
    expect(texts.filter((text) => mayHold(filter, hashOf(`forged-${text}`)))).toEqual([]);
  });
});
