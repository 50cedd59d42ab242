import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { MOVED_KINDS, type MoveDigest, type MovedKind, type MovedRow } from "../../domain/team-move.ts";

const PAGE_ROWS = 2_000;

const utf8 = new TextEncoder();

/** Reads rows of a kind in the order of their keys. */
export type ReadPage = (page: { kind: MovedKind; after: string; limit: number }) => Promise<MovedRow[]>;

/** Counts all rows and hashes them; both regions do, each its own. */
export async function digestRows(readPage: ReadPage): Promise<MoveDigest> {
  const hash = sha256.create();
  const rows = Object.fromEntries(MOVED_KINDS.map((kind) => [kind, 0])) as Record<MovedKind, number>;
  for (const kind of MOVED_KINDS) {
    let page: MovedRow[] = [];
    do {
      page = await readPage({ kind, after: page.at(-1)?.key ?? "", limit: PAGE_ROWS });
      rows[kind] += page.length;
      // No row and no key has a line end in it: JSON writes it otherwise.
      for (const { key, row } of page) hash.update(utf8.encode(`${kind}\n${key}\n${row}\n`));
    } while (page.length === PAGE_ROWS);
  }
  return { rows, sha256: bytesToHex(hash.digest()) };
}
