import { isRegionCode, type RegionCode } from "./region.ts";

/** What a public id can name (contract, section 2), client ids excepted: they carry their home region too. */
export type PublicIdPrefix =
  | "team"
  | "usr"
  | "tok"
  | "svc"
  | "whk"
  | "evt"
  | "dlv"
  | "rep"
  | "rol"
  | "grt"
  | "rtk"
  | "mem"
  | "key"
  | "aud"
  | "ses"
  | "sso"
  | "dom"
  | "psk"
  | "mov";

/** Crockford's base32 in lower case: in ASCII order, so that ids sort as the times in them do. */
const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
const TIME_LENGTH = 10;
const RANDOM_LENGTH = 16;
const RANDOM_BYTES = 10;

/** The ten characters of time hold 50 bits of milliseconds, enough for 35,000 years. */
const TIME_END = 2 ** 50;

/**
 * Makes a public id, such as `tok_…`. Ids made in different milliseconds sort by time.
 * @param nowMs milliseconds since 1970
 * @param random ten random bytes
 * @throws RangeError for another time or fewer bytes
 */
export function publicId(prefix: PublicIdPrefix, nowMs: number, random: Uint8Array): string {
  return `${prefix}_${sortable(nowMs, random)}`;
}

/** Makes a client id, which names its home region (contract, section 9). Parameters as for `publicId`. */
export function clientId(homeRegion: RegionCode, nowMs: number, random: Uint8Array): string {
  return `cli_${homeRegion}_${sortable(nowMs, random)}`;
}

/** Whether the text has the shape of a public id of this prefix; not whether there is such a thing. */
export function isPublicId(prefix: PublicIdPrefix, text: string): boolean {
  return hasShape(prefix, text);
}

/** The same for a client id, whatever region is its home. */
export function isClientId(text: string): boolean {
  const region = text.slice(CLIENT.length, CLIENT.length + 2);
  return isRegionCode(region) && hasShape(`${CLIENT}${region}`, text);
}

const CLIENT = "cli_";

function hasShape(prefix: string, text: string): boolean {
  const start = prefix.length + 1;
  if (text.length !== start + TIME_LENGTH + RANDOM_LENGTH || !text.startsWith(`${prefix}_`)) return false;
  for (let index = start; index < text.length; index += 1) {
    if (!DIGITS.includes(text.charAt(index))) return false;
  }
  return true;
}

function sortable(nowMs: number, random: Uint8Array): string {
  if (!Number.isInteger(nowMs) || nowMs < 0 || nowMs >= TIME_END) throw new RangeError("not a time in ms");
  if (random.length < RANDOM_BYTES) throw new RangeError("an id takes ten random bytes");
  let time = "";
  for (let rest = nowMs; time.length < TIME_LENGTH; rest = Math.floor(rest / 32)) {
    time = DIGITS.charAt(rest % 32) + time;
  }
  return time + base32(random.subarray(0, RANDOM_BYTES));
}

function base32(bytes: Uint8Array): string {
  let text = "";
  let pending = 0;
  let pendingBits = 0;
  for (const byte of bytes) {
    pending = ((pending << 8) | byte) & 0xfff;
    for (pendingBits += 8; pendingBits >= 5; pendingBits -= 5) {
      text += DIGITS.charAt((pending >>> (pendingBits - 5)) & 31);
    }
  }
  return text;
}
