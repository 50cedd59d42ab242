import { createHash } from "node:crypto";
import {
  calculateJwkThumbprint,
  decodeProtectedHeader,
  importJWK,
  jwtVerify,
  type JWK,
  type JWTPayload,
} from "jose";
import { fitsAlgorithm, isMembers, isPublicJwk, JWS_ALGORITHMS } from "../domain/jws.ts";
import { PROOF_AGE_SECONDS, type ProofProblem, type SentProof } from "../domain/proof.ts";
import { err, ok, type Result } from "../domain/result.ts";
import type { Deps } from "./deps.ts";
import type { OnceJwt } from "./use-jwt.ts";

/** A proof by the largest key that anybody uses has about 3,000; the bound keeps verification cheap. */
const MOST_CHARACTERS = 4_096;

/** A proof that holds, but for whether it was used before. */
export interface VerifiedProof {
  /** SHA-256 thumbprint of its key (RFC 7638). */
  readonly key: string;
  readonly once: OnceJwt;
}

/**
 * Verifies a DPoP proof (RFC 9449, section 4.3), without a look at the store.
 * @param accessToken whose hash the proof has to have; null: it comes with none
 */
export async function verifyProof(
  { clock }: Pick<Deps, "clock">,
  { jwt, method, url }: SentProof,
  accessToken: string | null,
): Promise<Result<VerifiedProof, ProofProblem>> {
  if (jwt === "") return err("missing");
  // A header that was sent twice arrives joined with a comma, which no JWT has.
  if (jwt.includes(",")) return err("repeated");
  if (jwt.length > MOST_CHARACTERS) return err("malformed");
  const read = readHeader(jwt);
  if (!read.ok) return read;
  const { alg, jwk } = read.value;
  const key = await importJWK(jwk, alg).catch(() => null);
  if (key === null || key instanceof Uint8Array) return err("jwk");
  const claims = await verifiedClaims(jwt, key, alg, clock());
  if (!claims.ok) return claims;
  const { htm, htu, iat, jti, ath } = claims.value;
  if (htm !== method) return err("htm");
  if (!isSameUrl(htu, url)) return err("htu");
  if (typeof iat !== "number" || Math.abs(clock() - iat * 1000) > PROOF_AGE_SECONDS * 1000) return err("iat");
  if (typeof jti !== "string" || jti === "") return err("jti");
  if (accessToken !== null && ath !== hashOf(accessToken)) return err("ath");
  const thumbprint = await calculateJwkThumbprint(jwk);
  return ok({
    key: thumbprint,
    once: { whose: ["proof", thumbprint], jti, expiresAt: (iat + PROOF_AGE_SECONDS) * 1000 + 1 },
  });
}

function readHeader(jwt: string): Result<{ readonly alg: string; readonly jwk: JWK }, ProofProblem> {
  let header: ReturnType<typeof decodeProtectedHeader>;
  try {
    header = decodeProtectedHeader(jwt);
  } catch {
    return err("malformed");
  }
  const { typ, alg, jwk } = header;
  if (typ !== "dpop+jwt") return err("typ");
  if (alg === undefined || !(JWS_ALGORITHMS as readonly string[]).includes(alg)) return err("alg");
  // Whoever sends a private key along has given it away.
  if (!isMembers(jwk) || !isPublicJwk(jwk) || !fitsAlgorithm(jwk, alg)) return err("jwk");
  return ok({ alg, jwk });
}

async function verifiedClaims(
  jwt: string,
  key: CryptoKey,
  alg: string,
  now: number,
): Promise<Result<JWTPayload & { readonly [claim: string]: unknown }, ProofProblem>> {
  try {
    const { payload } = await jwtVerify(jwt, key, {
      algorithms: [alg],
      currentDate: new Date(now),
      clockTolerance: PROOF_AGE_SECONDS,
    });
    return ok(payload);
  } catch (error) {
    // What jose throws of this kind is about the key: an RSA key that is too short.
    if (error instanceof TypeError) return err("jwk");
    const code = error instanceof Error && "code" in error ? error.code : "";
    return err(code === "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" ? "signature" : "malformed");
  }
}

/** Without query and fragment, after normalisation (RFC 9449, section 4.3; RFC 3986, sections 6.2.2 and 6.2.3). */
function isSameUrl(htu: unknown, url: string): boolean {
  const normalized = typeof htu === "string" ? normalize(htu) : null;
  return normalized !== null && normalized === normalize(url);
}

function normalize(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { protocol, username, password, host, pathname } = new URL(text);
  if (username !== "" || password !== "") return null;
  const path = pathname.replaceAll(/%[0-9a-f]{2}/gi, (escaped) => {
    const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : escaped.toUpperCase();
  });
  return `${protocol}//${host}${path}`;
}

function hashOf(accessToken: string): string {
  return createHash("sha256").update(accessToken).digest("base64url");
}
