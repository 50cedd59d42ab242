import * as v from "valibot";
import { REPORT_FORMATS, REPORT_TYPES, type ReportFormat } from "../../domain/report.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { createReport, type ReportRequest } from "../../operations/create-report.ts";
import { deleteReport } from "../../operations/delete-report.ts";
import type { Deps } from "../../operations/deps.ts";
import { downloadReport, type ReportDownload } from "../../operations/download-report.ts";
import { listReports } from "../../operations/list-reports.ts";
import { writtenPeriod } from "../../operations/report-text.ts";
import { showReport } from "../../operations/show-report.ts";
import { acceptsAny } from "../accept.ts";
import { PAGE_QUERY, presentPage, readPageRequest } from "./paging.ts";
import { isoTime } from "./present.ts";
import { route, type Route } from "./route.ts";
import { readTime, TIME_WRITING } from "./times.ts";

type ReportRow = ReportDownload["report"];

const MAX_DAYS = 3_650;

const MEDIA_TYPES = { json: "application/json", csv: "text/csv" } as const satisfies Record<
  ReportFormat,
  string
>;

/** RFC 4180, section 3: the first line of a CSV file names the columns. */
const CONTENT_TYPES = {
  json: "application/json;charset=UTF-8",
  csv: "text/csv;charset=UTF-8;header=present",
} as const satisfies Record<ReportFormat, string>;

const timeSchema = v.pipe(v.string(), v.maxLength(40), v.description(`${TIME_WRITING}.`));

const createBody = v.strictObject({
  type: v.picklist(REPORT_TYPES),
  format: v.optional(v.picklist(REPORT_FORMATS), "json"),
  since: v.optional(timeSchema),
  until: v.optional(timeSchema),
  days: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(MAX_DAYS))),
});

export const reportRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/teams/{team}/reports",
    summary: "Have a report made in the background.",
    access: { kind: "team", permission: "EMM.Reports.GENERATE" },
    body: createBody,
    idempotent: true,
    answers: { status: 201, body: "Report" },
    handle: async ({ deps, params, body, actor, moment, keepAnswer }) => {
      const request = readRequest(body);
      if (!request.ok) return request;
      const present = (row: ReportRow) => ({ report: presentReport(deps, row) });
      const keep = keepAnswer(201, present);
      const created = await createReport(deps, params["team"] ?? "", request.value, { actor, moment, keep });
      return created.ok ? ok({ status: 201, body: present(created.value) }) : created;
    },
  }),
  route({
    method: "GET",
    path: "/v1/teams/{team}/reports",
    summary: "List a team's reports, newest first.",
    access: { kind: "team", permission: "EMM.Reports.VIEW" },
    query: PAGE_QUERY,
    answers: { status: 200, body: "Reports" },
    handle: async ({ deps, params, query }) => {
      const page = readPageRequest(query, "rep");
      if (!page.ok) return page;
      const listed = await listReports(deps, params["team"] ?? "", page.value);
      if (!listed.ok) return listed;
      const present = (row: ReportRow) => presentReport(deps, row);
      return ok({ status: 200, body: presentPage("reports", listed.value, present) });
    },
  }),
  route({
    method: "GET",
    path: "/v1/teams/{team}/reports/{id}",
    summary: "Show a report and how far it is.",
    access: { kind: "team", permission: "EMM.Reports.VIEW" },
    answers: { status: 200, body: "Report" },
    handle: async ({ deps, params, moment }) => {
      const shown = await showReport(deps, params["team"] ?? "", params["id"] ?? "", moment);
      return shown.ok ? ok({ status: 200, body: { report: presentReport(deps, shown.value) } }) : shown;
    },
  }),
  route({
    method: "GET",
    path: "/v1/teams/{team}/reports/{id}/download",
    summary: "Download a finished report, in the format that it was ordered in.",
    access: { kind: "team", permission: "EMM.Reports.VIEW" },
    produces: Object.values(MEDIA_TYPES),
    answers: { status: 200, body: "ReportFile" },
    refuses: [409],
    handle: async ({ deps, params, request }) => {
      const opened = await downloadReport(deps, params["team"] ?? "", params["id"] ?? "");
      if (!opened.ok) return opened;
      const { report, content } = opened.value;
      if (!acceptsAny(request.headers.get("Accept"), [MEDIA_TYPES[report.format]])) {
        await content.cancel();
        return err({ kind: "not_acceptable" });
      }
      return ok({ status: 200, body: null, stream: content, headers: fileHeaders(report) });
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/teams/{team}/reports/{id}",
    summary: "Delete a report, also one that is still being made.",
    access: { kind: "team", permission: "EMM.Reports.DELETE" },
    answers: { status: 200, body: "Report" },
    handle: async ({ deps, params, actor }) => {
      const deleted = await deleteReport(deps, params["team"] ?? "", params["id"] ?? "", actor);
      if (!deleted.ok) return deleted;
      return ok({
        status: 200,
        body: { report: { ...presentReport(deps, deleted.value), download_url: null } },
      });
    },
  }),
];

function readRequest(body: v.InferOutput<typeof createBody>): Result<ReportRequest, Refusal> {
  const since = readTime(body.since, "since");
  if (!since.ok) return since;
  const until = readTime(body.until, "until");
  if (!until.ok) return until;
  const { type, format, days = null } = body;
  return ok({ type, format, since: since.value, until: until.value, days });
}

function presentReport({ origins, region }: Deps, row: ReportRow) {
  return {
    id: row.id,
    team: row.teamId,
    type: row.type,
    format: row.format,
    status: row.status,
    failure: row.failure,
    progress: row.progress,
    rows: row.rows,
    parameters: writtenPeriod(row.period),
    created_by: row.createdBy,
    created_at: isoTime(row.createdAt),
    finished_at: isoTime(row.finishedAt),
    download_url:
      row.status === "ready" ? `${origins[region]}/v1/teams/${row.teamId}/reports/${row.id}/download` : null,
  };
}

function fileHeaders({ id, type, format }: ReportRow): Readonly<Record<string, string>> {
  return {
    "Content-Type": CONTENT_TYPES[format],
    "Content-Disposition": `attachment; filename="jeton-${type}-${id}.${format}"`,
    "X-Content-Type-Options": "nosniff",
  };
}
