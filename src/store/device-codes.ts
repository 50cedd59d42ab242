import { and, eq, gt, inArray, isNull, lte, or, sql } from "drizzle-orm";
import { recordChange, type ChangeRecord } from "./changes.ts";
import type { ClientRow } from "./client-authentication.ts";
import { refuseChangedClient } from "./clients.ts";
import { refuseSessionEnded } from "./consents.ts";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { insertGrant, type GrantRow } from "./grants.ts";
import { refuseNoMember } from "./members.ts";
import { clients, deviceCodes } from "./schema.ts";

export type DeviceCodeRow = typeof deviceCodes.$inferSelect;

export function insertDeviceCode(db: Database, row: DeviceCodeRow): Statement {
  return db.insert(deviceCodes).values(row);
}

export async function findDeviceCode(db: Database, hash: string): Promise<DeviceCodeRow | undefined> {
  return db.select().from(deviceCodes).where(eq(deviceCodes.hash, hash)).get();
}

/** RFC 8628, section 3.5. */
const SLOWER_BY_SECONDS = 5;

/**
 * Notes that a device asked while nobody has decided. Of several at once one is in time; each of the others
 * makes the interval longer, for good.
 * @returns the interval that holds from now on, and whether this one came too early; null: it is decided
 */
export async function notePoll(
  db: Database,
  { hash, now }: { hash: string; now: number },
): Promise<{ readonly intervalSeconds: number; readonly tooEarly: boolean } | null> {
  const { intervalSeconds, lastPolledAt, status } = deviceCodes;
  const isPending = and(eq(deviceCodes.hash, hash), eq(status, "pending"));
  const inTime = await db
    .update(deviceCodes)
    .set({ lastPolledAt: now })
    .where(
      and(isPending, or(isNull(lastPolledAt), lte(sql`${lastPolledAt} + ${intervalSeconds} * 1000`, now))),
    )
    .returning({ intervalSeconds })
    .get();
  if (inTime !== undefined) return { ...inTime, tooEarly: false };
  const early = await db
    .update(deviceCodes)
    .set({ lastPolledAt: now, intervalSeconds: sql`${intervalSeconds} + ${SLOWER_BY_SECONDS}` })
    .where(isPending)
    .returning({ intervalSeconds })
    .get();
  return early === undefined ? null : { ...early, tooEarly: true };
}

/**
 * The device that shows a user code, for the person who enters it: the first one claims it, and to everybody
 * else it is as if it were not there.
 * @param hashes of the user code, under each key by which it may have been made
 */
export async function claimDeviceCode(
  db: Database,
  { hashes, userId, now }: { hashes: readonly string[]; userId: string; now: number },
): Promise<{ readonly code: DeviceCodeRow; readonly client: ClientRow } | undefined> {
  const code = await db
    .update(deviceCodes)
    .set({ claimedBy: userId })
    .where(
      and(
        inArray(deviceCodes.userCodeHash, [...hashes]),
        eq(deviceCodes.status, "pending"),
        gt(deviceCodes.expiresAt, now),
        or(isNull(deviceCodes.claimedBy), eq(deviceCodes.claimedBy, userId)),
      ),
    )
    .returning()
    .get();
  if (code === undefined) return undefined;
  const client = await db
    .select()
    .from(clients)
    .where(and(eq(clients.id, code.clientId), isNull(clients.deletedAt)))
    .get();
  return client && { code, client };
}

interface Decision {
  readonly hash: string;
  /** Who decides, and has claimed it. */
  readonly userId: string;
  /** Of the session by which they do. */
  readonly sessionHash: string;
  readonly record: ChangeRecord;
}

/**
 * Lets a device in. The batch fails if somebody has decided meanwhile, if the code has expired, if the client
 * was changed or deleted, or if the person has signed out or left the team.
 */
export function approveDevice(
  db: Database,
  { client, grant, ...decision }: Decision & { readonly client: ClientRow; readonly grant: GrantRow },
): Statement[] {
  const { hash, userId, record } = decision;
  return [
    ...refuseDecided(db, decision),
    refuseChangedClient(db, client),
    refuseNoMember(db, { teamId: grant.teamId, userId }),
    insertGrant(db, grant),
    db
      .update(deviceCodes)
      .set({ status: "approved", grantId: grant.id, changedBy: record.audit.id })
      .where(eq(deviceCodes.hash, hash)),
    ...recordChange(db, record),
  ];
}

/** Turns a device away. The batch fails as above, as far as the code and the session are concerned. */
export function denyDevice(db: Database, decision: Decision): Statement[] {
  const { hash, record } = decision;
  return [
    ...refuseDecided(db, decision),
    db
      .update(deviceCodes)
      .set({ status: "denied", changedBy: record.audit.id })
      .where(eq(deviceCodes.hash, hash)),
    ...recordChange(db, record),
  ];
}

function refuseDecided(db: Database, { hash, userId, sessionHash, record }: Decision): Statement[] {
  return [
    refuseWhen(
      db,
      sql`NOT EXISTS (SELECT 1 FROM ${deviceCodes} WHERE hash = ${hash} AND status = 'pending'
        AND claimed_by = ${userId} AND expires_at > ${record.audit.at})`,
    ),
    refuseSessionEnded(db, sessionHash),
  ];
}

/** Uses a device code up, once: the batch fails if somebody was first. What is kept for a retry is stored with it. */
export function useDeviceCode(
  db: Database,
  {
    hash,
    at,
    usedBy,
    kept,
  }: { hash: string; at: number; usedBy: string; kept: { retryFingerprint: string; retryAnswer: string } },
): Statement[] {
  return [
    refuseWhen(
      db,
      sql`NOT EXISTS (SELECT 1 FROM ${deviceCodes} WHERE hash = ${hash} AND status = 'approved')`,
    ),
    db
      .update(deviceCodes)
      .set({ status: "used", usedAt: at, changedBy: usedBy, ...kept })
      .where(eq(deviceCodes.hash, hash)),
  ];
}
