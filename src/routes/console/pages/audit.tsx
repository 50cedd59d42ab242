import { AuditTable, namesFor, typeInWords, type AuditEvent } from "../audit-table.tsx";
import { Empty, Field, Pager, Problem, Select } from "../parts.tsx";
import { problemText } from "../problem-text.ts";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { dayAfter } from "./new-report.tsx";

/** As the filter's form has them, and the API's own names. */
const FILTERS = ["type", "actor", "subject", "from", "to"] as const;

const SHOWN_EVENTS = 50;

interface Listed {
  readonly events: readonly AuditEvent[];
  readonly next: string | null;
  readonly head: { readonly number: number; readonly hash: string } | null;
}

/** Team > Audit: who changed what, newest first (contract, section 11). */
export const auditPage: TeamPage = {
  path: "/audit",
  nav: "audit",
  async show(visit) {
    const { api, apiPath, query } = visit;
    const listed = await api.get("AuditEvents", `${apiPath}/audit-events?${apiQueryOf(query).toString()}`);
    const isMistyped =
      !listed.ok && (listed.error.kind === "invalid_member" || listed.error.kind === "bad_page");
    if (!listed.ok && !isMistyped) return { refusal: listed.error };
    if (!listed.ok) return pageOf(visit, null, problemText(visit, listed.error, labelsOf(visit)));
    const { audit_events: events, next_cursor: next, head } = listed.value.body;
    return pageOf(visit, { events, next, head }, null);
  },
};

/** What the form calls the API's parameters. */
function labelsOf({ words: { audit: text } }: TeamVisit): Readonly<Record<string, string>> {
  return { type: text.type, actor: text.actor, subject: text.subject, since: text.from, until: text.to };
}

function apiQueryOf(query: URLSearchParams): URLSearchParams {
  const asked = new URLSearchParams({ limit: String(SHOWN_EVENTS) });
  const take = (name: string, from: string, change: (value: string) => string = (value) => value) => {
    const value = query.get(from)?.trim() ?? "";
    if (value !== "") asked.set(name, change(value));
  };
  take("cursor", "cursor");
  take("type", "type");
  take("actor", "actor");
  take("subject", "subject");
  take("since", "from");
  take("until", "to", dayAfter);
  return asked;
}

async function pageOf(visit: TeamVisit, listed: Listed | null, problem: string | null): Promise<Outcome> {
  const { words, base, query } = visit;
  const { audit: text } = words;
  return {
    title: text.title,
    status: problem === null ? 200 : 400,
    content: (
      <>
        <p class="lead">{text.lead}</p>
        <Problem text={problem} words={words} />
        <Filter visit={visit} />
        {listed === null ? null : (
          <>
            {listed.events.length === 0 ? (
              <Empty>
                <p>{emptyText(visit, listed)}</p>
              </Empty>
            ) : (
              <AuditTable
                visit={visit}
                events={listed.events}
                names={await namesFor(visit, listed.events)}
                caption={text.title}
              />
            )}
            <Pager path={`${base}/audit`} cursor={listed.next} query={query} words={words} />
            <Keep visit={visit} head={listed.head} />
          </>
        )}
      </>
    ),
  };
}

function emptyText({ words: { audit: text }, query }: TeamVisit, { next }: Listed): string {
  if (next !== null) return text.noMatchYet;
  return isFiltered(query) || query.has("cursor") ? text.noMatch : text.empty;
}

function isFiltered(query: URLSearchParams): boolean {
  return FILTERS.some((name) => (query.get(name) ?? "") !== "");
}

function Filter({ visit: { words, base, query } }: { readonly visit: TeamVisit }) {
  const { audit: text } = words;
  const type = query.get("type") ?? "";
  const types = [...new Set([...Object.keys(text.types), ...(type === "" ? [] : [type])])];
  return (
    <details open={isFiltered(query)}>
      <summary>{text.filter}</summary>
      <form method="get" action={`${base}/audit`} class="filter">
        <Select
          label={text.type}
          name="type"
          value={type}
          options={[
            ["", text.anyType],
            ...types.map((option) => [option, typeInWords(option, words)] as const),
          ]}
        />
        <Field label={text.actor} name="actor" value={query.get("actor") ?? ""} help={text.actorHelp} />
        <Field
          label={text.subject}
          name="subject"
          value={query.get("subject") ?? ""}
          help={text.subjectHelp}
        />
        <Field label={text.from} name="from" type="date" value={query.get("from") ?? ""} />
        <Field label={text.to} name="to" type="date" value={query.get("to") ?? ""} />
        <div class="buttons">
          <button type="submit">{text.apply}</button>
          {isFiltered(query) ? <a href={`${base}/audit`}>{text.clear}</a> : null}
        </div>
      </form>
    </details>
  );
}

/** How to keep the trail, and to verify it later without us (README, "Decisions"). */
function Keep({
  visit: { words, base, may },
  head,
}: {
  readonly visit: TeamVisit;
  readonly head: Listed["head"];
}) {
  const { audit: text } = words;
  const link = head === null ? null : `${head.number}:${head.hash}`;
  return (
    <>
      <h2>{text.keep}</h2>
      <p>{text.keepText}</p>
      <pre>
        <code>npm run verify-audit -- export.json</code>
      </pre>
      {link === null ? null : (
        <>
          <p>{text.keepHead}</p>
          <pre>
            <code>{link}</code>
          </pre>
        </>
      )}
      {may("EMM.Reports.GENERATE") ? (
        <p>
          <a class="button quiet" href={`${base}/reports/new?type=audit-trail`}>
            {text.keepAdd}
          </a>
        </p>
      ) : null}
    </>
  );
}
