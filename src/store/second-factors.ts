import { and, count, eq, isNull, isNotNull, sql } from "drizzle-orm";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { recoveryCodes, totpSecrets } from "./schema.ts";

export type TotpRow = typeof totpSecrets.$inferSelect;
export type RecoveryCodeRow = typeof recoveryCodes.$inferSelect;

export async function findTotp(db: Database, userId: string): Promise<TotpRow | undefined> {
  return db.select().from(totpSecrets).where(eq(totpSecrets.userId, userId)).get();
}

/** Puts an unconfirmed secret in the place of another unconfirmed one; undone when one is in use. */
export function replaceUnconfirmed(db: Database, row: TotpRow): Statement[] {
  return [
    db.delete(totpSecrets).where(and(eq(totpSecrets.userId, row.userId), isNull(totpSecrets.confirmedAt))),
    refuseWhen(db, sql`EXISTS (SELECT 1 FROM ${totpSecrets} WHERE ${totpSecrets.userId} = ${row.userId})`),
    db.insert(totpSecrets).values(row),
  ];
}

/** Takes a secret into use; undone when it is not the one that was read, or is in use by then. */
export function confirmTotp(
  db: Database,
  { userId, secret }: TotpRow,
  { step, at }: { step: number; at: number },
): Statement[] {
  const isAsRead = and(
    eq(totpSecrets.userId, userId),
    eq(totpSecrets.secret, secret),
    isNull(totpSecrets.confirmedAt),
  );
  return [
    refuseWhen(db, sql`NOT EXISTS (SELECT 1 FROM ${totpSecrets} WHERE ${isAsRead})`),
    db.update(totpSecrets).set({ confirmedAt: at, lastStep: step }).where(isAsRead),
  ];
}

/** Notes a code's time step as used; undone when that step, or a later one, has been used by then. */
export function useTotpStep(db: Database, { userId, secret }: TotpRow, step: number): Statement[] {
  const isUnused = and(
    eq(totpSecrets.userId, userId),
    eq(totpSecrets.secret, secret),
    isNotNull(totpSecrets.confirmedAt),
    sql`${totpSecrets.lastStep} < ${step}`,
  );
  return [
    refuseWhen(db, sql`NOT EXISTS (SELECT 1 FROM ${totpSecrets} WHERE ${isUnused})`),
    db.update(totpSecrets).set({ lastStep: step }).where(isUnused),
  ];
}

/** Undoes the batch when an authenticator app is asked for by then. */
export function refuseIfTotp(db: Database, userId: string): Statement {
  return refuseWhen(
    db,
    sql`EXISTS (SELECT 1 FROM ${totpSecrets} WHERE ${totpSecrets.userId} = ${userId} AND ${totpSecrets.confirmedAt} IS NOT NULL)`,
  );
}

/** Takes an authenticator app and its recovery codes away. */
export function deleteTotp(db: Database, userId: string): Statement[] {
  return [db.delete(totpSecrets).where(eq(totpSecrets.userId, userId)), deleteRecoveryCodes(db, userId)];
}

export async function listRecoveryCodes(db: Database, userId: string): Promise<RecoveryCodeRow[]> {
  return db.select().from(recoveryCodes).where(eq(recoveryCodes.userId, userId));
}

export async function countRecoveryCodes(db: Database, userId: string): Promise<number> {
  const row = await db
    .select({ codes: count() })
    .from(recoveryCodes)
    .where(eq(recoveryCodes.userId, userId))
    .get();
  return row?.codes ?? 0;
}

/** Puts new codes in the place of all that are left. */
export function replaceRecoveryCodes(
  db: Database,
  userId: string,
  rows: readonly RecoveryCodeRow[],
): Statement[] {
  return [deleteRecoveryCodes(db, userId), db.insert(recoveryCodes).values([...rows])];
}

/** Uses a code up; undone when it has been used by then. */
export function useRecoveryCode(db: Database, hash: string): Statement[] {
  return [
    refuseWhen(db, sql`NOT EXISTS (SELECT 1 FROM ${recoveryCodes} WHERE ${recoveryCodes.hash} = ${hash})`),
    db.delete(recoveryCodes).where(eq(recoveryCodes.hash, hash)),
  ];
}

function deleteRecoveryCodes(db: Database, userId: string): Statement {
  return db.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId));
}
