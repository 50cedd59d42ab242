import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";

/** RFC 3339 in UTC or with an offset, or a date alone: its first moment in UTC. */
const TIME =
  /^(\d{4})-(\d{2})-(\d{2})(?:T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d))?$/;

export const TIME_WRITING = "ISO 8601 with a time zone, or a date in UTC";

/** Milliseconds, null for what is no time. */
export function parseTime(text: string): number | null {
  const [, year, month, day] = TIME.exec(text) ?? [];
  if (year === undefined || !isDate(Number(year), Number(month), Number(day))) return null;
  const time = Date.parse(text);
  return Number.isNaN(time) || time < 0 ? null : time;
}

/** Reads a bound of a period from a query or body; null when it was left out. */
export function readTime(text: string | null | undefined, member: string): Result<number | null, Refusal> {
  if (text === null || text === undefined) return ok(null);
  const time = parseTime(text);
  return time === null ? err({ kind: "invalid_member", member, problem: "invalid" }) : ok(time);
}

/** `Date.parse` takes the 30th of February for the 1st or 2nd of March. */
function isDate(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
