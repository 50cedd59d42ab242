import { DurableObject } from "cloudflare:workers";
import { lease, type Charge, type Lease, type LeaseRequest, type ReturnedLease } from "../domain/lease.ts";
import { EMPTY_WINDOW, settle, take, type WindowLimit, type WindowState } from "../domain/sliding-window.ts";

const STATE_KEY = "window";

/**
 * An exact sliding window for one subject. One object serves one subject one call at a time, so that what
 * it counts is exact however many callers there are; each charge is stored before it is answered (the
 * platform holds the answer back until the write is durable), so that neither eviction nor a restart
 * forgets one.
 */
export class Limiter extends DurableObject {
  /** Replaced in tests. */
  clock: () => number = Date.now;
  #state: WindowState = this.ctx.storage.kv.get<WindowState>(STATE_KEY) ?? EMPTY_WINDOW;

  /** Uses `cost` permits now, or none; a refusal costs nothing, nor does what was charged `once` before. */
  async take(request: WindowLimit & { readonly cost: number; readonly once?: string }): Promise<Charge> {
    const { state, ...answer } = take(this.#state, request, this.clock());
    if (answer.allowed) await this.#keep(state);
    return answer;
  }

  /** Uses `cost` permits now, and hands out a block for the checks to come. */
  async lease(request: LeaseRequest): Promise<Lease> {
    const { state, ...answer } = lease(this.#state, request, this.clock());
    if (answer.allowed || request.returned !== null) await this.#keep(state);
    return answer;
  }

  /** Takes a lease back, with what was used of it. */
  async settle(returned: ReturnedLease): Promise<void> {
    await this.#keep(settle(this.#state, returned, this.clock()));
  }

  /** Forgets a window that has emptied, so that tokens long gone leave nothing behind. */
  override async alarm(): Promise<void> {
    const { resetMs } = take(this.#state, { limit: 0, windowMs: 1, cost: 0 }, this.clock());
    if (resetMs > 0) {
      await this.ctx.storage.setAlarm(this.clock() + resetMs);
      return;
    }
    this.#state = EMPTY_WINDOW;
    await this.ctx.storage.deleteAll();
  }

  async #keep(state: WindowState): Promise<void> {
    const wasEmpty = this.#state.charges.length === 0;
    const last = state.charges.at(-1);
    // What comes back after the alarm has forgotten it is not to be remembered again.
    if (wasEmpty && last === undefined) return;
    this.#state = state;
    this.ctx.storage.kv.put(STATE_KEY, state);
    if (wasEmpty && last !== undefined) await this.ctx.storage.setAlarm(last.until);
  }
}
