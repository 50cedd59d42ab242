import { stalenessOf, type StaleReason } from "../domain/stale-token.ts";
import { countTokens, listTokens } from "../store/report-data.ts";
import type { ReportSource } from "./report-source.ts";
import { readMakers } from "./token-makers.ts";

export interface StaleToken {
  readonly token: string;
  readonly name: string;
  readonly profile_id: string | null;
  readonly created_at: string;
  readonly created_by: string;
  readonly last_used_at: string | null;
  readonly expires_at: string | null;
  readonly reasons: readonly StaleReason[];
  /** What it holds and whoever made it does not any more. */
  readonly exceeds_maker: readonly string[];
}

interface Place {
  readonly after: string;
}

const PAGE_TOKENS = 200;

/** Live tokens that somebody should look at, with the reasons (contract, section 5). */
export const staleTokens: ReportSource<StaleToken, Place> = {
  columns: {
    token: ({ token }) => token,
    name: ({ name }) => name,
    profile_id: ({ profile_id }) => profile_id,
    created_at: ({ created_at }) => created_at,
    created_by: ({ created_by }) => created_by,
    last_used_at: ({ last_used_at }) => last_used_at,
    expires_at: ({ expires_at }) => expires_at,
    reasons: ({ reasons }) => reasons,
    exceeds_maker: ({ exceeds_maker }) => exceeds_maker,
  },

  begin: async ({ db }, { teamId }) => {
    const total = await countTokens(db, { teamId, liveAt: null });
    return { state: total === 0 ? null : { after: "" }, total };
  },

  next: async ({ db, clock }, { teamId, period }, { after }) => {
    const tokens = await listTokens(db, { teamId, liveAt: null, after, limit: PAGE_TOKENS });
    const makerOf = await readMakers(db, teamId, [...new Set(tokens.map(({ createdBy }) => createdBy))]);
    const times = { unusedSince: period.since ?? 0, now: clock() };
    const rows = tokens.flatMap((token): StaleToken[] => {
      const { reasons, exceedsMaker } = stalenessOf(token, makerOf(token.createdBy), times);
      if (reasons.length === 0) return [];
      return [
        {
          token: token.id,
          name: token.name,
          profile_id: token.profileId,
          created_at: new Date(token.createdAt).toISOString(),
          created_by: token.createdBy,
          last_used_at: token.lastUsedAt === null ? null : new Date(token.lastUsedAt).toISOString(),
          expires_at: token.expiresAt === null ? null : new Date(token.expiresAt).toISOString(),
          reasons,
          exceeds_maker: exceedsMaker,
        },
      ];
    });
    const last = tokens.at(-1)?.id;
    const isEnd = last === undefined || tokens.length < PAGE_TOKENS;
    return { rows, state: isEnd ? null : { after: last }, done: tokens.length };
  },
};
