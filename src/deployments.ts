import type { RegionCode } from "./domain/region.ts";

/** What a region can honestly promise about where its data rests. */
export type Residency =
  /** A jurisdiction guarantees it. */
  | "at-rest"
  /** A location hint asks for it; nobody guarantees it. */
  | "nearby"
  /** The platform has no database there: the owner runs Jeton on their own machines. */
  | "self-hosted";

/** Guaranteed by the platform, and settled when a database or an object is created. */
export type Jurisdiction = "us" | "eu";

/** Where something is put. Null: the platform cannot be told. */
export type Place<Hint extends string> =
  | { readonly jurisdiction: Jurisdiction }
  /** Best effort. */
  | { readonly hint: Hint }
  | null;

export interface Deployment {
  readonly name: string;
  /** Seed 002's domain column. */
  readonly domainSuffix: string;
  readonly residency: Residency;
  readonly database: Place<"weur" | "eeur" | "apac" | "oc" | "wnam" | "enam">;
  readonly objects: Place<DurableObjectLocationHint>;
  /** Queues take neither jurisdiction nor hint: what goes through one names a row and nothing of its content. */
  readonly queue: null;
  /** Of the D1 database; `wrangler d1 create` tells it, and an API owner puts theirs here. */
  readonly databaseId: string;
}

/** The nine regions (facts: platform, "Regions"); `npm run regions` writes `wrangler.toml` from this. */
export const DEPLOYMENTS: Readonly<Record<RegionCode, Deployment>> = {
  us: {
    name: "United States",
    domainSuffix: ".com",
    residency: "at-rest",
    database: { jurisdiction: "us" },
    objects: { jurisdiction: "us" },
    queue: null,
    databaseId: "00000000-0000-4000-8000-000000000001",
  },
  eu: {
    name: "Europe",
    domainSuffix: ".eu",
    residency: "at-rest",
    database: { jurisdiction: "eu" },
    objects: { jurisdiction: "eu" },
    queue: null,
    databaseId: "00000000-0000-4000-8000-000000000002",
  },
  in: {
    name: "India",
    domainSuffix: ".in",
    residency: "nearby",
    database: { hint: "apac" },
    objects: { hint: "apac-se" },
    queue: null,
    databaseId: "00000000-0000-4000-8000-000000000003",
  },
  au: {
    name: "Australia",
    domainSuffix: ".com.au",
    residency: "nearby",
    database: { hint: "oc" },
    objects: { hint: "oc" },
    queue: null,
    databaseId: "00000000-0000-4000-8000-000000000004",
  },
  jp: {
    name: "Japan",
    domainSuffix: ".jp",
    residency: "nearby",
    database: { hint: "apac" },
    objects: { hint: "apac-ne" },
    queue: null,
    databaseId: "00000000-0000-4000-8000-000000000005",
  },
  ca: {
    name: "Canada",
    domainSuffix: ".ca",
    residency: "nearby",
    database: { hint: "enam" },
    objects: { hint: "enam" },
    queue: null,
    databaseId: "00000000-0000-4000-8000-000000000006",
  },
  cn: {
    name: "China",
    domainSuffix: ".cn",
    residency: "self-hosted",
    database: null,
    objects: null,
    queue: null,
    databaseId: "00000000-0000-4000-8000-000000000007",
  },
  sa: {
    name: "Saudi Arabia",
    domainSuffix: ".sa",
    residency: "self-hosted",
    database: null,
    objects: { hint: "me" },
    queue: null,
    databaseId: "00000000-0000-4000-8000-000000000008",
  },
  uk: {
    name: "United Kingdom",
    domainSuffix: ".uk",
    residency: "nearby",
    database: { hint: "weur" },
    objects: { hint: "weur" },
    queue: null,
    databaseId: "00000000-0000-4000-8000-000000000009",
  },
};

/** The host that every region shares in front of its domain suffix; an API owner puts their own here. */
const HOST = "tokens.example";

/** The host at which a region is met when no setting names another. */
export function hostOf(region: RegionCode): string {
  return `${HOST}${DEPLOYMENTS[region].domainSuffix}`;
}

/** The address of a region when no setting names another. */
export function defaultOrigin(region: RegionCode): string {
  return `https://${hostOf(region)}`;
}
