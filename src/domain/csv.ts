/** A cell: a number stays one, null is empty, a list is joined by spaces. */
export type CsvCell = string | number | null | readonly string[];

const BREAK = "\r\n";

/** One record of RFC 4180, with its line break. */
export function csvRecord(cells: readonly CsvCell[]): string {
  return cells.map(csvCell).join(",") + BREAK;
}

function csvCell(cell: CsvCell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const text = harmless(typeof cell === "string" ? cell : cell.join(" "));
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * A spreadsheet takes a cell that begins like this for a formula, and names are anybody's to choose: an
 * apostrophe makes it text. White space before the sign does not hide it, the wide forms of the signs work
 * in East Asian spreadsheets, and after `;` or a tab or line break begins a new cell where that is the
 * separator, quotes or no quotes.
 */
const FORMULA = /(^|[;\t\r\n])([^\S\t\r\n]*)(?=[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/gu;

function harmless(text: string): string {
  const signed = text.replace(FORMULA, "$1'$2");
  return /^[\t\r\n]/.test(signed) ? `'${signed}` : signed;
}
