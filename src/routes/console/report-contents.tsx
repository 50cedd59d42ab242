import type { Child } from "hono/jsx";
import type { StaleToken } from "../../operations/report-stale-tokens.ts";
import { nameIds } from "../../operations/name-ids.ts";
import type { UsageOfDay } from "../../operations/report-token-usage.ts";
import type { UnusedPermissions } from "../../operations/report-unused-permissions.ts";
import { NarrowerToken } from "./narrower-token.tsx";
import { formatNumber } from "./format.ts";
import { Dotted, Empty, Table, When } from "./parts.tsx";
import { readReportFile, type ReportFile } from "./report-file.ts";
import { dayOf, type Report } from "./report-title.ts";
import { UsageChart } from "./usage-chart.tsx";
import type { TeamVisit } from "./visit.ts";
import { fill, fillCount } from "./words/fill.ts";

/** What a page shows of a list; the download has all of it. */
const MAX_SHOWN = 100;

/** A chart needs every row: of more than these it is not drawn. */
const MAX_DRAWN = 10_000;

interface ShownReport {
  readonly visit: TeamVisit;
  readonly report: Report;
  /** Of a report in JSON. */
  readonly stream: ReadableStream<Uint8Array>;
}

/** What a report says, as a table on the page. */
export async function reportContents({ visit, report, stream }: ShownReport): Promise<Child> {
  switch (report.type) {
    case "token-usage":
      return usageOf(visit, report, await readReportFile<UsageOfDay>(stream, MAX_DRAWN));
    case "unused-permissions":
      return unusedOf(visit, report, await readReportFile<UnusedPermissions>(stream, MAX_SHOWN));
    case "stale-tokens":
      return staleOf(visit, report, await readReportFile<StaleToken>(stream, MAX_SHOWN));
    case "audit-trail":
      return trailOf(visit, await readReportFile<object>(stream, 0));
  }
}

function usageOf(visit: TeamVisit, report: Report, { rows, isWhole }: ReportFile<UsageOfDay>) {
  const { words, language } = visit;
  const { reports: text } = words;
  if (rows.length === 0) return <Nothing text={text.nothing} />;
  if (!isWhole) return <p>{text.tooLong}</p>;
  const usage = rows.map(({ day, verdict, count }) => ({ day: dayOf(Date.parse(day)), verdict, count }));
  const { since, until } = report.parameters;
  const days = {
    from: since === null ? Math.min(...usage.map(({ day }) => day)) : dayOf(Date.parse(since)),
    to: dayOf(Date.parse(until ?? report.created_at) - 1),
  };
  const tokens = [...Map.groupBy(rows, ({ token }) => token)]
    .map(([id, uses]) => ({
      id,
      name: uses[0]?.name ?? id,
      allowed: sumOf(uses.filter(({ verdict }) => verdict === "allowed")),
      all: sumOf(uses),
    }))
    .sort((one, other) => other.all - one.all);
  return (
    <>
      <UsageChart usage={byDay(usage)} days={days} words={words} language={language} />
      <h2>{text.byToken}</h2>
      <Table
        heads={[text.token, words.usage.allowed, words.usage.refused]}
        rows={tokens
          .slice(0, MAX_SHOWN)
          .map(({ id, name, allowed, all }) => [
            <TokenLink visit={visit} id={id} name={name} />,
            formatNumber(allowed, language),
            formatNumber(all - allowed, language),
          ])}
        caption={text.byToken}
      />
      <Shown visit={visit} shown={Math.min(tokens.length, MAX_SHOWN)} all={tokens.length} />
    </>
  );
}

/** The rows of a report are by token and right as well. */
function byDay(usage: readonly { day: number; verdict: string; count: number }[]) {
  const sums = Map.groupBy(usage, ({ day, verdict }) => `${day} ${verdict}`);
  return [...sums.values()].flatMap((uses) => {
    const [first] = uses;
    return first === undefined ? [] : [{ ...first, count: sumOf(uses) }];
  });
}

function sumOf(uses: readonly { readonly count: number }[]): number {
  return uses.reduce((sum, { count }) => sum + count, 0);
}

function unusedOf(visit: TeamVisit, report: Report, { rows }: ReportFile<UnusedPermissions>) {
  const { words, language } = visit;
  const { reports: text, tokens } = words;
  if (rows.length === 0) return <Nothing text={text.nothing} />;
  return (
    <>
      <p>{text.narrowerHelp}</p>
      <Table
        heads={[text.token, text.unused, text.used, tokens.lastUsed, text.instead]}
        rows={rows.map((row) => [
          <TokenLink visit={visit} id={row.token} name={row.name} />,
          row.unused.length === 0 ? (
            <span class="tag good">{text.allUsed}</span>
          ) : (
            <Permissions
              summary={fillCount(text.unusedCount, row.unused.length, language)}
              permissions={row.unused}
            />
          ),
          <>
            {row.used.length === 0 ? (
              <span class="muted">{text.noneUsed}</span>
            ) : (
              <Permissions
                summary={fillCount(text.usedCount, row.used.length, language)}
                permissions={row.used}
              />
            )}
            {row.checked_without_permission ? <span class="help">{text.unnamed}</span> : null}
          </>,
          <When at={row.last_used_at} language={language} otherwise={words.frame.never} />,
          <Instead row={row} visit={visit} />,
        ])}
        caption={text.types[report.type]}
      />
      <Shown visit={visit} shown={rows.length} all={report.rows} />
    </>
  );
}

