import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { findReport, type ReportRow } from "../store/reports.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import { AFTER_ANSWER, runReport } from "./run-report.ts";

/** Whoever waits for a report also drives it on, when nobody else is at work on it. */
export async function showReport(
  deps: Deps,
  teamId: string,
  id: string,
  { arrivedAt, background }: Moment,
): Promise<Result<ReportRow, Refusal>> {
  const report = await findReport(deps.db, { teamId, id });
  if (report === undefined) return err({ kind: "not_found", noun: "report" });
  const isUnfinished = report.status === "pending" || report.status === "running";
  if (isUnfinished && report.claimedUntil <= arrivedAt) {
    background(runReport(deps, id, AFTER_ANSWER).catch(() => undefined));
  }
  return ok(report);
}
