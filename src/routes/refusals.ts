import { negotiateLanguage, type Language } from "../domain/language.ts";
import { describeRefusal, type Surroundings } from "../domain/messages/describe.ts";
import { MESSAGES } from "../domain/messages/index.ts";
import { JWS_ALGORITHMS } from "../domain/jws.ts";
import { codeOf } from "../domain/refusal-codes.ts";
import type { QuotaName } from "../domain/plan.ts";
import type { Refusal } from "../domain/refusal.ts";
import type { RegionCode } from "../domain/region.ts";

/** Seed 002's error body (contract, section 7). */
export interface ErrorBody {
  /** RFC 6749's name, where an OAuth limit is met outside OAuth's own endpoints (contract, section 6). */
  readonly error?: "rate_limited";
  readonly error_code: string;
  readonly error_description: string;
  readonly localized_error_description: string;
  readonly missing?: readonly string[];
  readonly quota?: { readonly name: QuotaName; readonly limit: number };
  readonly region?: { readonly code: RegionCode; readonly base_url: string };
}

/** A refusal as a service may send it on (contract, section 4). */
export interface SendableError extends ErrorBody {
  readonly status: number;
  readonly retry_after?: number;
}

export type Origins = Readonly<Record<RegionCode, string>>;

export const JSON_TYPE = "application/json;charset=UTF-8";

export function errorBody(refusal: Refusal, language: Language, origins: Origins): ErrorBody {
  const surroundings: Surroundings = { regionUrl: (code) => origins[code] };
  const english = describeRefusal(refusal, MESSAGES.en, surroundings);
  return {
    ...(refusal.kind === "issue_limited" ? { error: "rate_limited" as const } : {}),
    error_code: codeOf(refusal).code,
    error_description: english,
    localized_error_description:
      language === "en" ? english : describeRefusal(refusal, MESSAGES[language], surroundings),
    ...(refusal.kind === "missing_permission" ||
    refusal.kind === "exceeds_maker" ||
    refusal.kind === "beyond_caller" ||
    refusal.kind === "beyond_client"
      ? { missing: refusal.missing }
      : {}),
    ...(refusal.kind === "quota_exceeded" ? { quota: { name: refusal.quota, limit: refusal.limit } } : {}),
    ...(refusal.kind === "wrong_region"
      ? { region: { code: refusal.region, base_url: origins[refusal.region] } }
      : {}),
  };
}

export function sendableError(refusal: Refusal, language: Language, origins: Origins): SendableError {
  const retryAfter = retryAfterSeconds(refusal);
  return {
    status: codeOf(refusal).status,
    ...errorBody(refusal, language, origins),
    ...(retryAfter === null ? {} : { retry_after: retryAfter }),
  };
}

/**
 * Any refusal as a response: the one place where inside meets wire.
 * @param metadataUrl where it says who issues tokens for what was called; a challenge names it (RFC 9728,
 *   section 5.1)
 */
export function refuse(refusal: Refusal, request: Request, origins: Origins, metadataUrl?: string): Response {
  const language = languageOf(request);
  const headers = new Headers({ "Content-Type": JSON_TYPE, ...refusalHeaders(refusal, language, origins) });
  const challenge = headers.get("WWW-Authenticate");
  if (challenge !== null && metadataUrl !== undefined) {
    headers.set("WWW-Authenticate", `${challenge}, resource_metadata="${metadataUrl}"`);
  }
  const body = JSON.stringify(errorBody(refusal, language, origins));
  return new Response(body, { status: codeOf(refusal).status, headers });
}

export function languageOf(request: Request): Language {
  return negotiateLanguage(request.headers.get("Accept-Language") ?? undefined);
}

export function refusalHeaders(
  refusal: Refusal,
  language: Language,
  origins: Origins,
): Readonly<Record<string, string>> {
  const retryAfter = retryAfterSeconds(refusal);
  const challenge = challengeOf(refusal, origins);
  return {
    "Content-Language": language,
    "Cache-Control": "no-store",
    Vary: "Accept-Language",
    ...(retryAfter === null ? {} : { "Retry-After": String(retryAfter) }),
    ...(refusal.kind === "method_not_allowed" ? { Allow: refusal.allow.join(", ") } : {}),
    ...(challenge === null ? {} : { "WWW-Authenticate": challenge }),
  };
}

/** RFC 6750, section 3: no error code when no credential was sent; the scope that would do, where known. */
function challengeOf(refusal: Refusal, origins: Origins): string | null {
  const { status } = codeOf(refusal);
  // To sign in is what is wanted, and no credential was wrong.
  if (refusal.kind === "no_credential" || refusal.kind === "sign_in_required") return 'Bearer realm="jeton"';
  const scoped = refusal.kind === "missing_permission" ? refusal.missing : null;
  if (status !== 401 && scoped === null) return null;
  const description = describeRefusal(refusal, MESSAGES.en, { regionUrl: (code) => origins[code] });
  const parts = [
    'realm="jeton"',
    `error="${scoped === null ? "invalid_token" : "insufficient_scope"}"`,
    `error_description="${quotable(description)}"`,
    ...(scoped === null ? [] : [`scope="${scoped.join(" ")}"`]),
  ];
  if (refusal.kind !== "invalid_proof") return `Bearer ${parts.join(", ")}`;
  // RFC 9449, section 7.1.
  return `DPoP ${parts.join(", ")}, algs="${JWS_ALGORITHMS.join(" ")}"`;
}

/** RFC 6750, section 3: printable ASCII without quote or backslash. */
function quotable(text: string): string {
  return text.replace(/["\\]/g, "'").replace(/[^\x20-\x7e]/g, "-");
}

function retryAfterSeconds(refusal: Refusal): number | null {
  switch (refusal.kind) {
    case "rate_limited":
    case "issue_limited":
    case "unavailable":
      return refusal.retryAfterSeconds;
    default:
      return null;
  }
}
