import { createHash } from "node:crypto";
import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";

/** RFC 7636, section 4.1. */
const VERIFIER = /^[A-Za-z0-9\-._~]{43,128}$/;

/** RFC 7636, section 4.2, S256: the base64url of a SHA-256. */
export const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;

/**
 * Whether a code verifier is the one of the challenge (RFC 7636, section 4.6). One without a challenge is
 * refused too: somebody may have taken the challenge out of the request (RFC 9700, section 4.8.2).
 */
export function verifierRefusal(challenge: string | null, verifier: string | null): OAuthRefusal | null {
  if (challenge === null) return verifier === null ? null : { kind: "verifier_without_challenge" };
  if (verifier === null) return { kind: "verifier_missing" };
  const holds = VERIFIER.test(verifier) && challengeOf(verifier) === challenge;
  return holds ? null : { kind: "verifier_wrong" };
}

function challengeOf(verifier: string): string {
  return createHash("sha256").update(verifier).digest("base64url");
}
