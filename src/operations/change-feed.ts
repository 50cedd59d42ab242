import type { FeedHead, FeedPage } from "../store/change-feed.ts";
import type { Moment } from "./moment.ts";
import { awaitOwn, awaitShared, type StartTimer } from "./shared-read.ts";

export interface ChangeFeedOptions {
  /** The freshness bound in milliseconds; 0: nothing is cached and every check reads. */
  readonly boundMs: number;
  readonly now: () => number;
  readonly startTimer: StartTimer;
  /** Reads the feed after a cursor, on the primary, in one transaction. */
  readonly read: (cursor: number) => Promise<FeedPage>;
  /** More subjects than this and everything is forgotten instead. */
  readonly maxKills?: number;
}

interface Poll {
  readonly startedAt: number;
  readonly done: Promise<void>;
}

const DEFAULT_MAX_KILLS = 50_000;

/** The part of the bound by which the next read comes ahead of need at least. */
const LEAST_LEAD = 0.05;

/** How much slower than the last read the next one may be before a check has to wait for it. */
const SLACK = 4;

/**
 * What this isolate knows of the change feed (design, "The freshness bound"). Only arrival times and
 * read-start times of this one isolate are compared, so that no two clocks ever meet, and a clock that
 * stands still between I/O makes reads look older than they are, which errs on the safe side.
 *
 * Comparisons with the bound are strict. Times are whole milliseconds, rounded down: a read that began in
 * the very millisecond `arrivedAt - boundMs` may have begun up to 1 ms before a revocation that was
 * answered more than the bound before the arrival.
 *
 * Of reads that overlap, the one that was issued last counts, whatever they say the time was: a clock that
 * is set back must not make every later read look overtaken.
 */
export class ChangeFeed {
  readonly boundMs: number;
  readonly #options: ChangeFeedOptions;
  readonly #maxKills: number;
  readonly #caches: (() => void)[] = [];
  readonly #kills = new Map<string, number>();
  #epoch: string | null = null;
  #cursor = 0;
  #floor = 0;
  #feedAt = Number.NEGATIVE_INFINITY;
  #lastReadMs = Number.POSITIVE_INFINITY;
  #inFlight: Poll | null = null;
  #issued = 0;
  #applied = 0;
  #holdsForeign = true;

  constructor(options: ChangeFeedOptions) {
    this.boundMs = options.boundMs;
    this.#options = options;
    this.#maxKills = options.maxKills ?? DEFAULT_MAX_KILLS;
  }

  /** Start of the newest read that was applied: every change committed before it is known here. */
  get knownAt(): number {
    return this.#feedAt;
  }

  /** Whether anything is stored that another made, as far as that is known here: as fresh as all else. */
  get holdsForeign(): boolean {
    return this.#holdsForeign;
  }

  /** Registers what to forget when the feed can no longer vouch for it. */
  onForget(forget: () => void): void {
    this.#caches.push(forget);
  }

  /** Whether a subject changed after the read that saw the feed at `seq`. */
  killed(subjects: readonly string[], seq: number): boolean {
    for (const subject of subjects) {
      const kill = this.#kills.get(subject);
      if (kill !== undefined && kill > seq) return true;
    }
    return false;
  }

  /**
   * Whether what was read at this head may be kept: a kill that came after it is, or will be, known here.
   * With a bound of 0 the feed is never read, no epoch is known, and nothing may.
   */
  mayKeep(head: FeedHead): boolean {
    return head.epoch === this.#epoch && head.max >= this.#floor;
  }

  /** Whether nothing committed before `knownAt` has touched these subjects since they were read at this head. */
  vouchesFor(head: FeedHead, subjects: readonly string[]): boolean {
    return this.mayKeep(head) && !this.killed(subjects, head.max);
  }

