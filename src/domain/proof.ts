import { JWS_ALGORITHMS } from "./jws.ts";

/** A DPoP proof as it came, with what it has to be a proof for (RFC 9449). */
export interface SentProof {
  /** The header's value; empty: none was sent where one is needed. */
  readonly jwt: string;
  readonly method: string;
  /** The URL that was called; its query and fragment do not matter. */
  readonly url: string;
}

/** So far may a proof's clock be from ours, in either direction. */
export const PROOF_AGE_SECONDS = 60;

/**
 * What can be wrong with a proof (RFC 9449, section 4.3), by the name of the claim or header member where it is
 * one. The texts complete "The DPoP proof was refused:" in ASCII.
 */
export const PROOF_PROBLEMS = {
  missing: "none was sent.",
  repeated: "more than one was sent.",
  malformed: "it is no signed JWT, or is too large.",
  typ: "its typ is not dpop+jwt.",
  alg: `its alg is none of ${JWS_ALGORITHMS.join(", ")}.`,
  jwk: "its jwk is no public key of the kind that its alg needs.",
  signature: "its signature does not hold.",
  htm: "its htm is not the method of this request.",
  htu: "its htu is not the URL of this request.",
  iat: `its iat is missing, or more than ${PROOF_AGE_SECONDS} s from now.`,
  jti: "its jti is missing.",
  replayed: "it was used before. Make a new one for each request.",
  ath: "its ath is not the hash of the access token.",
  key: "it was made by another key than the one that the token is bound to.",
  unbound: "the token is bound to no key. Send it as Bearer.",
} as const;

export type ProofProblem = keyof typeof PROOF_PROBLEMS;
