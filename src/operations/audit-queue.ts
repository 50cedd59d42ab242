import type { AuditRow } from "../store/changes.ts";
import { awaitOwn, awaitShared, type StartTimer } from "./shared-read.ts";

/** Rows of one write; more wait for the next. */
const MAX_BATCH = 500;

/**
 * Writes audit events that must be there before the check that they report is answered. What arrives
 * while a write is under way goes into the next one together, so that a flood of refused checks costs a
 * few writes and not one each.
 */
export class AuditQueue {
  readonly #write: (rows: readonly AuditRow[]) => Promise<void>;
  readonly #startTimer: StartTimer;
  /** By id; not yet known to be written. */
  readonly #pending = new Map<string, AuditRow>();
  #inFlight: Promise<void> | null = null;

  /** @param write appends rows, and passes over those that are there already */
  constructor(write: (rows: readonly AuditRow[]) => Promise<void>, startTimer: StartTimer) {
    this.#write = write;
    this.#startTimer = startTimer;
  }

  /** @throws {Unavailable} when the event could not be written: then the check must not be answered. */
  async append(row: AuditRow): Promise<void> {
    this.#pending.set(row.id, row);
    while (this.#pending.has(row.id)) {
      const others = this.#inFlight;
      if (others !== null) await awaitShared(others, this.#startTimer);
      // The same one still: its request was cancelled or it is slow. Writing its rows again does no harm.
      if (this.#inFlight === others) await this.#lead(row);
    }
  }

  async #lead(own: AuditRow): Promise<void> {
    const rows = [...this.#pending.values()].slice(0, MAX_BATCH);
    const write = this.#write(rows).then(() => {
      for (const { id } of rows) this.#pending.delete(id);
    });
    this.#inFlight = write;
    try {
      await awaitOwn(write, this.#startTimer);
    } catch (error) {
      this.#pending.delete(own.id);
      throw error;
    } finally {
      if (this.#inFlight === write) this.#inFlight = null;
    }
  }
}
