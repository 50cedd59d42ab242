import { count, isNotNull, isNull, sql, sum } from "drizzle-orm";
import type { Database } from "./database.ts";
import { accessTokens, members, services, teams, tokenUsage, users } from "./schema.ts";

/** What a region holds, counted. */
export interface Totals {
  readonly teams: { readonly active: number; readonly suspended: number };
  readonly users: number;
  readonly members: number;
  readonly services: number;
  readonly accessTokens: { readonly live: number; readonly expired: number; readonly revoked: number };
  readonly checks: { readonly allowed: number; readonly denied: number };
}

/** @param sinceHour hours since the epoch; checks before are not counted */
export async function readTotals(
  db: Database,
  { now, sinceHour }: { now: number; sinceHour: number },
): Promise<Totals> {
  const [teamRows, userRows, memberRows, serviceRows, tokenRows, checkRows] = await db.batch([
    db
      .select({ status: teams.status, number: count() })
      .from(teams)
      .where(isNull(teams.livesIn))
      .groupBy(teams.status),
    db.select({ number: count() }).from(users),
    db.select({ number: count() }).from(members).where(isNotNull(members.userId)),
    db.select({ number: count() }).from(services).where(isNull(services.deletedAt)),
    db
      .select({
        state: sql<
          "live" | "expired" | "revoked"
        >`CASE WHEN ${accessTokens.revokedAt} IS NOT NULL THEN 'revoked'
          WHEN ${accessTokens.expiresAt} <= ${now} THEN 'expired' ELSE 'live' END`.as("state"),
        number: count(),
      })
      .from(accessTokens)
      .groupBy(sql`state`),
    db
      .select({
        outcome: sql<
          "allowed" | "denied"
        >`CASE ${tokenUsage.verdict} WHEN 'allowed' THEN 'allowed' ELSE 'denied' END`.as("outcome"),
        number: sum(tokenUsage.count).mapWith(Number),
      })
      .from(tokenUsage)
      .where(sql`${tokenUsage.hour} >= ${sinceHour}`)
      .groupBy(sql`outcome`),
  ]);
  const teamsIn = (status: "active" | "suspended") =>
    teamRows.find((row) => row.status === status)?.number ?? 0;
  const tokensIn = (state: "live" | "expired" | "revoked") =>
    tokenRows.find((row) => row.state === state)?.number ?? 0;
  const checksWith = (outcome: "allowed" | "denied") =>
    checkRows.find((row) => row.outcome === outcome)?.number ?? 0;
  return {
    teams: { active: teamsIn("active"), suspended: teamsIn("suspended") },
    users: userRows[0]?.number ?? 0,
    members: memberRows[0]?.number ?? 0,
    services: serviceRows[0]?.number ?? 0,
    accessTokens: { live: tokensIn("live"), expired: tokensIn("expired"), revoked: tokensIn("revoked") },
    checks: { allowed: checksWith("allowed"), denied: checksWith("denied") },
  };
}
