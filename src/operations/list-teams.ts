import { listTeams as listTeamRows, type TeamFilter, type TeamRow } from "../store/teams.ts";
import type { Deps } from "./deps.ts";
import { readPage, type Page, type PageRequest } from "./page.ts";

export type { TeamFilter } from "../store/teams.ts";

/** The teams of the region that pass the filter, newest first. */
export function listTeams(deps: Deps, page: PageRequest, filter: TeamFilter): Promise<Page<TeamRow>> {
  return readPage(page, (part) => listTeamRows(deps.db, { ...part, ...filter }));
}
