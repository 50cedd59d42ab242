const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** The largest multiple of 62 that a byte can hold: bytes from here on would favour the first digits. */
const UNBIASED_BELOW = 248;

/** A byte is refused once in 32, so a source that fills no request in this many rounds is broken. */
const MOST_ROUNDS = 64;

const NO_DIGIT = 255;

/** The value of each ASCII character, so that the hot path tests and decodes by one look-up. */
const VALUES = new Uint8Array(128).fill(NO_DIGIT);
for (let value = 0; value < DIGITS.length; value += 1) VALUES[DIGITS.charCodeAt(value)] = value;

/** Gives exactly `length` random bytes. */
export type ByteSource = (length: number) => Uint8Array;

/**
 * Writes a number in base62, most significant digit first, left-padded with `0`.
 * @param value a whole number from 0 to 2^32 - 1
 * @param width how many characters to write
 * @throws RangeError when the value is none of these numbers or does not fit the width
 */
export function encodeBase62(value: number, width: number): string {
  let rest = value;
  let text = "";
  for (let written = 0; written < width; written += 1) {
    text = DIGITS.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  }
  if (value >>> 0 !== value || rest !== 0) throw new RangeError("not a uint32 that fits the width");
  return text;
}

/** Reads what `encodeBase62` wrote; null when the text is no base62 number up to 2^53 - 1. */
export function decodeBase62(text: string): number | null {
  if (!isBase62(text)) return null;
  let value = 0;
  for (let index = 0; index < text.length; index += 1) value = value * 62 + digitAt(text, index);
  return Number.isSafeInteger(value) ? value : null;
}

/** Whether the text is one or more base62 digits and nothing else. */
export function isBase62(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (digitAt(text, index) === NO_DIGIT) return false;
  }
  return text.length > 0;
}

/**
 * Random base62 characters, each of the 62 equally likely: a byte that would favour some digits is
 * thrown away instead of folded in.
 * @param length how many characters
 * @param bytes where the randomness comes from
 * @throws Error when the source gives no usable bytes
 */
export function randomBase62(length: number, bytes: ByteSource): string {
  let text = "";
  for (let round = 0; text.length < length; round += 1) {
    if (round === MOST_ROUNDS) throw new Error("the byte source is broken");
    for (const byte of bytes(length - text.length)) {
      if (byte < UNBIASED_BELOW && text.length < length) text += DIGITS.charAt(byte % 62);
    }
  }
  return text;
}

function digitAt(text: string, index: number): number {
  return VALUES[text.charCodeAt(index)] ?? NO_DIGIT;
}
