import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { JSON_TYPE, type Origins } from "../refusals.ts";
import { oauthError } from "./refusals.ts";

const NOT_STORED = { "Content-Type": JSON_TYPE, "Cache-Control": "no-store", Pragma: "no-cache" } as const;

/** RFC 6749, section 5.1: nothing that holds a token is stored on its way. */
export function answerJson(
  body: object,
  headers: Readonly<Record<string, string>> = {},
  status: 200 | 201 = 200,
): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...NOT_STORED, ...headers } });
}

/**
 * RFC 6749, section 5.2.
 * @param usedBasic whether the client tried to authenticate by the Authorization header, which is then
 *   challenged in the same scheme
 */
export function answerError(refusal: OAuthRefusal, origins: Origins, usedBasic = false): Response {
  const { status, error, description, retryAfter } = oauthError(refusal, origins);
  return new Response(JSON.stringify({ error, error_description: description }), {
    status,
    headers: {
      ...NOT_STORED,
      ...(retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) }),
      ...challengeOf(refusal, status, usedBasic),
    },
  });
}

function challengeOf(
  { kind }: OAuthRefusal,
  status: number,
  usedBasic: boolean,
): Readonly<Record<string, string>> {
  // RFC 7662, section 2.3: a bearer credential is refused as RFC 6750, section 3, has it.
  if (kind === "service_key_wrong" || kind === "service_key_elsewhere") {
    return { "WWW-Authenticate": 'Bearer realm="jeton", error="invalid_token"' };
  }
  return status === 401 && usedBasic ? { "WWW-Authenticate": 'Basic realm="jeton"' } : {};
}
