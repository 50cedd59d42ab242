const MAX_URL = 500;
const MAX_SOURCE = 50;

/**
 * Where a leak was found, fit to be shown to the team: an address without what may be another secret in it
 * (a name and password, the query, the fragment).
 * @param secret what else must not be repeated: a credential that does not begin like ours
 * @returns null for what is no web address, is too long, or has a credential in its path
 */
export function cleanUrl(text: string | null, secret: string | null = null): string | null {
  if (text === null || !URL.canParse(text)) return null;
  const { protocol, origin, pathname } = new URL(text);
  if (protocol !== "https:" && protocol !== "http:") return null;
  const cleaned = origin + pathname;
  if (cleaned.length > MAX_URL || hasCredential(pathname)) return null;
  return secret !== null && mayRepeat(pathname, secret) ? null : cleaned;
}

/** A word for a kind of place, such as `commit`; null for anything else. */
export function cleanSource(text: string | null): string | null {
  return text !== null && text.length <= MAX_SOURCE && /^[a-z][a-z0-9_]*$/i.test(text) ? text : null;
}

/** However it is escaped: what begins like one of ours is not repeated. */
function hasCredential(path: string): boolean {
  return /jtn_|whsec_/i.test(path) || /%(?:25)*(?:6a|4a|5f|77|57)/i.test(path);
}

/** Escaped or not: of a path whose escapes hide more escapes, or are none, nobody can tell what it repeats. */
function mayRepeat(path: string, secret: string): boolean {
  try {
    const plain = decodeURIComponent(path);
    return (
      plain.includes("%") || [path, plain].some((text) => text.toLowerCase().includes(secret.toLowerCase()))
    );
  } catch {
    return true;
  }
}
