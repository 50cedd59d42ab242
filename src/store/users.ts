import { and, desc, eq, lt } from "drizzle-orm";
import type { Database, Statement } from "./database.ts";
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
