import { isMembers } from "../../domain/jws.ts";
import type { RegionCode } from "../../domain/region.ts";
import type { Send } from "../resolve-txt.ts";
import { awaitShared, type StartTimer } from "../shared-read.ts";
import { Unavailable } from "../unavailable.ts";

/** What a region withdraws is believed no longer than this. */
const HOLDS_MS = 3_600_000;

/** A key that is not among them may be a new one: they are asked for again, this often at most. */
const PAUSE_MS = 60_000;
/** A region that did not answer may be back: that is another matter. */
const PAUSE_AFTER_FAILURE_MS = 1_000;

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 64 * 1024;
const MAX_KEYS = 20;

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;

interface KeysDeps {
  readonly send: Send;
  readonly origins: Readonly<Record<RegionCode, string>>;
  readonly now: () => number;
  readonly startTimer: StartTimer;
}

interface Held {
  keys: ReadonlyMap<string, CryptoKey>;
  readAt: number;
  askAgainAt: number;
  reading: Promise<void> | null;
}

/** The keys by which other regions sign what they tell this one, as this isolate last read them. */
export class RegionKeys {
  readonly #deps: KeysDeps;
  readonly #held = new Map<RegionCode, Held>();

  constructor(deps: KeysDeps) {
    this.#deps = deps;
  }

  /**
   * A region's key of this name, null: it has none.
   * @throws {Unavailable} when the region's keys cannot be had
   */
  async find(region: RegionCode, kid: string): Promise<CryptoKey | null> {
    const { now, startTimer } = this.#deps;
    const held = this.#of(region);
    const isFresh = (): boolean => now() - held.readAt < HOLDS_MS;
    if (isFresh() && held.keys.has(kid)) return held.keys.get(kid) ?? null;
    if (now() >= held.askAgainAt) {
      held.askAgainAt = now() + PAUSE_MS;
      held.reading = this.#read(region, held);
      await held.reading.catch(() => {
        held.askAgainAt = now() + PAUSE_AFTER_FAILURE_MS;
      });
    } else if (held.reading !== null) {
      await awaitShared(held.reading, startTimer);
    }
    if (!isFresh()) throw new Unavailable("the keys of another region cannot be had");
    return held.keys.get(kid) ?? null;
  }

  #of(region: RegionCode): Held {
    const held = this.#held.get(region) ?? {
      keys: new Map(),
      readAt: -Infinity,
      askAgainAt: -Infinity,
      reading: null,
    };
    this.#held.set(region, held);
    return held;
  }

  async #read(region: RegionCode, held: Held): Promise<void> {
    const { send, origins, now } = this.#deps;
    const at = now();
    const request = new Request(`${origins[region]}/.well-known/jwks.json`, {
      headers: { Accept: "application/json" },
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const response = await send(request);
    if (response.status !== 200 || Number(response.headers.get("Content-Length") ?? 0) > MAX_BYTES) {
      throw new Error(`status ${response.status}`);
    }
    const text = await response.text();
    if (text.length > MAX_BYTES) throw new Error("too long");
    held.keys = await readKeys(JSON.parse(text));
    held.readAt = at;
  }
}

/** Those that can have signed; others are for something else. */
async function readKeys(answer: unknown): Promise<ReadonlyMap<string, CryptoKey>> {
  const listed: unknown = isMembers(answer) ? answer["keys"] : null;
  if (!Array.isArray(listed)) throw new Error("no keys");
  const keys = new Map<string, CryptoKey>();
  for (const entry of listed.slice(0, MAX_KEYS)) {
    const { kid, kty, crv, x, y } = Object(entry) as Record<string, unknown>;
    if (typeof kid !== "string" || typeof x !== "string" || typeof y !== "string") continue;
    if (kty !== "EC" || crv !== ALGORITHM.namedCurve) continue;
    const key = await crypto.subtle
      .importKey("jwk", { kty, crv, x, y }, ALGORITHM, false, ["verify"])
      .catch(() => null);
    if (key !== null) keys.set(kid, key);
  }
  return keys;
}
