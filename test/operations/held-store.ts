import { ChangeFeed } from "../../src/operations/change-feed.ts";
import { FreshCache, type Fresh, type Reading } from "../../src/operations/fresh-cache.ts";
import type { Moment } from "../../src/operations/moment.ts";
import type { Timer } from "../../src/operations/shared-read.ts";
import { FEED_PAGE_ROWS, type FeedHead, type FeedPage, type FeedRow } from "../../src/store/change-feed.ts";

/** Lets everything run that waits for nothing but its turn. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

interface RunningTimer {
  readonly due: number;
  readonly resolve: () => void;
}

/**
 * Time under the test's control. `now` is what a Worker sees of it: whole milliseconds that move on only
 * with I/O, of which the arrival of a request, the answer to a read and the end of a timer are.
 */
export class HeldClock {
  #time: number;
  #shown: number;
  #skew = 0;
  readonly #timers = new Set<RunningTimer>();
  /** While true, not even I/O moves what it shows. */
  stands = false;

  constructor(startsAt: number) {
    this.#time = startsAt;
    this.#shown = startsAt;
  }

  /** What the clock would show to somebody with a better one. */
  get time(): number {
    return this.#time;
  }

  /** Timers that were neither called off nor ended. */
  get timers(): number {
    return this.#timers.size;
  }

  readonly now = (): number => Math.floor(this.#shown);

  readonly startTimer = (milliseconds: number): Timer => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = { due: this.#time + milliseconds, resolve };
    this.#timers.add(timer);
    return { done: promise, cancel: () => this.#timers.delete(timer) };
  };

  /** I/O: the Worker's clock catches up. */
  show(): void {
    if (!this.stands) this.#shown = this.#time + this.#skew;
  }

  /** Time passes and timers end, each at its time. */
  async pass(milliseconds: number): Promise<void> {
    const until = this.#time + milliseconds;
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#time = next.due;
      await this.#end(next);
    }
    this.#time = until;
  }

  /** Ends a timer before its time, when one runs. */
  async endEarly(pick: number): Promise<void> {
    const timer = pickOf([...this.#timers], pick);
    if (timer !== undefined) await this.#end(timer);
  }

  /** Somebody sets the clock back; time itself goes on. */
  setBack(milliseconds: number): void {
    this.#skew -= milliseconds;
    this.show();
  }

  async #end(timer: RunningTimer): Promise<void> {
    this.#timers.delete(timer);
    this.show();
    timer.resolve();
    await settle();
  }

  #next(until: number): RunningTimer | undefined {
    let next: RunningTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.due <= until && (next === undefined || timer.due < next.due)) next = timer;
    }
    return next;
  }
}

/** A read that the store was asked for and has not answered yet. */
export interface HeldRead {
  /** `feed > 7`: of the feed after a cursor; `row a`. */
  readonly what: string;
  /** The store executes the read: it sees what is committed by now. */
  look(): void;
  /** The answer arrives; a read that was not executed before is executed now. */
  answer(): Promise<void>;
  fail(): Promise<void>;
  /** The request that owns the read is cancelled: nobody is ever told. */
  die(): void;
}

/** What the cache holds a copy of: it names the subjects whose changes end it. */
export interface Row {
  readonly id: string;
  readonly team: string;
  readonly label: string;
}

/** A store in memory whose commits are atomic and whose reads answer when the test says so. */
export class HeldStore {
  readonly clock: HeldClock;
  readonly rows = new Map<string, Row>();
  readonly waiting: HeldRead[] = [];
  /** While false, reads are answered at once. */
  held = false;
  /** Null: the database was never migrated. */
  epoch: string | null = "one";
  feed: FeedRow[] = [];
  feedReads = 0;
  rowReads = 0;
  #seq = 0;

  constructor(clock: HeldClock) {
    this.clock = clock;
  }

  /** One batch: the change and its subjects. */
  commit(subjects: readonly string[], change?: (rows: Map<string, Row>) => void): void {
    change?.(this.rows);
    for (const subject of subjects) this.feed.push({ seq: ++this.#seq, subject });
  }

  /** Forgets rows of the feed, never the last one. */
  prune(doomed: (row: FeedRow) => boolean): void {
    this.feed = this.feed.filter((row) => row.seq === this.#seq || !doomed(row));
  }

  /** The database goes back to when `seq` was the feed's last; what else it holds is for the test to say. */
  restore({ seq, epoch }: { seq: number; epoch: string }): void {
    this.feed = this.feed.filter((row) => row.seq <= seq);
    this.#seq = seq;
    this.epoch = epoch;
  }

  /** Where the feed stands. */
  head(): FeedHead {
    if (this.epoch === null) throw new Error("the change feed has no epoch");
    return { epoch: this.epoch, min: this.feed[0]?.seq ?? 0, max: this.feed.at(-1)?.seq ?? 0, mark: 0 };
  }

  readonly readFeed = (cursor: number): Promise<FeedPage> => {
    this.feedReads++;
    return this.#ask(`feed > ${cursor}`, () => ({
      ...this.head(),
      rows: this.feed.filter(({ seq }) => seq > cursor).slice(0, FEED_PAGE_ROWS),
      holdsForeign: false,
    }));
  };

