import { bearerCredential, isSentWithProof, TOKEN_SCHEMES } from "../domain/bearer.ts";
import { negotiateLanguage } from "../domain/language.ts";
import type { Authority, CheckAnswer, CheckedToken, CheckInput } from "./authority.ts";
import { AMBIGUOUS_CREDENTIAL, NO_CREDENTIAL, unavailable } from "./own-errors.ts";
import { rateLimitHeaders, sendError } from "./send-error.ts";
import { isCheckAnswer } from "./sound-answer.ts";

/** Tells whose data a request asks for; `"any"` says in so many words that it does not matter. */
export type TeamOf = "any" | ((request: Request) => string | Promise<string>);

export interface AuthorizeOptions {
  readonly authority: Authority;
  /** Required: a token acts only for its own team, and only the API knows whose data a path names. */
  readonly team: TeamOf;
  /** Exact permissions; the token needs all of them. */
  readonly permissions: readonly string[];
  /** The caller's address; `CF-Connecting-IP`, which the platform writes, unless told otherwise. */
  readonly ip?: (request: Request) => string | null;
  /**
   * The URL that callers use, where something in front rewrites it; the request's own unless told otherwise. A
   * DPoP proof (RFC 9449) has to be for it. Each proof is good for one check: ask for all permissions at once.
   */
  readonly url?: (request: Request) => string;
  /** Permits of the token's rate limit that the call uses, 1 unless told otherwise. */
  readonly cost?: number;
  /** Is told why Jeton could not be asked, for the owner's log; the caller gets 503 without the reason. */
  readonly onUnavailable?: (cause: unknown) => void;
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

/** One above the longest key that can be imported. What is longer is none either way, and need not travel in full. */
const MAX_CREDENTIAL_CHARACTERS = 513;

/**
 * Asks Jeton whether the credential of a request may do this. Nothing is cached here: a revocation
 * holds as fast as Jeton says. When Jeton cannot be asked, or something else answers in its place, nobody
 * is let through: 503 with `Retry-After`.
 * @throws {Error} when Jeton refuses the question itself (a permission that no catalogue has, a bad service
 *   key), or `team` gives no text. Those are mistakes in the configuration and not the fault of its callers.
 */
export async function authorize(request: Request, options: AuthorizeOptions): Promise<Authorization> {
  const credential = bearerCredential(request.headers.get("Authorization"), request.url, TOKEN_SCHEMES);
  if (!credential.ok) return { allowed: false, response: sendError(AMBIGUOUS_CREDENTIAL, null, "en") };
  if (credential.value === null) return { allowed: false, response: sendError(NO_CREDENTIAL, null, "en") };

  const input = await questionOf(request, credential.value, options);
  const acceptLanguage = request.headers.get("Accept-Language") ?? undefined;
  const answer = await ask(input, options, acceptLanguage);
  if (answer?.allowed && answer.token !== null) {
    return { allowed: true, token: answer.token, answer, headers: rateLimitHeaders(answer) };
  }
  return { allowed: false, response: refuse(answer, negotiateLanguage(acceptLanguage)) };
}

async function questionOf(
  request: Request,
  credential: string,
  { permissions, team, cost, ip: addressOf = platformAddress, url: urlOf = ownUrl }: AuthorizeOptions,
): Promise<CheckInput> {
  const ip = addressOf(request);
  const { headers, method } = request;
  return {
    token: credential.slice(0, MAX_CREDENTIAL_CHARACTERS),
    permissions,
    ...(team === "any" ? {} : { team: asTeam(await team(request)) }),
    ...(ip === null ? {} : { ip }),
    ...(cost === undefined ? {} : { cost }),
    // Under any other scheme a token is a bearer token, whatever else was sent: one bound to a key is then refused.
    ...(isSentWithProof(headers.get("Authorization"))
      ? { proof: { jwt: proofIn(headers), method, url: withoutQuery(urlOf(request)) } }
      : {}),
  };
}

/** Well above any proof's length; what is longer is none either way. */
const MAX_PROOF_CHARACTERS = 8_192;

function proofIn(headers: Headers): string {
  return (headers.get("DPoP") ?? "").slice(0, MAX_PROOF_CHARACTERS);
}

function ownUrl(request: Request): string {
  return request.url;
}

/** A query may hold what is nobody else's business, and says nothing here. */
function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, "");
}

/** A question without a team would be allowed for any. A path parameter that the route lacks is undefined. */
function asTeam(team: unknown): string {
  if (typeof team !== "string") throw new Error("The guard's `team` gave no team for this request.");
  return team;
}

/** The answer, or null when there was none to rely on. */
async function ask(
  input: CheckInput,
  { authority, onUnavailable }: AuthorizeOptions,
  acceptLanguage: string | undefined,
): Promise<CheckAnswer | null> {
  if (typeof authority?.check !== "function") {
    throw new TypeError("The guard's `authority` is missing. Is the service binding there?");
  }
  try {
    const answer: unknown = await authority.check(
      input,
      acceptLanguage === undefined ? {} : { acceptLanguage },
    );
    if (isCheckAnswer(answer)) return answer;
    onUnavailable?.(new Error("What answered is not Jeton."));
  } catch (error) {
    onUnavailable?.(error);
  }
  return null;
}

/** @throws {Error} when it was the question that Jeton refused. */
function refuse(answer: CheckAnswer | null, language: string): Response {
  if (answer === null || answer.error === null) return sendError(unavailable(), null, "en");
  const { error, reason } = answer;
  if (reason !== null) return sendError(error, answer, language);
  // Not a verdict. A busy Jeton's 429 is for us, not for the caller, who has not done anything too often.
  const isConfiguration = error.status < 500 && error.status !== 429;
  if (isConfiguration) throw new Error(`Jeton refused the question: ${error.error_description}`);
  return error.status === 503 && error.retry_after !== undefined
    ? sendError(error, null, language)
    : sendError(unavailable(error.retry_after), null, "en");
}

/** Forwarded-for headers are anybody's to write; only the platform's own is trusted (RFC 9700). */
function platformAddress(request: Request): string | null {
  return request.headers.get("CF-Connecting-IP");
}
