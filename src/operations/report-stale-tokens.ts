import { stalenessOf, type Maker, type StaleReason } from "../domain/stale-token.ts";
import { countTokens, listMemberships, listTokenMakers, listTokens } from "../store/report-data.ts";
import type { Database } from "../store/database.ts";
import { holderOfMembership } from "./held-permissions.ts";
import type { ReportSource } from "./report-source.ts";

interface StaleToken {
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

/** Tokens that made tokens that made tokens: beyond so many the beginning is taken for gone. */
const MAX_GENERATIONS = 20;

const OPERATOR = "operator";

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

/** Follows `created_by` back to people and the operator, a generation of tokens at a time. */
async function readMakers(
  db: Database,
  teamId: string,
  createdBy: readonly string[],
): Promise<(id: string) => Maker> {
  const tokens = new Map<string, { createdBy: string; revokedAt: number | null }>();
  let unknown = createdBy.filter(isToken);
  for (let generation = 0; unknown.length > 0 && generation < MAX_GENERATIONS; generation += 1) {
    const found = await listTokenMakers(db, { teamId, ids: unknown });
    for (const { id, ...token } of found) tokens.set(id, token);
    unknown = found.map((token) => token.createdBy).filter((id) => isToken(id) && !tokens.has(id));
  }
  const people = [...createdBy, ...[...tokens.values()].map((token) => token.createdBy)];
  const userIds = [...new Set(people.filter((id) => id !== OPERATOR && !isToken(id)))];
  const memberships = await listMemberships(db, { teamId, userIds });
  const holders = new Map(
    memberships.map((membership) => [membership.userId, holderOfMembership(membership)]),
  );

  const makerOf = (id: string): Maker => {
    if (id === OPERATOR) return { kind: "operator" };
    const token = tokens.get(id);
    if (token !== undefined) {
      return { kind: "token", revoked: token.revokedAt !== null, maker: makerOf(token.createdBy) };
    }
    const holder = holders.get(id);
    return holder === undefined ? { kind: "removed" } : { kind: "member", holder };
  };
  return makerOf;
}

function isToken(id: string): boolean {
  return id.startsWith("tok_");
}
