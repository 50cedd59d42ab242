import { and, desc, eq, sql } from "drizzle-orm";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { passkeys } from "./schema.ts";

export type PasskeyRow = typeof passkeys.$inferSelect;

/** @param most so many a person has at most; the batch is undone when they have them by then */
export function insertPasskey(db: Database, row: PasskeyRow, most: number): Statement[] {
  return [
    refuseWhen(
      db,
      sql`(SELECT count(*) FROM ${passkeys} WHERE ${passkeys.userId} = ${row.userId}) >= ${most}`,
    ),
    db.insert(passkeys).values(row),
  ];
}

/** Newest first. */
export async function listPasskeys(db: Database, userId: string): Promise<PasskeyRow[]> {
  return db.select().from(passkeys).where(eq(passkeys.userId, userId)).orderBy(desc(passkeys.id));
}

export async function findPasskey(
  db: Database,
  { userId, id }: { userId: string; id: string },
): Promise<PasskeyRow | undefined> {
  return db
    .select()
    .from(passkeys)
    .where(and(eq(passkeys.userId, userId), eq(passkeys.id, id)))
    .get();
}

export async function findPasskeyByCredential(
  db: Database,
  credentialId: string,
): Promise<PasskeyRow | undefined> {
  return db.select().from(passkeys).where(eq(passkeys.credentialId, credentialId)).get();
}

/** Notes a use; undone when the key has been removed, or used once more, since it was read. */
export function notePasskeyUse(
  db: Database,
  before: PasskeyRow,
  { counter, at }: { counter: number; at: number },
): Statement[] {
  const isAsRead = and(eq(passkeys.id, before.id), eq(passkeys.counter, before.counter));
  return [
    refuseWhen(db, sql`NOT EXISTS (SELECT 1 FROM ${passkeys} WHERE ${isAsRead})`),
    db.update(passkeys).set({ counter, lastUsedAt: at }).where(isAsRead),
  ];
}

/** Removes a key; undone when it is gone by then. */
export function deletePasskey(db: Database, id: string): Statement[] {
  return [
    refuseWhen(db, sql`NOT EXISTS (SELECT 1 FROM ${passkeys} WHERE ${passkeys.id} = ${id})`),
    db.delete(passkeys).where(eq(passkeys.id, id)),
  ];
}
