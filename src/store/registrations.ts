import { and, asc, eq, gt, inArray, isNotNull, isNull, lte, or, sql } from "drizzle-orm";
import type { ClientRow } from "./client-authentication.ts";
import type { Database, Statement } from "./database.ts";
import { clients, clientSecrets, registrationsOut, regionSecrets, teams } from "./schema.ts";

/* What goes out: the registrations of clients whose home is here. */

export type RegionSecretRow = typeof regionSecrets.$inferSelect;

/** A registration that one sender has taken for itself for a while. */
export interface ClaimedRegistration {
  readonly clientId: string;
  readonly region: string;
  readonly tries: number;
}

/** The regions that are to be told something by now. */
export async function listDueRegions(db: Database, now: number): Promise<string[]> {
  const due = await db
    .selectDistinct({ region: registrationsOut.region })
    .from(registrationsOut)
    .where(and(isNotNull(registrationsOut.nextAt), lte(registrationsOut.nextAt, now)));
  return due.map(({ region }) => region);
}

/** Takes what is due for a region, the oldest first; nobody else sees it as due before `until`. */
export async function claimDueRegistrations(
  db: Database,
  { region, now, until, limit }: { region: string; now: number; until: number; limit: number },
): Promise<ClaimedRegistration[]> {
  const due = and(eq(registrationsOut.region, region), lte(registrationsOut.nextAt, now));
  const first = db
    .select({ clientId: registrationsOut.clientId })
    .from(registrationsOut)
    .where(due)
    .orderBy(asc(registrationsOut.nextAt))
    .limit(limit);
  return db
    .update(registrationsOut)
    .set({ nextAt: until })
    .where(and(due, inArray(registrationsOut.clientId, first)))
    .returning({
      clientId: registrationsOut.clientId,
      region: registrationsOut.region,
      tries: registrationsOut.tries,
    });
}

export interface OutgoingRegistration {
  readonly version: number;
  readonly client: ClientRow;
  readonly teamStatus: "active" | "suspended";
  /** That hold there. */
  readonly secrets: readonly {
    readonly hash: string;
    readonly createdAt: number;
    readonly expiresAt: number | null;
  }[];
}

/** A registration as it is at one moment. */
export async function readOutgoing(
  db: Database,
  { clientId, region, now }: { clientId: string; region: string; now: number },
): Promise<OutgoingRegistration | undefined> {
  const ofClient = and(eq(registrationsOut.clientId, clientId), eq(registrationsOut.region, region));
  const team = db.select({ id: clients.teamId }).from(clients).where(eq(clients.id, clientId));
  const [registered, found, status, ours, theirs] = await db.batch([
    db.select({ version: registrationsOut.version }).from(registrationsOut).where(ofClient),
    db.select().from(clients).where(eq(clients.id, clientId)),
    db.select({ status: teams.status }).from(teams).where(inArray(teams.id, team)),
    db
      .select({
        hash: clientSecrets.hash,
        createdAt: clientSecrets.createdAt,
        expiresAt: clientSecrets.expiresAt,
      })
      .from(clientSecrets)
      .where(
        and(
          eq(clientSecrets.clientId, clientId),
          isNull(clientSecrets.revokedBy),
          or(isNull(clientSecrets.expiresAt), gt(clientSecrets.expiresAt, now)),
        ),
      ),
    db
      .select({
        hash: regionSecrets.hash,
        createdAt: regionSecrets.createdAt,
        expiresAt: regionSecrets.expiresAt,
      })
      .from(regionSecrets)
      .where(
        and(
          eq(regionSecrets.clientId, clientId),
          eq(regionSecrets.region, region),
          or(isNull(regionSecrets.expiresAt), gt(regionSecrets.expiresAt, now)),
        ),
      ),
  ]);
  const [{ version } = { version: null }] = registered;
  const [client] = found;
  if (version === null || client === undefined) return undefined;
  return {
    version,
    client,
    teamStatus: status[0]?.status ?? "suspended",
    secrets: client.sameSecretEverywhere ? ours : theirs,
  };
}

