import { stalenessOf, type Staleness } from "../domain/stale-token.ts";
import { findAccessToken } from "../store/access-tokens.ts";
import { sumUsageByDay, type DailyUse } from "../store/report-data.ts";
import type { Deps } from "./deps.ts";
import { readMakers } from "./token-makers.ts";

export interface TokenUse {
  /** Days since the epoch: the first one shown, and the last, which is today. In UTC. */
  readonly days: { readonly from: number; readonly to: number };
  readonly usage: readonly DailyUse[];
  /** What the `stale-tokens` report would say of it. */
  readonly staleness: Staleness;
}

const DAYS = 30;
const DAY_MS = 86_400_000;
const HOURS = 24;

/**
 * How a team's token was used of late, and whether somebody should look at it; null when there is none such. Who
 * may ask is for the caller to have tested: `EMM.AccessTokens.VIEW`, as for the token itself.
 */
export async function showTokenUse(
  { db, clock }: Pick<Deps, "db" | "clock">,
  { teamId, id }: { teamId: string; id: string },
): Promise<TokenUse | null> {
  const token = await findAccessToken(db, { teamId, id });
  if (token === undefined) return null;
  const now = clock();
  const to = Math.floor(now / DAY_MS);
  const from = to - DAYS + 1;
  const hours = { from: from * HOURS, to: (to + 1) * HOURS };
  const [usage, makerOf] = await Promise.all([
    sumUsageByDay(db, { teamId, tokenId: id, hours }),
    readMakers(db, teamId, [token.createdBy]),
  ]);
  const times = { unusedSince: from * DAY_MS, now };
  return { days: { from, to }, usage, staleness: stalenessOf(token, makerOf(token.createdBy), times) };
}
