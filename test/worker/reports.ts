import { expect, vi } from "vitest";
import { call, expectAnswer, send, type AnswerBody } from "./support.ts";

export type Report = AnswerBody<"Report">["report"];

/** Orders a report, and waits until it is ready. */
export async function makeReport(team: string, body: object, as?: string): Promise<Report> {
  const sending = { body, ...(as === undefined ? {} : { as }) };
  const answer = await call("POST", `/v1/teams/${team}/reports`, sending);
  const { report } = expectAnswer(answer, 201, "Report");
  return awaitReport(team, report.id);
}

export async function showReport(team: string, id: string): Promise<Report> {
  return expectAnswer(await call("GET", `/v1/teams/${team}/reports/${id}`), 200, "Report").report;
}

/** Waits until a report is as far as it gets. */
export async function awaitReport(
  team: string,
  id: string,
  status = "ready",
  timeout = 20_000,
): Promise<Report> {
  return vi.waitFor(
    async () => {
      const report = await showReport(team, id);
      expect(report.status, JSON.stringify(report)).toBe(status);
      return report;
    },
    { timeout, interval: 50 },
  );
}

export async function download(team: string, id: string): Promise<string> {
  const response = await send("GET", `/v1/teams/${team}/reports/${id}/download`);
  expect(response.status).toBe(200);
  return response.text();
}

/** Orders a report in JSON, and reads its rows. */
export async function rowsOf<Row = Record<string, unknown>>(team: string, body: object): Promise<Row[]> {
  const report = await makeReport(team, { format: "json", ...body });
  const file = JSON.parse(await download(team, report.id)) as { rows: Row[] };
  expect(file.rows).toHaveLength(report.rows);
  return file.rows;
}

/** Orders a report in CSV, and reads its records as RFC 4180 says. */
export async function recordsOf(team: string, body: object): Promise<string[][]> {
  const report = await makeReport(team, { ...body, format: "csv" });
  return parseCsv(await download(team, report.id));
}

export function parseCsv(text: string): string[][] {
  const records: string[][] = [];
  let cells: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  while (cell.lastIndex < text.length) {
    const match = cell.exec(text);
    if (match === null) throw new Error("this is no CSV");
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (match[3] === ",") continue;
    records.push(cells);
    cells = [];
  }
  if (cells.length > 0) throw new Error("the last record has no line break");
  return records;
}
