/** What a plan allows at most; null: as much as one likes. */
export interface Quotas {
  /** Live team access tokens. */
  readonly access_tokens: number | null;
  readonly checks_per_minute: number | null;
  readonly webhooks: number | null;
  readonly clients: number | null;
}

export type QuotaName = keyof Quotas;

/** The plans that a team can be on, as data: an API owner puts their own here. */
export const PLANS = {
  free: { access_tokens: 20, checks_per_minute: 600, webhooks: 2, clients: 2 },
  standard: { access_tokens: 10_000, checks_per_minute: null, webhooks: 20, clients: 50 },
  enterprise: { access_tokens: null, checks_per_minute: null, webhooks: null, clients: null },
} as const satisfies Readonly<Record<string, Quotas>>;

export type Plan = keyof typeof PLANS;

export const PLAN_NAMES = Object.keys(PLANS) as [Plan, ...Plan[]];

/** Who is written to about invoices. */
export interface BillingContact {
  readonly name: string;
  readonly email: string;
}
