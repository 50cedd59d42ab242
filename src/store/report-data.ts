import { and, asc, count, eq, gt, gte, inArray, isNull, lt, or, sql, type SQL } from "drizzle-orm";
import type { AccessTokenRow, Membership } from "./access-tokens.ts";
import type { Database } from "./database.ts";
import { accessTokens, members, roles, tokenUsage } from "./schema.ts";

/** Hours since the epoch, from one on and before the other. */
export interface Hours {
  readonly from: number;
  readonly to: number;
}

export interface HourlyUse {
  readonly tokenId: string;
  /** Null for a token that is gone. */
  readonly name: string | null;
  readonly hour: number;
  readonly permission: string;
  readonly verdict: string;
  readonly count: number;
}

export async function countUsage(
  db: Database,
  { teamId, hours }: { teamId: string; hours: Hours },
): Promise<number> {
  const [row] = await db.select({ number: count() }).from(tokenUsage).where(ofTeam(teamId, hours));
  return row?.number ?? 0;
}

/** A team's hourly counts by token and hour, from a token's hour on. */
export async function listUsage(
  db: Database,
  {
    teamId,
    hours,
    from,
    limit,
  }: { teamId: string; hours: Hours; from: { tokenId: string; hour: number }; limit: number },
): Promise<HourlyUse[]> {
  return db
    .select({
      tokenId: tokenUsage.tokenId,
      name: accessTokens.name,
      hour: tokenUsage.hour,
      permission: tokenUsage.permission,
      verdict: tokenUsage.verdict,
      count: tokenUsage.count,
    })
    .from(tokenUsage)
    .leftJoin(
      accessTokens,
      and(eq(accessTokens.id, tokenUsage.tokenId), eq(accessTokens.teamId, tokenUsage.teamId)),
    )
    .where(
      and(
        ofTeam(teamId, hours),
        sql`(${tokenUsage.tokenId}, ${tokenUsage.hour}) >= (${from.tokenId}, ${from.hour})`,
      ),
    )
    .orderBy(
      asc(tokenUsage.tokenId),
      asc(tokenUsage.hour),
      asc(tokenUsage.permission),
      asc(tokenUsage.verdict),
    )
    .limit(limit);
}

/** One token's counts of these hours, summed up by permission and verdict. */
export async function sumUsage(
  db: Database,
  { teamId, tokenId, hours }: { teamId: string; tokenId: string; hours: Hours },
): Promise<{ permission: string; verdict: string; count: number }[]> {
  return db
    .select({
      permission: tokenUsage.permission,
      verdict: tokenUsage.verdict,
      count: sql<number>`sum(${tokenUsage.count})`.as("total"),
    })
    .from(tokenUsage)
    .where(and(ofTeam(teamId, hours), eq(tokenUsage.tokenId, tokenId)))
    .groupBy(tokenUsage.permission, tokenUsage.verdict)
    .orderBy(asc(tokenUsage.permission), asc(tokenUsage.verdict));
}

export interface DailyUse {
  /** Days since the epoch. */
  readonly day: number;
  readonly verdict: string;
  readonly count: number;
}

/** One token's counts of these hours by day and verdict, oldest first. */
export async function sumUsageByDay(
  db: Database,
  { teamId, tokenId, hours }: { teamId: string; tokenId: string; hours: Hours },
): Promise<DailyUse[]> {
  const day = sql<number>`${tokenUsage.hour} / 24`;
  return db
    .select({
      day: day.as("day"),
      verdict: tokenUsage.verdict,
      count: sql<number>`sum(${tokenUsage.count})`.as("total"),
    })
    .from(tokenUsage)
    .where(and(ofTeam(teamId, hours), eq(tokenUsage.tokenId, tokenId)))
    .groupBy(day, tokenUsage.verdict)
    .orderBy(day, asc(tokenUsage.verdict));
}

/** Verdicts of checks in which the token used what it holds; a call limit is tested last of all. */
const USING = ["allowed", "rate_limited"];

/** What each of these tokens used since an hour, once each; the empty permission: a check that named none. */
export async function listUsedPermissions(
  db: Database,
  { teamId, tokenIds, sinceHour }: { teamId: string; tokenIds: readonly string[]; sinceHour: number },
): Promise<{ tokenId: string; permission: string }[]> {
  return db
    .selectDistinct({ tokenId: tokenUsage.tokenId, permission: tokenUsage.permission })
    .from(tokenUsage)
    .where(
      and(
        eq(tokenUsage.teamId, teamId),
        among(tokenUsage.tokenId, tokenIds),
        gte(tokenUsage.hour, sinceHour),
        inArray(tokenUsage.verdict, USING),
      ),
    );
}

export interface TokenSelection {
  readonly teamId: string;
  /** Milliseconds: tokens that expire before then are left out; null: expired ones too. */
  readonly liveAt: number | null;
}

export async function countTokens(db: Database, selection: TokenSelection): Promise<number> {
  const [row] = await db.select({ number: count() }).from(accessTokens).where(selected(selection));
  return row?.number ?? 0;
}

/** A team's access tokens that were not revoked, oldest first, those after the token `after`. */
export async function listTokens(
  db: Database,
  { after, limit, ...selection }: TokenSelection & { after: string; limit: number },
): Promise<AccessTokenRow[]> {
  return db
    .select()
    .from(accessTokens)
    .where(and(selected(selection), gt(accessTokens.id, after)))
    .orderBy(asc(accessTokens.id))
    .limit(limit);
}

/** Who made tokens, by their ids. */
export async function listTokenMakers(
  db: Database,
  { teamId, ids }: { teamId: string; ids: readonly string[] },
): Promise<{ id: string; createdBy: string; revokedAt: number | null }[]> {
  return db
    .select({ id: accessTokens.id, createdBy: accessTokens.createdBy, revokedAt: accessTokens.revokedAt })
    .from(accessTokens)
    .where(and(eq(accessTokens.teamId, teamId), among(accessTokens.id, ids)));
}

/** What people hold in a team, by their ids; whoever is not in it is not in the answer. */
export async function listMemberships(
  db: Database,
  { teamId, userIds }: { teamId: string; userIds: readonly string[] },
): Promise<(Membership & { userId: string })[]> {
  const rows = await db
    .select({ userId: members.userId, role: members.role, permissions: roles.permissions })
    .from(members)
    .leftJoin(roles, and(eq(roles.teamId, members.teamId), eq(roles.id, members.role)))
    .where(and(eq(members.teamId, teamId), eq(members.status, "active"), among(members.userId, userIds)));
  return rows.flatMap(({ userId, ...membership }) => (userId === null ? [] : [{ userId, ...membership }]));
}

function ofTeam(teamId: string, { from, to }: Hours): SQL | undefined {
  return and(eq(tokenUsage.teamId, teamId), gte(tokenUsage.hour, from), lt(tokenUsage.hour, to));
}

function selected({ teamId, liveAt }: TokenSelection): SQL | undefined {
  return and(
    eq(accessTokens.teamId, teamId),
    eq(accessTokens.kind, "pat"),
    isNull(accessTokens.revokedAt),
    liveAt === null ? undefined : or(isNull(accessTokens.expiresAt), gt(accessTokens.expiresAt, liveAt)),
  );
}

/** One parameter however many values: a statement takes 100 (facts: platform, "D1"). */
function among(
  column: SQL.Aliased | typeof accessTokens.id | typeof tokenUsage.tokenId | typeof members.userId,
  values: readonly string[],
): SQL {
  return sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`;
}
