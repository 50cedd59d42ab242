import {
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
} from "@simplewebauthn/server";
import type { RelyingParty } from "./relying-party.ts";

/*
 * All that is used of the library. It is heavy and rarely needed: whoever imports this does so when it is.
 */

/** ES256 and RS256, which every authenticator has one of, and EdDSA (RFC 9053, RFC 8812). */
export const PASSKEY_ALGORITHMS = [-7, -8, -257];

/** A key that an authenticator has made. */
export interface NewCredential {
  readonly credentialId: string;
  /** COSE_Key, in base64url. */
  readonly publicKey: string;
  readonly counter: number;
}

export interface KnownCredential extends NewCredential {
  /** Whose it is, as the authenticator was told. */
  readonly userId: string;
}

interface Expected {
  readonly challenge: string;
  readonly party: RelyingParty;
}

/** The key of a registration's answer; null: it is none, or none to this challenge here. */
export async function verifyNewPasskey(
  response: unknown,
  { challenge, party }: Expected,
): Promise<NewCredential | null> {
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: response as RegistrationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: PASSKEY_ALGORITHMS,
    });
    if (!verified) return null;
    const { id, publicKey, counter } = registrationInfo.credential;
    return { credentialId: id, publicKey: toBase64Url(publicKey), counter };
  } catch {
    // The library throws whatever is wrong with what was sent.
    return null;
  }
}

/** The counter of a sign-in's answer; null: this key has not signed this challenge here. */
export async function verifyPasskey(
  response: unknown,
  { challenge, party, credential }: Expected & { readonly credential: KnownCredential },
): Promise<number | null> {
  try {
    const sent = response as AuthenticationResponseJSON;
    // WebAuthn, section 7.2, step 6: nobody said before who they are.
    if (fromHandle(sent.response.userHandle ?? "") !== credential.userId) return null;
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: sent,
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      credential: {
        id: credential.credentialId,
        publicKey: fromBase64Url(credential.publicKey),
        counter: credential.counter,
      },
      requireUserVerification: true,
    });
    return verified && authenticationInfo.userVerified ? authenticationInfo.newCounter : null;
  } catch {
    return null;
  }
}

/** A person's id as authenticators keep it (WebAuthn, "user handle"), in base64url. */
export function userHandleOf(userId: string): string {
  return toBase64Url(new TextEncoder().encode(userId));
}

function fromHandle(handle: string): string {
  return new TextDecoder().decode(fromBase64Url(handle));
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
