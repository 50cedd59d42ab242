import { builtInCatalogues } from "../catalogues/index.ts";
import { narrowerPermissions } from "../domain/narrower-token.ts";
import { indexCatalogues, missingPermissions, type PermissionIndex } from "../domain/permission.ts";
import type { AccessTokenRow } from "../store/access-tokens.ts";
import { readCatalogues } from "../store/catalogues.ts";
import type { Database } from "../store/database.ts";
import { countTokens, listTokens, listUsedPermissions } from "../store/report-data.ts";
import { hoursOf, type ReportSource } from "./report-source.ts";

export interface UnusedPermissions {
  readonly token: string;
  readonly name: string;
  readonly profile_id: string | null;
  readonly created_at: string;
  readonly last_used_at: string | null;
  readonly expires_at: string | null;
  readonly permissions: readonly string[];
  readonly used: readonly string[];
  readonly unused: readonly string[];
  /** Whether it was also checked with no permission named: what it was used for then is not known. */
  readonly checked_without_permission: boolean;
  /** The body of a `POST …/access-tokens` for a token that can do no more than was used; null: there is none. */
  readonly create_instead: TokenBody | null;
}

interface TokenBody {
  readonly name: string;
  readonly profile_id?: string;
  readonly permissions: readonly string[];
  readonly expires_in?: number;
  readonly allowed_ips?: readonly string[];
  readonly rate_limit?: { readonly limit: number; readonly window_seconds: number };
}

interface Place {
  readonly after: string;
}

/** Each token can have a count for each hour and permission of the period: they add up. */
const PAGE_TOKENS = 50;

/** A request takes no longer list of addresses. */
const MAX_ADDRESSES = 100;

/** A token that ends sooner is as good as gone. */
const SOON_MS = 60_000;

/** What each live token holds and has not used (contract, section 5), and the narrower one to create instead. */
export const unusedPermissions: ReportSource<UnusedPermissions, Place> = {
  columns: {
    token: ({ token }) => token,
    name: ({ name }) => name,
    profile_id: ({ profile_id }) => profile_id,
    created_at: ({ created_at }) => created_at,
    last_used_at: ({ last_used_at }) => last_used_at,
    expires_at: ({ expires_at }) => expires_at,
    permissions: ({ permissions }) => permissions,
    used: ({ used }) => used,
    unused: ({ unused }) => unused,
    checked_without_permission: ({ checked_without_permission }) => String(checked_without_permission),
    create_instead: ({ create_instead }) => create_instead && JSON.stringify(create_instead),
  },

  begin: async ({ db, clock }, { teamId }) => {
    const total = await countTokens(db, { teamId, liveAt: clock() + SOON_MS });
    return { state: total === 0 ? null : { after: "" }, total };
  },

  next: async ({ db, clock }, report, { after }) => {
    const { teamId } = report;
    const now = clock();
    const selection = { teamId, liveAt: now + SOON_MS };
    const tokens = await listTokens(db, { ...selection, after, limit: PAGE_TOKENS });
    const tokenIds = tokens.map(({ id }) => id);
    const { from: sinceHour } = hoursOf(report);
    const uses = await listUsedPermissions(db, { teamId, tokenIds, sinceHour });
    const used = Map.groupBy(uses, ({ tokenId }) => tokenId);
    const index = await readIndex(db);
    const rows = tokens.map((token) =>
      rowOf(index, token, used.get(token.id)?.map(({ permission }) => permission) ?? [], now),
    );
    const last = tokenIds.at(-1);
    const isEnd = last === undefined || tokens.length < PAGE_TOKENS;
    return { rows, state: isEnd ? null : { after: last }, done: tokens.length };
  },
};

/** @param named permissions that its checks named, once each; empty: one that named none */
function rowOf(
  index: PermissionIndex,
  token: AccessTokenRow,
  named: readonly string[],
  now: number,
): UnusedPermissions {
  const held = token.permissions;
  const unused = missingPermissions(named, held);
  const used = missingPermissions(unused, held);
  return {
    token: token.id,
    name: token.name,
    profile_id: token.profileId,
    created_at: new Date(token.createdAt).toISOString(),
    last_used_at: token.lastUsedAt === null ? null : new Date(token.lastUsedAt).toISOString(),
    expires_at: token.expiresAt === null ? null : new Date(token.expiresAt).toISOString(),
    permissions: held,
    used,
    unused,
    checked_without_permission: named.includes(""),
    create_instead: insteadOf(token, narrowerPermissions(index, held, used), now),
  };
}

/** The same token with fewer permissions: same name, profile, addresses and limit, and the time that it has left. */
function insteadOf(
  { name, profileId, expiresAt, allowedIps, rateLimit, rateWindowSeconds }: AccessTokenRow,
  permissions: readonly string[] | null,
  now: number,
): TokenBody | null {
  if (permissions === null || (allowedIps?.length ?? 0) > MAX_ADDRESSES) return null;
  return {
    name,
    ...(profileId === null ? {} : { profile_id: profileId }),
    permissions,
    ...(expiresAt === null ? {} : { expires_in: Math.floor((expiresAt - now) / 1000) }),
    ...(allowedIps === null ? {} : { allowed_ips: allowedIps }),
    ...(rateLimit === null || rateWindowSeconds === null
      ? {}
      : { rate_limit: { limit: rateLimit, window_seconds: rateWindowSeconds } }),
  };
}

/** Read anew for each page: a report that is made in the background has no request whose cache it could share. */
async function readIndex(db: Database): Promise<PermissionIndex> {
  const { catalogues } = await readCatalogues(db);
  return indexCatalogues([...builtInCatalogues, ...catalogues.map(({ definition }) => definition)]);
}
