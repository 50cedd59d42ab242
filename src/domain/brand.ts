/** How a team shows itself on pages that are met on its own domain. */
export interface Brand {
  readonly name: string | null;
  /** `#rrggbb`, lower case. */
  readonly color: string | null;
}

const NO_BRAND: Brand = { name: null, color: null };

const MAX_NAME = 40;

/**
 * The member `brand` of a team's preferences.
 * @returns null when it is there and none, or holds what a page must not show
 */
export function readBrand(preferences: Readonly<Record<string, unknown>>): Brand | null {
  const brand = preferences["brand"];
  if (brand === undefined || brand === null) return NO_BRAND;
  if (typeof brand !== "object" || Array.isArray(brand)) return null;
  const { name = null, color = null, ...more } = brand as Record<string, unknown>;
  if (Object.keys(more).length > 0) return null;
  if (name !== null && !isName(name)) return null;
  if (color !== null && !isColor(color)) return null;
  return { name, color: color?.toLowerCase() ?? null };
}

/** The same where it is not somebody's to correct: what is wrong is left out. */
export function brandOf(preferences: Readonly<Record<string, unknown>>): Brand {
  return readBrand(preferences) ?? NO_BRAND;
}

/** Black or white, whichever can be read better on a colour (WCAG 2.2, relative luminance). */
export function inkOn(color: string): "#000000" | "#ffffff" {
  const luminance = luminanceOf(color);
  return (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) ? "#000000" : "#ffffff";
}

function luminanceOf(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}

/** Without what would turn the text around it: controls, line ends, marks of direction. */
function isName(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value.trim() !== "" &&
    value.isWellFormed() &&
    Array.from(value).length <= MAX_NAME &&
    !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(value)
  );
}

function isColor(value: unknown): value is string {
  return typeof value === "string" && /^#[0-9a-f]{6}$/i.test(value);
}
