import { and, eq, isNull, or, sql, type SQL } from "drizzle-orm";
import { commitCounting, type Database, type Statement } from "./database.ts";
import { recordChange, type ChangeRecord } from "./changes.ts";
import { accessTokens, feed, sessions } from "./schema.ts";

/** Whose credentials end: all of a team's, or all that act for a person or were made by them. */
export type Scope = { readonly teamId: string } | { readonly userId: string };

export interface Ended {
  readonly accessTokens: number;
  readonly sessions: number;
}

/**
 * Ends every live credential of a team or a person, as one transaction, with a feed row for each token.
 * A team's members are signed out everywhere, since a session may be what leaked.
 */
export async function revokeAll(
  db: Database,
  { scope, record, known }: { scope: Scope; record: ChangeRecord; known: readonly Statement[] },
): Promise<Ended> {
  const { id: auditId, at } = record.audit;
  const [tokens, ended] = await commitCounting(db, [
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
    ...recordChange(db, record),
    ...known,
  ]);
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

function tokensOf(scope: Scope): SQL | undefined {
  return "teamId" in scope
    ? eq(accessTokens.teamId, scope.teamId)
    : or(eq(accessTokens.userId, scope.userId), eq(accessTokens.createdBy, scope.userId));
}

function sessionsOf(scope: Scope): SQL {
  return "teamId" in scope
    ? sql`${sessions.userId} IN (SELECT user_id FROM members WHERE team_id = ${scope.teamId})`
    : eq(sessions.userId, scope.userId);
}
