import { REPORT_FORMATS, REPORT_TYPES, type ReportType } from "../../../domain/report.ts";
import { Field, Problem, Select } from "../parts.tsx";
import { problemText } from "../problem-text.ts";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { fill, fillCount } from "../words/fill.ts";

const DAYS = [7, 30, 90, 180, 365] as const;
const DAY_MS = 86_400_000;

interface Draft {
  readonly type: ReportType;
  /** Empty: from the beginning. */
  readonly days: string;
  readonly from: string;
  readonly to: string;
  readonly format: string;
}

/** Those that look at a period; the others at so many days up to now (operations/create-report.ts). */
const BY_DATE: ReadonlySet<ReportType> = new Set(["token-usage", "audit-trail"]);

/** Which report, and then what it is to be about. */
export const newReportPage: TeamPage = {
  path: "/reports/new",
  nav: "reports",
  needs: "EMM.Reports.GENERATE",
  async show(visit) {
    const type = typeOf(visit.query.get("type"));
    if (type === null) return choicePage(visit);
    const days = visit.query.get("days") ?? (type === "audit-trail" ? "" : "90");
    return formPage(visit, { type, days, from: "", to: "", format: "json" }, null);
  },
  async act(visit, form) {
    const type = typeOf(form.get("type"));
    if (type === null) return choicePage(visit);
    const draft = {
      type,
      days: form.get("days") ?? "",
      from: form.get("from") ?? "",
      to: form.get("to") ?? "",
      format: form.get("format") ?? "",
    };
    const ordered = await visit.api.post("Report", `${visit.apiPath}/reports`, requestOf(draft));
    if (!ordered.ok) return formPage(visit, draft, problemText(visit, ordered.error, labelsOf(visit, type)));
    return { redirect: `${visit.base}/reports/${ordered.value.body.report.id}` };
  },
};

function typeOf(text: string | null): ReportType | null {
  return REPORT_TYPES.find((type) => type === text) ?? null;
}

/** The API's own request; what it says against it is shown to the person. */
function requestOf({ type, days, from, to, format }: Draft) {
  const byDate = BY_DATE.has(type) && (from !== "" || to !== "");
  return {
    type,
    format,
    ...(byDate && from !== "" ? { since: from } : {}),
    ...(byDate && to !== "" ? { until: dayAfter(to) } : {}),
    ...(!byDate && days !== "" ? { days: Number(days) } : {}),
  };
}

/** A last day counts whole; what is no date is for the API to refuse. */
export function dayAfter(date: string): string {
  const time = Date.parse(`${date}T00:00:00.000Z`);
  return Number.isNaN(time) ? date : new Date(time + DAY_MS).toISOString();
}

/** What the form calls the API's members. */
function labelsOf(
  { words: { reports: text } }: TeamVisit,
  type: ReportType,
): Readonly<Record<string, string>> {
  const days = BY_DATE.has(type) ? text.period : text.unusedFor;
  return { since: text.firstDay, until: text.lastDay, format: text.format, days };
}

function choicePage({ words, base }: TeamVisit): Outcome {
  const { reports: text } = words;
  return {
    title: text.newTitle,
    content: (
      <ul class="cards">
        {REPORT_TYPES.map((type) => (
          <li>
            <h2>{text.types[type]}</h2>
            <p>{text.explained[type]}</p>
            <a
              class="button quiet"
              href={`${base}/reports/new?type=${type}`}
              aria-label={fill(text.choose, { name: text.types[type] })}
            >
              {text.chooseShort}
            </a>
          </li>
        ))}
      </ul>
    ),
  };
}

function formPage({ words, language, base }: TeamVisit, draft: Draft, problem: string | null): Outcome {
  const { reports: text } = words;
  const byDate = BY_DATE.has(draft.type);
  return {
    title: text.types[draft.type],
    status: problem === null ? 200 : 400,
    content: (
      <>
        <p class="lead">{text.explained[draft.type]}</p>
        <Problem text={problem} words={words} />
        <form method="post" action={`${base}/reports/new`}>
          <input type="hidden" name="type" value={draft.type} />
          <Select
            label={byDate ? text.period : text.unusedFor}
            name="days"
            value={draft.days}
            options={[
              ...(draft.type === "audit-trail" ? [["", text.allTime] as const] : []),
              ...DAYS.map((days) => [String(days), fillCount(text.lastDays, days, language)] as const),
            ]}
          />
          {byDate ? (
            <fieldset>
              <legend>{text.dates}</legend>
              <p class="help">{text.datesHelp}</p>
              <div class="pair">
                <Field label={text.firstDay} name="from" type="date" value={draft.from} />
                <Field label={text.lastDay} name="to" type="date" value={draft.to} />
              </div>
            </fieldset>
          ) : null}
          <Select
            label={text.format}
            name="format"
            value={draft.format}
            options={REPORT_FORMATS.map((format) => [format, text.formats[format]] as const)}
          />
          <div class="buttons">
            <button type="submit">{text.create}</button>
            <a class="button quiet" href={`${base}/reports`}>
              {words.frame.cancel}
            </a>
          </div>
        </form>
      </>
    ),
  };
}
