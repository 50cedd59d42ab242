import { listUsers as listUserRows, type UserRow } from "../store/users.ts";
import type { Deps } from "./deps.ts";
import { readPage, type Page, type PageRequest } from "./page.ts";

/** The people with an account in the region whose address holds `text`, newest first. */
export function listUsers(deps: Deps, page: PageRequest, text: string | null): Promise<Page<UserRow>> {
  return readPage(page, (part) => listUserRows(deps.db, { ...part, text }));
}
