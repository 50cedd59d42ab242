/** The reports that a team can have made (contract, section 5). */
export const REPORT_TYPES = ["token-usage", "unused-permissions", "stale-tokens", "audit-trail"] as const;

export type ReportType = (typeof REPORT_TYPES)[number];

export const REPORT_FORMATS = ["json", "csv"] as const;

export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** Why a report could not be made. */
export const REPORT_FAILURES = ["too_large", "internal"] as const;

export type ReportFailure = (typeof REPORT_FAILURES)[number];

/** What a report is about. Milliseconds; null: without a bound. */
export interface ReportPeriod {
  /** From then on. */
  readonly since: number | null;
  /** Before then. */
  readonly until: number | null;
  /** Whole days back from `until`, for the reports that look at so many days. */
  readonly days: number | null;
}
