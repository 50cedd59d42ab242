import type { FeedHead } from "../store/change-feed.ts";
import type { ChangeFeed } from "./change-feed.ts";
import type { Moment } from "./moment.ts";
import { awaitOwn, awaitShared, type StartTimer } from "./shared-read.ts";

/** A record as the store had it, with where the feed stood in the same transaction. */
export interface Reading<V> {
  readonly head: FeedHead;
  readonly value: V | undefined;
}

export interface FreshCacheOptions<V> {
  readonly feed: ChangeFeed;
  readonly now: () => number;
  readonly startTimer: StartTimer;
  /** Reads the primary. */
  readonly read: (key: string) => Promise<Reading<V>>;
  /** The feed subjects whose change kills a copy of this record. */
  readonly subjectsOf: (value: V) => readonly string[];
  /** An estimate of what a copy takes in memory. */
  readonly bytesOf: (value: V) => number;
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** A record, and the moment up to which changes to it are known to be applied. */
export interface Fresh<V> {
  readonly value: V;
  readonly asOf: number;
}

interface Entry<V> {
  readonly value: V;
  readonly subjects: readonly string[];
  readonly head: FeedHead;
  readonly at: number;
  readonly bytes: number;
}

interface Fill<V> {
  readonly startedAt: number;
  readonly done: Promise<Entry<V> | null>;
}

/**
 * Records of the store in this isolate's memory, each exactly as fresh as the change feed vouches
 * (design, "The freshness bound"). What does not exist is never cached.
 */
export class FreshCache<V> {
  readonly #options: FreshCacheOptions<V>;
  readonly #entries = new Map<string, Entry<V>>();
  readonly #fills = new Map<string, Fill<V>>();
  #bytes = 0;

  constructor(options: FreshCacheOptions<V>) {
    this.#options = options;
    options.feed.onForget(() => this.#clear());
  }

  /** Whether a copy is here, fresh or not; so that what once was read need not be filtered again. */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** Copies held, their estimated size, and reads that others may share. */
  get held(): { readonly entries: number; readonly bytes: number; readonly fills: number } {
    return { entries: this.#entries.size, bytes: this.#bytes, fills: this.#fills.size };
  }

  /**
   * What `get` would answer, where that needs no wait: the feed is fresh, and so is the copy.
   * @returns null when there is something to wait for
   */
  hit(key: string, moment: Moment, mustRead?: (value: V) => boolean): Fresh<V> | null {
    if (!this.#options.feed.isFreshFor(moment)) return null;
    const entry = this.#live(key);
    if (entry === null || mustRead?.(entry.value)) return null;
    return { value: entry.value, asOf: this.#asOf(entry) };
  }

  /**
   * @param mustRead decides from the copy whether this question needs a read of its own; such a question
   *   shares nobody else's read.
   * @returns null when the store has no such record.
   * @throws {Unavailable} when freshness cannot be had in time.
   */
  async get(key: string, moment: Moment, mustRead?: (value: V) => boolean): Promise<Fresh<V> | null> {
    const { feed } = this.#options;
    await feed.fresh(moment);
    // From here to a fill of one's own nothing may wait: checks that were released together share one.
    let entry = this.#live(key);
    const fill = entry === null ? this.#sharable(key, moment.arrivedAt) : null;
    if (fill !== null) entry = await this.#shared(fill);
    if (entry === null || mustRead?.(entry.value)) entry = await this.#ownFill(key);
    return entry && { value: entry.value, asOf: this.#asOf(entry) };
  }

  /** A copy that a younger poll has killed meanwhile is only as young as its own read. */
  #asOf(entry: Entry<V>): number {
    const { feed } = this.#options;
    return feed.vouchesFor(entry.head, entry.subjects) ? Math.max(feed.knownAt, entry.at) : entry.at;
  }

  #live(key: string): Entry<V> | null {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#options.feed.killed(entry.subjects, entry.head.max)) return null;
    return entry;
  }

  #sharable(key: string, arrivedAt: number): Fill<V> | null {
    const fill = this.#fills.get(key);
    return fill !== undefined && this.#options.feed.isFresh(fill.startedAt, arrivedAt) ? fill : null;
  }

  async #shared(fill: Fill<V>): Promise<Entry<V> | null> {
    let entry: Entry<V> | null = null;
    const done = fill.done.then((result) => {
      entry = result;
    });
    await awaitShared(done, this.#options.startTimer);
    return entry;
  }

  async #ownFill(key: string): Promise<Entry<V> | null> {
    const fill: Fill<V> = { startedAt: this.#options.now(), done: this.#read(key) };
    this.#dropOldFills(fill.startedAt);
    this.#fills.delete(key);
    this.#fills.set(key, fill);
    try {
      return await awaitOwn(fill.done, this.#options.startTimer);
    } finally {
      if (this.#fills.get(key) === fill) this.#fills.delete(key);
    }
  }

  /** Oldest first. A request that the platform ends cannot clear up: what nobody may share any more is its. */
  #dropOldFills(now: number): void {
    for (const [key, { startedAt }] of this.#fills) {
      if (this.#options.feed.isFresh(startedAt, now)) return;
      this.#fills.delete(key);
    }
  }

  async #read(key: string): Promise<Entry<V> | null> {
    const at = this.#options.now();
    const { head, value } = await this.#options.read(key);
    if (value === undefined) {
      this.#drop(key);
      return null;
    }
    const subjects = this.#options.subjectsOf(value);
    const entry = { value, subjects, head, at, bytes: this.#options.bytesOf(value) };
    if (this.#options.feed.mayKeep(head)) this.#keep(key, entry);
    return entry;
  }

  #keep(key: string, entry: Entry<V>): void {
    const there = this.#entries.get(key);
    if (there !== undefined && there.head.max > entry.head.max) return;
    this.#drop(key);
    this.#entries.set(key, entry);
    this.#bytes += entry.bytes;
    this.#evict();
  }

  /** Oldest first; a hot record that is pushed out costs one read. */
  #evict(): void {
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= this.#options.maxEntries && this.#bytes <= this.#options.maxBytes) return;
      this.#drop(key);
    }
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }

  #clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }
}
