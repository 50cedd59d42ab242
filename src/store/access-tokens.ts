import { and, count, desc, eq, gt, isNull, lt, or, sql } from "drizzle-orm";
import type { RegionCode } from "../domain/region.ts";
import type { Plan } from "../domain/plan.ts";
import { feedHeadOf, feedHeadStatement, type FeedHead } from "./change-feed.ts";
import { recordChange, type AuditRow, type ChangeRecord } from "./changes.ts";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { accessTokens, members, roles, teams } from "./schema.ts";

export type AccessTokenRow = typeof accessTokens.$inferSelect;

/** A token as a check needs it: with the state of its team, read together. */
export interface CheckableToken extends AccessTokenRow {
  readonly teamStatus: "active" | "suspended";
  /** The region to which the team has moved; null: it is here. */
  readonly teamLivesIn: RegionCode | null;
  readonly teamPlan: Plan;
  /** For a token that acts for a user: what that user holds in the team now; null when no longer a member. */
  readonly membership: Membership | null;
}

export interface Membership {
  /** `owner`, or the id of a role. */
  readonly role: string;
  /** Of the role; null for an owner, who holds everything. */
  readonly permissions: readonly string[] | null;
}

/** The region whose code stands in a token's text; null: it is a foreign key. */
export function madeInOf(
  { importedSeq, movedFrom }: Pick<AccessTokenRow, "importedSeq" | "movedFrom">,
  here: RegionCode,
): RegionCode | null {
  return movedFrom ?? (importedSeq === null ? here : null);
}

export function insertAccessToken(db: Database, row: AccessTokenRow): Statement {
  return db.insert(accessTokens).values(row);
}

/**
 * The token of this hash with its team's state and its user's membership, and where the feed stood, in
 * one transaction on the primary.
 */
export async function readCheckableToken(
  db: Database,
  hash: string,
): Promise<{ head: FeedHead; token: CheckableToken | undefined }> {
  const [head, rows] = await db.batch([
    feedHeadStatement(db),
    db
      .select({
        token: accessTokens,
        // Aliased: a batch mixes up two columns of one name (facts: platform, "D1").
        teamStatus: sql<"active" | "suspended">`${teams.status}`.as("team_status"),
        teamLivesIn: sql<RegionCode | null>`${teams.livesIn}`.as("team_lives_in"),
        teamPlan: sql<Plan>`${teams.plan}`.as("team_plan"),
        memberRole: sql<string | null>`${members.role}`.as("member_role"),
        rolePermissions: sql<string | null>`${roles.permissions}`.as("role_permissions"),
      })
      .from(accessTokens)
      .innerJoin(teams, eq(teams.id, accessTokens.teamId))
      .leftJoin(
        members,
        and(eq(members.teamId, accessTokens.teamId), eq(members.userId, accessTokens.userId)),
      )
      .leftJoin(roles, and(eq(roles.teamId, accessTokens.teamId), eq(roles.id, members.role)))
      .where(eq(accessTokens.hash, hash)),
  ]);
  const [row] = rows;
  if (row === undefined) return { head: feedHeadOf(head), token: undefined };
  const { token, teamStatus, teamLivesIn, teamPlan, memberRole, rolePermissions } = row;
  const permissions = rolePermissions === null ? null : (JSON.parse(rolePermissions) as string[]);
  const membership = memberRole === null ? null : { role: memberRole, permissions };
  return { head: feedHeadOf(head), token: { ...token, teamStatus, teamLivesIn, teamPlan, membership } };
}

export async function findAccessToken(
  db: Database,
  { teamId, id }: { teamId: string; id: string },
): Promise<AccessTokenRow | undefined> {
  return db
    .select()
    .from(accessTokens)
    .where(and(eq(accessTokens.id, id), eq(accessTokens.teamId, teamId), eq(accessTokens.kind, "pat")))
    .get();
}

