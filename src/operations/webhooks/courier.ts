import type { Moment } from "../moment.ts";
import type { StartTimer } from "../shared-read.ts";

/** Changes gather for so long, so that a burst of them costs one read. */
const GATHER_MS = 100;

/** The platform has cancelled a round that takes longer: another one may begin. */
const LOST_MS = 30_000;

/** Asks the queue to give endpoints their turns. */
export interface DeliveryQueue {
  send(webhookIds: readonly string[], delaySeconds?: number): Promise<void>;
}

/**
 * Sees to it that events are on their way soon after the change that caused them. What it does not get to, as
 * when its isolate goes away, is left to the scheduled job: the events are stored with the change.
 */
export class Courier {
  readonly #sweep: () => Promise<unknown>;
  readonly #startTimer: StartTimer;
  readonly #now: () => number;
  #startedAt: number | null = null;

  constructor(
    sweep: () => Promise<unknown>,
    { startTimer, now }: { startTimer: StartTimer; now: () => number },
  ) {
    this.#sweep = sweep;
    this.#startTimer = startTimer;
    this.#now = now;
  }

  /** To be called after a change that may have caused events. */
  soon({ background }: Pick<Moment, "background">): void {
    if (this.#startedAt !== null && this.#now() - this.#startedAt < LOST_MS) return;
    this.#startedAt = this.#now();
    background(this.#sweepLater());
  }

  async #sweepLater(): Promise<void> {
    await this.#startTimer(GATHER_MS).done;
    this.#startedAt = null;
    // What fails stays due, and the scheduled job comes by.
    await this.#sweep().catch(() => undefined);
  }
}
