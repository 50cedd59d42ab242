import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRegionCode, REGION_CODES, type RegionCode } from "../../src/domain/region.ts";
import { parseVars } from "./dev-vars.ts";
import { Trouble } from "./trouble.ts";

/** A region on this machine, and where it is met. */
export interface LocalRegion {
  readonly region: RegionCode;
  readonly url: string;
  readonly port: number;
}

const USUAL: readonly RegionCode[] = ["us", "eu"];

/**
 * Reads region codes as somebody typed them; none: two of them.
 * @throws {Trouble} when one is unknown or named twice.
 */
export function readRegions(words: readonly string[]): RegionCode[] {
  if (words.length === 0) return [...USUAL];
  const regions = words.map((word) => {
    if (!isRegionCode(word))
      throw new Trouble("Regions are named by their codes: npm run start:regions -- us eu in");
    return word;
  });
  if (new Set(regions).size !== regions.length)
    throw new Trouble(`Each region once, please; there are ${REGION_CODES.join(" ")}`);
  return regions;
}

/** Secrets that a region has for itself alone, made when it is started for the first time, and its settings. */
export function regionVars(
  region: RegionCode,
  all: readonly LocalRegion[],
  folder: string,
): Record<string, string> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, "vars");
  if (!existsSync(path)) writeFileSync(path, newVars(region), { flag: "wx", mode: 0o600 });
  return {
    ...parseVars(readFileSync(path, "utf8"), path),
    ORIGINS: JSON.stringify(Object.fromEntries(all.map(({ region: code, url }) => [code, url]))),
  };
}

function newVars(region: RegionCode): string {
  const secret = (what: string) => `jtn-dev-${what}-${region}-${randomBytes(12).toString("hex")}`;
  return [
    `# Settings of region ${region} on this machine.`,
    "DEVELOPMENT=true",
    "ALLOW_LOOPBACK_WEBHOOKS=true",
    `OPERATOR_KEY=${secret("operator-key")}`,
    `TAG_KEYS=${secret("tag-key")}`,
    `ENCRYPTION_KEYS=${secret("encryption-key")}`,
    "",
  ].join("\n");
}
