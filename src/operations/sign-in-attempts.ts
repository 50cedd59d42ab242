import type { Charge } from "../domain/lease.ts";
import { hashCredential } from "./credentials.ts";
import type { Deps } from "./deps.ts";

/**
 * Wrong attempts from one address on one account, and from one address on all of them. Nothing counts
 * against an account alone: whoever knows an e-mail address could then lock its owner out.
 */
const ATTEMPTS = {
  onAccount: { limit: 10, windowMs: 600_000 },
  fromAddress: { limit: 60, windowMs: 600_000 },
};

/**
 * An authenticator app's codes are few enough to be tried from many addresses. Whoever tries knows the
 * password already, so they count against the account too; a recovery code still lets its owner in then.
 */
const APP_CODES = { limit: 30, windowMs: 3_600_000 };

/**
 * Counts an attempt to sign in.
 * @param email of the account; null where none is named, as in single sign-on
 * @returns seconds to wait, null when the attempt may be made
 */
export async function chargeAttempt(
  { limiter }: Deps,
  email: string | null,
  ip: string | null,
): Promise<number | null> {
  // Names of Durable Objects hold no personal data (facts: platform, "Durable Objects").
  const from = limiter(`sign-in-from:${hashCredential(ip ?? "")}`);
  return longestWait([
    from.take({ ...ATTEMPTS.fromAddress, cost: 1 }),
    ...(email === null
      ? []
      : [
          limiter(`sign-in:${hashCredential(`${email} ${ip ?? ""}`)}`).take({
            ...ATTEMPTS.onAccount,
            cost: 1,
          }),
        ]),
  ]);
}

/**
 * Counts an attempt at a second factor.
 * @param isAppCode false: it is a recovery code, of which nobody tries enough
 * @returns as `chargeAttempt`
 */
export async function chargeCode(
  { limiter }: Deps,
  userId: string,
  { ip, isAppCode }: { ip: string | null; isAppCode: boolean },
): Promise<number | null> {
  const from = limiter(`code-from:${hashCredential(`${userId} ${ip ?? ""}`)}`);
  return longestWait([
    from.take({ ...ATTEMPTS.onAccount, cost: 1 }),
    ...(isAppCode ? [limiter(`code:${userId}`).take({ ...APP_CODES, cost: 1 })] : []),
  ]);
}

async function longestWait(taking: readonly Promise<Charge>[]): Promise<number | null> {
  const charges = await Promise.all(taking);
  const waits = charges.filter(({ allowed }) => !allowed).map(({ retryAfterMs }) => retryAfterMs ?? 0);
  return waits.length === 0 ? null : Math.ceil(Math.max(...waits) / 1000);
}
