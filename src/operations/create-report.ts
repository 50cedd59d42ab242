import type { ReportFormat, ReportPeriod, ReportType } from "../domain/report.ts";
import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { recordChange } from "../store/changes.ts";
import { commit } from "../store/database.ts";
import { countUnfinished, insertReport, type ReportRow } from "../store/reports.ts";
import { findTeam } from "../store/teams.ts";
import { makerOf } from "./caller.ts";
import { auditRow, type Actor } from "./change.ts";
import { makeId } from "./credentials.ts";
import type { Deps } from "./deps.ts";
import type { Moment } from "./moment.ts";
import type { Keep } from "./remember-answer.ts";
import { writtenPeriod } from "./report-text.ts";
import { AFTER_ANSWER, runReport } from "./run-report.ts";

/** What a report is to be; null: left out. */
export interface ReportRequest {
  readonly type: ReportType;
  readonly format: ReportFormat;
  /** Milliseconds. */
  readonly since: number | null;
  /** Milliseconds. */
  readonly until: number | null;
  readonly days: number | null;
}

const DEFAULT_DAYS = 90;
const DAY_MS = 86_400_000;

/** More at once would only make all of them slower. */
const MAX_UNFINISHED = 10;
const RETRY_AFTER_SECONDS = 30;

/** Orders a report. It is made in the background, from right after the answer on. */
export async function createReport(
  deps: Deps,
  teamId: string,
  request: ReportRequest,
  { actor, moment, keep }: { actor: Actor; moment: Moment; keep: Keep<ReportRow> },
): Promise<Result<ReportRow, Refusal>> {
  const { db } = deps;
  if ((await findTeam(db, teamId)) === undefined) return err({ kind: "not_found", noun: "team" });
  const now = deps.clock();
  const period = periodOf(request, now);
  if (!period.ok) return period;
  if ((await countUnfinished(db, teamId)) >= MAX_UNFINISHED)
    return err({ kind: "rate_limited", retryAfterSeconds: RETRY_AFTER_SECONDS });

  const id = makeId(deps, "rep");
  const audit = auditRow(deps, actor, {
    type: "report.created",
    teamId,
    subject: id,
    detail: {
      after: { type: request.type, format: request.format, parameters: writtenPeriod(period.value) },
    },
  });
  const report: ReportRow = {
    id,
    teamId,
    type: request.type,
    format: request.format,
    period: period.value,
    status: "pending",
    failure: null,
    cursor: null,
    parts: 0,
    rows: 0,
    progress: 0,
    claimedUntil: 0,
    attempts: 0,
    createdBy: makerOf(actor.caller),
    createdAt: now,
    finishedAt: null,
    createdEvent: audit.id,
  };
  await commit(db, [insertReport(db, report), ...recordChange(db, { subjects: [], audit }), ...keep(report)]);
  moment.background(startReport(deps, id));
  return ok(report);
}

/** What goes wrong here counts as an attempt; the scheduled job makes the next. */
async function startReport(deps: Deps, id: string): Promise<void> {
  // What this isolate has counted and not yet written belongs in the report.
  await deps.usage.flush();
  await runReport(deps, id, AFTER_ANSWER).catch(() => undefined);
}

/**
 * The period that a report is about, fixed when it is ordered. Usage and the trail take a time to start and
 * end with, usage also so many days; the other two look at so many days up to now.
 */
function periodOf({ type, since, until, days }: ReportRequest, now: number): Result<ReportPeriod, Refusal> {
  const takesTimes = type === "token-usage" || type === "audit-trail";
  if (!takesTimes && since !== null) return invalid("since");
  if (!takesTimes && until !== null) return invalid("until");
  if (days !== null && since !== null) return invalid("days");
  if (type === "audit-trail" && days === null) return bounded({ since, until, days });
  const end = until ?? now;
  const lookBack = since === null ? (days ?? DEFAULT_DAYS) : null;
  const start = lookBack === null ? since : Math.max(0, end - lookBack * DAY_MS);
  return bounded({ since: start, until: end, days: lookBack });
}

function bounded(period: ReportPeriod): Result<ReportPeriod, Refusal> {
  const { since, until } = period;
  return since !== null && until !== null && since >= until ? err({ kind: "empty_period" }) : ok(period);
}

function invalid(member: string): Result<never, Refusal> {
  return err({ kind: "invalid_member", member, problem: "invalid" });
}
