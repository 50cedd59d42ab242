import type { BatchItem } from "drizzle-orm/batch";
import { sql, type SQL } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import * as schema from "./schema.ts";

export type Database = DrizzleD1Database<typeof schema>;

/** One statement of a batch; a batch is one transaction. */
export type Statement = BatchItem<"sqlite">;

/** What a write would have doubled. */
export class UniqueViolation extends Error {
  override readonly name = "UniqueViolation";
  /** `table.column`, the first one of the constraint. */
  readonly column: string;

  constructor(column: string, options: ErrorOptions) {
    super("a unique column has this value already", options);
    this.column = column;
  }
}

/** A condition that the whole batch was bound to did not hold; nothing of the batch was written. */
export class ConditionFailed extends Error {
  override readonly name = "ConditionFailed";
}

/** The team is being moved, or has moved away: a trigger of the migration refuses to change anything of it. */
export class TeamSettled extends Error {
  override readonly name = "TeamSettled";
}

export function openDatabase(d1: D1Database): Database {
  return drizzle(d1, { schema, casing: "snake_case" });
}

/**
 * Runs statements as one transaction: all of them hold, or none.
 * @throws {UniqueViolation} when a unique column has a value already
 */
export async function commit(db: Database, statements: readonly Statement[]): Promise<void> {
  const [first, ...rest] = statements;
  if (first === undefined) return;
  await batch(db, [first, ...rest]);
}

/** As `commit`; false when a condition of the batch did not hold, so that nothing was written. */
export async function commitIfHolds(db: Database, statements: readonly Statement[]): Promise<boolean> {
  try {
    await commit(db, statements);
    return true;
  } catch (error) {
    if (error instanceof ConditionFailed) return false;
    throw error;
  }
}

/** As `commit`; tells how many rows each statement wrote. */
export async function commitCounting(
  db: Database,
  statements: readonly [Statement, ...Statement[]],
): Promise<number[]> {
  const results = (await batch(db, statements)) as readonly {
    readonly meta?: { readonly changes?: number };
  }[];
  return results.map((result) => result.meta?.changes ?? 0);
}

async function batch(
  db: Database,
  statements: readonly [Statement, ...Statement[]],
): Promise<readonly unknown[]> {
  try {
    return await db.batch(statements);
  } catch (error) {
    throw asUniqueViolation(error) ?? asConditionFailed(error) ?? asTeamSettled(error) ?? error;
  }
}

/**
 * A statement that undoes the whole batch when a condition holds at its place in it. D1 has no other way
 * to say so: it writes a row that its table refuses.
 */
export function refuseWhen(db: Database, condition: SQL): Statement {
  const nothing = { key: sql<string>`NULL`.as("key"), value: sql<string>`NULL`.as("value") };
  return db.insert(schema.meta).select(
    db
      .select(nothing)
      .from(sql`(SELECT 1)`)
      .where(condition),
  );
}

function asConditionFailed(error: unknown): ConditionFailed | null {
  return messagesOf(error).some((message) => message.includes("NOT NULL constraint failed: meta.key"))
    ? new ConditionFailed("a condition of the batch did not hold", { cause: error })
    : null;
}

function asTeamSettled(error: unknown): TeamSettled | null {
  return messagesOf(error).some((message) => message.includes("the team is being moved"))
    ? new TeamSettled("the team is being moved", { cause: error })
    : null;
}

/** D1 reports a broken constraint in words only; Drizzle wraps that in an error of its own. */
function asUniqueViolation(error: unknown): UniqueViolation | null {
  for (const message of messagesOf(error)) {
    const [, column] = /UNIQUE constraint failed: ([\w.]+)/.exec(message) ?? [];
    if (column !== undefined) return new UniqueViolation(column, { cause: error });
  }
  return null;
}

function messagesOf(error: unknown): string[] {
  const messages: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) messages.push(cause.message);
  return messages;
}
