import type { RateLimit } from "../../operations/charge-limit.ts";

/** Text as a header may carry it: percent-encoded wherever it is not visible ASCII. */
export function headerText(text: string): string {
  return text.toWellFormed().replace(/[^\x21-\x24\x26-\x7e]/gu, encodeURIComponent);
}

/** JSON as a header may carry it: in ASCII, by JSON's own escapes. */
export function asciiJson(value: unknown): string {
  const escape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replace(/[^\x20-\x7e]/g, escape);
}

/** What is left of a limit, by the names that most clients know. */
export function rateLimitHeaders({
  limit,
  remaining,
  resetSeconds,
}: RateLimit): Readonly<Record<string, string>> {
  return {
    "RateLimit-Limit": String(limit),
    "RateLimit-Remaining": String(remaining),
    "RateLimit-Reset": String(resetSeconds),
  };
}
