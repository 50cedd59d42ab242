import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import {
  findSsoConnection,
  listSsoConnections as listRows,
  type SsoConnectionRow,
} from "../store/sso-connections.ts";
import { findTeam } from "../store/teams.ts";
import type { Deps } from "./deps.ts";
import { readPage, type Page, type PageRequest } from "./page.ts";

export type { SsoConnectionRow } from "../store/sso-connections.ts";

export async function showSsoConnection(
  deps: Deps,
  teamId: string,
  id: string,
): Promise<Result<SsoConnectionRow, Refusal>> {
  const row = await findSsoConnection(deps.db, { teamId, id });
  return row === undefined ? err({ kind: "not_found", noun: "sso_connection" }) : ok(row);
}

/** A team's connections, newest first. */
export async function listSsoConnections(
  deps: Deps,
  teamId: string,
  page: PageRequest,
): Promise<Result<Page<SsoConnectionRow>, Refusal>> {
  if ((await findTeam(deps.db, teamId)) === undefined) return err({ kind: "not_found", noun: "team" });
  return ok(await readPage(page, (part) => listRows(deps.db, { teamId, ...part })));
}
