import { and, eq, gt, lt, lte, sql } from "drizzle-orm";
import { refuseWhen, type Database, type Statement } from "./database.ts";
import { signInSteps } from "./schema.ts";

export type SignInStepRow = typeof signInSteps.$inferSelect;

/** Which step, of a browser that has shown its secret, at a time. */
export interface StepKey extends Pick<SignInStepRow, "hash" | "kind"> {
  readonly now: number;
}

/** Keeps a step until the browser goes on with it, and lets go of those with which none did. */
export function insertStep(db: Database, row: SignInStepRow, now: number): Statement[] {
  return [db.delete(signInSteps).where(lte(signInSteps.expiresAt, now)), db.insert(signInSteps).values(row)];
}

export async function findStep(db: Database, key: StepKey): Promise<SignInStepRow | undefined> {
  return db.select().from(signInSteps).where(isLive(key)).get();
}

/** Counts a try at a step that can be tried again; undefined: it is over, or was tried as often as it may be. */
export async function countTry(
  db: Database,
  key: StepKey,
  maxTries: number,
): Promise<SignInStepRow | undefined> {
  const [row] = await db
    .update(signInSteps)
    .set({ tries: sql`${signInSteps.tries} + 1` })
    .where(and(isLive(key), lt(signInSteps.tries, maxTries)))
    .returning();
  return row;
}

/** Takes a step out, whatever comes of it: of parallel callers one gets it. */
export async function takeStep(db: Database, key: StepKey): Promise<SignInStepRow | undefined> {
  const [row] = await db.delete(signInSteps).where(isLive(key)).returning();
  return row;
}

/** Ends a step in the batch of what it led to, and undoes the batch when it has ended by then. */
export function finishStep(db: Database, hash: string): Statement[] {
  return [
    refuseWhen(db, sql`NOT EXISTS (SELECT 1 FROM ${signInSteps} WHERE ${signInSteps.hash} = ${hash})`),
    db.delete(signInSteps).where(eq(signInSteps.hash, hash)),
  ];
}

/** Ends whatever a person has begun: it relied on what changes. */
export function deleteStepsOf(db: Database, userId: string): Statement {
  return db.delete(signInSteps).where(eq(signInSteps.userId, userId));
}

function isLive({ hash, kind, now }: StepKey) {
  return and(eq(signInSteps.hash, hash), eq(signInSteps.kind, kind), gt(signInSteps.expiresAt, now));
}
