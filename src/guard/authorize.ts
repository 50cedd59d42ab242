import { bearerCredential } from "../domain/bearer.ts";
import type { Authority, CheckAnswer, CheckError, CheckedToken } from "./authority.ts";

/** Tells whose data a request asks for; `"any"` says in so many words that it does not matter. */
export type TeamOf = "any" | ((request: Request) => string | Promise<string>);

export interface AuthorizeOptions {
  readonly authority: Authority;
  /** Required: a token acts only for its own team, and only the API knows whose data a path names. */
  readonly team: TeamOf;
  /** Exact permissions; the token needs all of them. */
  readonly permissions: readonly string[];
  /** The caller's address; the platform's own header unless told otherwise. */
  readonly ip?: (request: Request) => string | null;
  /** Permits of the token's rate limit that the call uses. */
  readonly cost?: number;
}

export type Authorization =
  | {
      readonly allowed: true;
      readonly token: CheckedToken;
      readonly answer: CheckAnswer;
      /** Rate-limit headers, for the answer to the caller. */
      readonly headers: Readonly<Record<string, string>>;
    }
  | {
      readonly allowed: false;
      /** The contract's error, ready to be returned. */
      readonly response: Response;
    };

const NO_CREDENTIAL: CheckError = {
  status: 401,
  error_code: "COM0013",
  error_description: "No credential was sent. Send a header Authorization: Bearer followed by your token.",
  localized_error_description:
    "No credential was sent. Send a header Authorization: Bearer followed by your token.",
};

const TWO_METHODS: CheckError = {
  status: 400,
  error_code: "COM0014",
  error_description: "Send the token once, in the Authorization header, and never in the query.",
  localized_error_description: "Send the token once, in the Authorization header, and never in the query.",
};

/**
 * Asks Jeton whether the credential of a request may do this. Nothing is cached here: a revocation
 * holds as fast as Jeton says.
 * @throws {Error} when Jeton refuses the question itself: a permission that no catalogue has, a bad
 *   service key. That is a mistake in the caller's configuration and not the fault of its callers.
 */
export async function authorize(request: Request, options: AuthorizeOptions): Promise<Authorization> {
  const credential = bearerCredential(request.headers.get("Authorization"), request.url);
  if (!credential.ok) return { allowed: false, response: send(TWO_METHODS, null) };
  if (credential.value === null) return { allowed: false, response: send(NO_CREDENTIAL, null) };
  const { authority, permissions, team, cost } = options;
  const ip = (options.ip ?? platformAddress)(request);
  const acceptLanguage = request.headers.get("Accept-Language");
  const answer = await authority.check(
    {
      token: credential.value,
      permissions,
      ...(team === "any" ? {} : { team: await team(request) }),
      ...(ip === null ? {} : { ip }),
      ...(cost === undefined ? {} : { cost }),
    },
    acceptLanguage === null ? {} : { acceptLanguage },
  );
  if (answer.allowed && answer.token !== null) {
    return { allowed: true, token: answer.token, answer, headers: rateLimitHeaders(answer) };
  }
  const error = answer.error;
  if (error === null || (answer.reason === null && error.status < 500)) {
    throw new Error(`Jeton refused the question: ${error?.error_description ?? "no reason given"}`);
  }
  return { allowed: false, response: send(error, answer) };
}

function send(
  { status, retry_after: retryAfter, ...body }: CheckError,
  answer: CheckAnswer | null,
): Response {
  const challenge = challengeOf(status, answer);
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "Content-Type": "application/json;charset=UTF-8",
      "Cache-Control": "no-store",
      ...(retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) }),
      ...(challenge === null ? {} : { "WWW-Authenticate": challenge }),
      ...(answer === null ? {} : rateLimitHeaders(answer)),
    },
  });
}

/** RFC 6750, section 3: no error code when no credential was sent; the scope that would do, where known. */
function challengeOf(status: number, answer: CheckAnswer | null): string | null {
  if (answer !== null && answer.missing.length > 0) {
    return `Bearer realm="jeton", error="insufficient_scope", scope="${answer.missing.join(" ")}"`;
  }
  if (status !== 401) return null;
  return answer === null ? 'Bearer realm="jeton"' : 'Bearer realm="jeton", error="invalid_token"';
}

function rateLimitHeaders({ rate_limit: rateLimit }: CheckAnswer): Record<string, string> {
  if (rateLimit === null) return {};
  return {
    "RateLimit-Limit": String(rateLimit.limit),
    "RateLimit-Remaining": String(rateLimit.remaining),
    "RateLimit-Reset": String(rateLimit.reset_seconds),
  };
}

/** Forwarded-for headers are anybody's to write; only the platform's own is trusted (RFC 9700). */
function platformAddress(request: Request): string | null {
  return request.headers.get("CF-Connecting-IP");
}
