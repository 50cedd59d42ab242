import { digits, formatTable } from "./rig/table.ts";

/** What one row, or several that belong together, found. */
export interface Section {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly notes: readonly string[];
  readonly bars: readonly Bar[];
}

/** What has to be reached. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly atLeast?: number;
  readonly atMost?: number;
}

export function formatSection({ title, head, rows, notes }: Section): string {
  return [`\n${title}`, formatTable(head, rows), ...notes.map((note) => `  ${note}`)].join("\n");
}

export function formatBars(bars: readonly Bar[]): string {
  const rows = bars.map(({ name, value, atLeast, atMost }) => {
    const met =
      value >= (atLeast ?? Number.NEGATIVE_INFINITY) && value <= (atMost ?? Number.POSITIVE_INFINITY);
    const wanted = atLeast === undefined ? `at most ${digits(atMost ?? 0)}` : `at least ${digits(atLeast)}`;
    return [name, digits(value), wanted, met ? "met" : "MISSED"];
  });
  return `\nBars\n${formatTable(["what", "measured", "wanted", ""], rows)}`;
}
