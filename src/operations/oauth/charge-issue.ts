import type { Deps } from "../deps.ts";
import { awaitOwn } from "../shared-read.ts";

/** What is counted, in words for whoever made too many. */
export const ISSUED_WORDS = {
  grant_tokens: "grant tokens",
  access_tokens: "access tokens",
  refresh_tokens: "refresh tokens",
} as const;

export type Issued = keyof typeof ISSUED_WORDS;

/**
 * Charges one issued credential to its window (contract, section 6, "Limits").
 * @param subject grant and refresh tokens: the client's id; access tokens: the grant's, which a rotated refresh
 *   token keeps
 * @param key names the attempt where several at once can only give one; they then count as one. Null: each counts.
 * @returns whole seconds until one more is allowed, null when this one is
 * @throws {Unavailable} when the limiter cannot be reached: an unknown count is no reason to allow
 */
export async function chargeIssue(
  { limiter, oauth, startTimer }: Pick<Deps, "limiter" | "oauth" | "startTimer">,
  what: Issued,
  subject: string,
  key: string | null,
): Promise<number | null> {
  const limits: Record<Issued, number> = {
    grant_tokens: oauth.grantTokensPerWindow,
    access_tokens: oauth.accessTokensPerWindow,
    refresh_tokens: oauth.refreshTokensPerWindow,
  };
  const charge = await awaitOwn(
    limiter(`${what}:${subject}`).take({
      limit: limits[what],
      windowMs: oauth.issueWindowSeconds * 1000,
      cost: 1,
      ...(key === null ? {} : { once: key }),
    }),
    startTimer,
  );
  return charge.allowed ? null : Math.ceil((charge.retryAfterMs ?? 0) / 1000);
}
