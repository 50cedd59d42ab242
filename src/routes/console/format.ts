import type { Language } from "../../domain/language.ts";
import type { RegionCode } from "../../domain/region.ts";

/** A point in time in the reader's language, by UTC. @param at ISO 8601 */
export function formatTime(at: string, language: Language): string {
  return new Intl.DateTimeFormat(language, {
    dateStyle: "medium",
    timeStyle: "short",
    timeZone: "UTC",
  }).format(new Date(at));
}

/** @param day days since the epoch, in UTC */
export function formatDay(day: number, language: Language): string {
  const format = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" });
  return format.format(new Date(day * 86_400_000));
}

export function formatNumber(value: number, language: Language): string {
  return new Intl.NumberFormat(language).format(value);
}

export function formatMilliseconds(value: number, language: Language): string {
  return new Intl.NumberFormat(language, { style: "unit", unit: "millisecond" }).format(value);
}

/** As the reader's language calls where a region's people are. */
export function regionName(region: RegionCode, language: Language): string {
  // ISO 3166 has another code for one of them.
  const code = region === "uk" ? "GB" : region.toUpperCase();
  return new Intl.DisplayNames(language, { type: "region" }).of(code) ?? code;
}
