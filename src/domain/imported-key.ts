/** How the hash of a foreign key may be written. */
export const HASH_FORMATS = ["sha256-hex", "sha256-base64"] as const;

export type HashFormat = (typeof HASH_FORMATS)[number];

/** What another issuer may have made: printable, fit for an `Authorization` header, not to be guessed. */
const FOREIGN = /^(?!jtn_)[\x21-\x7e]{8,512}$/;

/**
 * Whether a text can be a key that was imported. What begins as our own credentials do never is: those are made
 * here alone, and an altered one must stay refused by its shape.
 */
export function isForeignText(text: string): boolean {
  return FOREIGN.test(text);
}

const HEX = /^[0-9a-f]{64}$/i;

/** 32 bytes in either alphabet (RFC 4648, sections 4 and 5): the last character has four bits of them. */
const BASE64 = /^[\w+/-]{42}[AEIMQUYcgkosw048]=?$/;

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * Reads a SHA-256 hash as the store writes it: in lower-case hex.
 * @returns null for what is no such hash
 */
export function readKeyHash(text: string, format: HashFormat): string | null {
  if (format === "sha256-hex") return HEX.test(text) ? text.toLowerCase() : null;
  return BASE64.test(text) ? hexOfBase64(text) : null;
}

/** Two characters are three digits; of the last one, its upper four bits are one digit. */
function hexOfBase64(text: string): string {
  let hex = "";
  for (let at = 0; at < 42; at += 2) {
    hex += ((valueAt(text, at) << 6) | valueAt(text, at + 1)).toString(16).padStart(3, "0");
  }
  return hex + (valueAt(text, 42) >> 2).toString(16);
}

function valueAt(text: string, at: number): number {
  const character = text.charAt(at);
  if (character === "-") return 62;
  return character === "_" ? 63 : ALPHABET.indexOf(character);
}
