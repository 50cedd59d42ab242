import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { randomBase62 } from "../domain/base62.ts";
import { publicId, type PublicIdPrefix } from "../domain/public-id.ts";
import {
  sealCredential,
  tagMatches,
  untaggedCredential,
  type Credential,
  type CredentialKind,
} from "../domain/token.ts";
import type { Deps } from "./deps.ts";

const utf8 = new TextEncoder();

/**
 * SHA-256 of a credential, in hex: all that is ever stored of it. In plain arithmetic, since the runtime's own
 * hash objects cost a hot check five times as much as hashing so short a text does.
 */
export function hashCredential(text: string): string {
  return bytesToHex(sha256(utf8.encode(text)));
}

/** Makes a credential of this region, signed with the newest tag key. */
export function makeCredential(
  { randomBytes, region, tagKeys }: Pick<Deps, "randomBytes" | "region" | "tagKeys">,
  kind: CredentialKind,
): string {
  const untagged = untaggedCredential(kind, region, randomBase62(24, randomBytes));
  return sealCredential(untagged, macOf(untagged, newestOf(tagKeys)));
}

/** Whether one of the region's tag keys made this credential's tag; spares the store, proves nothing. */
export function tagHolds({ tagKeys }: Pick<Deps, "tagKeys">, credential: Credential): boolean {
  return tagKeys.some((key) => tagMatches(credential, macOf(credential.tagged, key)));
}

export function makeId(
  { clock, randomBytes }: Pick<Deps, "clock" | "randomBytes">,
  prefix: PublicIdPrefix,
): string {
  return publicId(prefix, clock(), randomBytes(10));
}

/**
 * A keyed hash, in hex, of a text that may hold something guessable, such as a password: a plain hash of
 * it would let whoever gets hold of the store try guesses fast.
 */
export function keyedHash({ tagKeys }: Pick<Deps, "tagKeys">, text: string): string {
  return hexMac(text, newestOf(tagKeys));
}

/** Whether one of the region's keys made this hash of the text. */
export function keyedHashHolds({ tagKeys }: Pick<Deps, "tagKeys">, text: string, hash: string): boolean {
  return tagKeys.some((key) => hexMac(text, key) === hash);
}

function newestOf([newest]: readonly string[]): string {
  if (newest === undefined) throw new Error("no tag key");
  return newest;
}

function hexMac(text: string, key: string): string {
  return bytesToHex(macOf(text, key));
}

/** HMAC-SHA-256 under each key as it stands before the text: half of the work of a short one. */
const keyed = new Map<string, ReturnType<typeof hmac.create>>();

function macOf(text: string, key: string): Uint8Array {
  let begun = keyed.get(key);
  if (begun === undefined) {
    begun = hmac.create(sha256, utf8.encode(key));
    keyed.set(key, begun);
  }
  return begun.clone().update(utf8.encode(text)).digest();
}
