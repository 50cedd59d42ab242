import type { RegionCode } from "./domain/region.ts";

/** What a region can honestly promise about where its data rests. */
export type Residency =
  /** A jurisdiction guarantees it. */
  | "at-rest"
  /** A location hint asks for it; nobody guarantees it. */
  | "nearby"
  /** The platform has no database there: the owner runs Jeton on their own machines. */
  | "self-hosted";

export interface Deployment {
  readonly name: string;
  /** Seed 002's domain column. */
  readonly domainSuffix: string;
  readonly residency: Residency;
}

export const DEPLOYMENTS: Readonly<Record<RegionCode, Deployment>> = {
  us: { name: "United States", domainSuffix: ".com", residency: "at-rest" },
  eu: { name: "Europe", domainSuffix: ".eu", residency: "at-rest" },
  in: { name: "India", domainSuffix: ".in", residency: "nearby" },
  au: { name: "Australia", domainSuffix: ".com.au", residency: "nearby" },
  jp: { name: "Japan", domainSuffix: ".jp", residency: "nearby" },
  ca: { name: "Canada", domainSuffix: ".ca", residency: "nearby" },
  cn: { name: "China", domainSuffix: ".cn", residency: "self-hosted" },
  sa: { name: "Saudi Arabia", domainSuffix: ".sa", residency: "self-hosted" },
  uk: { name: "United Kingdom", domainSuffix: ".uk", residency: "nearby" },
};

/** The host that every region shares in front of its domain suffix; an API owner puts their own here. */
const HOST = "tokens.example";

/** The address of a region when no setting names another. */
export function defaultOrigin(region: RegionCode): string {
  return `https://${HOST}${DEPLOYMENTS[region].domainSuffix}`;
}
