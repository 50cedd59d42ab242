import type { Child } from "hono/jsx";
import type { Refusal } from "../../../domain/refusal.ts";
import { ok, type Result } from "../../../domain/result.ts";
import { formatNumber } from "../format.ts";
import { When } from "../parts.tsx";
import { reportContents } from "../report-contents.tsx";
import { periodInWords, TAG_OF_STATUS, type Report } from "../report-title.ts";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { fill } from "../words/fill.ts";

/** While a report is made: asking drives it on (operations/show-report.ts). */
const REFRESH_SECONDS = 2;

/** One report: how far it is, why it failed, or what it says. */
export const reportPage: TeamPage = {
  path: "/reports/:id",
  nav: "reports",
  async show(visit) {
    const { api } = visit;
    const shown = await api.get("Report", reportPath(visit));
    if (!shown.ok) return { refusal: shown.error };
    const { report } = shown.value.body;
    const contents = report.status === "ready" ? await contentsOf(visit, report) : ok(null);
    return contents.ok ? reportOf(visit, report, contents.value) : { refusal: contents.error };
  },
};

export function reportPath({ apiPath, params }: TeamVisit): string {
  return `${apiPath}/reports/${encodeURIComponent(params["id"] ?? "")}`;
}

function reportOf(
  { words, language, base, apiPath, may }: TeamVisit,
  report: Report,
  contents: Child,
): Outcome {
  const { reports: text } = words;
  const isUnfinished = report.status === "pending" || report.status === "running";
  const isReady = report.status === "ready";
  const { days } = report.parameters;
  return {
    title: text.types[report.type],
    ...(isUnfinished ? { refreshSeconds: REFRESH_SECONDS } : {}),
    content: (
      <>
        <p class="lead">{text.explained[report.type]}</p>
        {report.status === "failed" ? (
          <div class="note alarm" role="alert">
            <strong>{text.failedTitle}</strong>
            <p>{text.failures[report.failure ?? "internal"]}</p>
          </div>
        ) : null}
        <dl>
          <dt>{text.period}</dt>
          <dd>{periodInWords(report.parameters, words, language)}</dd>
          <dt>{text.state}</dt>
          <dd>
            <span class={`tag ${TAG_OF_STATUS[report.status]}`}>{text.states[report.status]}</span>
          </dd>
          <dt>{text.ordered}</dt>
          <dd>
            <When at={report.created_at} language={language} otherwise={words.frame.never} />
          </dd>
          {isReady ? (
            <>
              <dt>{text.rows}</dt>
              <dd>{formatNumber(report.rows, language)}</dd>
            </>
          ) : null}
        </dl>
        {isUnfinished ? (
          <div role="status" data-live>
            <p>
              <label>
                {fill(text.progress, { percent: formatNumber(report.progress, language) })}
                <progress max="100" value={report.progress}></progress>
              </label>
            </p>
            <p>{text.making}</p>
          </div>
        ) : null}
        <p class="buttons">
          {isReady ? (
            <a class="button" href={`${apiPath}/reports/${report.id}/download`} download>
              {text.download} ({report.format.toUpperCase()})
            </a>
          ) : null}
          {may("EMM.Reports.GENERATE") && !isUnfinished ? (
            <a
              class="button quiet"
              href={`${base}/reports/new?type=${report.type}${days === null ? "" : `&days=${days}`}`}
            >
              {text.again}
            </a>
          ) : null}
          {may("EMM.Reports.DELETE") ? (
            <a class="button quiet" href={`${base}/reports/${report.id}/delete`}>
              {text.delete}
            </a>
          ) : null}
        </p>
        {contents}
      </>
    ),
  };
}

async function contentsOf(visit: TeamVisit, report: Report): Promise<Result<Child, Refusal>> {
  const { api, apiPath, words } = visit;
  if (report.format === "csv") return ok(<p>{words.reports.csvOnly}</p>);
  const opened = await api.open(`${apiPath}/reports/${report.id}/download`);
  if (!opened.ok) return opened;
  try {
    return ok(await reportContents({ visit, report, stream: opened.value }));
  } catch (error) {
    // Its file breaks off when somebody deletes it meanwhile: then it is as if one had come later.
    const now = await api.get("Report", reportPath(visit));
    if (now.ok) throw error;
    return now;
  }
}
