import type { RegionCode } from "../domain/region.ts";
import { and, eq, isNull, sql } from "drizzle-orm";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { clients, grants, grantTokens, members, roles, teams } from "./schema.ts";
import type { Membership } from "./access-tokens.ts";
import { recordChange, type AuditRow, type ChangeRecord } from "./changes.ts";
import { endGrants, type EndOfGrants } from "./end-grants.ts";

export type GrantRow = typeof grants.$inferSelect;
export type GrantTokenRow = typeof grantTokens.$inferSelect;

/** A grant as a token request needs it: with the state of its team and what its user holds there now. */
export interface GrantNow extends GrantRow {
  readonly teamStatus: "active" | "suspended";
  /** The region to which the team has moved; null: it is here. */
  readonly teamLivesIn: RegionCode | null;
  /** Null: it acts for nobody, or for somebody who is no member any more. */
  readonly membership: Membership | null;
  /** The most that its client may have, which can have become less. */
  readonly clientPermissions: readonly string[];
}

export function insertGrant(db: Database, row: GrantRow): Statement {
  return db.insert(grants).values(row);
}

export function insertGrantToken(db: Database, row: GrantTokenRow): Statement {
  return db.insert(grantTokens).values(row);
}

export async function findGrant(db: Database, id: string): Promise<GrantRow | undefined> {
  return db.select().from(grants).where(eq(grants.id, id)).get();
}

export async function findGrantNow(db: Database, id: string): Promise<GrantNow | undefined> {
  const row = await db
    .select({
      grant: grants,
      teamStatus: teams.status,
      teamLivesIn: teams.livesIn,
      role: members.role,
      permissions: roles.permissions,
      clientPermissions: clients.permissions,
    })
    .from(grants)
    .innerJoin(teams, eq(teams.id, grants.teamId))
    .innerJoin(clients, eq(clients.id, grants.clientId))
    .leftJoin(members, and(eq(members.teamId, grants.teamId), eq(members.userId, grants.userId)))
    .leftJoin(roles, and(eq(roles.teamId, grants.teamId), eq(roles.id, members.role)))
    .where(eq(grants.id, id))
    .get();
  if (row === undefined) return undefined;
  const { grant, teamStatus, teamLivesIn, role, permissions, clientPermissions } = row;
  return {
    ...grant,
    teamStatus,
    teamLivesIn,
    clientPermissions,
    membership: role === null ? null : { role, permissions },
  };
}

export async function findGrantToken(db: Database, hash: string): Promise<GrantTokenRow | undefined> {
  return db.select().from(grantTokens).where(eq(grantTokens.hash, hash)).get();
}

/**
 * Uses a grant token up, once: the batch fails if somebody was first, or if its grant or client has ended
 * meanwhile. What is kept for a retry is stored with it.
 */
export function useGrantToken(
  db: Database,
  {
    token: { hash, grantId, clientId },
    at,
    usedBy,
    kept,
  }: {
    token: GrantTokenRow;
    at: number;
    usedBy: string;
    kept: { retryFingerprint: string; retryAnswer: string };
  },
): Statement[] {
  return [
    refuseWhen(db, sql`EXISTS (SELECT 1 FROM ${grantTokens} WHERE hash = ${hash} AND used_at IS NOT NULL)`),
    refuseEnded(db, { grantId, clientId }),
    db
      .update(grantTokens)
      .set({ usedAt: at, usedBy, ...kept })
      .where(and(eq(grantTokens.hash, hash), isNull(grantTokens.usedAt))),
  ];
}

/** Undoes a batch that would issue something of a grant or client that has ended meanwhile. */
export function refuseEnded(
  db: Database,
  { grantId, clientId }: { grantId: string; clientId: string },
): Statement {
  return refuseWhen(
    db,
    sql`NOT EXISTS (SELECT 1 FROM ${grants} WHERE id = ${grantId} AND revoked_at IS NULL)
      OR NOT EXISTS (SELECT 1 FROM ${clients} WHERE id = ${clientId} AND deleted_at IS NULL)`,
  );
}

/**
 * Ends a grant once: of parallel ends one writes its audit row.
 * @param also further audit rows of the one that ends it
 */
export function endGrantById(
  db: Database,
  {
    id,
    reason,
    record,
    also = [],
  }: {
    id: string;
    reason: EndOfGrants["reason"];
    record: ChangeRecord;
    also?: readonly AuditRow[];
  },
): Statement[] {
  const { id: auditId, at } = record.audit;
  const won = sql`EXISTS (SELECT 1 FROM ${grants} WHERE id = ${id} AND revoked_by = ${auditId})`;
  return [
    ...endGrants(db, { where: eq(grants.id, id), at, auditId, reason }),
    ...recordChange(db, record, won),
    ...also.flatMap((audit) => recordChange(db, { subjects: [], audit }, won)),
  ];
}
