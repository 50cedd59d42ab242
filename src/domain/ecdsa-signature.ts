const SEQUENCE = 0x30;
const INTEGER = 0x02;

/** P-256: each half of a signature has so many bytes. */
const HALF = 32;

/**
 * An ECDSA signature over P-256 as DER writes it (RFC 3279, section 2.2.3), in the form of RFC 7518, section 3.4,
 * which WebCrypto takes: both halves with a fixed length.
 * @returns null for anything but one such signature
 */
export function fixedLengthSignature(der: Uint8Array): Uint8Array | null {
  // Two integers of 33 bytes at most: no length needs more than one byte.
  if (der[0] !== SEQUENCE || der[1] !== der.length - 2) return null;
  const r = readInteger(der, 2);
  if (r === null) return null;
  const s = readInteger(der, r.end);
  if (s === null || s.end !== der.length) return null;
  const fixed = new Uint8Array(2 * HALF);
  fixed.set(r.digits, HALF - r.digits.length);
  fixed.set(s.digits, 2 * HALF - s.digits.length);
  return fixed;
}

/** A positive integer in as few bytes as it takes: nothing else is DER. */
function readInteger(der: Uint8Array, at: number): { digits: Uint8Array; end: number } | null {
  const length = der[at + 1];
  const start = at + 2;
  if (der[at] !== INTEGER || length === undefined || length === 0) return null;
  const end = start + length;
  const first = der[start];
  if (end > der.length || first === undefined || first >= 0x80) return null;
  const isPadded = first === 0 && length > 1;
  if (isPadded && (der[start + 1] ?? 0) < 0x80) return null;
  const digits = der.subarray(isPadded ? start + 1 : start, end);
  return digits.length > HALF ? null : { digits, end };
}
