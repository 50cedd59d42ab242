import type { Language } from "../../domain/language.ts";
import type { AnswerBody } from "./console-api.ts";
import { formatDay } from "./format.ts";
import type { Words } from "./words/index.ts";
import { fill, fillCount } from "./words/fill.ts";

export type Report = AnswerBody<"Report">["report"];

const DAY_MS = 86_400_000;

/** What a report is about, in words: the reader's days are whole ones, by UTC. */
export function periodInWords(
  { since, until, days }: Report["parameters"],
  { reports: text }: Words,
  language: Language,
): string {
  if (days !== null) return fillCount(text.lastDays, days, language);
  const first = since === null ? null : formatDay(dayOf(Date.parse(since)), language);
  // `until` is the first moment that no longer counts.
  const last = until === null ? null : formatDay(dayOf(Date.parse(until) - 1), language);
  if (first === null) return last === null ? text.allTime : fill(text.until, { last });
  return last === null ? fill(text.since, { first }) : fill(text.between, { first, last });
}

/** Days since the epoch, in UTC. */
export function dayOf(time: number): number {
  return Math.floor(time / DAY_MS);
}

/** As a state's tag is coloured; its words say the same. */
export const TAG_OF_STATUS = { pending: "", running: "", ready: "good", failed: "bad" } as const;
