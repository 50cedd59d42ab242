import { beforeEach, describe, expect, test, vi } from "vitest";
import { hashCredential, makeCredential } from "../../src/operations/credentials.ts";
import type { Deps } from "../../src/operations/deps.ts";
import { identifyService, serviceAtHand, type KeyedService } from "../../src/operations/identify-caller.ts";
import { Isolate, type Arrival } from "./held-store.ts";
import { FreshCache } from "../../src/operations/fresh-cache.ts";

const BOUND_MS = 1_000;
const MAX_KNOWN_KEYS = 100;
const TAG_KEYS = ["tag-key"];

/** An isolate that knows services by their keys, as a deployed one does, over a store in memory. */
class Asked {
  readonly isolate = new Isolate({ boundMs: BOUND_MS });
  readonly stored = new Map<string, KeyedService>();
  readonly deps: Deps;
  /** Hashes by which the records were asked for what is at hand. */
  readonly lookedUp: string[] = [];

  constructor() {
    const { feed, clock, store } = this.isolate;
    const services = new FreshCache<KeyedService>({
      feed,
      now: clock.now,
      startTimer: clock.startTimer,
      read: async (hash) => ({ head: store.head(), value: this.stored.get(hash) }),
      subjectsOf: ({ id }) => [`service:${id}`],
      bytesOf: () => 1,
      maxEntries: 1_000,
      maxBytes: 1_000,
    });
    const hit = services.hit.bind(services);
    vi.spyOn(services, "hit").mockImplementation((hash, ...rest) => {
      this.lookedUp.push(hash);
      return hit(hash, ...rest);
    });
    this.deps = { region: "us", tagKeys: TAG_KEYS, records: { services } } as unknown as Deps;
  }

  /** A key of a service that the store has. */
  add(id: string, { expiresAt = null }: { expiresAt?: number | null } = {}): string {
    const key = newKey();
    this.stored.set(hashCredential(key), { ...SERVICE, id, keyExpiresAt: expiresAt });
    return key;
  }

  /** The store's service has changed. */
  change(key: string, more: Partial<KeyedService>): void {
    const there = this.stored.get(hashCredential(key));
    if (there === undefined) throw new Error("no such service");
    this.stored.set(hashCredential(key), { ...there, ...more });
    this.isolate.store.commit([`service:${there.id}`]);
  }

  /** As a request does: what is at hand, or else what the records say. */
  async ask(credential: string, arrival: Arrival = this.isolate.arrive()): Promise<string> {
    const service = serviceAtHand(this.deps, { credential }, arrival);
    if (service !== null) return `at hand: ${service.id}`;
    const found = await identifyService(this.deps, { credential }, arrival);
    return found.ok ? found.value.id : found.error.kind;
  }

  /** Whether the hash of this key is remembered. */
  remembers(credential: string): boolean {
    const before = this.lookedUp.length;
    serviceAtHand(this.deps, { credential }, this.isolate.arrive());
    return this.lookedUp.length > before;
  }
}

const SERVICE: KeyedService = {
  id: "svc",
  name: "Devices",
  catalogues: null,
  resource: null,
  createdAt: 0,
  deletedAt: null,
  keyExpiresAt: null,
};

function newKey(kind: "sk" | "pat" = "sk", tagKey = TAG_KEYS[0] ?? ""): string {
  const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  return makeCredential({ randomBytes, region: "us", tagKeys: [tagKey] }, kind);
}

let asked: Asked;
beforeEach(() => {
  asked = new Asked();
});

