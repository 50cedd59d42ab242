import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { listReports as listReportRows, type ReportRow } from "../store/reports.ts";
import { findTeam } from "../store/teams.ts";
import type { Deps } from "./deps.ts";
import { readPage, type Page, type PageRequest } from "./page.ts";

/** A team's reports, newest first. */
export async function listReports(
  deps: Deps,
  teamId: string,
  page: PageRequest,
): Promise<Result<Page<ReportRow>, Refusal>> {
  if ((await findTeam(deps.db, teamId)) === undefined) return err({ kind: "not_found", noun: "team" });
  return ok(await readPage(page, (part) => listReportRows(deps.db, { teamId, ...part })));
}
