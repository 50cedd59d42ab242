import { scrypt, timingSafeEqual } from "node:crypto";

/** OWASP's 2^14, 8, 5: 16 MiB, far under a Worker's 128 (facts: platform, "Workers"). */
const COST = { N: 2 ** 14, r: 8, p: 5 } as const;
type ScryptCost = { readonly N: number; readonly r: number; readonly p: number };

const KEY_BYTES = 32;
const SALT_BYTES = 16;

/** `scrypt$N$r$p$salt$key`, so that a later, higher cost can tell old hashes apart. */
export async function hashPassword(
  password: string,
  randomBytes: (length: number) => Uint8Array,
): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, salt);
  return ["scrypt", COST.N, COST.r, COST.p, base64(salt), base64(key)].join("$");
}

/** Whether a password is the one of this hash; takes as long for any other. */
export async function passwordHolds(password: string, stored: string): Promise<boolean> {
  const [scheme, N, r, p, salt, key] = stored.split("$");
  if (scheme !== "scrypt" || salt === undefined || key === undefined) return false;
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  return timingSafeEqual(await derive(password, fromBase64(salt), cost), fromBase64(key));
}

/** As long a look as a real one, for an account that does not exist: answers must not tell which do. */
export async function pretendToCheck(password: string): Promise<false> {
  await derive(password, new Uint8Array(SALT_BYTES));
  return false;
}

function derive(password: string, salt: Uint8Array, cost: ScryptCost = COST): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    // One person types one password in more than one Unicode form (RFC 8265, section 4.2).
    scrypt(password.normalize("NFC"), salt, KEY_BYTES, cost, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
