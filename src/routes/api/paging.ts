import { isClientId, isPublicId, type PublicIdPrefix } from "../../domain/public-id.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import type { Page, PageRequest } from "../../operations/page.ts";

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 100;

/** What every list takes, for the OpenAPI document. */
export const PAGE_QUERY = {
  limit: `Entries of a page, 1 to ${MAX_LIMIT}; ${DEFAULT_LIMIT} when left out.`,
  cursor: "The `next_cursor` of the page before.",
} as const;

/**
 * Reads `limit` and `cursor`; a cursor is the last id of the page before, and anything else is refused
 * before the store is asked.
 */
export function readPageRequest(
  query: URLSearchParams,
  prefix: PublicIdPrefix | "cli",
): Result<PageRequest, Refusal> {
  const limit = query.get("limit");
  if (limit !== null && !/^(?:[1-9]\d?|100)$/.test(limit))
    return err({ kind: "bad_page", parameter: "limit" });
  const cursor = query.get("cursor");
  if (cursor === null) return ok({ limit: Number(limit ?? DEFAULT_LIMIT), cursor: null });
  const isId = prefix === "cli" ? isClientId(cursor) : isPublicId(prefix, cursor);
  if (!isId) return err({ kind: "bad_page", parameter: "cursor" });
  return ok({ limit: Number(limit ?? DEFAULT_LIMIT), cursor });
}

export function presentPage<T, Name extends string>(
  name: Name,
  page: Page<T>,
  present: (entry: T) => object,
) {
  return {
    [name]: page.entries.map(present),
    next_cursor: page.nextCursor,
  };
}
