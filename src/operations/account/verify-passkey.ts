import { createHash } from "node:crypto";
import type { RelyingParty } from "./relying-party.ts";

/*
 * The ceremonies of WebAuthn level 3 (sections 7.1 and 7.2) as far as they are used: keys that verify their
 * owner, without attestation. Without it nothing that an authenticator says of its new key is signed, so the key is
 * taken in the form that browsers hand out (section 5.2.1), and no CBOR or ASN.1 library is needed; those are 9/10
 * of what a library for all of WebAuthn weighs. Tests hold every answer against such a library.
 */

/** ES256, EdDSA and RS256, by COSE's numbers: every authenticator has one of them. */
const ALGORITHMS = {
  "-7": { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  "-8": { name: "Ed25519" },
  "-257": { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
} as const;

export const PASSKEY_ALGORITHMS: readonly number[] = [-7, -8, -257];

/** What is asked, and where. */
export interface Expected {
  /** In base64url. */
  readonly challenge: string;
  readonly party: RelyingParty;
}

/** A key that an authenticator has made. */
export interface PasskeyCredential {
  /** In base64url. */
  readonly credentialId: string;
  /** SubjectPublicKeyInfo, in base64url. */
  readonly publicKey: string;
  /** COSE's number of it. */
  readonly algorithm: number;
  /** How often it has signed; 0 where nobody counts. */
  readonly counter: number;
}

/** The key of a registration's answer; null: it is none, or none to this challenge here. */
export async function verifyNewPasskey(
  answer: unknown,
  expected: Expected,
): Promise<PasskeyCredential | null> {
  const sent = readAnswer(answer, ["clientDataJSON", "authenticatorData", "publicKey"]);
  if (sent === null || !isClientData(sent.response["clientDataJSON"], "webauthn.create", expected))
    return null;
  const data = readAuthenticatorData(sent.response["authenticatorData"], expected.party);
  if (data === null || data.credentialId !== sent.id) return null;
  const algorithm = sent.algorithm ?? 0;
  const publicKey = sent.response["publicKey"] ?? "";
  if ((await importKey({ publicKey, algorithm })) === null) return null;
  return { credentialId: sent.id, publicKey, algorithm, counter: data.counter };
}

/** The counter of a sign-in's answer; null: this person's key has not signed this challenge here. */
export async function verifyPasskey(
  answer: unknown,
  expected: Expected,
  known: PasskeyCredential & { readonly userId: string },
): Promise<number | null> {
  const sent = readAnswer(answer, ["clientDataJSON", "authenticatorData", "signature", "userHandle"]);
  if (sent?.id !== known.credentialId) return null;
  const { clientDataJSON = "", authenticatorData = "", signature = "", userHandle } = sent.response;
  // Nobody said before who they are (section 7.2, step 6).
  if (userHandle !== userHandleOf(known.userId)) return null;
  if (!isClientData(clientDataJSON, "webauthn.get", expected)) return null;
  const data = readAuthenticatorData(authenticatorData, expected.party);
  const key = await importKey(known);
  if (data === null || key === null) return null;
  const signed = concatenate(fromBase64Url(authenticatorData), sha256(fromBase64Url(clientDataJSON)));
  if (!(await hasSigned(key, fromBase64Url(signature), signed))) return null;
  // A counter that does not grow is that of a copied key (section 6.1.1).
  const isCounted = data.counter > 0 || known.counter > 0;
  return isCounted && data.counter <= known.counter ? null : data.counter;
}

/** A person's id as authenticators keep it (section 5.4.3), in base64url. */
export function userHandleOf(userId: string): string {
  return toBase64Url(new TextEncoder().encode(userId));
}

interface Answer {
  readonly id: string;
  /** Its parts that were asked for, each in base64url. */
  readonly response: Readonly<Record<string, string>>;
  readonly algorithm: number | null;
}

/** What a browser makes of a credential (`PublicKeyCredential.toJSON`); null: something is missing or not base64url. */
function readAnswer(answer: unknown, parts: readonly string[]): Answer | null {
  const { id, rawId, type, response } = membersOf(answer);
  if (!isBase64Url(id) || rawId !== id || type !== "public-key") return null;
  const all = membersOf(response);
  const read: Record<string, string> = {};
  for (const part of parts) {
    const value = all[part];
    if (!isBase64Url(value)) return null;
    read[part] = value;
  }
  const algorithm = all["publicKeyAlgorithm"];
  return { id, response: read, algorithm: typeof algorithm === "number" ? algorithm : null };
}

/** Whether a browser collected this for our question, at our own origin and in no frame (steps 7 to 10). */
function isClientData(text: string | undefined, wanted: string, { challenge, party }: Expected): boolean {
  const data = membersOf(parseJson(new TextDecoder().decode(fromBase64Url(text ?? ""))));
  return (
    data["type"] === wanted &&
    data["challenge"] === challenge &&
    data["origin"] === party.origin &&
    data["crossOrigin"] !== true &&
    data["topOrigin"] === undefined
  );
}

const FLAGS = { userPresent: 0x01, userVerified: 0x04, backupEligible: 0x08, backedUp: 0x10, attested: 0x40 };

const HASH_BYTES = 32;
const HEAD_BYTES = 37;
const MODEL_BYTES = 16;

/** Section 6.1. Null: it is for somewhere else, or its owner was not there or not verified. */
function readAuthenticatorData(
  text: string | undefined,
  party: RelyingParty,
): { readonly counter: number; readonly credentialId: string | null } | null {
  const bytes = fromBase64Url(text ?? "");
  if (bytes.length < HEAD_BYTES) return null;
  const flags = bytes[HASH_BYTES] ?? 0;
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const rpIdHash = sha256(party.id);
  const isHere = rpIdHash.every((byte, index) => byte === bytes[index]);
  if (!isHere || !has(FLAGS.userPresent) || !has(FLAGS.userVerified)) return null;
  if (has(FLAGS.backedUp) && !has(FLAGS.backupEligible)) return null;
  const view = new DataView(bytes.buffer);
  const counter = view.getUint32(HASH_BYTES + 1);
  const idStart = HEAD_BYTES + MODEL_BYTES + 2;
  if (!has(FLAGS.attested) || bytes.length < idStart) return { counter, credentialId: null };
  const id = bytes.subarray(idStart, idStart + view.getUint16(HEAD_BYTES + MODEL_BYTES));
  return { counter, credentialId: toBase64Url(id) };
}

/** Null: the key is not one of its algorithm, or too weak. */
async function importKey({
  publicKey,
  algorithm,
}: Pick<PasskeyCredential, "publicKey" | "algorithm">): Promise<CryptoKey | null> {
  const wanted = Object.entries(ALGORITHMS).find(([number]) => Number(number) === algorithm)?.[1];
  if (wanted === undefined) return null;
  try {
    const key = await crypto.subtle.importKey("spki", fromBase64Url(publicKey), wanted, true, ["verify"]);
    return "modulusLength" in key.algorithm && key.algorithm.modulusLength < 2048 ? null : key;
  } catch {
    return null;
  }
}

async function hasSigned(key: CryptoKey, signature: Bytes, signed: Bytes): Promise<boolean> {
  const isEcdsa = key.algorithm.name === "ECDSA";
  const raw = isEcdsa ? rawSignature(signature) : signature;
  if (raw === null) return false;
  return crypto.subtle.verify({ name: key.algorithm.name, hash: "SHA-256" }, key, raw, signed);
}

const COORDINATE_BYTES = 32;

/** An ECDSA signature as WebCrypto takes it, of how authenticators write it (RFC 3279, section 2.2.3). */
function rawSignature(der: Bytes): Bytes | null {
  const [tag, length] = der;
  if (tag !== 0x30 || length !== der.length - 2) return null;
  const r = readInteger(der, 2);
  const s = r && readInteger(der, r.end);
  return r === null || s?.end !== der.length ? null : concatenate(r.value, s.value);
}

/** A positive INTEGER of at most 32 bytes, at a place in DER. */
function readInteger(der: Bytes, start: number): { readonly value: Bytes; readonly end: number } | null {
  const end = start + 2 + (der[start + 1] ?? 0);
  const digits = der.subarray(start + 2, end);
  const shown = digits[0] === 0 ? digits.subarray(1) : digits;
  if (der[start] !== 0x02 || end > der.length || shown.length > COORDINATE_BYTES) return null;
  const value = new Uint8Array(COORDINATE_BYTES);
  value.set(shown, COORDINATE_BYTES - shown.length);
  return { value, end };
}

type Bytes = Uint8Array<ArrayBuffer>;

function sha256(data: Uint8Array | string): Bytes {
  return Uint8Array.from(createHash("sha256").update(data).digest());
}

function concatenate(one: Bytes, other: Bytes): Bytes {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function isBase64Url(value: unknown): value is string {
  return typeof value === "string" && /^[\w-]+$/.test(value) && value.length % 4 !== 1;
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** @param text tested by `isBase64Url` */
function fromBase64Url(text: string): Bytes {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
