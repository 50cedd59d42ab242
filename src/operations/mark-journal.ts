import { readFeed } from "../store/change-feed.ts";
import type { Deps } from "./deps.ts";
import { journalEnded, JournalWatch } from "./journal-watch.ts";

/** Nothing is to be read but where the feed stands. */
const NO_ROWS = Number.MAX_SAFE_INTEGER;

/**
 * Writes into the journal that time has passed, and tells it that the database knows: a restore to any moment
 * before that is then found out, also when nothing was ended in between. What was used up since then, such as
 * rotated refresh tokens, is otherwise not in the journal at all.
 */
export async function markJournal({
  db,
  journal,
  clock,
}: Pick<Deps, "db" | "journal" | "clock">): Promise<void> {
  await journalEnded({ db, journal }, { kind: "time", id: "", at: clock() });
  const watch = new JournalWatch(db, journal);
  await watch.read(
    () => readFeed(db, NO_ROWS),
    (page) => page,
  );
}
