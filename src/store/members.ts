import { and, desc, eq, isNotNull, isNull, lt, sql, type SQL } from "drizzle-orm";
import { OWNER_ROLE } from "../domain/role.ts";
import type { Membership } from "./access-tokens.ts";
import { recordChange, type ChangeRecord } from "./changes.ts";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { endGrants } from "./end-grants.ts";
import { recordEnded } from "./record-ended.ts";
import { roleAbsent } from "./roles.ts";
import { accessTokens, consents, grants, members, refreshTokens, roles, teams } from "./schema.ts";
import { endSessions } from "./sessions.ts";
import type { TeamRow } from "./teams.ts";
import { insertUser, type UserRow } from "./users.ts";

export type MemberRow = typeof members.$inferSelect;

export function insertMember(db: Database, row: MemberRow): Statement {
  return db.insert(members).values(row);
}

export async function findMember(
  db: Database,
  { teamId, id }: { teamId: string; id: string },
): Promise<MemberRow | undefined> {
  return db
    .select()
    .from(members)
    .where(and(eq(members.teamId, teamId), eq(members.id, id)))
    .get();
}

/** @param email in lower case. */
export async function findMemberByEmail(
  db: Database,
  { teamId, email }: { teamId: string; email: string },
): Promise<MemberRow | undefined> {
  return db
    .select()
    .from(members)
    .where(and(eq(members.teamId, teamId), eq(members.email, email)))
    .get();
}

/** What a person holds in a team now. */
export async function findMembership(
  db: Database,
  { teamId, userId }: { teamId: string; userId: string },
): Promise<Membership | undefined> {
  return db
    .select({ role: members.role, permissions: roles.permissions })
    .from(members)
    .leftJoin(roles, and(eq(roles.teamId, members.teamId), eq(roles.id, members.role)))
    .where(and(eq(members.teamId, teamId), eq(members.userId, userId)))
    .get();
}

/** A team's members, newest first, those after the member `cursor`. */
export async function listMembers(
  db: Database,
  { teamId, limit, cursor }: { teamId: string; limit: number; cursor: string | null },
): Promise<MemberRow[]> {
  return db
    .select()
    .from(members)
    .where(and(eq(members.teamId, teamId), cursor === null ? undefined : lt(members.id, cursor)))
    .orderBy(desc(members.id))
    .limit(limit);
}

/** Whether an active owner other than this member is left in the team. */
export async function hasOtherOwner(db: Database, member: MemberRow): Promise<boolean> {
  const found = await db.get<{ other: number }>(sql`SELECT ${otherOwner(member)} AS other`);
  return found.other === 1;
}

/**
 * Writes an invitation in the place of an earlier one, whose link dies. The batch fails if that one has
 * changed since it was read, or if the role is gone.
 */
export function putInvitation(
  db: Database,
  { row, replaced, record }: { row: MemberRow; replaced: MemberRow | null; record: ChangeRecord },
): Statement[] {
  return [
    ...givenRole(db, row),
    ...(replaced === null
      ? [insertMember(db, row)]
      : [
          refuseWhen(db, changedSince(replaced)),
          db.update(members).set(row).where(eq(members.id, replaced.id)),
        ]),
    ...recordChange(db, record),
  ];
}

/**
 * Gives a member as it was read another role. The batch fails if the member has changed since, if the
 * role is gone, or if no active owner would be left.
 */
export function setMemberRole(
  db: Database,
  { member, role, record }: { member: MemberRow; role: string; record: ChangeRecord },
): Statement[] {
  return [
    refuseWhen(db, changedSince(member)),
    ...givenRole(db, { teamId: member.teamId, role }),
    ...(role === OWNER_ROLE ? [] : keptOwner(db, member)),
    db
      .update(members)
      .set({ role, version: member.version + 1, changedBy: record.audit.id })
      .where(eq(members.id, member.id)),
    ...recordChange(db, record),
  ];
}

/** Undoes the batch when a person is no member of a team. */
export function refuseNoMember(
  db: Database,
  { teamId, userId }: { teamId: string; userId: string },
): Statement {
  return refuseWhen(
    db,
    sql`NOT EXISTS (SELECT 1 FROM ${members} WHERE team_id = ${teamId} AND user_id = ${userId})`,
  );
}

/**
 * Removes a member as it was read, and ends what acts for them in the team: sessions, OAuth grants with all
 * that came of them, and the consent to those. They would live again if the person ever came back. The batch fails if the member has changed since, or if no
 * active owner would be left.
 */
export function removeMember(
  db: Database,
  { member, record }: { member: MemberRow; record: ChangeRecord },
): Statement[] {
  const { audit } = record;
  const { id, teamId, userId } = member;
  return [
    refuseWhen(db, changedSince(member)),
    ...keptOwner(db, member),
    db.delete(members).where(eq(members.id, id)),
    ...(userId === null
      ? []
      : [
          endSessions(db, { userId, now: audit.at }),
          ...endGrants(db, {
            where: sql`${grants.userId} = ${userId} AND ${grants.teamId} = ${teamId}`,
            at: audit.at,
            auditId: audit.id,
            reason: "revoked",
          }),
          db
            .update(accessTokens)
            .set({ revokedAt: audit.at, revokedBy: audit.id })
            .where(
              and(
                eq(accessTokens.userId, userId),
                eq(accessTokens.teamId, teamId),
                isNull(accessTokens.revokedAt),
              ),
            ),
          db.delete(consents).where(and(eq(consents.userId, userId), eq(consents.teamId, teamId))),
        ]),
    ...recordChange(db, record),
    ...(userId === null
      ? []
      : recordEnded(db, {
          audit,
          tokens: sql`${accessTokens.userId} = ${userId} AND ${accessTokens.teamId} = ${teamId}`,
          grants: sql`${grants.userId} = ${userId} AND ${grants.teamId} = ${teamId}`,
        })),
  ];
}