/** Team access tokens that are neither revoked nor expired. */
export async function countLiveTokens(
  db: Database,
  { teamId, now }: { teamId: string; now: number },
): Promise<number> {
  const row = await db
    .select({ tokens: count() })
    .from(accessTokens)
    .where(
      and(
        eq(accessTokens.teamId, teamId),
        eq(accessTokens.kind, "pat"),
        isNull(accessTokens.revokedAt),
        or(isNull(accessTokens.expiresAt), gt(accessTokens.expiresAt, now)),
      ),
    )
    .get();
  return row?.tokens ?? 0;
}

/** Undoes the batch when the team has more live tokens than its plan allows; belongs after the insert. */
export function refuseTokensOver(
  db: Database,
  { teamId, now, limit }: { teamId: string; now: number; limit: number },
): Statement {
  return refuseWhen(
    db,
    sql`(SELECT count(*) FROM ${accessTokens} WHERE team_id = ${teamId} AND kind = 'pat'
      AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ${now})) > ${limit}`,
  );
}

/** Undoes a batch that would make something of a token that has ended meanwhile. */
export function refuseTokenEnded(db: Database, hash: string): Statement {
  return refuseWhen(
    db,
    sql`NOT EXISTS (SELECT 1 FROM ${accessTokens} WHERE hash = ${hash} AND revoked_at IS NULL)`,
  );
}

/** A team's access tokens, newest first, those after the token `cursor`. */
export async function listAccessTokens(
  db: Database,
  { teamId, limit, cursor }: { teamId: string; limit: number; cursor: string | null },
): Promise<AccessTokenRow[]> {
  return db
    .select()
    .from(accessTokens)
    .where(
      and(
        eq(accessTokens.teamId, teamId),
        eq(accessTokens.kind, "pat"),
        cursor === null ? undefined : lt(accessTokens.id, cursor),
      ),
    )
    .orderBy(desc(accessTokens.id))
    .limit(limit);
}

/**
 * Revokes once: of parallel revocations one sets `revokedBy` to its own audit id, and only that one's
 * feed and audit rows are written.
 * @param also further audit rows of the one that revokes
 */
export function revokeAccessToken(
  db: Database,
  { id, change, also = [] }: { id: string; change: ChangeRecord; also?: readonly AuditRow[] },
): Statement[] {
  const { audit } = change;
  const won = sql`EXISTS (SELECT 1 FROM ${accessTokens} WHERE id = ${id} AND revoked_by = ${audit.id})`;
  return [
    db
      .update(accessTokens)
      .set({ revokedAt: audit.at, revokedBy: audit.id })
      .where(and(eq(accessTokens.id, id), isNull(accessTokens.revokedAt))),
    ...recordChange(db, change, won),
    ...also.flatMap((row) => recordChange(db, { subjects: [], audit: row }, won)),
  ];
}

/** Writes the moment by which a revocation holds, unless an earlier answer already named one; answers the row. */
export async function settleRevocation(
  db: Database,
  { id, effectiveBy }: { id: string; effectiveBy: number },
): Promise<AccessTokenRow> {
  return db
    .update(accessTokens)
    .set({
      revocationEffectiveBy: sql`coalesce(${accessTokens.revocationEffectiveBy}, ${effectiveBy})`,
    })
    .where(eq(accessTokens.id, id))
    .returning()
    .get();
}

/** The token of this hash, of either kind, and the region to which its team has moved, if it has. */
export async function findTokenByHash(
  db: Database,
  hash: string,
): Promise<(AccessTokenRow & { readonly teamLivesIn: RegionCode | null }) | undefined> {
  const row = await db
    .select({ token: accessTokens, teamLivesIn: teams.livesIn })
    .from(accessTokens)
    .leftJoin(teams, eq(teams.id, accessTokens.teamId))
    .where(eq(accessTokens.hash, hash))
    .get();
  return row && { ...row.token, teamLivesIn: row.teamLivesIn };
}
