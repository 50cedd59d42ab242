import { decodeBase62, encodeBase62, isBase62 } from "./base62.ts";
import { crc32 } from "./crc32.ts";
import { isRegionCode, type RegionCode } from "./region.ts";

/** The kinds of credential (contract, section 2). */
export const CREDENTIAL_KINDS = ["pat", "at", "rt", "gc", "dc", "et", "cs", "sk"] as const;

export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];

/** What has the shape of a credential and a right checksum; whether it was ever issued is another question. */
export interface Credential {
  readonly kind: CredentialKind;
  readonly region: RegionCode;
  /** The whole credential. */
  readonly text: string;
  /** Everything before the tag: what the tag is a keyed hash of. */
  readonly tagged: string;
  readonly tag: string;
}

const PREFIX = "jtn_";
const RANDOM_LENGTH = 24;
const TAG_LENGTH = 6;
const CHECKSUM_LENGTH = 6;
const SECRET_LENGTH = RANDOM_LENGTH + TAG_LENGTH + CHECKSUM_LENGTH;

/** `jtn_at_us_` and `jtn_pat_us_`, each with the 36 characters. */
const SHORTEST = 10 + SECRET_LENGTH;
const LONGEST = 11 + SECRET_LENGTH;

const kinds: ReadonlySet<string> = new Set(CREDENTIAL_KINDS);

/**
 * Reads a credential by shape and checksum alone, so that typos cost nothing and are refused in any
 * region. Runs on every check: the length bounds the work before anything else is looked at.
 * @param text what a caller sent, whatever it is
 * @returns null for what is no credential
 */
export function parseCredential(text: string): Credential | null {
  if (text.length < SHORTEST || text.length > LONGEST || !text.startsWith(PREFIX)) return null;
  const secretAt = text.length - SECRET_LENGTH;
  if (text[secretAt - 1] !== "_" || text[secretAt - 4] !== "_") return null;
  const kind = text.slice(PREFIX.length, secretAt - 4);
  const region = text.slice(secretAt - 3, secretAt - 1);
  if (!isCredentialKind(kind) || !isRegionCode(region)) return null;

  const checksumAt = text.length - CHECKSUM_LENGTH;
  const tagAt = checksumAt - TAG_LENGTH;
  if (!isBase62(text.slice(secretAt, checksumAt))) return null;
  if (decodeBase62(text.slice(checksumAt)) !== crc32(text.slice(0, checksumAt))) return null;
  return { kind, region, text, tagged: text.slice(0, tagAt), tag: text.slice(tagAt, checksumAt) };
}

/**
 * The first step of making a credential: all that its tag is computed over.
 * @param random24 24 random base62 characters
 * @throws RangeError when they are anything else
 */
export function untaggedCredential(kind: CredentialKind, region: RegionCode, random24: string): string {
  if (random24.length !== RANDOM_LENGTH || !isBase62(random24)) {
    throw new RangeError("not 24 base62 characters");
  }
  return `${PREFIX}${kind}_${region}_${random24}`;
}

/**
 * The second step: adds the tag and the checksum.
 * @param untagged what `untaggedCredential` gave
 * @param mac HMAC-SHA-256 of that under the region's newest tag key
 */
export function sealCredential(untagged: string, mac: Uint8Array): string {
  const body = untagged + tagFromMac(mac);
  return body + encodeBase62(crc32(body), CHECKSUM_LENGTH);
}

/**
 * The six characters of a tag: the first four bytes of the mac, big-endian (contract, section 2).
 * @throws RangeError when the mac is shorter than that
 */
export function tagFromMac(mac: Uint8Array): string {
  const [first, second, third, fourth] = mac;
  if (first === undefined || second === undefined || third === undefined || fourth === undefined) {
    throw new RangeError("a mac has at least four bytes");
  }
  return encodeBase62(((first << 24) | (second << 16) | (third << 8) | fourth) >>> 0, TAG_LENGTH);
}

/**
 * Whether the credential's tag is the one that this mac gives. Looks at all six characters whichever
 * differs first, so that the time taken tells a forger nothing about how near the guess was.
 */
export function tagMatches(credential: Credential, mac: Uint8Array): boolean {
  const expected = tagFromMac(mac);
  let difference = credential.tag.length ^ TAG_LENGTH;
  for (let index = 0; index < TAG_LENGTH; index += 1) {
    difference |= credential.tag.charCodeAt(index) ^ expected.charCodeAt(index);
  }
  return difference === 0;
}

/** Client secrets may be shared by several regions, so neither their region code nor their tag is tested. */
export function isTagged(kind: CredentialKind): boolean {
  return kind !== "cs";
}

function isCredentialKind(text: string): text is CredentialKind {
  return kinds.has(text);
}
