import { hashCredential } from "./credentials.ts";
import type { Deps } from "./deps.ts";

/**
 * What is stored of a secret that a browser keeps in a cookie. It goes with the place that gave it: on a tenant's
 * domain, what was given elsewhere is nobody's, and the other way round, even if somebody carries it over.
 */
export function cookieHash({ tenant }: Pick<Deps, "tenant">, secret: string): string {
  return hashCredential(tenant === null ? secret : `${secret} at ${tenant.domainId}`);
}
