import type { Context } from "hono";
import { Problem } from "./problem.ts";

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 100;

export interface Page {
  readonly limit: number;
  /** The last id of the page before; empty for the first page. */
  readonly after: string;
}

/** Reads `?limit=1..100&cursor=…`. @throws {Problem} when either is anything else. */
export function readPage(context: Context): Page {
  const limit = context.req.query("limit") ?? String(DEFAULT_LIMIT);
  const after = context.req.query("cursor") ?? "";
  const isLimit = /^[1-9]\d{0,2}$/.test(limit) && Number(limit) <= MAX_LIMIT;
  if (isLimit && /^(?:[a-z]{3}_[0-9a-z]+)?$/.test(after)) return { limit: Number(limit), after };
  throw new Problem("COM0003", "limit is a whole number from 1 to 100, cursor an earlier next_cursor.");
}

/** Cuts what was read with `LIMIT limit + 1` into a page and the cursor of the next one. */
export function cutPage<Row extends { readonly id: string }>(rows: readonly Row[], { limit }: Page) {
  const page = rows.slice(0, limit);
  return { page, next_cursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null };
}
