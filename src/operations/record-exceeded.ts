import { sha256 } from "@noble/hashes/sha2.js";
import { publicId } from "../domain/public-id.ts";
import type { Deps } from "./deps.ts";

/** A flood over a short limit is told of once a minute. */
const MIN_PERIOD_MS = 60_000;

const utf8 = new TextEncoder();

export interface Exceeded {
  readonly teamId: string;
  /** What the limit belongs to: a token, a client, a grant, or the team by its plan. */
  readonly subject: string;
  /** What is limited: `checks`, or what was to be issued. */
  readonly what: string;
  readonly limit: number;
  readonly windowMs: number;
  readonly retryAfterSeconds: number | null;
  readonly actor: string;
  readonly owner: string;
  readonly ip: string | null;
}

/**
 * Writes down that a limit is exceeded, once in each of its windows however many are refused and by however many
 * isolates: the row's id follows from limit and window, and a row that is there already is passed over.
 * @throws {Unavailable} when it could not be written
 */
export async function recordExceeded(
  { auditQueue, clock }: Pick<Deps, "auditQueue" | "clock">,
  { teamId, subject, what, limit, windowMs, retryAfterSeconds, actor, owner, ip }: Exceeded,
): Promise<void> {
  const at = clock();
  const periodMs = Math.max(windowMs, MIN_PERIOD_MS);
  const period = Math.floor(at / periodMs) * periodMs;
  await auditQueue.append({
    id: publicId("aud", period, sha256(utf8.encode(`${what} ${subject} ${limit} ${windowMs} ${period}`))),
    teamId,
    at,
    type: "rate_limit.exceeded",
    actor,
    actorOwner: owner,
    subject,
    ip,
    detail: { what, limit, window_seconds: windowMs / 1000, retry_after: retryAfterSeconds },
  });
}
