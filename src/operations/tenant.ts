import { brandOf } from "../domain/brand.ts";
import type { ProvenDomain } from "../store/domains.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { provenDomains } from "./records.ts";

/** The domain of this name, if a team has proven it. @throws {Unavailable} when freshness cannot be had in time */
export async function findProvenDomain(
  { records }: Deps,
  name: string,
  moment: Moment,
): Promise<ProvenDomain | null> {
  return (await provenDomains(records, moment)).get(name) ?? null;
}

/**
 * What operations are given on a tenant's domain: the region is met under that name, so that it is the issuer of
 * all that is said there, and the operator has no key.
 */
export function atTenant(deps: Deps, domain: ProvenDomain): Deps {
  const brand = brandOf(domain.preferences);
  return {
    ...deps,
    origins: { ...deps.origins, [deps.region]: `https://${domain.name}` },
    operatorKeyHashes: new Set(),
    tenant: {
      domainId: domain.id,
      teamId: domain.teamId,
      teamSlug: domain.teamSlug,
      name: brand.name ?? domain.teamName,
      brand,
      regionOrigin: regionOrigin(deps),
    },
  };
}

/** Whether a team is to be dealt with at the place that a request came to: on a tenant's domain, that one alone. */
export function isHere({ tenant }: Pick<Deps, "tenant">, teamId: string): boolean {
  return tenant === null || tenant.teamId === teamId;
}

/** The region's own address, wherever a request came to: who this region is to others. */
export function regionOrigin({
  tenant,
  origins,
  region,
}: Pick<Deps, "tenant" | "origins" | "region">): string {
  return tenant?.regionOrigin ?? origins[region];
}
