import { and, desc, eq, lt, sql } from "drizzle-orm";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { contains } from "./search.ts";
import { members, teams, users } from "./schema.ts";

export type UserRow = typeof users.$inferSelect;

export function insertUser(db: Database, row: UserRow): Statement {
  return db.insert(users).values(row);
}

export async function findUser(db: Database, id: string): Promise<UserRow | undefined> {
  return db.select().from(users).where(eq(users.id, id)).get();
}

/** Newest first, those after the user `cursor` whose address holds `text`. */
export async function listUsers(
  db: Database,
  { limit, cursor, text }: { limit: number; cursor: string | null; text: string | null },
): Promise<UserRow[]> {
  return db
    .select()
    .from(users)
    .where(
      and(
        cursor === null ? undefined : lt(users.id, cursor),
        text === null ? undefined : contains(users.email, text.toLowerCase()),
      ),
    )
    .orderBy(desc(users.id))
    .limit(limit);
}

/** @param email in lower case. */
export async function findUserByEmail(db: Database, email: string): Promise<UserRow | undefined> {
  return db.select().from(users).where(eq(users.email, email)).get();
}

/** Undoes the batch unless the password is still the one that was read. */
export function refuseUnlessPassword(
  db: Database,
  { id, passwordHash }: Pick<UserRow, "id" | "passwordHash">,
): Statement {
  return refuseWhen(
    db,
    sql`NOT EXISTS (SELECT 1 FROM ${users} WHERE ${users.id} = ${id} AND ${users.passwordHash} IS ${passwordHash})`,
  );
}

export function setPassword(
  db: Database,
  { id, passwordHash, at }: { id: string; passwordHash: string; at: number },
): Statement {
  return db.update(users).set({ passwordHash, passwordSetAt: at }).where(eq(users.id, id));
}

/** A team as one of its members sees it from outside. */
export interface TeamOfUser {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly role: string;
}

export async function listTeamsOfUser(db: Database, userId: string): Promise<TeamOfUser[]> {
  return db
    .select({ id: teams.id, name: teams.name, slug: teams.slug, role: members.role })
    .from(members)
    .innerJoin(teams, eq(teams.id, members.teamId))
    .where(eq(members.userId, userId))
    .orderBy(teams.name);
}
