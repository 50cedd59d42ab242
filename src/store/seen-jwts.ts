import { inArray, lt } from "drizzle-orm";
import type { Database } from "./database.ts";
import { seenJwts } from "./schema.ts";

/** Remembers a JWT; of parallel ones with one hash, exactly one is told that it is the first. */
export async function markSeen(
  db: Database,
  row: { readonly hash: string; readonly expiresAt: number },
): Promise<boolean> {
  const marked = await db
    .insert(seenJwts)
    .values(row)
    .onConflictDoNothing()
    .returning({ hash: seenJwts.hash });
  return marked.length > 0;
}

/** Forgets JWTs that have expired by a moment, and so are refused without being known. */
export async function deleteSeen(
  db: Database,
  { before, limit }: { before: number; limit: number },
): Promise<void> {
  const expired = db
    .select({ hash: seenJwts.hash })
    .from(seenJwts)
    .where(lt(seenJwts.expiresAt, before))
    .limit(limit);
  await db.delete(seenJwts).where(inArray(seenJwts.hash, expired));
}
