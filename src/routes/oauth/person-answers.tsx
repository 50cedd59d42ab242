import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import type { ReturnPath } from "../../operations/oauth/authorization-request.ts";
import type { Deps } from "../../operations/deps.ts";
import { page, type AppContext, type PageStatus } from "../console/page.ts";
import { readerOf } from "../console/page-language.ts";
import { problemText } from "../console/problem-text.ts";
import type { Reader } from "../console/words/index.ts";
import { answerError } from "./answers.ts";
import { ErrorPage } from "./error-page.tsx";
import { oauthError } from "./refusals.ts";

type Parameters = Readonly<Record<string, string>>;

/**
 * Sends a browser back to where an application is waiting. 303, so that nothing of a form is sent on (RFC 9700,
 * section 4.12); with the issuer, so that the application knows who answers (RFC 9207).
 */
export function sendBack(
  context: AppContext,
  deps: Deps,
  { redirectUri, state }: ReturnPath,
  parameters: Parameters,
): Response {
  const iss = deps.origins[deps.region];
  const all = { ...parameters, ...(state === null ? {} : { state }), iss };
  context.header("Cache-Control", "no-store");
  context.header("Referrer-Policy", "no-referrer");
  return context.redirect(withParameters(redirectUri, all), 303);
}

/** The same with what went wrong (RFC 6749, section 4.1.2.1). */
export function sendBackRefusal(
  context: AppContext,
  deps: Deps,
  back: ReturnPath,
  refusal: OAuthRefusal,
): Response {
  return sendBack(context, deps, back, errorParameters(deps, refusal));
}

export function errorParameters({ origins }: Deps, refusal: OAuthRefusal): Parameters {
  const { error, description } = oauthError(refusal, origins);
  return { error, error_description: description };
}

/** A redirect URI keeps the query that it has (RFC 6749, section 3.1.2), and is otherwise left as it is written. */
export function withParameters(uri: string, parameters: Parameters): string {
  // A space as %20: every kind of client reads that one alike.
  const query = Object.entries(parameters)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join("&");
  const separator = uri.includes("?") ? (/[?&]$/.test(uri) ? "" : "&") : "?";
  return uri + separator + query;
}

/** A page that says what is wrong, and sends nobody anywhere; who reads JSON gets RFC 6749's error instead. */
export async function problemPage(context: AppContext, deps: Deps, refusal: OAuthRefusal): Promise<Response> {
  const { status, description, retryAfter } = oauthError(refusal, deps.origins);
  // A person at a browser does not authenticate as the client would: nothing is 401 here.
  const shown: PageStatus = status === 429 || status === 503 ? status : 400;
  if (wantsJson(context.req.raw)) {
    const { body, headers } = answerError(refusal, deps.origins);
    return new Response(body, { status: shown, headers });
  }
  if (retryAfter !== undefined) context.header("Retry-After", String(retryAfter));
  const reader = await readerOf(context.req.raw, deps);
  const told = toldToPerson(refusal, reader, deps);
  const content = <ErrorPage text={told ?? description} isEnglish={told === null} reader={reader} />;
  return page(context, content, {
    status: shown,
    language: reader.language,
    // What was wrong with the request is not repeated.
    path: null,
  });
}

/** What a person can do something about, in their language; null: anything else, which is for the makers. */
function toldToPerson(refusal: OAuthRefusal, { words, language }: Reader, deps: Deps): string | null {
  switch (refusal.kind) {
    case "form_from_elsewhere":
      return words.frame.notYourOwn;
    case "rate_limited": {
      // What a page can have too many of are grant tokens.
      const { retryAfterSeconds } = refusal;
      return problemText({ language, deps }, { kind: "issue_limited", retryAfterSeconds });
    }
    case "unavailable":
      return problemText({ language, deps }, refusal);
    default:
      return null;
  }
}

function wantsJson(request: Request): boolean {
  const accept = request.headers.get("Accept") ?? "";
  return accept.includes("application/json") && !accept.includes("text/html");
}

/** To the sign-in page, and from there to a path of ours. */
export function sendToSignIn(context: AppContext, path: string): Response {
  context.header("Cache-Control", "no-store");
  context.header("Referrer-Policy", "no-referrer");
  return context.redirect(signInPath(path), 303);
}

export function signInPath(path: string): string {
  return `/signin?next=${encodeURIComponent(path)}`;
}