  /**
   * Whether a read that began then is recent enough for a check that arrived at `arrivedAt`. One that seems
   * to begin far in the future was timed before the clock was set back: how old it is cannot be told. (Not
   * any future: each request has a clock of its own, and those need not agree to the millisecond.)
   */
  isFresh(startedAt: number, arrivedAt: number): boolean {
    return startedAt > arrivedAt - this.boundMs && startedAt <= this.#options.now() + this.boundMs;
  }

  /** Whether there is nothing to wait for. Starts the next read when it is nearly due. */
  isFreshFor({ arrivedAt, background }: Moment): boolean {
    if (!this.isFresh(this.#feedAt, arrivedAt)) return false;
    this.#refreshAhead(arrivedAt, background);
    return true;
  }

  /**
   * Returns once every change committed more than the bound before the arrival is known here.
   * @throws {Unavailable} when that cannot be had in time.
   */
  async fresh({ arrivedAt, background }: Moment): Promise<void> {
    if (this.boundMs === 0 || this.isFreshFor({ arrivedAt, background })) return;
    const shared = this.#inFlight;
    if (shared !== null && this.isFresh(shared.startedAt, arrivedAt)) {
      await awaitShared(shared.done, this.#options.startTimer);
      if (this.isFresh(this.#feedAt, arrivedAt)) return;
    }
    await awaitOwn(this.#poll(), this.#options.startTimer);
  }

  /**
   * When the bound is nearly over, reads in the background, so that no check has to wait for it later: so
   * late that reads come about once per bound, and early enough for a read as slow as the last one.
   */
  #refreshAhead(arrivedAt: number, background: Moment["background"]): void {
    const dueAfter = arrivedAt - this.boundMs + this.#leadMs();
    if (this.#feedAt > dueAfter) return;
    if (this.#inFlight !== null && this.#inFlight.startedAt > dueAfter) return;
    background(this.#poll().catch(() => undefined));
  }

  #leadMs(): number {
    return Math.min(this.boundMs / 2, Math.max(this.boundMs * LEAST_LEAD, SLACK * this.#lastReadMs));
  }

  #poll(): Promise<void> {
    const startedAt = this.#options.now();
    const issue = ++this.#issued;
    const after = this.#cursor;
    const done = this.#options
      .read(after)
      .then((page) => this.#apply(page, { startedAt, issue, after }))
      .finally(() => {
        if (this.#inFlight === poll) this.#inFlight = null;
      });
    const poll: Poll = { startedAt, done };
    this.#inFlight = poll;
    return done;
  }

  /** An answer that was overtaken by a younger one is dropped: it may know less. */
  #apply(
    page: FeedPage,
    { startedAt, issue, after }: { startedAt: number; issue: number; after: number },
  ): void {
    if (issue < this.#applied) return;
    this.#applied = issue;
    this.#holdsForeign = page.holdsForeign;
    if (this.#lostTrack(page, after)) this.#forgetAll(page);
    else this.#take(page);
    if (this.#kills.size > this.#maxKills) this.#forgetAll(page);
    this.#feedAt = startedAt;
    this.#lastReadMs = Math.max(0, this.#options.now() - startedAt);
  }

  /**
   * A restore (another epoch, or a feed that went back), or rows that this page should hold and does not:
   * pruned, more than one read brings, or skipped because the read began after a cursor that was given up
   * while it was under way. Sequence numbers have no holes of their own, as a failed batch takes its back;
   * the lowest one that is left proves little, as rows are pruned by time and not in order.
   */
  #lostTrack(page: FeedPage, after: number): boolean {
    return (
      page.epoch !== this.#epoch ||
      page.max < this.#cursor ||
      after > this.#cursor ||
      page.rows.length !== page.max - after
    );
  }

  /** All rows up to the page's head, in order: the last one of each subject counts. */
  #take(page: FeedPage): void {
    for (const { seq, subject } of page.rows) this.#kills.set(subject, seq);
    this.#cursor = page.max;
  }

  #forgetAll(page: FeedPage): void {
    this.#epoch = page.epoch;
    this.#cursor = page.max;
    this.#floor = page.max;
    this.#kills.clear();
    for (const forget of this.#caches) forget();
  }
}
