/**
 * What a key signs a JWT by that proves whose it is: asymmetric algorithms only, so that nobody's public key can
 * be used as a secret (RFC 8725, section 3.1). Ed25519 has two names (RFC 8037, RFC 9864).
 */
export const JWS_ALGORITHMS = ["ES256", "PS256", "RS256", "EdDSA", "Ed25519"] as const;

/** Members of a key that only its owner may know (RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1; RFC 8037). */
const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

type Members = Readonly<Record<string, unknown>>;

export function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a key keeps to itself what is its owner's alone. */
export function isPublicJwk(jwk: Members): boolean {
  return !PRIVATE_MEMBERS.some((member) => Object.hasOwn(jwk, member));
}

/** Whether a key can have made a signature of this algorithm; whether it is a key at all shows when it is used. */
export function fitsAlgorithm(jwk: Members, algorithm: string): boolean {
  if (jwk["use"] !== undefined && jwk["use"] !== "sig") return false;
  if (jwk["alg"] !== undefined && nameOf(jwk["alg"]) !== nameOf(algorithm)) return false;
  switch (algorithm) {
    case "ES256":
      return jwk["kty"] === "EC" && jwk["crv"] === "P-256";
    case "PS256":
    case "RS256":
      return jwk["kty"] === "RSA";
    case "EdDSA":
    case "Ed25519":
      return jwk["kty"] === "OKP" && jwk["crv"] === "Ed25519";
    default:
      return false;
  }
}

function nameOf(algorithm: unknown): unknown {
  return algorithm === "Ed25519" ? "EdDSA" : algorithm;
}
