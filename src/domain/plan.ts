/** The plans that a team can be on. */
export const PLANS = ["free", "standard", "enterprise"] as const;
