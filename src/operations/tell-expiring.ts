import { sha256 } from "@noble/hashes/sha2.js";
import { publicId } from "../domain/public-id.ts";
import type { AuditRow } from "../store/changes.ts";
import { commit } from "../store/database.ts";
import { listExpiring, readToldUntil, tellExpiring, type ExpiringToken } from "../store/expiring-tokens.ts";
import type { Deps } from "./deps.ts";

const DAY_MS = 86_400_000;

/** So many days before it expires, a team token is told of (`access_token.expiring`). */
const DAYS_BEFORE = [7, 1] as const;

/** Of one run; an invocation has 1,000 queries, and the next run goes on from there. */
const MAX_TOKENS = 500;

/** How the audit trail names what nobody did: it came with time. */
const SCHEDULE = "schedule";

const utf8 = new TextEncoder();

/**
 * Tells of tokens that are about to expire, each time once: whatever was missed, as by a standstill of up to a
 * day, is made up for. One that lives for less than so many days is not told of at its making.
 */
export async function tellOfExpiring({ db, clock }: Pick<Deps, "db" | "clock">): Promise<void> {
  const now = clock();
  for (const days of DAYS_BEFORE) {
    const key = `expiring_told:${days}`;
    const until = now + days * DAY_MS;
    const after = (await readToldUntil(db, key)) ?? { expiresAt: until - DAY_MS, id: "" };
    const tokens = await listExpiring(db, { after, until, limit: MAX_TOKENS });
    const last = tokens.at(-1);
    if (last === undefined) continue;
    const rows = tokens
      .filter(({ createdAt, expiresAt }) => expiresAt - createdAt > days * DAY_MS)
      .map((token) => auditRow(token, days, now));
    await commit(db, tellExpiring(db, { key, rows, until: { expiresAt: last.expiresAt, id: last.id } }));
  }
}

/** Its id follows from what it says. */
function auditRow(token: ExpiringToken, days: number, now: number): AuditRow {
  const { id, teamId, name, profileId, createdBy, expiresAt } = token;
  const due = expiresAt - days * DAY_MS;
  return {
    id: publicId("aud", due, sha256(utf8.encode(`expiring ${id} ${days}`))),
    teamId,
    at: now,
    type: "access_token.expiring",
    actor: SCHEDULE,
    actorOwner: createdBy,
    subject: id,
    ip: null,
    detail: { name, profile_id: profileId, expires_at: new Date(expiresAt).toISOString(), days },
  };
}
