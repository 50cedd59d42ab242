import type { Refusal } from "../domain/refusal.ts";
import { err, ok, type Result } from "../domain/result.ts";
import { findReport, readPart, type ReportRow } from "../store/reports.ts";
import type { Deps } from "./deps.ts";

export interface ReportDownload {
  readonly report: ReportRow;
  /** The text in UTF-8; a part is read when the one before it has gone out. */
  readonly content: ReadableStream<Uint8Array>;
}

/** Opens a finished report; one that is deleted while it is read breaks off, so that nobody takes it for whole. */
export async function downloadReport(
  { db }: Deps,
  teamId: string,
  id: string,
): Promise<Result<ReportDownload, Refusal>> {
  const report = await findReport(db, { teamId, id });
  if (report === undefined) return err({ kind: "not_found", noun: "report" });
  if (report.status === "failed") return err({ kind: "report_failed" });
  if (report.status !== "ready") return err({ kind: "report_not_ready" });
  const utf8 = new TextEncoder();
  let number = 0;
  const content = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      if (number === report.parts) return controller.close();
      const part = await readPart(db, { reportId: id, number });
      if (part === undefined) return controller.error(new Error("the report was deleted"));
      number += 1;
      controller.enqueue(utf8.encode(part));
    },
  });
  return ok({ report, content });
}
