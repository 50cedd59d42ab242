import { vi } from "vitest";

export const KEYS_URL = "https://api.github.com/meta/public_keys/secret_scanning";

/** A key pair by which a test signs as GitHub does. */
export interface GitHubKey {
  readonly id: string;
  readonly listed: { readonly key_identifier: string; readonly key: string; readonly is_current: boolean };
  /** ECDSA with SHA-256, DER in base64. */
  sign(text: string): Promise<string>;
}

export async function makeGitHubKey(id: string): Promise<GitHubKey> {
  const curve = { name: "ECDSA", namedCurve: "P-256" };
  const pair = (await crypto.subtle.generateKey(curve, true, ["sign", "verify"])) as CryptoKeyPair;
  const spki = (await crypto.subtle.exportKey("spki", pair.publicKey)) as ArrayBuffer;
  const body = base64(new Uint8Array(spki)).match(/.{1,64}/g) ?? [];
  const key = ["-----BEGIN PUBLIC KEY-----", ...body, "-----END PUBLIC KEY-----", ""].join("\n");
  return {
    id,
    listed: { key_identifier: id, key, is_current: true },
    sign: async (text) => {
      const how = { name: "ECDSA", hash: "SHA-256" };
      const fixed = await crypto.subtle.sign(how, pair.privateKey, new TextEncoder().encode(text));
      return base64(derOf(new Uint8Array(fixed)));
    },
  };
}

/** Both halves as DER integers in a sequence. */
function derOf(fixed: Uint8Array): Uint8Array {
  const integers = [fixed.subarray(0, 32), fixed.subarray(32)].flatMap((half) => {
    const digits = [...half.subarray(half.findIndex((byte) => byte !== 0))];
    if ((digits[0] ?? 0) >= 0x80) digits.unshift(0);
    return [0x02, digits.length, ...digits];
  });
  return Uint8Array.from([0x30, integers.length, ...integers]);
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Stands in for everything outside: GitHub's list of keys, and other regions by their origin. */
export class Outside {
  keys: readonly unknown[] = [];
  /** Null: GitHub answers with its list. */
  failure: (() => Promise<Response>) | null = null;
  readonly regions = new Map<string, (request: Request) => Promise<Response>>();
  /** What was asked for, in order. */
  readonly asked: Request[] = [];

  constructor() {
    vi.stubGlobal("fetch", async (request: Request) => {
      this.asked.push(request.clone());
      const region = this.regions.get(new URL(request.url).origin);
      if (region !== undefined) return region(request);
      if (request.url !== KEYS_URL) throw new Error("nobody is there");
      return this.failure?.() ?? Response.json({ public_keys: this.keys });
    });
  }
}
