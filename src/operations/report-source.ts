import type { CsvCell } from "../domain/csv.ts";
import type { JsonValue } from "../domain/canonical-json.ts";
import type { ReportRow } from "../store/reports.ts";
import type { Deps } from "./deps.ts";

/** What a report is made from: its rows, read a page at a time so that no page is too much for a Worker. */
export interface ReportSource<Row extends object, State> {
  /** The columns of a CSV file, by their names. */
  readonly columns: Readonly<Record<string, (row: Row) => CsvCell>>;
  begin(deps: ReportDeps, report: ReportRow): Promise<Beginning<State>>;
  /** The rows that follow; what it reads is bounded whatever the team holds. */
  next(deps: ReportDeps, report: ReportRow, state: State): Promise<Page<Row, State>>;
}

export type ReportDeps = Pick<Deps, "db" | "clock">;

export interface Beginning<State> {
  /** Null: there is nothing to tell. */
  readonly state: State | null;
  /** What it counts its way by; an estimate will do. */
  readonly total: number;
  /** Further members of a JSON file, before its rows. */
  readonly opening?: { readonly [member: string]: JsonValue };
}

export interface Page<Row, State> {
  readonly rows: readonly Row[];
  /** Null at the end. */
  readonly state: State | null;
  /** How many of `total` the page was. */
  readonly done: number;
}

/** A source whose types only it knows; its state comes back to it as it went out, by way of the store. */
export type AnySource = ReportSource<object, JsonValue>;

export function sourceOf<Row extends object, State>(source: ReportSource<Row, State>): AnySource {
  return source as unknown as AnySource;
}

const HOUR_MS = 3_600_000;

/** The whole hours that a period touches: counts are kept by the hour. */
export function hoursOf({ period }: ReportRow): { from: number; to: number } {
  return {
    from: Math.floor((period.since ?? 0) / HOUR_MS),
    to: Math.ceil((period.until ?? Number.MAX_SAFE_INTEGER) / HOUR_MS),
  };
}
