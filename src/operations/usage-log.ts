import type { LastUse, UsageRow } from "../store/usage.ts";
import type { Moment } from "./moment.ts";
import type { StartTimer } from "./shared-read.ts";

/** How long counts gather before they are written: with the write itself, they are at most 10 s old. */
const GATHER_MS = 5_000;

/** So many different counts are written at once, however young they are. */
const MAX_ROWS = 5_000;

const HOUR_MS = 3_600_000;

export interface Use {
  readonly tokenId: string;
  readonly teamId: string;
  readonly permissions: readonly string[];
  /** `allowed`, or the reason why not. */
  readonly verdict: string;
  readonly at: number;
}

const NO_PERMISSION = [""];

type Counted = { -readonly [Member in keyof UsageRow]: UsageRow[Member] };

function keyOf(tokenId: string, hour: number, verdict: string, permission: string): string {
  return `${tokenId} ${hour} ${verdict} ${permission}`;
}

/**
 * Counts the checks of this isolate and writes the sums in the background, so that no check waits for it.
 * An isolate that is evicted takes with it what it gathered since its last write, 10 s of counts at most.
 */
export class UsageLog {
  readonly #write: (rows: readonly UsageRow[], lastUses: readonly LastUse[]) => Promise<void>;
  readonly #startTimer: StartTimer;
  #rows = new Map<string, Counted>();
  #lastUses = new Map<string, number>();
  #waiting = false;

  constructor(
    write: (rows: readonly UsageRow[], lastUses: readonly LastUse[]) => Promise<void>,
    startTimer: StartTimer,
  ) {
    this.#write = write;
    this.#startTimer = startTimer;
  }

  note({ tokenId, teamId, permissions, verdict, at }: Use, { background }: Pick<Moment, "background">): void {
    const hour = Math.floor(at / HOUR_MS);
    for (const permission of permissions.length === 0 ? NO_PERMISSION : permissions) {
      const row = this.#rows.get(keyOf(tokenId, hour, verdict, permission));
      // Nearly always there already: a hot check makes no object for it.
      if (row !== undefined) row.count += 1;
      else this.#add({ tokenId, teamId, hour, permission, verdict, count: 1 });
    }
    if (verdict === "allowed") this.#lastUses.set(tokenId, at);
    if (this.#rows.size >= MAX_ROWS) background(this.flush());
    else if (!this.#waiting) background(this.#flushLater());
  }

  /** Writes what was gathered; what could not be written stays for the next time. */
  async flush(): Promise<void> {
    const rows = this.#rows;
    const lastUses = this.#lastUses;
    if (rows.size === 0) return;
    this.#rows = new Map();
    this.#lastUses = new Map();
    try {
      await this.#write(
        [...rows.values()],
        [...lastUses].map(([tokenId, at]) => ({ tokenId, at })),
      );
    } catch {
      for (const row of rows.values()) this.#add(row);
      for (const [tokenId, at] of lastUses) {
        this.#lastUses.set(tokenId, Math.max(at, this.#lastUses.get(tokenId) ?? 0));
      }
    }
  }

  #add(row: UsageRow): void {
    const key = keyOf(row.tokenId, row.hour, row.verdict, row.permission);
    const there = this.#rows.get(key);
    if (there === undefined) this.#rows.set(key, { ...row });
    else there.count += row.count;
  }

  async #flushLater(): Promise<void> {
    this.#waiting = true;
    try {
      await this.#startTimer(GATHER_MS).done;
    } finally {
      this.#waiting = false;
    }
    await this.flush();
  }
}
