import type { Refusal } from "./refusal.ts";
import { err, ok, type Result } from "./result.ts";

/** RFC 6750's, and the one that seed 002's clients send. */
const BEARER: ReadonlySet<string> = new Set(["bearer", "zoho-oauthtoken"]);

/** RFC 9449, section 7.1: of a token that is bound to a key, sent with a proof of it. */
const PROVEN = "dpop";

/** Those, and the scheme of tokens that are bound to a key: for whoever looks at the proof as well. */
export const TOKEN_SCHEMES: ReadonlySet<string> = new Set([...BEARER, PROVEN]);

/** Whether a credential is said to be bound to a key, and so comes with a proof in the header `DPoP`. */
export function isSentWithProof(authorization: string | null): boolean {
  return authorization !== null && authorization.slice(0, PROVEN.length + 1).toLowerCase() === `${PROVEN} `;
}

/**
 * The bearer credential of a request, or null when it sent none. `Authorization` is the only place for
 * it: one in the query ends up in logs and histories (contract, section 2; RFC 6750, section 2).
 * @param authorization the header's value, null when it was not sent
 * @param url the request's URL; only its query is looked at
 * @param schemes in lower case
 */
export function bearerCredential(
  authorization: string | null,
  url: string,
  schemes: ReadonlySet<string> = BEARER,
): Result<string | null, Refusal> {
  if (namesAccessToken(url)) return err({ kind: "ambiguous_credential" });
  if (authorization === null) return ok(null);
  const spaceAt = authorization.indexOf(" ");
  if (spaceAt < 0 || !schemes.has(authorization.slice(0, spaceAt).toLowerCase())) return ok(null);
  // A header that was sent twice arrives joined with a comma, which no credential has.
  if (authorization.includes(",")) return err({ kind: "ambiguous_credential" });
  const credential = authorization.slice(spaceAt + 1).trim();
  return ok(credential === "" ? null : credential);
}

function namesAccessToken(url: string): boolean {
  const queryAt = url.indexOf("?");
  if (queryAt < 0) return false;
  return url
    .slice(queryAt + 1)
    .split("&")
    .some((pair) => decoded(pair.split("=", 1)[0] ?? "") === "access_token");
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
