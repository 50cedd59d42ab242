import type { RegionCode } from "../../domain/region.ts";
import type { RegionSecretRow } from "../../store/registrations.ts";
import { hashCredential, makeCredential } from "../credentials.ts";
import type { Deps } from "../deps.ts";

/** Secrets by region, for the one answer that shows them. */
export type RegionSecrets = Readonly<Partial<Record<RegionCode, string>>>;

export interface MadeRegionSecrets {
  readonly secrets: RegionSecrets;
  readonly rows: readonly RegionSecretRow[];
}

/**
 * Secrets of a client that hold in other regions, one in each. They are made at home and carry the code of where they
 * hold, so that whoever finds one lying about can tell whom to report it to; only their hashes travel.
 */
export function makeRegionSecrets(
  deps: Pick<Deps, "randomBytes" | "tagKeys">,
  regions: readonly RegionCode[],
  { clientId, createdAt }: { readonly clientId: string; readonly createdAt: number },
): MadeRegionSecrets {
  const made = regions.map((region) => [region, makeCredential({ ...deps, region }, "cs")] as const);
  return {
    secrets: Object.fromEntries(made) as RegionSecrets,
    rows: made.map(([region, secret]) => ({
      hash: hashCredential(secret),
      clientId,
      region,
      createdAt,
      expiresAt: null,
    })),
  };
}
