import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import type { Deps } from "../deps.ts";
import type { OAuthRequest } from "./request.ts";

/**
 * The key by which a request proves itself (RFC 9449, section 4.3).
 * @returns its SHA-256 thumbprint, null when no proof was sent
 */
export async function proofKeyOf(
  _deps: Deps,
  { proof }: OAuthRequest,
): Promise<Result<string | null, OAuthRefusal>> {
  return proof === null ? ok(null) : err({ kind: "proof_invalid", why: "it cannot be verified." });
}
