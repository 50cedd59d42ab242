import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "@simplewebauthn/server";

/*
 * An authenticator and the browser before it (WebAuthn level 3), in software: it makes keys and signs what it is
 * asked, and can be told to get any single thing wrong.
 */

type Bytes = Uint8Array<ArrayBuffer>;

/** What a page is given to ask by, as far as it matters here. */
export interface Asked {
  readonly challenge: string;
}

/** How an answer differs from an honest one. */
export interface Slips {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  readonly flags?: number;
  readonly counter?: number;
  readonly userHandle?: string;
  readonly crossOrigin?: boolean;
  readonly credentialId?: string;
  /** Another one signs in its place. */
  readonly signedBy?: Authenticator;
}

const UP_UV = 0x05;
const ATTESTED = 0x40;

export const ES256 = -7;

export class Authenticator {
  readonly id: string;
  readonly userHandle: string;
  readonly #origin: string;
  readonly #keys: CryptoKeyPair;
  #counter = 0;

  constructor(keys: CryptoKeyPair, { origin, userHandle }: { origin: string; userHandle: string }) {
    this.id = toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
    this.#keys = keys;
    this.#origin = origin;
    this.userHandle = userHandle;
  }

  static async make(place: { origin: string; userHandle: string }): Promise<Authenticator> {
    const curve = { name: "ECDSA", namedCurve: "P-256" };
    return new Authenticator(
      (await crypto.subtle.generateKey(curve, true, ["sign", "verify"])) as CryptoKeyPair,
      place,
    );
  }

  /** SubjectPublicKeyInfo, in base64url. */
  async publicKey(): Promise<string> {
    return toBase64Url(
      new Uint8Array((await crypto.subtle.exportKey("spki", this.#keys.publicKey)) as ArrayBuffer),
    );
  }

  /** The same as COSE writes it (RFC 9053, section 7.1.1). */
  async coseKey(): Promise<Bytes> {
    const { x = "", y = "" } = (await crypto.subtle.exportKey("jwk", this.#keys.publicKey)) as JsonWebKey;
    const head = [0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01];
    return bytesOf(head, [0x21, 0x58, 0x20], fromBase64Url(x), [0x22, 0x58, 0x20], fromBase64Url(y));
  }

  async create(asked: Asked, slips: Slips = {}): Promise<RegistrationResponseJSON> {
    const id = slips.credentialId ?? this.id;
    const raw = fromBase64Url(this.id);
    const credential = bytesOf(
      new Uint8Array(16),
      [raw.length >> 8, raw.length & 0xff],
      raw,
      await this.coseKey(),
    );
    const authData = bytesOf(await this.#head(ATTESTED | UP_UV, slips), credential);
    const text = (name: string) => bytesOf([0x60 + name.length], new TextEncoder().encode(name));
    const entries = [text("fmt"), text("none"), text("attStmt"), [0xa0], text("authData")];
    const attestation = bytesOf(
      [0xa3],
      ...entries,
      [0x59, authData.length >> 8, authData.length & 0xff],
      authData,
    );
    return {
      id,
      rawId: id,
      type: "public-key",
      clientExtensionResults: {},
      response: {
        clientDataJSON: this.#clientData(slips.type ?? "webauthn.create", asked, slips),
        authenticatorData: toBase64Url(authData),
        attestationObject: toBase64Url(attestation),
        publicKey: await (slips.signedBy ?? this).publicKey(),
        publicKeyAlgorithm: ES256,
        transports: ["internal"],
      },
    };
  }

  async get(asked: Asked, slips: Slips = {}): Promise<AuthenticationResponseJSON> {
    this.#counter += 1;
    const id = slips.credentialId ?? this.id;
    const clientDataJSON = this.#clientData(slips.type ?? "webauthn.get", asked, slips);
    const authData = await this.#head(UP_UV, slips);
    const hash = await crypto.subtle.digest("SHA-256", fromBase64Url(clientDataJSON));
    const signature = await (slips.signedBy ?? this).#sign(bytesOf(authData, new Uint8Array(hash)));
    return {
      id,
      rawId: id,
      type: "public-key",
      clientExtensionResults: {},
      response: {
        clientDataJSON,
        authenticatorData: toBase64Url(authData),
        signature: toBase64Url(signature),
        userHandle: slips.userHandle ?? this.userHandle,
      },
    };
  }

  async #head(flags: number, slips: Slips): Promise<Bytes> {
    const rpId = new TextEncoder().encode(slips.rpId ?? new URL(this.#origin).hostname);
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytesOf(rpId)));
    const count = new Uint8Array(4);
    new DataView(count.buffer).setUint32(0, slips.counter ?? this.#counter);
    return bytesOf(hash, [slips.flags ?? flags], count);
  }

  #clientData(type: string, asked: Asked, { origin, challenge, crossOrigin }: Slips): string {
    const data = {
      type,
      challenge: challenge ?? asked.challenge,
      origin: origin ?? this.#origin,
      crossOrigin: crossOrigin ?? false,
    };
    return toBase64Url(new TextEncoder().encode(JSON.stringify(data)));
  }

  async #sign(data: Bytes): Promise<Bytes> {
    const algorithm = { name: "ECDSA", hash: "SHA-256" };
    const raw = new Uint8Array(await crypto.subtle.sign(algorithm, this.#keys.privateKey, data));
    const numbers = bytesOf(derInteger(raw.subarray(0, 32)), derInteger(raw.subarray(32)));
    return bytesOf([0x30, numbers.length], numbers);
  }
}

function derInteger(digits: Uint8Array): Bytes {
  const start = digits.findIndex((digit) => digit !== 0);
  const shown = digits.subarray(start);
  const padded = (shown[0] ?? 0) > 0x7f ? bytesOf([0], shown) : bytesOf(shown);
  return bytesOf([0x02, padded.length], padded);
}

function bytesOf(...parts: readonly ArrayLike<number>[]): Bytes {
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}

export function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

export function fromBase64Url(text: string): Bytes {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
