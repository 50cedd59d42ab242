import type { Language } from "../../domain/language.ts";
import { formatDay, formatNumber } from "./format.ts";
import { Table } from "./parts.tsx";
import type { Words } from "./words/index.ts";
import { fill, fillCount } from "./words/fill.ts";

/** How often something was asked on a day, with one verdict. */
export interface DayOfUse {
  /** Days since the epoch, in UTC. */
  readonly day: number;
  /** `allowed`, or the reason why not. */
  readonly verdict: string;
  readonly count: number;
}

export interface UsageChartProps {
  readonly usage: readonly DayOfUse[];
  /** Days since the epoch: the first one shown, and the last. */
  readonly days: { readonly from: number; readonly to: number };
  readonly words: Words;
  readonly language: Language;
}

interface Bar {
  readonly allowed: number;
  readonly refused: number;
}

const ALLOWED = "allowed";

/** More would be thinner than a phone shows. */
const MAX_BARS = 92;

/** A bar's place, and the height of all, in the chart's own units; the page stretches them to its width. */
const STEP = 10;
const HEIGHT = 100;

/** Checks by day: a chart, and behind it every figure that it shows as a table. */
export function UsageChart({ usage, days, words, language }: UsageChartProps) {
  const { usage: text } = words;
  if (usage.length === 0) return <p class="muted">{text.none}</p>;
  const number = (value: number) => formatNumber(value, language);
  const { bars, daysOfBar } = barsOf(usage, days);
  const most = Math.max(1, ...bars.map(({ allowed, refused }) => allowed + refused));
  const allowed = sumOf(usage.filter(({ verdict }) => verdict === ALLOWED));
  const refused = sumOf(usage) - allowed;
  const [first, last] = [formatDay(days.from, language), formatDay(days.to, language)];
  return (
    <>
      <figure class="usage">
        <figcaption>
          <span>
            <span class="key"></span> {text.allowed}: {number(allowed)}
          </span>
          <span>
            <span class="key refused"></span> {text.refused}: {number(refused)}
          </span>
        </figcaption>
        <p class="ends" aria-hidden="true">
          <span>{number(most)}</span>
        </p>
        <svg
          class="bars"
          role="img"
          aria-labelledby="usage-title usage-text"
          viewBox={`0 0 ${bars.length * STEP} ${HEIGHT}`}
          preserveAspectRatio="none"
        >
          <title id="usage-title">{fill(text.chartTitle, { first, last })}</title>
          <desc id="usage-text">
            {fill(text.chartText, { allowed: number(allowed), refused: number(refused), most: number(most) })}
          </desc>
          {bars.map((bar, index) => (
            <Column bar={bar} left={index * STEP} scale={HEIGHT / most} />
          ))}
        </svg>
        <p class="ends" aria-hidden="true">
          <span>{first}</span>
          <span>{last}</span>
        </p>
      </figure>
      {daysOfBar === 1 ? null : <p class="help">{fillCount(text.span, daysOfBar, language)}</p>}
      <p class="help">{text.counting}</p>
      <details>
        <summary>{text.table}</summary>
        <FigureTable usage={usage} words={words} language={language} />
      </details>
    </>
  );
}

/** What was allowed stands on the ground, what was refused upon it: filled and hollow, whatever the colours. */
function Column({ bar, left, scale }: { readonly bar: Bar; readonly left: number; readonly scale: number }) {
  // However few they are among many: they are there.
  const height = (count: number) => (count === 0 ? 0 : Math.max(2, Math.round(count * scale)));
  const allowed = height(bar.allowed);
  const refused = Math.min(height(bar.refused), HEIGHT - allowed);
  return (
    <>
      {allowed === 0 ? null : <rect x={left + 1} y={HEIGHT - allowed} width={STEP - 2} height={allowed} />}
      {refused === 0 ? null : (
        <rect class="refused" x={left + 1} y={HEIGHT - allowed - refused} width={STEP - 2} height={refused} />
      )}
    </>
  );
}

function FigureTable({ usage, words, language }: Omit<UsageChartProps, "days">) {
  const verdicts = [...new Set(usage.map(({ verdict }) => verdict))].sort(allowedFirst);
  const byDay = Map.groupBy(usage, ({ day }) => day);
  return (
    <Table
      heads={[words.usage.day, ...verdicts.map((verdict) => verdictInWords(verdict, words))]}
      rows={[...byDay]
        .sort(([one], [other]) => one - other)
        .map(([day, uses]) => [
          formatDay(day, language),
          ...verdicts.map((verdict) =>
            formatNumber(sumOf(uses.filter((use) => use.verdict === verdict)), language),
          ),
        ])}
      caption={words.usage.table}
    />
  );
}

export function verdictInWords(verdict: string, { usage }: Words): string {
  return (usage.verdicts as Readonly<Record<string, string>>)[verdict] ?? verdict;
}

function barsOf(
  usage: readonly DayOfUse[],
  { from, to }: UsageChartProps["days"],
): { bars: Bar[]; daysOfBar: number } {
  const daysOfBar = Math.ceil((to - from + 1) / MAX_BARS);
  const bars = Array.from({ length: Math.ceil((to - from + 1) / daysOfBar) }, () => ({
    allowed: 0,
    refused: 0,
  }));
  for (const { day, verdict, count } of usage) {
    const bar = bars[Math.floor((day - from) / daysOfBar)];
    if (bar !== undefined) bar[verdict === ALLOWED ? "allowed" : "refused"] += count;
  }
  return { bars, daysOfBar };
}

function sumOf(usage: readonly DayOfUse[]): number {
  return usage.reduce((sum, { count }) => sum + count, 0);
}

function allowedFirst(one: string, other: string): number {
  if (one === ALLOWED || other === ALLOWED) return one === ALLOWED ? -1 : 1;
  return one < other ? -1 : 1;
}
