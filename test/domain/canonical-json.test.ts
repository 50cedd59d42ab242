import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, type JsonValue } from "../../src/domain/canonical-json.ts";

describe("canonical JSON", () => {
  it("is that of RFC 8785, section 3.2.3", () => {
    const value = {
      numbers: [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 0.000000000000000000000000001, -0],
      string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/",
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27,0],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  it("orders members by UTF-16 code units", () => {
    const value = JSON.parse(
      '{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}'.replace("\r", "\\r"),
    ) as JsonValue;
    expect(Object.values(JSON.parse(canonicalJson(value).replace('"1":', '"one":')) as object)).toEqual([
      2, 4, 6, 7, 1, 5, 3,
    ]);
  });

  it("is the same whatever the order of members, and means the same", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (generated) => {
        const value = JSON.parse(JSON.stringify(generated)) as JsonValue;
        const written = canonicalJson(value);
        expect(JSON.parse(written)).toEqual(value);
        expect(canonicalJson(reversed(value))).toBe(written);
      }),
    );
  });

  it("takes a member called __proto__ for a member", () => {
    const value = JSON.parse('{"__proto__":{"a":1},"a":2}') as JsonValue;
    expect(canonicalJson(value)).toBe('{"__proto__":{"a":1},"a":2}');
  });
});

function reversed(value: JsonValue): JsonValue {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(reversed);
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([name, member]) => [name, reversed(member)]));
}
