import type { JournalEntry, JournalledEnd, JournalPage } from "../domain/journal.ts";
import type { FeedHead } from "../store/change-feed.ts";
import { commit, type Database, type Statement } from "../store/database.ts";
import { advanceMark } from "../store/journal-mark.ts";
import { replayEntries } from "../store/journal-replay.ts";
import { Unavailable } from "./unavailable.ts";

/** The journal, wherever it runs. */
export interface JournalStub {
  append(end: JournalledEnd): Promise<number>;
  /** @param mark how many entries the database knows, or once knew */
  after(seq: number, mark: number): Promise<JournalPage>;
}

/**
 * Writes down, outside the database, that something ends; before the batch that ends it, so that nothing
 * that was acknowledged is missing there.
 * @returns the statement that belongs into that batch
 * @throws {Unavailable} when the journal does not answer: then nothing may be ended either
 */
export async function journalEnd(
  { db, journal }: { readonly db: Database; readonly journal: JournalStub },
  end: JournalledEnd,
): Promise<readonly [Statement]> {
  const seq = await journal.append(end).catch((cause: unknown) => {
    throw new Unavailable("the journal did not answer", { cause });
  });
  // In a list: a statement is a thenable, and a promise that resolved to it would run it.
  return [advanceMark(db, { from: seq - 1, to: seq })];
}

/**
 * The same for what has ended already: of parallel batches some fail, and what the journal names is ended
 * whether it was or not. Who asked for it is told only once it is written down.
 * @throws {Unavailable} when the journal does not answer
 */
export async function journalEnded(
  deps: { readonly db: Database; readonly journal: JournalStub },
  ...ends: readonly JournalledEnd[]
): Promise<void> {
  for (const end of ends) await commit(deps.db, await journalEnd(deps, end));
}

/** Reads again at most this often; each time, something that was restored has been ended once more. */
const MAX_READS = 5;

/**
 * Holds what is read from the database against the journal: at an isolate's first read, and whenever the
 * database knows less than it did. A database that was restored to an earlier moment brings ended
 * credentials back; it is used only once the journal has ended them again (design, "journal").
 */
export class JournalWatch {
  readonly #db: Database;
  readonly #journal: JournalStub;
  #seen: Pick<FeedHead, "epoch" | "mark"> | null = null;
  /** The highest mark that was ever read. */
  #highest = 0;

  constructor(db: Database, journal: JournalStub) {
    this.#db = db;
    this.#journal = journal;
  }

  /** Reads until what comes can be trusted. */
  async read<T>(read: () => Promise<T>, headOf: (found: T) => FeedHead): Promise<T> {
    for (let reads = 0; reads < MAX_READS; reads += 1) {
      const found = await read();
      const { epoch, mark } = headOf(found);
      this.#highest = Math.max(this.#highest, mark);
      const isKnown = this.#seen?.epoch === epoch && mark >= this.#seen.mark;
      if (isKnown || (await this.#replay(mark)) === 0) {
        this.#seen = { epoch, mark };
        return found;
      }
    }
    throw new Unavailable("the database does not stay as it is");
  }

  /** @returns how many rows had to be ended once more */
  async #replay(mark: number): Promise<number> {
    let changes = 0;
    let from = mark;
    let page: JournalPage;
    do {
      page = await this.#journal.after(from, this.#highest);
      const { entries, known }: { readonly entries: readonly JournalEntry[]; readonly known: number } = page;
      if (entries.length > 0) changes += await replayEntries(this.#db, { entries, from, known });
      from = entries.at(-1)?.seq ?? from;
    } while (!page.complete);
    return changes;
  }
}