/** Of the claimed ones only: a change in the meantime has made it due again, and so it stays. */
export async function settleRegistration(
  db: Database,
  {
    clientId,
    region,
    version,
    nextAt,
  }: { clientId: string; region: string; version: number; nextAt: number | null },
): Promise<void> {
  const { version: newest } = registrationsOut;
  await db
    .update(registrationsOut)
    .set({
      ackedVersion: version,
      tries: 0,
      nextAt: sql`CASE WHEN ${newest} = ${version} THEN ${nextAt} ELSE 0 END`,
    })
    .where(and(eq(registrationsOut.clientId, clientId), eq(registrationsOut.region, region)));
}

/** Goes beyond a version that another region has from before this one's database was restored. */
export async function overtakeRegistration(
  db: Database,
  {
    clientId,
    region,
    version,
    nextAt,
  }: { clientId: string; region: string; version: number; nextAt: number },
): Promise<void> {
  const { version: newest, tries } = registrationsOut;
  await db
    .update(registrationsOut)
    .set({ version: sql`max(${newest}, ${version}) + 1`, tries: sql`${tries} + 1`, nextAt })
    .where(and(eq(registrationsOut.clientId, clientId), eq(registrationsOut.region, region)));
}

/** @param claimedUntil as they were claimed: what was changed since is due at once */
export async function postponeRegistrations(
  db: Database,
  {
    region,
    clientIds,
    claimedUntil,
    nextAt,
  }: { region: string; clientIds: readonly string[]; claimedUntil: number; nextAt: number },
): Promise<void> {
  await db
    .update(registrationsOut)
    .set({ nextAt, tries: sql`${registrationsOut.tries} + 1` })
    .where(
      and(
        eq(registrationsOut.region, region),
        eq(registrationsOut.nextAt, claimedUntil),
        inArray(registrationsOut.clientId, [...clientIds]),
      ),
    );
}

export function insertRegionSecrets(db: Database, rows: readonly RegionSecretRow[]): Statement[] {
  return rows.map((row) => db.insert(regionSecrets).values(row));
}

/** The secrets of a client that hold elsewhere no longer; all regions when none is named. */
export function deleteRegionSecrets(
  db: Database,
  { clientId, regions }: { clientId: string; regions?: readonly string[] },
): Statement[] {
  if (regions?.length === 0) return [];
  const ofClient = eq(regionSecrets.clientId, clientId);
  const where = regions === undefined ? ofClient : and(ofClient, inArray(regionSecrets.region, [...regions]));
  return [db.delete(regionSecrets).where(where)];
}

/** Ends what holds in these regions at `expiresAt`, none later than it would have, and forgets what is over. */
export function expireRegionSecrets(
  db: Database,
  {
    clientId,
    regions,
    expiresAt,
    now,
  }: { clientId: string; regions: readonly string[]; expiresAt: number; now: number },
): Statement[] {
  if (regions.length === 0) return [];
  const theirs = and(eq(regionSecrets.clientId, clientId), inArray(regionSecrets.region, [...regions]));
  return [
    db
      .update(regionSecrets)
      .set({ expiresAt })
      .where(and(theirs, or(isNull(regionSecrets.expiresAt), gt(regionSecrets.expiresAt, expiresAt)))),
    db.delete(regionSecrets).where(and(theirs, lte(regionSecrets.expiresAt, now))),
  ];
}

/** Most secrets that hold in one of these regions now. */
export async function countRegionSecrets(
  db: Database,
  { clientId, regions, now }: { clientId: string; regions: readonly string[]; now: number },
): Promise<number> {
  if (regions.length === 0) return 0;
  const rows = await db
    .select({ region: regionSecrets.region, number: sql<number>`count(*)` })
    .from(regionSecrets)
    .where(
      and(
        eq(regionSecrets.clientId, clientId),
        inArray(regionSecrets.region, [...regions]),
        or(isNull(regionSecrets.expiresAt), gt(regionSecrets.expiresAt, now)),
      ),
    )
    .groupBy(regionSecrets.region);
  return Math.max(0, ...rows.map(({ number }) => number));
}
