import { JWS_ALGORITHMS } from "../domain/jws.ts";
import type { CheckAnswer, CheckError } from "./authority.ts";

/**
 * An error as Jeton would send it itself.
 * @param answer the verdict that it comes from, null for an error of the guard's own
 * @param language of `localized_error_description`
 */
export function sendError(error: CheckError, answer: CheckAnswer | null, language: string): Response {
  const { status, retry_after: retryAfter, ...body } = error;
  const challenge = challengeOf(error, answer);
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "Content-Type": "application/json;charset=UTF-8",
      "Content-Language": language,
      "Cache-Control": "no-store",
      Vary: "Accept-Language",
      ...(retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) }),
      ...(challenge === null ? {} : { "WWW-Authenticate": challenge }),
      ...(answer === null ? {} : rateLimitHeaders(answer)),
    },
  });
}

/** RFC 6750, section 3: no error code when no credential was sent; the scope that would do, where known. */
function challengeOf(error: CheckError, answer: CheckAnswer | null): string | null {
  const missing = answer?.missing ?? [];
  if (error.status !== 401 && missing.length === 0) return null;
  const parts = ['realm="jeton"'];
  if (answer !== null) {
    const code = missing.length > 0 ? "insufficient_scope" : "invalid_token";
    parts.push(`error="${code}"`, `error_description="${quotable(error.error_description)}"`);
  }
  if (missing.length > 0) parts.push(`scope="${missing.join(" ")}"`);
  if (answer?.reason !== "invalid_proof") return `Bearer ${parts.join(", ")}`;
  // RFC 9449, section 7.1.
  return `DPoP ${parts.join(", ")}, algs="${JWS_ALGORITHMS.join(" ")}"`;
}

/** RFC 6750, section 3: printable ASCII without quote or backslash. */
function quotable(text: string): string {
  return text.replace(/["\\]/g, "'").replace(/[^\x20-\x7e]/g, "-");
}

/** What is left of a limit, by the names that most clients know. */
export function rateLimitHeaders({ rate_limit: rateLimit }: CheckAnswer): Record<string, string> {
  if (rateLimit == null) return {};
  return {
    "RateLimit-Limit": String(rateLimit.limit),
    "RateLimit-Remaining": String(rateLimit.remaining),
    "RateLimit-Reset": String(rateLimit.reset_seconds),
  };
}
