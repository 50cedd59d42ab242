import { deleteSeen, markSeen } from "../store/seen-jwts.ts";
import { hashCredential } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import { awaitOwn } from "./shared-read.ts";

/** Of one run of the scheduled job: each request with a proof leaves a row. */
const MOST_FORGOTTEN = 20_000;

/** A JWT that holds and may be used once. */
export interface OnceJwt {
  /** What it is for and whose, so that nobody can use up another one's. */
  readonly whose: readonly [use: "proof" | "assertion", owner: string];
  readonly jti: string;
  /** Milliseconds; from then on it is refused for its age. */
  readonly expiresAt: number;
}

/**
 * Uses a JWT up (RFC 9449, section 11.1; RFC 7523, section 3).
 * @returns false when it was used before; of parallel uses one is the first
 * @throws {Unavailable} when the store does not answer in time
 */
export async function useJwt(
  { db, startTimer }: Pick<Deps, "db" | "startTimer">,
  { whose, jti, expiresAt }: OnceJwt,
): Promise<boolean> {
  const hash = hashCredential(JSON.stringify([...whose, jti]));
  return awaitOwn(markSeen(db, { hash, expiresAt }), startTimer);
}

export async function forgetUsedJwts({ db, clock }: Pick<Deps, "db" | "clock">): Promise<void> {
  await deleteSeen(db, { before: clock(), limit: MOST_FORGOTTEN });
}
