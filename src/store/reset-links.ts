import { and, eq, gt, sql } from "drizzle-orm";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { resetLinks, users } from "./schema.ts";

export type ResetLinkRow = typeof resetLinks.$inferSelect;

/** The link that a person has from now on, in the place of an earlier one. */
export function replaceResetLink(db: Database, row: ResetLinkRow): Statement[] {
  return [db.delete(resetLinks).where(eq(resetLinks.userId, row.userId)), db.insert(resetLinks).values(row)];
}

/** A link that holds, and whose account it is for. */
export async function findResetLink(
  db: Database,
  { hash, now }: { hash: string; now: number },
): Promise<(ResetLinkRow & { readonly email: string }) | undefined> {
  const row = await db
    .select({ link: resetLinks, email: users.email })
    .from(resetLinks)
    .innerJoin(users, eq(users.id, resetLinks.userId))
    .where(and(eq(resetLinks.hash, hash), gt(resetLinks.expiresAt, now)))
    .get();
  return row && { ...row.link, email: row.email };
}

/** Uses a link up; the batch is undone when it has been used or replaced by then. */
export function useResetLink(db: Database, hash: string): Statement[] {
  return [
    refuseWhen(db, sql`NOT EXISTS (SELECT 1 FROM ${resetLinks} WHERE ${resetLinks.hash} = ${hash})`),
    db.delete(resetLinks).where(eq(resetLinks.hash, hash)),
  ];
}

/** A password that was set otherwise leaves no older link behind. */
export function deleteResetLink(db: Database, userId: string): Statement {
  return db.delete(resetLinks).where(eq(resetLinks.userId, userId));
}