/** An invitation that was not accepted yet, with what is asked of the team that it leads to. */
export interface OpenInvitation {
  readonly member: MemberRow;
  readonly team: Pick<
    TeamRow,
    "id" | "name" | "slug" | "status" | "livesIn" | "sessionMinutes" | "signInMethods"
  >;
}

/** @param hash of the secret in the invitation's link */
export async function findInvitation(db: Database, hash: string): Promise<OpenInvitation | undefined> {
  return openInvitation(db, eq(members.invitationHash, hash));
}

/** @param email in lower case. */
export async function findInvitationByEmail(
  db: Database,
  { teamId, email }: { teamId: string; email: string },
): Promise<OpenInvitation | undefined> {
  return openInvitation(
    db,
    and(eq(members.teamId, teamId), eq(members.email, email), isNotNull(members.invitationHash)),
  );
}

async function openInvitation(db: Database, wanted: SQL | undefined): Promise<OpenInvitation | undefined> {
  return db
    .select({
      member: members,
      team: {
        id: teams.id,
        name: teams.name,
        slug: teams.slug,
        status: teams.status,
        livesIn: teams.livesIn,
        sessionMinutes: teams.sessionMinutes,
        signInMethods: teams.signInMethods,
      },
    })
    .from(members)
    .innerJoin(teams, eq(teams.id, members.teamId))
    .where(wanted)
    .get();
}

/**
 * Makes an invitation, as it was read, a membership: of parallel batches one finds it unchanged, and the
 * others fail, so that neither member nor user is made twice.
 * @param newUser made for the invitation, or null for one who has an account
 */
export function acceptInvitation(
  db: Database,
  {
    before,
    after,
    newUser,
    record,
  }: { before: MemberRow; after: MemberRow; newUser: UserRow | null; record: ChangeRecord },
): Statement[] {
  return [
    refuseWhen(db, changedSince(before)),
    ...(newUser === null ? [] : [insertUser(db, newUser)]),
    db.update(members).set(after).where(eq(members.id, before.id)),
    ...takeOverActing(db, before, after),
    ...recordChange(db, record),
  ];
}

/** What acts for a member who came with a moved team, and has another account here, acts for that from now on. */
function takeOverActing(
  db: Database,
  { teamId, userId: before }: MemberRow,
  { userId: after }: MemberRow,
): Statement[] {
  if (before === null || after === null || before === after) return [];
  const theirs = (table: typeof grants | typeof refreshTokens | typeof accessTokens | typeof consents) =>
    and(eq(table.teamId, teamId), eq(table.userId, before));
  const mine = and(eq(consents.teamId, teamId), eq(consents.userId, after));
  const change = { userId: after };
  const byThem = and(eq(accessTokens.teamId, teamId), eq(accessTokens.createdBy, before));
  return [
    // Asked for again, of this account alone, once: what both have allowed is one consent.
    db
      .delete(consents)
      .where(and(theirs(consents), sql`client_id IN (SELECT client_id FROM consents WHERE ${mine})`)),
    db.update(consents).set(change).where(theirs(consents)),
    db
      .update(grants)
      .set({ ...change, holder: after })
      .where(theirs(grants)),
    db
      .update(refreshTokens)
      .set({ ...change, holder: after })
      .where(theirs(refreshTokens)),
    db.update(accessTokens).set(change).where(theirs(accessTokens)),
    db.update(accessTokens).set({ createdBy: after }).where(byThem),
  ];
}

/** Gives a member, as they were read, a link by which they come in again. */
export function reinviteMember(
  db: Database,
  { before, after, record }: { before: MemberRow; after: MemberRow; record: ChangeRecord },
): Statement[] {
  return [
    refuseWhen(db, changedSince(before)),
    db.update(members).set(after).where(eq(members.id, before.id)),
    ...recordChange(db, record),
  ];
}

function changedSince({ id, version }: MemberRow): SQL {
  return sql`NOT EXISTS (SELECT 1 FROM ${members} WHERE id = ${id} AND version = ${version})`;
}

function givenRole(db: Database, { teamId, role }: { teamId: string; role: string }): Statement[] {
  return role === OWNER_ROLE ? [] : [refuseWhen(db, roleAbsent({ teamId, id: role }))];
}

/** What keeps a team from losing its last owner, in a batch that takes one away. */
function keptOwner(db: Database, member: MemberRow): Statement[] {
  const isOwner = member.role === OWNER_ROLE && member.status === "active";
  return isOwner ? [refuseWhen(db, sql`NOT ${otherOwner(member)}`)] : [];
}

function otherOwner({ id, teamId }: MemberRow): SQL {
  return sql`EXISTS (SELECT 1 FROM ${members}
    WHERE team_id = ${teamId} AND role = ${OWNER_ROLE} AND status = 'active' AND id <> ${id})`;
}