  readonly readRow = (key: string): Promise<Reading<Row>> => {
    this.rowReads++;
    return this.#ask(`row ${key}`, () => ({ head: this.head(), value: this.rows.get(key) }));
  };

  /** The oldest read of this kind that awaits its answer: `feed`, `row` or `row a`. */
  read(what: string): HeldRead {
    const found = this.waiting.find((read) => read.what.startsWith(what));
    if (found === undefined) throw new Error(`no read of ${what} is waiting`);
    return found;
  }

  /** Every read that waits is cancelled. */
  dropReads(): void {
    this.waiting.length = 0;
  }

  #ask<T>(what: string, execute: () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    let seen: T | Error | null = null;
    const look = (): void => {
      seen ??= valueOrError(execute);
    };
    const leave = (): void => {
      this.waiting.splice(this.waiting.indexOf(read), 1);
    };
    const finish = (end: () => void): void => {
      leave();
      this.clock.show();
      end();
    };
    const answer = (): void => {
      look();
      finish(() => (seen instanceof Error ? reject(seen) : resolve(seen as T)));
    };
    const fail = (): void => finish(() => reject(new Error("Network connection lost")));
    const read: HeldRead = {
      what,
      look,
      answer: () => settleAfter(answer),
      fail: () => settleAfter(fail),
      die: leave,
    };
    this.waiting.push(read);
    if (!this.held) answer();
    return promise;
  }
}

function settleAfter(act: () => void): Promise<void> {
  act();
  return settle();
}

function valueOrError<T>(execute: () => T): T | Error {
  try {
    return execute();
  } catch (error) {
    return error as Error;
  }
}

/** A check as the test sees it from outside. */
export interface Check {
  readonly key: string;
  readonly strict: boolean;
  /** When it truly arrived, and what the Worker's clock showed then. */
  readonly arrivedTime: number;
  readonly arrivedAt: number;
  /** `waiting`, the answer (null: no such row), or why there is none. */
  outcome: "waiting" | Fresh<Row> | null | Error;
  /** When the outcome was there. */
  endedTime: number;
}

export interface IsolateOptions {
  readonly boundMs?: number;
  readonly maxKills?: number;
  readonly maxEntries?: number;
  readonly maxBytes?: number;
  /** Milliseconds, with a fraction if need be. */
  readonly startsAt?: number;
}

export interface Arrival extends Moment {
  readonly arrivedTime: number;
}

export interface CheckOptions {
  readonly strict?: boolean;
  /** When it arrived, if that was before now. */
  readonly arrival?: Arrival;
}

/** One isolate: a feed and a cache over a held store. */
export class Isolate {
  readonly clock: HeldClock;
  readonly store: HeldStore;
  readonly feed: ChangeFeed;
  readonly cache: FreshCache<Row>;
  /** Work that was to go on after the answer. */
  readonly background: Promise<unknown>[] = [];

  constructor(options: IsolateOptions = {}) {
    this.clock = new HeldClock(options.startsAt ?? 10_000);
    this.store = new HeldStore(this.clock);
    const { now, startTimer } = this.clock;
    this.feed = new ChangeFeed({
      boundMs: options.boundMs ?? 1000,
      now,
      startTimer,
      read: this.store.readFeed,
      ...(options.maxKills === undefined ? {} : { maxKills: options.maxKills }),
    });
    this.cache = new FreshCache({
      feed: this.feed,
      now,
      startTimer,
      read: this.store.readRow,
      subjectsOf: (row) => [`token:${row.id}`, `team:${row.team}`],
      bytesOf: (row) => row.label.length,
      maxEntries: options.maxEntries ?? 100,
      maxBytes: options.maxBytes ?? 10_000,
    });
  }

  /** A request arrives now; whatever it does before it comes to check. */
  arrive(): Arrival {
    this.clock.show();
    return {
      arrivedTime: this.clock.time,
      arrivedAt: this.clock.now(),
      background: (work) => void this.background.push(work),
    };
  }

  /** A check of the row under this key; it goes on as far as held reads let it. */
  begin(key: string, { strict = false, arrival = this.arrive() }: CheckOptions = {}): Check {
    const { arrivedTime, arrivedAt } = arrival;
    const check: Check = { key, strict, arrivedTime, arrivedAt, outcome: "waiting", endedTime: Number.NaN };
    const end = (outcome: Check["outcome"]): void => {
      check.outcome = outcome;
      check.endedTime = this.clock.time;
    };
    this.cache.get(key, arrival, strict ? () => true : undefined).then(end, end);
    return check;
  }

  /** The same, and lets it run. */
  async check(key: string, options: CheckOptions = {}): Promise<Check> {
    const check = this.begin(key, options);
    await settle();
    return check;
  }
}

/** Any element, as a number says. */
export function pickOf<T>(items: readonly T[], pick: number): T | undefined {
  return items[pick % items.length];
}
