import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMovedRow } from "../../src/domain/moved-row.ts";

const HASH = "0123456789abcdef".repeat(4);

/** What a column of each kind may hold, and what it may not. */
const KINDS: Readonly<
  Record<string, { readonly good: readonly unknown[]; readonly bad: readonly unknown[] }>
> = {
  text: { good: ["", "a", "\u{1f600}"], bad: [1, true, [], {}, "\ud800"] },
  number: { good: [0, -1, 2 ** 53 - 1], bad: ["1", 0.5, 2 ** 53, true] },
  flag: { good: [0, 1], bad: [2, true, "1", -1] },
  hash: { good: [HASH], bad: [HASH.toUpperCase(), HASH.slice(1), `${HASH}0`, 1] },
  region: { good: ["us", "eu"], bad: ["xx", "US", "", 1] },
  texts: { good: ["[]", '["a","b"]'], bad: [["a"], "[1]", "{}", "[", "null", '["\\ud800"]'] },
  permissions: { good: ["[]", '["EMM.Devices.VIEW"]'], bad: [[], "[null]", "x"] },
  object: { good: ["{}", '{"a":1}'], bad: ["[]", "1", "null", {}, "{"] },
  standing: { good: ["active", "suspended"], bad: ["", "deleted", 1, "toString"] },
  membership: { good: ["invited", "active"], bad: ["owner", 1] },
  client_type: { good: ["server", "browser", "self"], bad: ["operator", 1] },
  access_type: { good: ["online", "offline"], bad: ["always", 1] },
  ending: { good: ["revoked", "evicted", "replayed"], bad: ["expired", 1] },
};

const cases = Object.entries(KINDS);
const all = (what: "good" | "bad") =>
  cases.flatMap(([kind, values]) => values[what].map((value) => [kind, value] as const));

describe("a row that another region sends", () => {
  test.each(all("good"))("may hold, as %s, %j", (kind, value) => {
    expect(isMovedRow([`a:${kind}`], JSON.stringify([value]))).toBe(true);
    expect(isMovedRow([`a:${kind}?`], JSON.stringify([value]))).toBe(true);
  });

  test.each(all("bad"))("may not hold, as %s, %j", (kind, value) => {
    expect(isMovedRow([`a:${kind}`], JSON.stringify([value]))).toBe(false);
    expect(isMovedRow([`a:${kind}?`], JSON.stringify([value]))).toBe(false);
  });

  test.each(cases.map(([kind]) => [kind]))("holds nothing only where there may be nothing: %s", (kind) => {
    expect(isMovedRow([`a:${kind}?`], "[null]")).toBe(true);
    expect(isMovedRow([`a:${kind}`], "[null]")).toBe(false);
  });

  test("has exactly as many columns as are asked for", () => {
    const columns = fc.array(fc.constantFrom(...cases), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(columns, fc.integer({ min: -3, max: 3 }), (picked, surplus) => {
        const names = picked.map(([kind], place) => `c${place}:${kind}`);
        const values = picked.map(([, { good }]) => good[0]);
        const sent = surplus < 0 ? values.slice(0, surplus) : [...values, ...Array<string>(surplus).fill("")];
        expect(isMovedRow(names, JSON.stringify(sent))).toBe(sent.length === names.length);
      }),
    );
  });

  test("is none when any one of its columns holds what it may not", () => {
    const columns = fc.array(fc.constantFrom(...cases), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(columns, fc.nat(), fc.nat(), (picked, place, which) => {
        const at = place % picked.length;
        const values = picked.map(([, { good, bad }], index) =>
          index === at ? bad[which % bad.length] : good[which % good.length],
        );
        const names = picked.map(([kind], index) => `c${index}:${kind}`);
        expect(isMovedRow(names, JSON.stringify(values))).toBe(false);
      }),
    );
  });

  test("is none when it is no JSON array, whatever it is, and never a fault", () => {
    fc.assert(fc.property(fc.string(), (text) => !isMovedRow(["a:text", "b:hash"], text)));
    fc.assert(fc.property(fc.jsonValue(), (value) => !isMovedRow(["a:hash"], JSON.stringify(value))));
  });

  test("is none for a column whose kind nobody knows", () => {
    expect(isMovedRow(["a:whatever"], '["x"]')).toBe(false);
    expect(isMovedRow(["a"], '["x"]')).toBe(false);
  });
});
