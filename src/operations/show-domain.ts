import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { findDomain, listDomains as listDomainRows, type DomainRow } from "../store/domains.ts";
import { findTeam } from "../store/teams.ts";
import type { Deps } from "./deps.ts";
import { readPage, type Page, type PageRequest } from "./page.ts";

export type { DomainRow } from "../store/domains.ts";

export async function showDomain(
  deps: Deps,
  teamId: string,
  id: string,
): Promise<Result<DomainRow, Refusal>> {
  const row = await findDomain(deps.db, { teamId, id });
  return row === undefined ? err({ kind: "not_found", noun: "domain" }) : ok(row);
}

/** A team's domains, proven or not, newest first. */
export async function listDomains(
  deps: Deps,
  teamId: string,
  page: PageRequest,
): Promise<Result<Page<DomainRow>, Refusal>> {
  if ((await findTeam(deps.db, teamId)) === undefined) return err({ kind: "not_found", noun: "team" });
  return ok(await readPage(page, (part) => listDomainRows(deps.db, { teamId, ...part })));
}
