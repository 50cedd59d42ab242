/**
 * How long a `Retry-After` asks to wait, in milliseconds: a number of seconds or a date (RFC 9110, section
 * 10.2.3). Null for none, for nonsense and for what is over already.
 */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  const waitMs = /^\d{1,10}$/.test(text) ? Number(text) * 1000 : dateOf(text) - nowMs;
  return waitMs > 0 ? waitMs : null;
}

/** Not a number for other forms, which the platform's parser would make guesses about. */
function dateOf(text: string): number {
  return /^[A-Z][a-z]{2,8}, .* GMT$/.test(text) ? Date.parse(text) : Number.NaN;
}
