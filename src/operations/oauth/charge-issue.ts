import type { Deps } from "../deps.ts";
import { recordExceeded } from "../record-exceeded.ts";
import { awaitOwn } from "../shared-read.ts";

/** What is counted, in words for whoever made too many. */
export const ISSUED_WORDS = {
  grant_tokens: "grant tokens",
  access_tokens: "access tokens",
  refresh_tokens: "refresh tokens",
} as const;

export type Issued = keyof typeof ISSUED_WORDS;

/** Whose limit it is, and from where it is used. */
export interface Charging {
  readonly client: { readonly id: string; readonly teamId: string };
  readonly ip: string | null;
}

/**
 * Charges one issued credential to its window (contract, section 6, "Limits").
 * @param subject grant and refresh tokens: the client's id; access tokens: the grant's, which a rotated refresh
 *   token keeps
 * @param key names the attempt where several at once can only give one; they then count as one. Null: each counts.
 * @param by whose audit trail tells of a limit that is exceeded
 * @returns whole seconds until one more is allowed, null when this one is
 * @throws {Unavailable} when the limiter cannot be reached: an unknown count is no reason to allow
 */
export async function chargeIssue(
  deps: Pick<Deps, "limiter" | "oauth" | "startTimer" | "auditQueue" | "clock">,
  what: Issued,
  subject: string,
  key: string | null,
  { client, ip }: Charging,
): Promise<number | null> {
  const { limiter, oauth, startTimer } = deps;
  const limits: Record<Issued, number> = {
    grant_tokens: oauth.grantTokensPerWindow,
    access_tokens: oauth.accessTokensPerWindow,
    refresh_tokens: oauth.refreshTokensPerWindow,
  };
  const window = { limit: limits[what], windowMs: oauth.issueWindowSeconds * 1000 };
  const charge = await awaitOwn(
    limiter(`${what}:${subject}`).take({
      ...window,
      cost: 1,
      ...(key === null ? {} : { once: key }),
    }),
    startTimer,
  );
  if (charge.allowed) return null;
  const retryAfterSeconds = Math.ceil((charge.retryAfterMs ?? 0) / 1000);
  const by = { teamId: client.teamId, actor: client.id, owner: client.id, ip };
  await recordExceeded(deps, { ...by, ...window, subject, what, retryAfterSeconds });
  return retryAfterSeconds;
}
