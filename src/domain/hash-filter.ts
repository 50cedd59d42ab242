/**
 * A set of SHA-256 hashes that may say yes to one that is not in it, and never no to one that is: the first 52
 * bits of each, sorted. Eight bytes a hash; and since whoever makes up texts cannot choose their hashes, of
 * 500,000 hashes one made-up text in nine thousand million is taken for one of them.
 */
export type HashFilter = Float64Array;

export const EMPTY_FILTER: HashFilter = new Float64Array(0);

/** As many hex digits as a double holds exactly. */
const DIGITS = 13;

/**
 * The filter with further hashes; the given one stays as it is, since others may be reading it.
 * @param hashes in hex
 */
export function withHashes(filter: HashFilter, hashes: readonly string[]): HashFilter {
  if (hashes.length === 0) return filter;
  const added = Float64Array.from(hashes, prefixOf).sort();
  const merged = new Float64Array(filter.length + added.length);
  let [old, fresh] = [0, 0];
  for (let at = 0; at < merged.length; at += 1) {
    const one = filter[old] ?? Number.POSITIVE_INFINITY;
    const other = added[fresh] ?? Number.POSITIVE_INFINITY;
    if (one <= other) old += 1;
    else fresh += 1;
    merged[at] = Math.min(one, other);
  }
  return merged;
}

/** @param hash in lower-case hex */
export function mayHold(filter: HashFilter, hash: string): boolean {
  const wanted = prefixOf(hash);
  let [from, to] = [0, filter.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((filter[middle] ?? 0) < wanted) from = middle + 1;
    else to = middle;
  }
  return filter[from] === wanted;
}

function prefixOf(hash: string): number {
  return Number.parseInt(hash.slice(0, DIGITS), 16);
}
