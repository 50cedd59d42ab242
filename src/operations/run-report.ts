import { claimReport, failReport, listWaiting, releaseReport } from "../store/reports.ts";
import { advanceReport } from "./advance-report.ts";
import type { ReportDeps } from "./report-source.ts";

/** How long a runner that has died keeps others waiting; a living one renews its claim with each step. */
const CLAIM_MS = 60_000;

/** A report that comes to nothing so many times in a row cannot be made. */
const MAX_ATTEMPTS = 5;

/** What a run may use: an invocation has 1,000 queries, and a page takes six at most, its writing included. */
export interface RunBudget {
  readonly pages: number;
  readonly milliseconds: number;
}

/** After an answer work may go on for 30 s (facts: platform, "Workers"). */
export const AFTER_ANSWER: RunBudget = { pages: 120, milliseconds: 20_000 };

/** For all reports of a scheduled run together. */
const SCHEDULED: RunBudget = { pages: 80, milliseconds: 120_000 };

const MAX_WAITING = 20;

/**
 * Makes a report as far as the budget goes, unless somebody else is at it. What is left, by a run that died
 * too, is for the next one: the scheduled job's, or that of whoever asks how far it is.
 * @returns pages that it read
 * @throws whatever hinders it; the attempt counts, and the next one waits for the claim to end
 */
export async function runReport(deps: ReportDeps, id: string, budget: RunBudget): Promise<number> {
  const { db, clock } = deps;
  const deadline = clock() + budget.milliseconds;
  let report = await claimReport(db, { id, now: clock(), until: clock() + CLAIM_MS });
  if (report === undefined) return 0;
  if (report.attempts > MAX_ATTEMPTS) {
    await failReport(db, report, { failure: "internal", now: clock() });
    return 0;
  }
  let pages = 0;
  while (report?.status === "running") {
    if (pages >= budget.pages || clock() >= deadline) {
      await releaseReport(db, report);
      break;
    }
    const step = await advanceReport(deps, report, clock() + CLAIM_MS);
    pages += step.pages;
    report = step.report;
  }
  return pages;
}

/**
 * Goes on with reports that nobody is at work on, each as far as its share of the budget goes.
 * @throws {AggregateError} of what hindered some of them, after all have had their turn
 */
export async function continueReports(deps: ReportDeps): Promise<void> {
  const { db, clock } = deps;
  const deadline = clock() + SCHEDULED.milliseconds;
  const waiting = await listWaiting(db, { now: clock(), limit: MAX_WAITING });
  const errors: unknown[] = [];
  let pages = SCHEDULED.pages;
  for (const [index, id] of waiting.entries()) {
    const share = Math.ceil(pages / (waiting.length - index));
    const milliseconds = deadline - clock();
    if (share <= 0 || milliseconds <= 0) break;
    try {
      pages -= await runReport(deps, id, { pages: share, milliseconds });
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, "some reports could not be continued");
}
