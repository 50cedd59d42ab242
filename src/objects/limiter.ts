import { DurableObject } from "cloudflare:workers";
import { leaseSize } from "../domain/lease-size.ts";
import { EMPTY_WINDOW, reserve, settle, take, type WindowLimit, type WindowState } from "../domain/sliding-window.ts";

/** What a caller learns of its charge; durations in milliseconds. */
export interface Charge {
  readonly allowed: boolean;
  readonly remaining: number;
  /** 0 when allowed; null when it can never be. */
  readonly retryAfterMs: number | null;
  readonly resetMs: number;
}

/** What a caller of many checks asks for at once. */
export interface LeaseRequest extends WindowLimit {
  /** What it needs now, from 1. */
  readonly cost: number;
  /** Its own checks of late; more permits are handed out the hotter it is. */
  readonly recentRatePerSecond: number;
  readonly leaseMs: number;
  /** The lease that it held until now, to be taken back first. */
  readonly returned: ReturnedLease | null;
}

export interface ReturnedLease {
  readonly leaseId: number;
  readonly used: number;
}

/** The charge of what was needed now, and what was handed out beyond it; null: nothing. */
export interface Lease extends Charge {
  readonly lease: { readonly id: number; readonly count: number } | null;
}

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

  /** Uses `cost` permits now, or none; a refusal costs nothing. */
  async take(request: WindowLimit & { readonly cost: number }): Promise<Charge> {
    const { state, ...answer } = take(this.#state, request, this.clock());
    await this.#keep(state, answer);
    return answer;
  }

  /**
   * Charges `cost` now and, if there is enough to spare, hands out a block for the checks to come. The
   * block is sized here, where it is known what remains.
   */
  async lease({ limit, windowMs, cost, recentRatePerSecond, leaseMs, returned }: LeaseRequest): Promise<Lease> {
    if (returned !== null) await this.settle(returned);
    const charge = await this.take({ limit, windowMs, cost });
    const { remaining } = charge;
    const count = leaseSize({ limit, remaining: remaining + cost, recentRatePerSecond, leaseMs }) - cost;
    if (!charge.allowed || count < 1) return { ...charge, lease: null };
    const { state, lease, ...answer } = reserve(
      this.#state,
      { limit, windowMs, count: Math.min(count, remaining), leaseMs },
      this.clock(),
    );
    this.#write(state);
    return { ...answer, lease };
  }

  /** Takes a lease back, with what was used of it. */
  async settle({ leaseId, used }: ReturnedLease): Promise<void> {
    this.#write(settle(this.#state, { leaseId, used }, this.clock()));
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

  async #keep(state: WindowState, answer: Charge): Promise<void> {
    if (!answer.allowed) return;
    const wasEmpty = this.#state.charges.length === 0;
    this.#write(state);
    if (wasEmpty) await this.ctx.storage.setAlarm(this.clock() + answer.resetMs);
  }

  #write(state: WindowState): void {
    this.#state = state;
    this.ctx.storage.kv.put(STATE_KEY, state);
  }
}
