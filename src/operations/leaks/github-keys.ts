import { fixedLengthSignature } from "../../domain/ecdsa-signature.ts";
import type { Send } from "../resolve-txt.ts";
import { awaitShared, type StartTimer } from "../shared-read.ts";
import { Unavailable } from "../unavailable.ts";

/** What GitHub withdraws is believed no longer than this. */
const HOLDS_MS = 3_600_000;

/** A key that is not among them may be a new one: they are asked for again, this often at most. */
const PAUSE_MS = 60_000;

const TIMEOUT_MS = 5_000;
/** Far more than GitHub lists. */
const MAX_BYTES = 64 * 1024;
const MAX_KEYS = 100;

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;

interface KeysDeps {
  readonly send: Send;
  readonly url: string;
  readonly now: () => number;
  readonly startTimer: StartTimer;
}

/** The keys by which GitHub signs its reports of leaked secrets, as this isolate last read them. */
export class GitHubKeys {
  readonly #deps: KeysDeps;
  #keys: ReadonlyMap<string, CryptoKey> = new Map();
  #readAt = -Infinity;
  #askedAt = -Infinity;
  #reading: Promise<void> | null = null;

  constructor(deps: KeysDeps) {
    this.#deps = deps;
  }

  /**
   * Whether GitHub signed this, by the key that it names.
   * @param signature ECDSA with SHA-256 over P-256, DER in base64
   * @throws {Unavailable} when GitHub's keys cannot be had
   */
  async verify(
    { keyId, signature }: { readonly keyId: string; readonly signature: string },
    signed: Uint8Array,
  ): Promise<boolean> {
    const der = bytesOf(signature);
    const fixed = der === null ? null : fixedLengthSignature(der);
    // What is no signature is not worth a question to GitHub.
    if (fixed === null) return false;
    const key = await this.#find(keyId);
    if (key === null) return false;
    return crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, fixed, signed);
  }

  async #find(keyId: string): Promise<CryptoKey | null> {
    const { now, startTimer } = this.#deps;
    if (this.#isFresh() && this.#keys.has(keyId)) return this.#keys.get(keyId) ?? null;
    if (now() - this.#askedAt >= PAUSE_MS) {
      this.#askedAt = now();
      this.#reading = this.#read();
      await this.#reading.catch(ignore);
    } else if (this.#reading !== null) {
      await awaitShared(this.#reading, startTimer);
    }
    if (!this.#isFresh()) throw new Unavailable("GitHub's keys cannot be had");
    return this.#keys.get(keyId) ?? null;
  }

  #isFresh(): boolean {
    return this.#deps.now() - this.#readAt < HOLDS_MS;
  }

  async #read(): Promise<void> {
    const { send, url, now } = this.#deps;
    const at = now();
    const request = new Request(url, {
      // GitHub refuses requests that do not say who asks.
      headers: { Accept: "application/json", "User-Agent": "Jeton" },
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const response = await send(request);
    if (response.status !== 200 || Number(response.headers.get("Content-Length") ?? 0) > MAX_BYTES) {
      throw new Error(`status ${response.status}`);
    }
    const text = await response.text();
    if (text.length > MAX_BYTES) throw new Error("too long");
    const keys = await readKeys(JSON.parse(text));
    if (keys.size === 0) throw new Error("no keys");
    this.#keys = keys;
    this.#readAt = at;
  }
}

/** Those that are of P-256; others sign nothing that is taken here. */
async function readKeys(answer: unknown): Promise<ReadonlyMap<string, CryptoKey>> {
  const listed = (answer as { readonly public_keys?: unknown } | null)?.public_keys;
  const keys = new Map<string, CryptoKey>();
  for (const entry of Array.isArray(listed) ? listed.slice(0, MAX_KEYS) : []) {
    const { key_identifier: id, key: pem } = Object(entry) as Record<string, unknown>;
    const key = typeof id === "string" && typeof pem === "string" ? await importKey(pem) : null;
    if (typeof id === "string" && key !== null) keys.set(id, key);
  }
  return keys;
}

async function importKey(pem: string): Promise<CryptoKey | null> {
  const [, body = ""] =
    /-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----/.exec(pem) ?? [];
  const der = bytesOf(body.replaceAll(/\s/g, ""));
  if (der === null) return null;
  return crypto.subtle.importKey("spki", der, ALGORITHM, false, ["verify"]).catch(() => null);
}

function bytesOf(base64: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

function ignore(): void {}
