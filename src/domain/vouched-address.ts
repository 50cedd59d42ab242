/** Longer than any address that mail is delivered to (RFC 5321, section 4.5.3.1). */
const MAX_LENGTH = 254;

/** ASCII only: what other scripts lower-case to can look like, or become, another domain. */
const ADDRESS = /^[\x21-\x3f\x41-\x7e]{1,64}@((?:[a-z0-9-]+\.)+[a-z0-9-]+)$/i;

/** An e-mail address that an OpenID provider vouches for, in lower case. */
export interface VouchedAddress {
  readonly email: string;
  readonly domain: string;
}

/**
 * The address of an ID token that the provider says it has verified (OpenID Connect Core, section 5.1).
 * Only `true` itself counts: some providers leave the claim out for addresses that anybody could type.
 */
export function vouchedAddress(claims: Readonly<Record<string, unknown>>): VouchedAddress | null {
  const { email, email_verified: verified } = claims;
  if (verified !== true || typeof email !== "string" || email.length > MAX_LENGTH) return null;
  const domain = domainOf(email);
  return domain === null ? null : { email: email.toLowerCase(), domain };
}

/** The domain of an e-mail address in lower case; null when the text is none. */
export function domainOf(email: string): string | null {
  return ADDRESS.exec(email)?.[1]?.toLowerCase() ?? null;
}
