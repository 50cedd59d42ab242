import { listServices as listServiceRows, type ServiceRow } from "../store/services.ts";
import type { Deps } from "./deps.ts";
import { readPage, type Page, type PageRequest } from "./page.ts";

/** The services that may ask, newest first. */
export function listServices(deps: Deps, page: PageRequest): Promise<Page<ServiceRow>> {
  return readPage(page, (part) => listServiceRows(deps.db, part));
}
