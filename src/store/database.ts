import type { BatchItem } from "drizzle-orm/batch";
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
  try {
    await db.batch([first, ...rest]);
  } catch (error) {
    throw asUniqueViolation(error) ?? error;
  }
}

/** D1 reports a broken constraint in words only; Drizzle wraps that in an error of its own. */
function asUniqueViolation(error: unknown): UniqueViolation | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const [, column] = /UNIQUE constraint failed: ([\w.]+)/.exec(cause.message) ?? [];
    if (column !== undefined) return new UniqueViolation(column, { cause: error });
  }
  return null;
}
