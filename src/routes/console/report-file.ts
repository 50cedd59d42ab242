/** The beginning of a report in JSON, as the console shows it. */
export interface ReportFile<Row> {
  readonly head: ReportHead;
  readonly rows: readonly Row[];
  /** Whether these are all of its rows. */
  readonly isWhole: boolean;
}

/** What stands before the rows. */
interface ReportHead {
  /** Of an audit trail: the link of its last event. */
  readonly head?: { readonly number: number; readonly hash: string };
}

/**
 * Reads no more of a report than the page shows: its rows stand in a line each, after a line that opens the file
 * (operations/report-text.ts), and what follows is not even fetched.
 * @throws whatever ends the stream early, as a report's deletion does
 */
export async function readReportFile<Row>(
  stream: ReadableStream<Uint8Array>,
  maxRows: number,
): Promise<ReportFile<Row>> {
  let head: ReportHead | null = null;
  const rows: Row[] = [];
  for await (const line of linesOf(stream)) {
    if (head === null) head = JSON.parse(`${line}]}`) as ReportHead;
    else if (line === "]}") return { head, rows, isWhole: true };
    else if (rows.length === maxRows) return { head, rows, isWhole: false };
    else rows.push(JSON.parse(line.replace(/,$/, "")) as Row);
  }
  throw new Error("the report ends early");
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const utf8 = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const lines = (rest + utf8.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
