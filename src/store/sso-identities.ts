import { and, eq, sql } from "drizzle-orm";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { domains, members, ssoConnections, ssoIdentities } from "./schema.ts";

export type SsoIdentityRow = typeof ssoIdentities.$inferSelect;

/** Whom a provider means; its issuer is part of that, because a connection can be given another one. */
export type SsoSubject = Pick<SsoIdentityRow, "connectionId" | "issuer" | "subject">;

export function insertSsoIdentity(db: Database, row: SsoIdentityRow): Statement {
  return db.insert(ssoIdentities).values(row);
}

export async function findSsoIdentity(
  db: Database,
  { connectionId, issuer, subject }: SsoSubject,
): Promise<SsoIdentityRow | undefined> {
  return db
    .select()
    .from(ssoIdentities)
    .where(
      and(
        eq(ssoIdentities.connectionId, connectionId),
        eq(ssoIdentities.issuer, issuer),
        eq(ssoIdentities.subject, subject),
      ),
    )
    .get();
}

/** Which provider's account a person has connected, if any. */
export async function findSsoIdentityOfUser(
  db: Database,
  { userId, connectionId, issuer }: { userId: string; connectionId: string; issuer: string },
): Promise<SsoIdentityRow | undefined> {
  return db
    .select()
    .from(ssoIdentities)
    .where(
      and(
        eq(ssoIdentities.userId, userId),
        eq(ssoIdentities.connectionId, connectionId),
        eq(ssoIdentities.issuer, issuer),
      ),
    )
    .get();
}

export function deleteSsoIdentities(db: Database, connectionId: string): Statement {
  return db.delete(ssoIdentities).where(eq(ssoIdentities.connectionId, connectionId));
}

/**
 * Undoes the batch unless, at this place in it, the connection is still the same and admits the domain,
 * the domain is still proven, and the person is a member: what was read before may have changed.
 */
export function refuseUnlessAdmitted(
  db: Database,
  {
    connectionId,
    issuer,
    domain,
    userId,
  }: { connectionId: string; issuer: string; domain: string; userId: string },
): Statement {
  return refuseWhen(
    db,
    sql`NOT EXISTS (SELECT 1 FROM ${ssoConnections} AS connection, json_each(connection.allowed_domains) AS allowed
      JOIN ${domains} AS proven ON proven.team_id = connection.team_id
        AND proven.name = allowed.value AND proven.verified_at IS NOT NULL
      JOIN ${members} AS member ON member.team_id = connection.team_id
        AND member.user_id = ${userId} AND member.status = 'active'
      WHERE connection.id = ${connectionId} AND connection.issuer = ${issuer} AND allowed.value = ${domain})`,
  );
}
