import type { ByteSource } from "./base62.ts";

/**
 * The letters of a user code: consonants alone, so that no code is a word, and none that is taken for a digit
 * (RFC 8628, section 6.1).
 */
const LETTERS = "BCDFGHJKLMNPQRSTVWXZ";
const LENGTH = 8;
const HALF = 4;

/** The largest multiple of 20 that a byte can hold: bytes from here on would favour the first letters. */
const UNBIASED_BELOW = 240;

/** A byte is refused once in 16, so a source that fills no request in this many rounds is broken. */
const MOST_ROUNDS = 64;

/**
 * A random user code, without its dash: one of 20^8, of which 34 bits cannot be told beforehand.
 * @throws Error when the source gives no usable bytes
 */
export function randomUserCode(bytes: ByteSource): string {
  let code = "";
  for (let round = 0; code.length < LENGTH; round += 1) {
    if (round === MOST_ROUNDS) throw new Error("the byte source is broken");
    for (const byte of bytes(LENGTH - code.length)) {
      if (byte < UNBIASED_BELOW && code.length < LENGTH) code += LETTERS.charAt(byte % LETTERS.length);
    }
  }
  return code;
}

/** As a device shows it: `WDJB-MJHT`. */
export function writeUserCode(code: string): string {
  return `${code.slice(0, HALF)}-${code.slice(HALF)}`;
}

/**
 * What a person typed, as `randomUserCode` gives it: case, spaces and dashes are no matter (RFC 8628, section
 * 6.1).
 * @returns null for what is no user code
 */
export function readUserCode(text: string): string | null {
  if (text.length > MOST_TYPED) return null;
  const code = text.toUpperCase().replaceAll(/[\s\p{P}]/gu, "");
  return CODE.test(code) ? code : null;
}

const MOST_TYPED = 40;

const CODE = new RegExp(`^[${LETTERS}]{${LENGTH}}$`);
