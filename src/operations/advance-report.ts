import type { JsonValue } from "../domain/canonical-json.ts";
import type { ReportType } from "../domain/report.ts";
import { addParts, failReport, type ReportRow } from "../store/reports.ts";
import { auditTrail } from "./report-audit-trail.ts";
import { sourceOf, type AnySource, type ReportDeps } from "./report-source.ts";
import { staleTokens } from "./report-stale-tokens.ts";
import { ReportText } from "./report-text.ts";
import { tokenUsage } from "./report-token-usage.ts";
import { unusedPermissions } from "./report-unused-permissions.ts";

const SOURCES: Readonly<Record<ReportType, AnySource>> = {
  "token-usage": sourceOf(tokenUsage),
  "unused-permissions": sourceOf(unusedPermissions),
  "stale-tokens": sourceOf(staleTokens),
  "audit-trail": sourceOf(auditTrail),
};

/** Pages of one step; what they bring is written together. */
const MAX_PAGES = 5;

/** A download reads a part with each query, and an invocation has 1,000 of them (facts: platform, "D1"). */
const MAX_PARTS = 900;

/** Where a report stands between two steps. */
interface Cursor {
  readonly state: JsonValue;
  readonly total: number;
  readonly done: number;
}

export interface Step {
  /** As it is after the step; undefined when somebody else took it further, or deleted it. */
  readonly report: ReportRow | undefined;
  readonly pages: number;
}

/**
 * Takes a report one bounded step further. A step that dies leaves nothing behind, and of two that run at
 * once one counts.
 * @param claimedUntil milliseconds: until when the next step may take
 */
export async function advanceReport(
  deps: ReportDeps,
  report: ReportRow,
  claimedUntil: number,
): Promise<Step> {
  const source = SOURCES[report.type];
  const text = new ReportText(report, source);
  const start = await startOf(deps, report, { source, text });
  const { total } = start;
  let { state, done } = start;
  let pages = 0;
  while (state !== null && pages < MAX_PAGES && !text.isLong) {
    const page = await source.next(deps, report, state);
    for (const row of page.rows) text.add(row);
    pages += 1;
    done += page.done;
    state = page.state;
  }
  if (state === null) text.close();
  const now = deps.clock();
  if (report.parts + text.parts.length > MAX_PARTS) {
    await failReport(deps.db, report, { failure: "too_large", now });
    return { report: undefined, pages };
  }
  const cursor = state === null ? null : JSON.stringify({ state, total, done } satisfies Cursor);
  const progress = state === null ? 100 : Math.min(99, Math.floor((100 * done) / Math.max(1, total)));
  const { parts, rows } = text;
  const after = await addParts(
    deps.db,
    report,
    { parts, rows, progress, cursor },
    { now, claimedUntil: state === null ? 0 : claimedUntil },
  );
  return { report: after, pages };
}

async function startOf(
  deps: ReportDeps,
  report: ReportRow,
  { source, text }: { source: AnySource; text: ReportText },
): Promise<{ state: JsonValue | null; total: number; done: number }> {
  if (report.cursor !== null) return JSON.parse(report.cursor) as Cursor;
  const { state, total, opening } = await source.begin(deps, report);
  text.open(opening);
  return { state, total, done: 0 };
}
