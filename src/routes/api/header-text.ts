import type { RateLimit } from "../../operations/charge-limit.ts";

/** Text as a header may carry it: percent-encoded wherever it is not visible ASCII. */
export function headerText(text: string): string {
  return text.toWellFormed().replace(/[^\x21-\x24\x26-\x7e]/gu, encodeURIComponent);
}

/** What is left of a limit, by the names that most clients know. */
export function rateLimitHeaders({ limit, remaining, resetSeconds }: RateLimit): Readonly<Record<string, string>> {
  return {
    "RateLimit-Limit": String(limit),
    "RateLimit-Remaining": String(remaining),
    "RateLimit-Reset": String(resetSeconds),
  };
}
