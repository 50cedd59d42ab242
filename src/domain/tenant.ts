import type { Brand } from "./brand.ts";

/** The team whose own domain a request came to (contract, section 9). */
export interface Tenant {
  /** Of this proof of the name: a name that is taken off and proven again is another place. */
  readonly domainId: string;
  readonly teamId: string;
  readonly teamSlug: string;
  /** What pages are headed with. */
  readonly name: string;
  readonly brand: Brand;
  /** Where the region itself is met. */
  readonly regionOrigin: string;
}
