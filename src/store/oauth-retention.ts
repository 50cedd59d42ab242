import { and, eq, inArray, lt, type SQL } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { commit, type Database } from "./database.ts";
import { accessTokens, deviceCodes, enhanceTokens, grantTokens, pushedRequests } from "./schema.ts";

/** So many rows of each table at once: one invocation may not take long. */
const MOST_ROWS = 500;

/** Deletes what expired before a moment and is only kept to tell its holder so. */
export async function deleteExpired(db: Database, { before }: { before: number }): Promise<void> {
  await commit(db, [
    db.delete(grantTokens).where(inArray(grantTokens.hash, oldest(grantTokens.hash, grantTokens.expiresAt))),
    db.delete(deviceCodes).where(inArray(deviceCodes.hash, oldest(deviceCodes.hash, deviceCodes.expiresAt))),
    db
      .delete(enhanceTokens)
      .where(inArray(enhanceTokens.hash, oldest(enhanceTokens.hash, enhanceTokens.expiresAt))),
    db
      .delete(pushedRequests)
      .where(inArray(pushedRequests.hash, oldest(pushedRequests.hash, pushedRequests.expiresAt))),
    db
      .delete(accessTokens)
      .where(
        inArray(
          accessTokens.hash,
          oldest(accessTokens.hash, accessTokens.expiresAt, eq(accessTokens.kind, "at")),
        ),
      ),
  ]);

  function oldest(key: SQLiteColumn, expiresAt: SQLiteColumn, also?: SQL) {
    return db
      .select({ key })
      .from(key.table)
      .where(and(lt(expiresAt, before), also))
      .limit(MOST_ROWS);
  }
}
