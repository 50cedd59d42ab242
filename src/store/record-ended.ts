import { and, eq, gt, isNull, or, sql, type SQL } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { AuditRow } from "./changes.ts";
import type { Database, Statement } from "./database.ts";
import { accessTokens, auditEvents, grants } from "./schema.ts";

export interface EndedTogether {
  /** The audit event of what ended them, which each of them carries in `revoked_by`. */
  readonly audit: AuditRow;
  /** Which tokens it may have been, so that an index finds them; names columns of `access_tokens`. */
  readonly tokens: SQL;
  /** The same for grants. */
  readonly grants: SQL;
}

/**
 * One audit row for each token and each grant that one change has ended, for whoever watches over just that one:
 * the change's own row names only itself. Belongs behind what ends them, in the same batch. Tokens of a grant
 * are told of by their grant, and what had expired is not told of. Nor is what a team has left behind here that lives
 * in another region: there it goes on.
 */
export function recordEnded(db: Database, { audit, tokens, grants: which }: EndedTogether): Statement[] {
  const ownTokens = and(
    tokens,
    eq(accessTokens.revokedBy, audit.id),
    isNull(accessTokens.grantId),
    isOfHere(accessTokens.teamId),
    or(isNull(accessTokens.expiresAt), gt(accessTokens.expiresAt, audit.at)),
  );
  return [
    db.insert(auditEvents).select(
      db
        .select({
          ...shared(audit, "access_token.revoked"),
          teamId: sql`${accessTokens.teamId}`.as("team_id"),
          subject: sql`${accessTokens.id}`.as("subject"),
          detail:
            sql`json_object('before', json_object('name', ${accessTokens.name}, 'profile_id', ${accessTokens.profileId},
            'permissions', json(${accessTokens.permissions})), 'cause', ${audit.type})`.as("detail"),
        })
        .from(accessTokens)
        .where(ownTokens),
    ),
    db.insert(auditEvents).select(
      db
        .select({
          ...shared(audit, "grant.revoked"),
          teamId: sql`${grants.teamId}`.as("team_id"),
          subject: sql`${grants.id}`.as("subject"),
          detail:
            sql`json_object('client', ${grants.clientId}, 'user', ${grants.userId}, 'cause', ${audit.type})`.as(
              "detail",
            ),
        })
        .from(grants)
        .where(and(which, eq(grants.revokedBy, audit.id), isOfHere(grants.teamId))),
    ),
  ];
}

function isOfHere(teamId: SQLiteColumn): SQL {
  return sql`${teamId} NOT IN (SELECT id FROM teams WHERE lives_in IS NOT NULL)`;
}

/** Columns are compared with the table's by name, those after these replace them in place. */
function shared(audit: AuditRow, type: string) {
  const value = (constant: string | number | null, column: string) => sql`${constant}`.as(column);
  return {
    // As the application makes ids: the time first, then chance, in digits that Crockford's base32 has too.
    id: sql`'aud_' || substr(${audit.id}, 5, 10) || lower(hex(randomblob(8)))`.as("id"),
    teamId: value(null, "team_id"),
    at: value(audit.at, "at"),
    type: value(type, "type"),
    actor: value(audit.actor, "actor"),
    actorOwner: value(audit.actorOwner, "actor_owner"),
    subject: value(null, "subject"),
    ip: value(audit.ip, "ip"),
    detail: value(null, "detail"),
    chainNumber: value(null, "chain_number"),
    chainHash: value(null, "chain_hash"),
  };
}
