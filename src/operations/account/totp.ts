import { createHmac, timingSafeEqual } from "node:crypto";

/*
 * One-time codes by RFC 6238, in the one form that every authenticator app takes: SHA-1, 6 digits, 30 s. The
 * libraries for it bring all forms, and several times the weight of what is needed.
 */

const STEP_MS = 30_000;
const DIGITS = 6;

/** RFC 4226, section 4: 160 bits. */
export const TOTP_SECRET_BYTES = 20;

/** RFC 6238, section 5.2: one step to either side, for clocks that differ and people who type slowly. */
const STEPS_AROUND = [0, -1, 1];

const encoder = new TextEncoder();

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/**
 * The time step whose code this is; null: of none that may still be used.
 * @param nowMs milliseconds since 1970
 * @param usedStep the last step that a code was taken of
 */
export function stepOfCode(
  secret: Uint8Array,
  code: string,
  { nowMs, usedStep }: { nowMs: number; usedStep: number },
): number | null {
  const now = Math.floor(nowMs / STEP_MS);
  const steps = STEPS_AROUND.map((around) => now + around);
  return steps.find((step) => step > usedStep && isSame(codeOf(secret, step), code)) ?? null;
}

/** RFC 4226, section 5.3. */
function codeOf(secret: Uint8Array, step: number): string {
  const message = new DataView(new ArrayBuffer(8));
  message.setBigUint64(0, BigInt(step));
  const mac = createHmac("sha1", secret).update(new Uint8Array(message.buffer)).digest();
  const start = (mac.at(-1) ?? 0) & 0xf;
  const number = new DataView(mac.buffer, mac.byteOffset).getUint32(start) & 0x7fffffff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, "0");
}

function isSame(code: string, typed: string): boolean {
  const [own, theirs] = [encoder.encode(code), encoder.encode(typed)];
  return own.length === theirs.length && timingSafeEqual(own, theirs);
}

/** What apps read from a QR code or a link: the key URI that all of them agree on. */
export function totpUri(secret: Uint8Array, { issuer, email }: { issuer: string; email: string }): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(email)}`;
  return `otpauth://totp/${label}?secret=${base32(secret)}&issuer=${encodeURIComponent(issuer)}&algorithm=SHA1&digits=${DIGITS}&period=${STEP_MS / 1000}`;
}

/** RFC 4648, section 6, without padding. */
export function base32(bytes: Uint8Array): string {
  let text = "";
  let pending = 0;
  let bits = 0;
  for (const byte of bytes) {
    pending = ((pending << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32.charAt((pending >>> (bits - 5)) & 31);
  }
  return bits === 0 ? text : text + BASE32.charAt((pending << (5 - bits)) & 31);
}

/** Reads what `base32` wrote. */
export function fromBase32(text: string): Uint8Array {
  const bytes: number[] = [];
  let pending = 0;
  let bits = 0;
  for (const digit of text) {
    pending = ((pending << 5) | BASE32.indexOf(digit)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((pending >>> bits) & 0xff);
  }
  return Uint8Array.from(bytes);
}
