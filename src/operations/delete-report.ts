import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { commit } from "../store/database.ts";
import { deleteReport as deleteReportRow, findReport, type ReportRow } from "../store/reports.ts";
import { auditRow, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { writtenPeriod } from "./report-text.ts";

/** Deletes a report with all its text; one that is still being made is given up. */
export async function deleteReport(
  deps: Deps,
  teamId: string,
  id: string,
  actor: Actor,
): Promise<Result<ReportRow, Refusal>> {
  const { db } = deps;
  const report = await findReport(db, { teamId, id });
  if (report === undefined) return err({ kind: "not_found", noun: "report" });
  const { type, format, period, status, rows } = report;
  const audit = auditRow(deps, actor, {
    type: "report.deleted",
    teamId,
    subject: id,
    detail: { before: { type, format, parameters: writtenPeriod(period), status, rows } },
  });
  await commit(db, deleteReportRow(db, { teamId, id, record: { subjects: [], audit } }));
  return ok(report);
}
