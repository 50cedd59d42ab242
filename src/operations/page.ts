/** Which part of a list is asked for. */
export interface PageRequest {
  /** Entries, 1 to 100. */
  readonly limit: number;
  /** The last id of the page before, null for the first page. */
  readonly cursor: string | null;
}

export interface Page<T> {
  readonly entries: readonly T[];
  /** The id to go on from, null at the end. */
  readonly nextCursor: string | null;
}

/** Reads one entry more than asked for, to know whether there is a next page. */
export async function readPage<T extends { readonly id: string }>(
  page: PageRequest,
  read: (page: PageRequest) => Promise<readonly T[]>,
): Promise<Page<T>> {
  const found = await read({ ...page, limit: page.limit + 1 });
  const entries = found.slice(0, page.limit);
  return { entries, nextCursor: found.length > page.limit ? (entries.at(-1)?.id ?? null) : null };
}