/** The narrower token, or what else to do about one that uses nothing. */
function Instead({ row, visit }: { readonly row: UnusedPermissions; readonly visit: TeamVisit }) {
  const { words, base, may } = visit;
  const { create_instead: token } = row;
  if (token !== null && may("EMM.AccessTokens.CREATE")) {
    return <NarrowerToken token={token} base={base} words={words} />;
  }
  const isUnused = row.used.length === 0 && !row.checked_without_permission;
  if (isUnused && may("EMM.AccessTokens.DELETE")) {
    return <RevokeLink visit={visit} id={row.token} name={row.name} />;
  }
  return <span class="muted">{words.reports.noNarrower}</span>;
}

async function staleOf(visit: TeamVisit, report: Report, { rows }: ReportFile<StaleToken>) {
  const { words, language, deps, team, may } = visit;
  const { reports: text, tokens } = words;
  if (rows.length === 0) return <Nothing text={text.nothingStale} />;
  const names = await nameIds(
    deps,
    team.id,
    rows.map((row) => row.created_by),
    may,
  );
  const mayRevoke = may("EMM.AccessTokens.DELETE");
  return (
    <>
      <Table
        heads={[
          text.token,
          text.reasons,
          words.token.madeBy,
          tokens.lastUsed,
          ...(mayRevoke ? [tokens.revoke] : []),
        ]}
        rows={rows.map((row) => [
          <TokenLink visit={visit} id={row.token} name={row.name} />,
          <>
            <ul>
              {row.reasons.map((reason) => (
                <li>{text.why[reason]}</li>
              ))}
            </ul>
            {row.exceeds_maker.length === 0 ? null : (
              <Permissions summary={text.beyondMaker} permissions={row.exceeds_maker} />
            )}
          </>,
          row.created_by === "operator"
            ? words.token.operator
            : (names.get(row.created_by) ?? <code>{row.created_by}</code>),
          <When at={row.last_used_at} language={language} otherwise={words.frame.never} />,
          ...(mayRevoke ? [<RevokeLink visit={visit} id={row.token} name={row.name} />] : []),
        ])}
        caption={text.types[report.type]}
      />
      <Shown visit={visit} shown={rows.length} all={report.rows} />
    </>
  );
}

function trailOf({ words, base }: TeamVisit, { head: { head } }: ReportFile<object>) {
  const { reports: text, audit } = words;
  return (
    <>
      <p>{text.trail}</p>
      {head === undefined ? null : (
        <dl>
          <dt>{text.lastLink}</dt>
          <dd>
            <code>
              {head.number}:{head.hash}
            </code>
          </dd>
        </dl>
      )}
      <p>{audit.keepText}</p>
      <pre>
        <code>npm run verify-audit -- export.json</code>
      </pre>
      <p>
        <a href={`${base}/audit`}>{audit.title}</a>
      </p>
    </>
  );
}

function TokenLink({
  visit: { base },
  id,
  name,
}: {
  readonly visit: TeamVisit;
  readonly id: string;
  readonly name: string;
}) {
  return <a href={`${base}/access-tokens/${id}`}>{name}</a>;
}

function RevokeLink({
  visit: { base, words },
  id,
  name,
}: {
  readonly visit: TeamVisit;
  readonly id: string;
  readonly name: string;
}) {
  return (
    <a href={`${base}/access-tokens/${id}/revoke`} aria-label={fill(words.tokens.revokeOf, { name })}>
      {words.tokens.revoke}
    </a>
  );
}

export function Permissions({
  summary,
  permissions,
}: {
  readonly summary: string;
  readonly permissions: readonly string[];
}) {
  return (
    <details>
      <summary>{summary}</summary>
      <ul>
        {permissions.map((permission) => (
          <li>
            <Dotted name={permission} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function Shown({
  visit: { words, language },
  shown,
  all,
}: {
  readonly visit: TeamVisit;
  readonly shown: number;
  readonly all: number;
}) {
  if (shown >= all) return null;
  return (
    <p class="help">
      {fill(words.reports.firstRows, {
        count: formatNumber(shown, language),
        all: formatNumber(all, language),
      })}
    </p>
  );
}

function Nothing({ text }: { readonly text: string }) {
  return (
    <Empty>
      <p>{text}</p>
    </Empty>
  );
}