describe("a service whose key proved good", () => {
  test("is at hand from then on", async () => {
    const key = asked.add("svc_1");
    expect(await asked.ask(key)).toBe("svc_1");
    expect(await asked.ask(key)).toBe("at hand: svc_1");
  });

  test("is refused in the very millisecond in which its key expires, though it is at hand", async () => {
    const key = asked.add("svc_1", { expiresAt: 10_500 });
    await asked.ask(key);
    await asked.isolate.clock.pass(499);
    expect(await asked.ask(key)).toBe("at hand: svc_1");
    await asked.isolate.clock.pass(1);
    expect(await asked.ask(key)).toBe("unknown_credential");
  });

  test.each<[string, Partial<KeyedService>]>([
    ["was deleted", { deletedAt: 10_000 }],
    ["has another key now", { keyExpiresAt: 10_000 }],
  ])("is refused within the bound once it %s", async (_, change) => {
    const key = asked.add("svc_1");
    await asked.ask(key);
    expect(await asked.ask(key)).toBe("at hand: svc_1");
    asked.change(key, change);
    await asked.isolate.clock.pass(BOUND_MS);
    expect(await asked.ask(key)).toBe("unknown_credential");
    expect(await asked.ask(key)).toBe("unknown_credential");
  });

  test("is refused sooner where the feed was read for another one meanwhile", async () => {
    const [key, other] = [asked.add("svc_1"), asked.add("svc_2")];
    for (const each of [key, other, key, other]) await asked.ask(each);
    asked.change(key, { deletedAt: 10_000 });
    await asked.isolate.clock.pass(0.95 * BOUND_MS);
    expect(await asked.ask(other)).toBe("at hand: svc_2");
    expect(await asked.ask(key)).toBe("unknown_credential");
    expect(await asked.ask(other)).toBe("at hand: svc_2");
  });

  test("is refused when its row is gone", async () => {
    const key = asked.add("svc_1");
    await asked.ask(key);
    asked.change(key, {});
    asked.stored.clear();
    await asked.isolate.clock.pass(BOUND_MS);
    expect(await asked.ask(key)).toBe("unknown_credential");
  });
});

describe("what is remembered of keys", () => {
  test("is no more than a hundred of them, the last one among them", async () => {
    const keys: string[] = [];
    let most = 0;
    for (let each = 0; each < 3 * MAX_KNOWN_KEYS; each++) {
      const key = asked.add(`svc_${each}`);
      keys.push(key);
      await asked.ask(key);
      expect(asked.remembers(key)).toBe(true);
      most = Math.max(most, remembered(keys));
    }
    expect(most).toBe(MAX_KNOWN_KEYS);
    for (const key of keys) expect(await asked.ask(key)).toMatch(/svc_\d+$/);
  });

  test("is not given up because one that is remembered proves good again", async () => {
    // Whatever the tests before left: what proves good now pushes it out.
    const keys = Array.from({ length: 2 * MAX_KNOWN_KEYS }, (_, each) => asked.add(`svc_${each}`));
    let full = keys;
    for (const key of keys) {
      await asked.ask(key);
      if (remembered(keys) === MAX_KNOWN_KEYS) {
        full = keys.filter((each) => asked.remembers(each));
        break;
      }
    }
    expect(full).toHaveLength(MAX_KNOWN_KEYS);
    await asked.isolate.clock.pass(BOUND_MS);
    for (const key of full.slice(0, 5)) await asked.ask(key);
    expect(remembered(full)).toBe(MAX_KNOWN_KEYS);
  });

  test("is none that is wrong, expired, deleted, of another kind or no credential at all", async () => {
    const expired = asked.add("svc_1", { expiresAt: 10_000 });
    const deleted = asked.add("svc_2");
    asked.change(deleted, { deletedAt: 10_000 });
    const wrong = [
      newKey(),
      newKey("sk", "forger"),
      newKey("pat"),
      expired,
      deleted,
      `${asked.add("svc_3")}x`,
      "garbage",
      "",
      "__proto__",
    ];
    for (const credential of [...wrong, ...wrong]) {
      expect(await asked.ask(credential)).toBe("unknown_credential");
      expect(asked.remembers(credential)).toBe(false);
    }
  });

  function remembered(keys: readonly string[]): number {
    return keys.filter((key) => asked.remembers(key)).length;
  }
});

test("no credential at all is never at hand", () => {
  expect(serviceAtHand(asked.deps, { credential: null }, asked.isolate.arrive())).toBeNull();
  expect(asked.lookedUp).toEqual([]);
});
