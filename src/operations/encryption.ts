import { createCipheriv, createDecipheriv, createHash } from "node:crypto";

/*
 * Secrets that have to be shown to others again (an identity provider's, a webhook's) cannot be kept as
 * hashes. They are encrypted with a key that is not in the database: AES-256-GCM, bound to what they
 * belong to, so that a row copied to another place does not open.
 */

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface Vault {
  /** @param purpose what the secret belongs to, the same as at `open` */
  seal(secret: string, purpose: string): string;
  /** @throws {Error} when no key opens it, or it belongs to something else */
  open(sealed: string, purpose: string): string;
}

/** @param keys newest first: the first seals, all open */
export function makeVault(keys: readonly string[], randomBytes: (length: number) => Uint8Array): Vault {
  const keyBytes = keys.map((key) => createHash("sha256").update(`jeton vault ${key}`).digest());
  const [newest] = keyBytes;
  if (newest === undefined) throw new Error("no encryption key");
  return {
    seal: (secret, purpose) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", newest, nonce);
      cipher.setAAD(bytes(purpose));
      const sealed = [nonce, cipher.update(secret, "utf8"), cipher.final(), cipher.getAuthTag()];
      return sealed.map(toHex).join("");
    },
    open: (sealed, purpose) => {
      for (const key of keyBytes) {
        const secret = tryOpen(fromHex(sealed), key, purpose);
        if (secret !== null) return secret;
      }
      throw new Error("no key opens this secret");
    },
  };
}

function tryOpen(sealed: Uint8Array, key: Uint8Array, purpose: string): string | null {
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE_BYTES));
  decipher.setAAD(bytes(purpose));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    const start = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
    return new TextDecoder().decode(start) + decipher.final("utf8");
  } catch {
    return null;
  }
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function toHex(part: Uint8Array): string {
  return Array.from(part, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
