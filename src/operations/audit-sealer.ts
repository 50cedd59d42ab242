import type { Moment } from "./moment.ts";
import type { StartTimer } from "./shared-read.ts";

/** Changes gather for so long before their chains are sealed, so that a burst of them costs one round. */
const GATHER_MS = 2_000;

/** The platform has cancelled a round that takes longer: another one may begin. */
const LOST_MS = 60_000;

/**
 * Seals the chains of changed teams in the background, soon after the change. What it does not get to, as
 * when its isolate goes away, is left to the scheduled job and to whoever reads the chain first.
 */
export class AuditSealer {
  readonly #seal: (teamId: string | null) => Promise<unknown>;
  readonly #startTimer: StartTimer;
  readonly #now: () => number;
  #waiting = new Set<string | null>();
  #startedAt: number | null = null;

  constructor(
    seal: (teamId: string | null) => Promise<unknown>,
    { startTimer, now }: { startTimer: StartTimer; now: () => number },
  ) {
    this.#seal = seal;
    this.#startTimer = startTimer;
    this.#now = now;
  }

  /** @param teamId null: the chain of what belongs to no team */
  soon(teamId: string | null, { background }: Pick<Moment, "background">): void {
    this.#waiting.add(teamId);
    if (this.#startedAt !== null && this.#now() - this.#startedAt < LOST_MS) return;
    this.#startedAt = this.#now();
    background(this.#sealLater());
  }

  async #sealLater(): Promise<void> {
    await this.#startTimer(GATHER_MS).done;
    const teams = this.#waiting;
    this.#waiting = new Set();
    this.#startedAt = null;
    // What fails stays unsealed, and the scheduled job comes by.
    for (const teamId of teams) await this.#seal(teamId).catch(() => undefined);
  }
}
