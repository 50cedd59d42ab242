import { csvRecord } from "../domain/csv.ts";
import type { JsonValue } from "../domain/canonical-json.ts";
import type { ReportPeriod } from "../domain/report.ts";
import type { ReportRow } from "../store/reports.ts";
import type { AnySource } from "./report-source.ts";

/**
 * UTF-16 code units of a part. In UTF-8 each takes three bytes at most, and a row of the store holds 2 MB
 * (facts: platform, "D1").
 */
export const PART_UNITS = 500_000;

/** A report's text as it grows, in parts that each hold whole rows and fit a row of the store. */
export class ReportText {
  readonly #report: ReportRow;
  readonly #source: AnySource;
  readonly #parts: string[] = [];
  #text = "";
  #rows = 0;

  constructor(report: ReportRow, source: AnySource) {
    this.#report = report;
    this.#source = source;
  }

  get parts(): readonly string[] {
    return this.#text === "" ? this.#parts : [...this.#parts, this.#text];
  }

  /** Rows of these parts alone. */
  get rows(): number {
    return this.#rows;
  }

  get isLong(): boolean {
    return this.#parts.length > 0 || this.#text.length > PART_UNITS / 2;
  }

  /** @param more further members of a JSON file, before its rows */
  open(more: { readonly [member: string]: JsonValue } = {}): void {
    if (this.#report.format === "csv") this.#add(csvRecord(Object.keys(this.#source.columns)));
    else this.#add(`${JSON.stringify({ report: headOf(this.#report), ...more }).slice(0, -1)},"rows":[\n`);
  }

  /** A JSON file has one row in each line, so that it can be read line by line as well. */
  add(row: object): void {
    if (this.#report.format === "csv") {
      this.#add(csvRecord(Object.values(this.#source.columns).map((cellOf) => cellOf(row))));
    } else {
      this.#add((this.#isFirst ? "" : ",\n") + JSON.stringify(row));
    }
    this.#rows += 1;
  }

  close(): void {
    if (this.#report.format === "json") this.#add(this.#isFirst ? "]}\n" : "\n]}\n");
  }

  get #isFirst(): boolean {
    return this.#report.rows + this.#rows === 0;
  }

  #add(text: string): void {
    if (this.#text !== "" && this.#text.length + text.length > PART_UNITS) {
      this.#parts.push(this.#text);
      this.#text = "";
    }
    this.#text += text;
  }
}

/** A period as it is told: times in ISO 8601. */
export function writtenPeriod({ since, until, days }: ReportPeriod) {
  return {
    since: since === null ? null : new Date(since).toISOString(),
    until: until === null ? null : new Date(until).toISOString(),
    days,
  };
}

function headOf({ id, teamId, type, period, createdBy, createdAt }: ReportRow) {
  return {
    id,
    team: teamId,
    type,
    parameters: writtenPeriod(period),
    created_by: createdBy,
    created_at: new Date(createdAt).toISOString(),
  };
}
