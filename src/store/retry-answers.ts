import { and, isNotNull, lt } from "drizzle-orm";
import { commit, type Database } from "./database.ts";
import { deviceCodes, grantTokens, refreshTokens } from "./schema.ts";

/** Erases the answers that were kept for retries of what was used up before a moment. */
export async function eraseAnswers(db: Database, before: number): Promise<void> {
  await commit(db, [
    db
      .update(grantTokens)
      .set({ retryAnswer: null })
      .where(and(isNotNull(grantTokens.retryAnswer), lt(grantTokens.usedAt, before))),
    db
      .update(deviceCodes)
      .set({ retryAnswer: null })
      .where(and(isNotNull(deviceCodes.retryAnswer), lt(deviceCodes.usedAt, before))),
    db
      .update(refreshTokens)
      .set({ retryAnswer: null })
      .where(and(isNotNull(refreshTokens.retryAnswer), lt(refreshTokens.rotatedAt, before))),
  ]);
}
