import { eq } from "drizzle-orm";
import type { Database, Statement } from "./database.ts";
import { members, users } from "./schema.ts";

export type UserRow = typeof users.$inferSelect;
export type MemberRow = typeof members.$inferSelect;

export function insertUser(db: Database, row: UserRow): Statement {
  return db.insert(users).values(row);
}

export function insertMember(db: Database, row: MemberRow): Statement {
  return db.insert(members).values(row);
}

/** @param email in lower case. */
export async function findUserByEmail(db: Database, email: string): Promise<UserRow | undefined> {
  return db.select().from(users).where(eq(users.email, email)).get();
}
