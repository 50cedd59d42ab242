import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { brandOf, inkOn, readBrand } from "../../src/domain/brand.ts";

describe("a team's brand", () => {
  test("is a name and a colour, each of which may be left out", () => {
    expect(readBrand({ brand: { name: "Kayak & Co", color: "#AB00ff" } })).toEqual({
      name: "Kayak & Co",
      color: "#ab00ff",
    });
    expect(readBrand({ brand: {} })).toEqual({ name: null, color: null });
    expect(readBrand({ theme: "dark" })).toEqual({ name: null, color: null });
  });

  test.each([
    [{ name: "" }],
    [{ name: " " }],
    [{ name: "x".repeat(41) }],
    [{ name: "evil\u202eelpmaxe" }],
    [{ name: "two\nlines" }],
    [{ name: "half \ud800" }],
    [{ name: 7 }],
    [{ color: "red" }],
    [{ color: "#12345" }],
    [{ color: "#123456; } body { display: none" }],
    [{ color: "url(https://evil.example)" }],
    [{ logo: "https://evil.example/x.svg" }],
    [["name"]],
    ["name"],
  ])("is not %j, and a page then shows none", (brand) => {
    expect(readBrand({ brand })).toBeNull();
    expect(brandOf({ brand })).toEqual({ name: null, color: null });
  });

  test("is written on in an ink that can be read: a contrast of 4.5 to 1 at least, whatever the colour", () => {
    expect([inkOn("#ffffff"), inkOn("#ffff00"), inkOn("#000000"), inkOn("#1d55b3")]).toEqual([
      "#000000",
      "#000000",
      "#ffffff",
      "#ffffff",
    ]);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffff }), (value) => {
        const color = `#${value.toString(16).padStart(6, "0")}`;
        expect(contrast(color, inkOn(color))).toBeGreaterThanOrEqual(4.5);
      }),
    );
  });
});

/** WCAG 2.2, written out once more. */
function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function luminance(color: string): number {
  const weights = [0.2126, 0.7152, 0.0722];
  return weights.reduce((sum, weight, index) => {
    const part = parseInt(color.slice(1 + 2 * index, 3 + 2 * index), 16) / 255;
    return sum + weight * (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  }, 0);
}
