import { listTeams as listTeamRows, type TeamRow } from "../store/teams.ts";
import type { Deps } from "./deps.ts";
import { readPage, type Page, type PageRequest } from "./page.ts";

/** Every team of the region, newest first. */
export function listTeams(deps: Deps, page: PageRequest): Promise<Page<TeamRow>> {
  return readPage(page, (part) => listTeamRows(deps.db, part));
}
