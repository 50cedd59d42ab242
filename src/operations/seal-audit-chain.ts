import { createHash } from "node:crypto";
import { CHAIN_START, nextLink } from "../domain/audit-chain.ts";
import { readUnsealed, sealEvents, type SealedLink } from "../store/audit-events.ts";
import { auditEventOf } from "./audit-event.ts";
import type { Deps } from "./deps.ts";

/** Events of one round, each round being a read and a write. */
const ROUND_ROWS = 1_000;

/**
 * Gives a chain's events their places, in the order in which they were committed. Any number of isolates may
 * do so at once: of those that go on from the same link one wins, and the others look again.
 *
 * No event is passed over: one that is committed while this is under way comes after all that were read,
 * because the store has one writer, and what was read is sealed together or not at all.
 *
 * @param teamId null: what belongs to no team has a chain of its own
 * @returns whether every event that was there has its place
 */
export async function sealAuditChain(
  { db }: Pick<Deps, "db">,
  teamId: string | null,
  { maxRounds }: { maxRounds: number },
): Promise<boolean> {
  for (let round = 0; round < maxRounds; round += 1) {
    const { head, rows } = await readUnsealed(db, { teamId, limit: ROUND_ROWS });
    if (rows.length === 0) return true;
    let last = head ?? CHAIN_START;
    const links: SealedLink[] = [];
    for (const row of rows) {
      last = nextLink(last, auditEventOf(row), sha256);
      links.push({ id: row.id, ...last });
    }
    await sealEvents(db, { teamId, after: head?.hash ?? null, links });
  }
  return false;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
