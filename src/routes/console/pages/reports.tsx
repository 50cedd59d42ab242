import { formatNumber } from "../format.ts";
import { Done, Empty, Pager, Problem, Table, When } from "../parts.tsx";
import { problemText } from "../problem-text.ts";
import { periodInWords, TAG_OF_STATUS, type Report } from "../report-title.ts";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { reportPath } from "./report.tsx";
import { fill } from "../words/fill.ts";

/** Team > Reports: those there are (contract, section 11). */
export const reportsPage: TeamPage = {
  path: "/reports",
  nav: "reports",
  async show(visit) {
    const { api, apiPath, base, words, query } = visit;
    const cursor = query.get("cursor");
    const search = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    const listed = await api.get("Reports", `${apiPath}/reports${search}`);
    if (!listed.ok) return { refusal: listed.error };
    const { reports, next_cursor: next } = listed.value.body;
    const { reports: text } = words;
    return {
      title: text.title,
      content: (
        <>
          <p class="lead">{text.lead}</p>
          <Done text={query.has("deleted") ? text.deleted : null} />
          {visit.may("EMM.Reports.GENERATE") ? (
            <p>
              <a class="button" href={`${base}/reports/new`}>
                {text.add}
              </a>
            </p>
          ) : null}
          {reports.length === 0 ? (
            <Empty>
              <p>{text.empty}</p>
            </Empty>
          ) : (
            <ReportTable reports={reports} visit={visit} />
          )}
          <Pager path={`${base}/reports`} cursor={next} query={query} words={words} />
        </>
      ),
    };
  },
};

function ReportTable({
  reports,
  visit: { words, language, base, may },
}: {
  readonly reports: readonly Report[];
  readonly visit: TeamVisit;
}) {
  const { reports: text } = words;
  const mayDelete = may("EMM.Reports.DELETE");
  return (
    <Table
      heads={[
        text.report,
        text.period,
        text.format,
        text.state,
        text.ordered,
        ...(mayDelete ? [text.delete] : []),
      ]}
      rows={reports.map((report) => [
        <a href={`${base}/reports/${report.id}`}>{text.types[report.type]}</a>,
        periodInWords(report.parameters, words, language),
        report.format.toUpperCase(),
        <>
          <span class={`tag ${TAG_OF_STATUS[report.status]}`}>{text.states[report.status]}</span>{" "}
          {report.status === "running"
            ? fill(text.progress, { percent: formatNumber(report.progress, language) })
            : null}
        </>,
        <When at={report.created_at} language={language} otherwise={words.frame.never} />,
        ...(mayDelete
          ? [
              <a
                href={`${base}/reports/${report.id}/delete`}
                aria-label={fill(text.deleteOf, { name: text.types[report.type] })}
              >
                {text.delete}
              </a>,
            ]
          : []),
      ])}
    />
  );
}

/** Asks before it deletes. */
export const deleteReportPage: TeamPage = {
  path: "/reports/:id/delete",
  nav: "reports",
  needs: "EMM.Reports.DELETE",
  async show(visit) {
    return confirm(visit, null);
  },
  async act(visit) {
    const deleted = await visit.api.delete("Report", reportPath(visit));
    if (deleted.ok) return { redirect: `${visit.base}/reports?deleted=1` };
    return confirm(visit, problemText(visit, deleted.error));
  },
};

async function confirm(visit: TeamVisit, problem: string | null): Promise<Outcome> {
  const { api, words, base, language } = visit;
  const shown = await api.get("Report", reportPath(visit));
  if (!shown.ok) return { refusal: shown.error };
  const { report } = shown.value.body;
  const { reports: text } = words;
  return {
    title: text.deleteTitle,
    status: problem === null ? 200 : 400,
    content: (
      <>
        <Problem text={problem} words={words} />
        <p>
          <strong>{text.types[report.type]}</strong>, {periodInWords(report.parameters, words, language)}
        </p>
        <p>{text.deleteText}</p>
        <form method="post">
          <div class="buttons">
            <button type="submit" class="danger">
              {text.deleteYes}
            </button>
            <a class="button quiet" href={`${base}/reports/${report.id}`}>
              {words.frame.cancel}
            </a>
          </div>
        </form>
      </>
    ),
  };
}
