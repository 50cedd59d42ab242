import { domainOf } from "../domain/vouched-address.ts";
import {
  listConnectableBy,
  listOffersForDomain,
  listOffersOfTeam,
  type SsoOffer,
} from "../store/sso-connections.ts";
import type { Deps } from "./deps.ts";

export type { SsoOffer } from "../store/sso-connections.ts";

/**
 * The connections by which somebody with this e-mail address can sign in. Its domain alone decides, so
 * that the answer tells nobody which accounts there are.
 */
export async function offersForEmail(deps: Deps, email: string): Promise<readonly SsoOffer[]> {
  const { db, tenant } = deps;
  // On a tenant's domain it is the team's own, whatever the address.
  if (tenant !== null) return offersOfTeam(deps, tenant.teamSlug);
  const domain = domainOf(email.trim());
  return domain === null ? [] : listOffersForDomain(db, domain);
}

/** The connections of one team, for those who come by its own link. */
export async function offersOfTeam({ db, tenant }: Deps, slug: string): Promise<readonly SsoOffer[]> {
  if (tenant !== null && tenant.teamSlug !== slug) return [];
  return listOffersOfTeam(db, slug);
}

export interface ConnectableSso extends SsoOffer {
  /** Its name. */
  readonly team: string;
  readonly isConnected: boolean;
}

/** The connections of a person's teams, and whether the person has connected their account to each. */
export async function connectableBy(
  { db, tenant }: Deps,
  userId: string,
): Promise<readonly ConnectableSso[]> {
  const all = await listConnectableBy(db, userId);
  if (tenant === null) return all;
  const here = new Set((await listOffersOfTeam(db, tenant.teamSlug)).map(({ id }) => id));
  return all.filter(({ id }) => here.has(id));
}
