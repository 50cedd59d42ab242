import { and, eq, inArray, isNull, sql, type SQL } from "drizzle-orm";
import { commitCounting, refuseWhen, type Database, type Statement } from "./database.ts";
import { recordChange, type ChangeRecord } from "./changes.ts";
import { endGrants } from "./end-grants.ts";
import { recordEnded } from "./record-ended.ts";
import {
  accessTokens,
  clientSecrets,
  clients,
  consents,
  feed,
  grants,
  members,
  regionSecrets,
  sessions,
} from "./schema.ts";

/** Whose credentials end: all of a team's, or all that act for a person or were made by them. */
export type Scope = { readonly teamId: string } | { readonly userId: string };

export interface Ended {
  readonly accessTokens: number;
  readonly sessions: number;
}

/** The teams here in which a person loses something: where they are a member, or tokens are theirs. */
export async function listTeamsConcerned(db: Database, userId: string): Promise<string[]> {
  const found = await db.all<{ team_id: string }>(teamsConcerned(userId));
  return found.map(({ team_id }) => team_id);
}

/**
 * Undoes the batch when somebody meanwhile got something to lose in another team than these; belongs before
 * what ends it.
 */
export function refuseOtherTeams(
  db: Database,
  { userId, teamIds }: { userId: string; teamIds: readonly string[] },
): Statement {
  return refuseWhen(
    db,
    sql`EXISTS (SELECT 1 FROM (${teamsConcerned(userId)}) AS concerned
      WHERE concerned.team_id NOT IN (SELECT value FROM json_each(${JSON.stringify(teamIds)})))`,
  );
}

function teamsConcerned(userId: string): SQL {
  return sql`SELECT team_id FROM (
      SELECT team_id FROM ${members} WHERE user_id = ${userId}
      UNION SELECT team_id FROM ${accessTokens} WHERE revoked_at IS NULL AND ${tokensOf({ userId })}
      UNION SELECT team_id FROM ${grants} WHERE revoked_at IS NULL AND ${grantsOf({ userId })}
    ) WHERE team_id NOT IN (SELECT id FROM teams WHERE lives_in IS NOT NULL)`;
}

/**
 * Ends every live credential of a team or a person, as one transaction, with a feed row for each token.
 * A team's members are signed out everywhere, since a session may be what leaked.
 * @param known what else belongs into that transaction; a condition that it has comes first
 */
export async function revokeAll(
  db: Database,
  {
    scope,
    record,
    known,
  }: { scope: Scope; record: ChangeRecord; known: readonly [Statement, ...Statement[]] },
): Promise<Ended> {
  const { id: auditId, at } = record.audit;
  const counts = await commitCounting(db, [
    ...known,
    db
      .update(accessTokens)
      .set({ revokedAt: at, revokedBy: auditId })
      .where(and(isNull(accessTokens.revokedAt), tokensOf(scope))),
    db
      .update(sessions)
      .set({ endedAt: at })
      .where(and(isNull(sessions.endedAt), sessionsOf(scope))),
    db.insert(feed).select(
      db
        .select({
          seq: sql<number>`NULL`.as("seq"),
          subject: sql<string>`'token:' || ${accessTokens.id}`.as("subject"),
          at: sql<number>`${at}`.as("at"),
        })
        .from(accessTokens)
        .where(eq(accessTokens.revokedBy, auditId)),
    ),
    ...endGrants(db, { where: grantsOf(scope), at, auditId, reason: "revoked" }),
    // Whoever got in may have consented to something of theirs.
    db.delete(consents).where(consentsOf(scope)),
    ...secretsOf(db, scope),
    ...recordChange(db, record),
    ...recordEnded(db, { audit: record.audit, tokens: tokensOf(scope), grants: grantsOf(scope) }),
  ]);
  const [tokens, ended] = counts.slice(known.length);
  return { accessTokens: tokens ?? 0, sessions: ended ?? 0 };
}

/** Writes the moment by which the revocations of one such call hold. */
export async function settleRevocations(
  db: Database,
  { auditId, effectiveBy }: { auditId: string; effectiveBy: number },
): Promise<void> {
  await db
    .update(accessTokens)
    .set({ revocationEffectiveBy: effectiveBy })
    .where(and(eq(accessTokens.revokedBy, auditId), isNull(accessTokens.revocationEffectiveBy)));
}

function tokensOf(scope: Scope): SQL {
  return "teamId" in scope
    ? eq(accessTokens.teamId, scope.teamId)
    : sql`(${eq(accessTokens.userId, scope.userId)} OR ${eq(accessTokens.createdBy, scope.userId)})`;
}

function grantsOf(scope: Scope): SQL {
  return "teamId" in scope ? eq(grants.teamId, scope.teamId) : eq(grants.userId, scope.userId);
}

function consentsOf(scope: Scope): SQL {
  return "teamId" in scope ? eq(consents.teamId, scope.teamId) : eq(consents.userId, scope.userId);
}

/** A client of the team authenticates again once a secret was made for it (`POST …/clients/{id}/secrets`). */
function secretsOf(db: Database, scope: Scope): Statement[] {
  if (!("teamId" in scope)) return [];
  const theirs = db.select({ id: clients.id }).from(clients).where(eq(clients.teamId, scope.teamId));
  return [
    db.delete(clientSecrets).where(inArray(clientSecrets.clientId, theirs)),
    // In other regions they end as soon as those hear of it.
    db.delete(regionSecrets).where(inArray(regionSecrets.clientId, theirs)),
  ];
}

function sessionsOf(scope: Scope): SQL {
  return "teamId" in scope
    ? sql`${sessions.userId} IN (SELECT user_id FROM members WHERE team_id = ${scope.teamId})`
    : eq(sessions.userId, scope.userId);
}
