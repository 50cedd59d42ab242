import { and, count, desc, eq, lt, sql, type SQL } from "drizzle-orm";
import { recordChange, type ChangeRecord } from "./changes.ts";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { members, roles } from "./schema.ts";

export type RoleRow = typeof roles.$inferSelect;

/** A role, and how many have it; those who are only invited count too. */
export interface CountedRole extends RoleRow {
  readonly memberCount: number;
}

export function insertRole(db: Database, row: RoleRow): Statement {
  return db.insert(roles).values(row);
}

export async function findRole(
  db: Database,
  { teamId, id }: { teamId: string; id: string },
): Promise<CountedRole | undefined> {
  const row = await countedRoles(db, and(eq(roles.teamId, teamId), eq(roles.id, id))).get();
  return row && flat(row);
}

/** A team's roles, newest first, those after the role `cursor`. */
export async function listRoles(
  db: Database,
  { teamId, limit, cursor }: { teamId: string; limit: number; cursor: string | null },
): Promise<CountedRole[]> {
  const after = cursor === null ? undefined : lt(roles.id, cursor);
  const rows = await countedRoles(db, and(eq(roles.teamId, teamId), after))
    .orderBy(desc(roles.id))
    .limit(limit);
  return rows.map(flat);
}

/** How many members and invitations of a team have a role. */
export async function countRoleMembers(
  db: Database,
  { teamId, role }: { teamId: string; role: string },
): Promise<number> {
  const row = await db
    .select({ found: count() })
    .from(members)
    .where(and(eq(members.teamId, teamId), eq(members.role, role)))
    .get();
  return row?.found ?? 0;
}

export type RoleChange = Partial<Pick<RoleRow, "name" | "description" | "permissions">>;

/** Changes a role as it was read; the batch fails if it has changed since. */
export function updateRole(
  db: Database,
  { role, change, record }: { role: RoleRow; change: RoleChange; record: ChangeRecord },
): Statement[] {
  const { audit } = record;
  return [
    refuseWhen(db, changedSince(role)),
    db
      .update(roles)
      .set({ ...change, version: role.version + 1, changedBy: audit.id, updatedAt: audit.at })
      .where(eq(roles.id, role.id)),
    ...recordChange(db, record),
  ];
}

/** Deletes a role as it was read; the batch fails if it has changed since, or if anybody has it. */
export function deleteRole(
  db: Database,
  { role, record }: { role: RoleRow; record: ChangeRecord },
): Statement[] {
  const { id, teamId } = role;
  return [
    refuseWhen(db, changedSince(role)),
    refuseWhen(db, sql`EXISTS (SELECT 1 FROM ${members} WHERE team_id = ${teamId} AND role = ${id})`),
    db.delete(roles).where(eq(roles.id, id)),
    ...recordChange(db, record),
  ];
}

/** Whether a team has no such role: for batches that give it to somebody. */
export function roleAbsent({ teamId, id }: { teamId: string; id: string }): SQL {
  return sql`NOT EXISTS (SELECT 1 FROM ${roles} WHERE id = ${id} AND team_id = ${teamId})`;
}

function changedSince({ id, version }: RoleRow): SQL {
  return sql`NOT EXISTS (SELECT 1 FROM ${roles} WHERE id = ${id} AND version = ${version})`;
}

function countedRoles(db: Database, where: SQL | undefined) {
  return db
    .select({ role: roles, memberCount: count(members.id) })
    .from(roles)
    .leftJoin(members, and(eq(members.teamId, roles.teamId), eq(members.role, roles.id)))
    .where(where)
    .groupBy(roles.id);
}

function flat({ role, memberCount }: { role: RoleRow; memberCount: number }): CountedRole {
  return { ...role, memberCount };
}
