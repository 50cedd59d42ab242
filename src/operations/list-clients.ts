import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { listClients as listClientRows, type ClientRow } from "../store/clients.ts";
import { findTeam } from "../store/teams.ts";
import type { Deps } from "./deps.ts";
import { readPage, type Page, type PageRequest } from "./page.ts";

/** A team's clients, newest first. */
export async function listClients(
  deps: Deps,
  teamId: string,
  page: PageRequest,
): Promise<Result<Page<ClientRow>, Refusal>> {
  if ((await findTeam(deps.db, teamId)) === undefined) return err({ kind: "not_found", noun: "team" });
  return ok(await readPage(page, (part) => listClientRows(deps.db, { teamId, ...part })));
}
