import { DurableObject } from "cloudflare:workers";
import {
  JOURNAL_PAGE_ENTRIES,
  type JournalEntry,
  type JournalPage,
  type JournalledEnd,
} from "../domain/journal.ts";

/** D1's Time Travel restores at most 30 days back; a day more, and no restore can reach behind what is kept. */
const RETENTION_MS = 31 * 86_400_000;

const PRUNE_EVERY_MS = 86_400_000;

const KNOWN_KEY = "known_mark";

interface Row extends Record<string, SqlStorageValue> {
  readonly seq: number;
  readonly kind: string;
  readonly id: string;
  readonly at: number;
}

/**
 * Remembers what was ended, outside the database: a database that is restored to an earlier moment
 * brings ended credentials back, and this is what ends them again (design, "journal").
 */
export class Journal extends DurableObject {
  readonly #sql = this.ctx.storage.sql;

  /** Appends in the order of arrival; durable before it answers. @returns the entry's number, from 1 */
  async append({ kind, id, at }: JournalledEnd): Promise<number> {
    this.#createTable();
    const { seq } = this.#sql
      .exec<{ seq: number }>("INSERT INTO ended (kind, id, at) VALUES (?, ?, ?) RETURNING seq", kind, id, at)
      .one();
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(at + PRUNE_EVERY_MS);
    return seq;
  }

  /**
   * The entries after a number, oldest first.
   * @param mark how many of them the database that is asked for knows, or knew once: it can only know less
   *   later on by being restored
   */
  async after(seq: number, mark = 0): Promise<JournalPage> {
    this.#createTable();
    const { kv } = this.ctx.storage;
    const known = kv.get<number>(KNOWN_KEY) ?? 0;
    if (mark > known) kv.put(KNOWN_KEY, mark);
    const entries = this.#sql
      .exec<Row>(
        "SELECT seq, kind, id, at FROM ended WHERE seq > ? ORDER BY seq LIMIT ?",
        seq,
        JOURNAL_PAGE_ENTRIES,
      )
      .toArray() as unknown as JournalEntry[];
    return { entries, known: Math.max(known, mark), complete: entries.length < JOURNAL_PAGE_ENTRIES };
  }

  override async alarm(): Promise<void> {
    const now = Date.now();
    // The last one stays, so that numbers never start anew.
    this.#sql.exec(
      "DELETE FROM ended WHERE at < ? AND seq < (SELECT max(seq) FROM ended)",
      now - RETENTION_MS,
    );
    await this.ctx.storage.setAlarm(now + PRUNE_EVERY_MS);
  }

  #createTable(): void {
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS ended (seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL)",
    );
  }
}
