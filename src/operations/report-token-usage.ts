import { countUsage, listUsage, sumUsage, type HourlyUse } from "../store/report-data.ts";
import { hoursOf, type ReportSource } from "./report-source.ts";

export interface UsageOfDay {
  readonly token: string;
  readonly name: string | null;
  readonly permission: string | null;
  /** In UTC. */
  readonly day: string;
  readonly verdict: string;
  readonly count: number;
}

/** Where to go on: at a token's hour, which begins a day. */
interface Place {
  readonly tokenId: string;
  readonly hour: number;
}

const PAGE_ROWS = 5_000;
const HOURS = 24;
const DAY_MS = 86_400_000;

/** How often each token was asked about, by permission, verdict and day (contract, section 5). */
export const tokenUsage: ReportSource<UsageOfDay, Place> = {
  columns: {
    token: ({ token }) => token,
    name: ({ name }) => name,
    permission: ({ permission }) => permission,
    day: ({ day }) => day,
    verdict: ({ verdict }) => verdict,
    count: ({ count }) => count,
  },

  begin: async ({ db }, report) => {
    const total = await countUsage(db, { teamId: report.teamId, hours: hoursOf(report) });
    return { state: total === 0 ? null : { tokenId: "", hour: 0 }, total };
  },

  next: async ({ db }, report, from) => {
    const { teamId } = report;
    const hours = hoursOf(report);
    const uses = await listUsage(db, { teamId, hours, from, limit: PAGE_ROWS });
    const last = uses.at(-1);
    if (last === undefined || uses.length < PAGE_ROWS)
      return { rows: sumUp(uses), state: null, done: uses.length };

    // The last day may go on in the next page: it is left to that one whole.
    const day = dayOf(last);
    const whole = uses.filter((use) => use.tokenId !== last.tokenId || dayOf(use) !== day);
    if (whole.length > 0) {
      const state = { tokenId: last.tokenId, hour: day * HOURS };
      return { rows: sumUp(whole), state, done: whole.length };
    }
    // Nothing but one token's one day: summed up where it lies, for it may be more than a page.
    const ofDay = {
      from: Math.max(hours.from, day * HOURS),
      to: Math.min(hours.to, (day + 1) * HOURS),
    };
    const sums = await sumUsage(db, { teamId, tokenId: last.tokenId, hours: ofDay });
    const { tokenId, name } = last;
    const rows = sumUp(sums.map((sum) => ({ ...sum, tokenId, name, hour: ofDay.from })));
    return { rows, state: { tokenId, hour: ofDay.to }, done: uses.length };
  },
};

/** By token, day, permission and verdict; the hours of a day lie together, its permissions do not. */
function sumUp(uses: readonly HourlyUse[]): UsageOfDay[] {
  const sums = new Map<string, UsageOfDay>();
  for (const use of uses) {
    const key = `${use.tokenId} ${dayOf(use)} ${use.permission} ${use.verdict}`;
    const count = use.count + (sums.get(key)?.count ?? 0);
    sums.set(key, {
      token: use.tokenId,
      name: use.name,
      permission: use.permission === "" ? null : use.permission,
      day: new Date(dayOf(use) * DAY_MS).toISOString().slice(0, 10),
      verdict: use.verdict,
      count,
    });
  }
  return [...sums.values()];
}

function dayOf({ hour }: { hour: number }): number {
  return Math.floor(hour / HOURS);
}
