import type { PublicJwks } from "./client.ts";

export const MAX_CLIENT_KEYS = 5;

/** What proves who a client is by such a key (RFC 7518, section 3.1). */
const RSA_ALGORITHMS: ReadonlySet<unknown> = new Set(["RS256", "PS256"]);
const EC_ALGORITHM = "ES256";
/** Two names of one thing (RFC 8037, RFC 9864). */
const OKP_ALGORITHMS: ReadonlySet<unknown> = new Set(["EdDSA", "Ed25519"]);

/** RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1: what only the key's owner may know. */
const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

const BASE64URL = /^[A-Za-z0-9_-]+$/;
const MAX_KID = 200;

/** 2048 to 8192 bits: RFC 7518, section 3.3, and a bound on what a verification costs. */
const MODULUS_CHARACTERS = { least: 342, most: 1366 };
const MAX_EXPONENT_CHARACTERS = 6;
const COORDINATE_CHARACTERS = 43;

type Jwk = PublicJwks["keys"][number];

/**
 * Reads the public keys by which a client authenticates (RFC 7523, RFC 7517): RSA from 2048 bits, P-256
 * or Ed25519.
 * Members that say nothing about that are left out; a private or symmetric key is refused, since whoever
 * sends one has given its secret away.
 * @returns the keys, or the place of the first one that will not do
 */
export function readClientKeys(keys: readonly Readonly<Record<string, unknown>>[]): PublicJwks | number {
  const read: Jwk[] = [];
  const kids = new Set<unknown>();
  for (const [place, key] of keys.entries()) {
    const own = publicKey(key);
    // Of two keys with one name, nobody could say which is meant.
    if (own === null || kids.has(own["kid"])) return place;
    kids.add(own["kid"]);
    read.push(own);
  }
  return { keys: read };
}

/** The algorithm by which a key that was read is to be imported. */
export function algorithmOf(key: Jwk): string {
  if (key["kty"] === "EC") return EC_ALGORITHM;
  if (key["kty"] === "OKP") return "EdDSA";
  return key["alg"] === "PS256" ? "PS256" : "RS256";
}

function publicKey(key: Readonly<Record<string, unknown>>): Jwk | null {
  const { kty, alg, use, kid } = key;
  if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(key, member))) return null;
  if (use !== undefined && use !== "sig") return null;
  if (kid !== undefined && !isKid(kid)) return null;
  const material = kty === "RSA" ? rsa(key) : kty === "EC" ? ec(key) : kty === "OKP" ? okp(key) : null;
  if (material === null) return null;
  return {
    ...material,
    ...(alg === undefined ? {} : { alg }),
    ...(use === undefined ? {} : { use }),
    ...(kid === undefined ? {} : { kid }),
  };
}

function rsa({ alg, n, e }: Readonly<Record<string, unknown>>): Jwk | null {
  if (alg !== undefined && !RSA_ALGORITHMS.has(alg)) return null;
  if (!isBase64url(n, MODULUS_CHARACTERS) || !isBase64url(e, { least: 1, most: MAX_EXPONENT_CHARACTERS }))
    return null;
  // A modulus that begins with zeros is shorter than it looks.
  return n.startsWith("A") ? null : { kty: "RSA", n, e };
}

function ec({ alg, crv, x, y }: Readonly<Record<string, unknown>>): Jwk | null {
  const length = { least: COORDINATE_CHARACTERS, most: COORDINATE_CHARACTERS };
  if ((alg !== undefined && alg !== EC_ALGORITHM) || crv !== "P-256") return null;
  return isBase64url(x, length) && isBase64url(y, length) ? { kty: "EC", crv, x, y } : null;
}

function okp({ alg, crv, x }: Readonly<Record<string, unknown>>): Jwk | null {
  const length = { least: COORDINATE_CHARACTERS, most: COORDINATE_CHARACTERS };
  if ((alg !== undefined && !OKP_ALGORITHMS.has(alg)) || crv !== "Ed25519") return null;
  return isBase64url(x, length) ? { kty: "OKP", crv, x } : null;
}

function isBase64url(value: unknown, { least, most }: { least: number; most: number }): value is string {
  return typeof value === "string" && value.length >= least && value.length <= most && BASE64URL.test(value);
}

function isKid(kid: unknown): boolean {
  return typeof kid === "string" && kid !== "" && kid.length <= MAX_KID && kid.isWellFormed();
}
