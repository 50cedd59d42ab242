import { DEPLOYMENTS } from "../../src/deployments.ts";
import { isRegionCode, REGION_CODES, type RegionCode } from "../../src/domain/region.ts";
import { Trouble } from "../local/trouble.ts";

export interface Wish {
  readonly regions: readonly RegionCode[];
  readonly dryRun: boolean;
}

const USAGE = `npm run deploy -- <region …> | --all [--dry-run]; regions: ${REGION_CODES.join(" ")}`;

/**
 * Reads the words after `npm run deploy --`. `--all` means every region that the platform can hold; with
 * `--dry-run`, which only builds, all nine.
 * @throws {Trouble} when they make no sense, or ask for a region that the owner hosts.
 */
export function readWish(words: readonly string[]): Wish {
  const options = words.filter((word) => word.startsWith("-"));
  const named = words.filter((word) => !word.startsWith("-"));
  const dryRun = options.includes("--dry-run");
  const all = options.includes("--all");
  if (options.some((option) => option !== "--dry-run" && option !== "--all")) throw new Trouble(USAGE);
  if (all === named.length > 0 || !named.every(isRegionCode)) throw new Trouble(USAGE);
  if (all) return { regions: REGION_CODES.filter((region) => dryRun || !isSelfHosted(region)), dryRun };
  const selfHosted = dryRun ? undefined : named.find(isSelfHosted);
  if (selfHosted !== undefined) {
    throw new Trouble(
      `Region ${selfHosted} is self-hosted: Cloudflare has no database there. See "A sovereign region" in README.md.`,
    );
  }
  return { regions: [...new Set(named)], dryRun };
}

export function isSelfHosted(region: RegionCode): boolean {
  return DEPLOYMENTS[region].residency === "self-hosted";
}
