/** Right-aligned columns of text, but for the first and the last, which are words. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const format = (line: readonly string[]): string =>
    line
      .map((text, column) =>
        isWords(column, head) ? text.padEnd(width(column)) : text.padStart(width(column)),
      )
      .join("  ")
      .trimEnd();
  const width = (column: number): number => widths[column] ?? 0;
  return [format(head), widths.map((length) => "-".repeat(length)).join("  "), ...rows.map(format)].join(
    "\n",
  );
}

function isWords(column: number, head: readonly string[]): boolean {
  return column === 0 || (column === head.length - 1 && head[column] === "remark");
}

/** At most three digits that matter: more would only be noise. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return "-";
  if (Math.abs(value) >= 1000) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

export function ratio(value: number): string {
  return value.toFixed(2);
}
