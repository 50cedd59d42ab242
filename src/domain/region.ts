/** The nine region codes, as they stand in every credential and client id. */
export const REGION_CODES = ["us", "eu", "in", "au", "jp", "ca", "cn", "sa", "uk"] as const;

export type RegionCode = (typeof REGION_CODES)[number];

const known: ReadonlySet<string> = new Set(REGION_CODES);

export function isRegionCode(text: string): text is RegionCode {
  return known.has(text);
}
