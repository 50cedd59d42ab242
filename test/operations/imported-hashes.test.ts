import { describe, expect, test } from "vitest";
import { mayHold } from "../../src/domain/hash-filter.ts";
import { ImportedHashes } from "../../src/operations/imported-hashes.ts";
import { IMPORTED_PAGE_ROWS, type ImportedPlace } from "../../src/store/imported-keys.ts";

/** A store of imported keys, read page by page; it tells how many rows were read. */
class Store {
  epoch = "one";
  keys: ImportedPlace[] = [];
  rowsRead = 0;
  pages = 0;
  /** Runs after each page. */
  meanwhile: () => void = () => undefined;

  import(count: number): void {
    const seq = this.max + 1;
    const from = this.keys.length;
    const added = Array.from({ length: count }, (_, index) => ({ seq, hash: hashAt(from + index) }));
    this.keys.push(...added.sort((one, other) => (one.hash < other.hash ? -1 : 1)));
  }

  get max(): number {
    return this.keys.at(-1)?.seq ?? 0;
  }

  readPage = async (after: ImportedPlace) => {
    const keys = this.keys
      .filter(({ seq, hash }) => seq > after.seq || (seq === after.seq && hash > after.hash))
      .slice(0, IMPORTED_PAGE_ROWS);
    this.rowsRead += keys.length;
    this.pages += 1;
    const head = { epoch: this.epoch, min: 1, max: this.max, mark: 0 };
    this.meanwhile();
    return { head, keys };
  };
}

function hashAt(index: number): string {
  // Spread over the whole range, so that those of one import are not in the order in which they were made.
  return ((index * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, "0").padEnd(64, "0");
}

describe("the filter of imported keys", () => {
  test("is read once as a whole, and then only what was imported since", async () => {
    const store = new Store();
    const hashes = new ImportedHashes(store.readPage);
    store.import(500);
    store.import(500);
    expect((await hashes.read()).value).toHaveLength(1_000);
    store.import(3);
    expect((await hashes.read()).value).toHaveLength(1_003);
    expect((await hashes.read()).value).toHaveLength(1_003);
    expect(store.rowsRead).toBe(1_003);
  });

  test("misses no key where a page ends within an import", async () => {
    const store = new Store();
    for (let imports = 0; imports < 41; imports += 1) store.import(499);
    store.import(2 * IMPORTED_PAGE_ROWS);
    const { value } = await new ImportedHashes(store.readPage).read();
    expect(value).toHaveLength(store.keys.length);
    expect(store.keys.every(({ hash }) => value !== undefined && mayHold(value, hash))).toBe(true);
    expect(store.pages).toBe(4);
  });

  test("claims to know the feed up to its first page only, whatever is imported between pages", async () => {
    const store = new Store();
    store.import(IMPORTED_PAGE_ROWS);
    const { max } = store;
    store.meanwhile = () => {
      store.meanwhile = () => undefined;
      store.import(5);
    };
    const read = await new ImportedHashes(store.readPage).read();
    expect(read.head.max).toBe(max);
    expect(read.value).toHaveLength(IMPORTED_PAGE_ROWS + 5);
  });

  test.each([
    ["has another epoch", (store: Store) => (store.epoch = "two")],
    ["went back", (store: Store) => store.keys.splice(2)],
  ])("is read as a whole again from a store that %s", async (_, restore) => {
    const store = new Store();
    const hashes = new ImportedHashes(store.readPage);
    store.import(2);
    store.import(2);
    store.import(2);
    await hashes.read();
    restore(store);
    const { value } = await hashes.read();
    expect(value).toHaveLength(store.keys.length);
  });

  test("is read as a whole again once it was told to forget", async () => {
    const store = new Store();
    const hashes = new ImportedHashes(store.readPage);
    store.import(4);
    await hashes.read();
    hashes.forget();
    expect((await hashes.read()).value).toHaveLength(4);
    expect(store.rowsRead).toBe(8);
  });
});
