import { isLeased } from "../domain/lease-size.ts";
import { PLANS } from "../domain/plan.ts";
import type { CheckRefusal } from "../domain/refusal.ts";
import type { Charge } from "../domain/lease.ts";
import type { CheckableToken } from "../store/access-tokens.ts";
import { chargeLeased } from "./charge-leased.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { awaitOwn } from "./shared-read.ts";
import { Unavailable } from "./unavailable.ts";

/** What is left of a token's rate limit. */
export interface RateLimit {
  readonly limit: number;
  readonly remaining: number;
  /** Whole seconds until all of it is back, if nothing else is charged. */
  readonly resetSeconds: number;
}

export interface Charged {
  readonly exceeded: CheckRefusal | null;
  readonly rateLimit: RateLimit | null;
}

/** Plans count checks by the minute. */
export const QUOTA_WINDOW_MS = 60_000;

const UNLIMITED: Charged = { exceeded: null, rateLimit: null };

/** Whether checks of a token are counted against anything. */
export function isLimited({ rateLimit, teamPlan }: CheckableToken): boolean {
  return rateLimit !== null || PLANS[teamPlan].checks_per_minute !== null;
}

/**
 * Charges a token's rate limit, if it has one.
 * @param cost permits, from 1
 * @throws {Unavailable} when the limiter cannot be reached: an unknown count is no reason to allow.
 */
export async function chargeLimit(
  deps: Deps,
  token: CheckableToken,
  cost: number,
  moment: Moment,
): Promise<Charged> {
  // The team's quota first: it counts checks, also those that the token's own limit then refuses.
  const overQuota = await chargeQuota(deps, token, moment);
  if (overQuota !== null) return { exceeded: overQuota, rateLimit: null };
  const { rateLimit: limit, rateWindowSeconds } = token;
  if (limit === null || rateWindowSeconds === null) return UNLIMITED;
  const charge = await chargeWindow(
    deps,
    `token:${token.id}`,
    { limit, windowMs: rateWindowSeconds * 1000 },
    cost,
    moment,
  );
  const resetSeconds = Math.ceil(charge.resetMs / 1000);
  return {
    exceeded: charge.allowed
      ? null
      : { kind: "rate_limited", retryAfterSeconds: wholeSeconds(charge.retryAfterMs) },
    rateLimit: { limit, remaining: charge.remaining, resetSeconds },
  };
}

/** One check of those that the team's plan allows in a minute. */
async function chargeQuota(deps: Deps, token: CheckableToken, moment: Moment): Promise<CheckRefusal | null> {
  const limit = PLANS[token.teamPlan].checks_per_minute;
  if (limit === null) return null;
  const charge = await chargeWindow(
    deps,
    `team:${token.teamId}`,
    { limit, windowMs: QUOTA_WINDOW_MS },
    1,
    moment,
  );
  if (charge.allowed) return null;
  return {
    kind: "rate_limited",
    quota: "checks_per_minute",
    retryAfterSeconds: wholeSeconds(charge.retryAfterMs),
  };
}

async function chargeWindow(
  deps: Deps,
  subject: string,
  window: { limit: number; windowMs: number },
  cost: number,
  moment: Moment,
): Promise<Charge> {
  try {
    // A cost above the limit is refused by the limiter itself, which knows when it can be allowed: never.
    return isLeased(window.limit) && cost <= window.limit
      ? await chargeLeased(deps, subject, window, cost, moment)
      : await awaitOwn(deps.limiter(subject).take({ ...window, cost }), deps.startTimer);
  } catch (cause) {
    throw new Unavailable("the limiter did not answer", { cause });
  }
}

/** Rounded up: a caller who waits as long as told is then allowed. */
function wholeSeconds(milliseconds: number | null): number | null {
  return milliseconds === null ? null : Math.ceil(milliseconds / 1000);
}
