import {
  base64url,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWK,
} from "jose";
import { createHash } from "node:crypto";
import { defaultOrigin } from "../../../src/deployments.ts";

/** What this deployment calls itself; the tests reach it by another name. */
export const ISSUER = defaultOrigin("us");
export const TOKEN_URL = `${ISSUER}/oauth/v2/token`;

/** Whoever has a key, and proves it (RFC 9449). */
export interface Prover {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
  /** Its thumbprint. */
  readonly key: string;
  readonly alg: string;
}

export async function makeProver(alg = "ES256"): Promise<Prover> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  return { privateKey, publicKey, jwk, key: await calculateJwkThumbprint(jwk), alg };
}

export interface ProofParts {
  readonly method?: string;
  readonly url?: string;
  /** The access token that it is for. */
  readonly token?: string;
  /** In the place of, or beside, the right ones; undefined leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  /** Signs in the place of the prover's own key. */
  readonly signer?: CryptoKey | Uint8Array;
}

let made = 0;

/** A right proof but for what is said otherwise. */
export async function prove(
  { jwk, privateKey, alg }: Prover,
  { method = "POST", url = TOKEN_URL, token, claims = {}, header = {}, signer = privateKey }: ProofParts = {},
): Promise<string> {
  made += 1;
  const all = {
    htm: method,
    htu: url,
    iat: Math.floor(Date.now() / 1000),
    jti: `proof-${made}`,
    ...(token === undefined ? {} : { ath: hashOf(token) }),
    ...claims,
  };
  const protectedHeader = { typ: "dpop+jwt", alg, jwk, ...header };
  return new SignJWT(JSON.parse(JSON.stringify(all)) as Record<string, unknown>)
    .setProtectedHeader(protectedHeader)
    .sign(signer);
}

export function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

/** A JWT that nobody signed. */
export function unsigned(header: object, claims: object): string {
  return `${encoded(header)}.${encoded(claims)}.`;
}

export function encoded(part: object): string {
  return base64url.encode(JSON.stringify(part));
}
