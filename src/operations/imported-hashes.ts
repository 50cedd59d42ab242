import { EMPTY_FILTER, withHashes, type HashFilter } from "../domain/hash-filter.ts";
import type { FeedHead } from "../store/change-feed.ts";
import { FIRST_PLACE, IMPORTED_PAGE_ROWS, type ImportedPlace } from "../store/imported-keys.ts";
import type { Reading } from "./fresh-cache.ts";

type ReadPage = (
  after: ImportedPlace,
) => Promise<{ readonly head: FeedHead; readonly keys: readonly ImportedPlace[] }>;

interface Known {
  readonly head: FeedHead;
  readonly filter: HashFilter;
  readonly last: ImportedPlace;
}

/**
 * Reads the filter of imported keys: all of it once, and from then on what was imported since. A key that is
 * deleted stays in it, which costs a read of the store if somebody still sends it.
 */
export class ImportedHashes {
  readonly #readPage: ReadPage;
  #known: Known | null = null;

  constructor(readPage: ReadPage) {
    this.#readPage = readPage;
  }

  /** For when the store may have become another one. */
  forget(): void {
    this.#known = null;
  }

  /** The filter, and where the feed stood before any of it was read. */
  async read(): Promise<Reading<HashFilter>> {
    const { head, filter } = await this.#readAfter(this.#known);
    return { head, value: filter };
  }

  async #readAfter(known: Known | null): Promise<Known> {
    let last = known?.last ?? FIRST_PLACE;
    let page = await this.#readPage(last);
    const { head } = page;
    if (known !== null && (head.epoch !== known.head.epoch || head.max < known.head.max)) {
      return this.#readAfter(null);
    }
    const hashes = page.keys.map(({ hash }) => hash);
    while (page.keys.length === IMPORTED_PAGE_ROWS) {
      last = page.keys.at(-1) ?? last;
      page = await this.#readPage(last);
      for (const { hash } of page.keys) hashes.push(hash);
    }
    last = page.keys.at(-1) ?? last;
    const read = { head, filter: withHashes(known?.filter ?? EMPTY_FILTER, hashes), last };
    this.#known = read;
    return read;
  }
}
