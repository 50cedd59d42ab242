import { replayEntries } from "../../store/journal-replay.ts";
import type { Deps } from "../deps.ts";
import { Unavailable } from "../unavailable.ts";

/** Clocks of two regions differ, and entries are written a little after what they name. */
const MARGIN_MS = 3_600_000;

/**
 * Ends again what the journal says has ended since a time: for rows that have come from elsewhere, and may have been
 * here before this database was restored to a moment without them.
 * @throws {Unavailable} when the journal does not answer
 */
export async function replaySince(deps: Pick<Deps, "db" | "journal">, at: number): Promise<void> {
  let from = await firstSince(deps, at - MARGIN_MS);
  for (;;) {
    const { entries, complete } = await read(deps, from);
    // As many as are known: nothing was restored now, and nothing that is used once is taken for unused.
    if (entries.length > 0) await replayEntries(deps.db, { entries, from, known: from });
    if (complete) return;
    from = entries.at(-1)?.seq ?? from;
  }
}

/** How many entries are older, give or take those of one moment. */
async function firstSince(deps: Pick<Deps, "journal">, at: number): Promise<number> {
  let [from, to] = [0, (await read(deps, Number.MAX_SAFE_INTEGER)).known];
  while (from < to) {
    const middle = (from + to) >>> 1;
    const [next] = (await read(deps, middle)).entries;
    if (next === undefined || next.at >= at) to = middle;
    else from = middle + 1;
  }
  return from;
}

function read({ journal }: Pick<Deps, "journal">, after: number) {
  return journal.after(after, 0).catch((cause: unknown) => {
    throw new Unavailable("the journal did not answer", { cause });
  });
}
