import type { RegionServer } from "./region-server.ts";

const MINUTE_MS = 60_000;

/** The least and the greatest value of each field: minute, hour, day of month, month, day of week. */
const RANGES = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;

/** Whether a schedule of five fields (numbers, `*`, ranges, lists, steps; UTC) names the minute of this time. */
export function isDue(cron: string, at: Date): boolean {
  const now = [at.getUTCMinutes(), at.getUTCHours(), at.getUTCDate(), at.getUTCMonth() + 1, at.getUTCDay()];
  const fields = cron.trim().split(/\s+/);
  return RANGES.every((range, index) => {
    const value = now[index] ?? Number.NaN;
    const field = fields[index] ?? "*";
    // Sunday is 0 and 7.
    return matches(field, value, range) || (index === 4 && value === 0 && matches(field, 7, range));
  });
}

function matches(field: string, value: number, [min, max]: readonly [number, number]): boolean {
  return field.split(",").some((part) => {
    const [span = "*", step] = part.split("/");
    const [from = "", to] = span.split("-");
    const first = span === "*" ? min : Number(from);
    const last = span === "*" || (to === undefined && step !== undefined) ? max : Number(to ?? from);
    return value >= first && value <= last && (value - first) % Number(step ?? 1) === 0;
  });
}

/**
 * Fires a region's cron triggers when they are due, which workerd leaves to the platform, for as long as this
 * process lives; it does not keep it alive.
 */
export function startCrons(
  { crons, fireCron }: Pick<RegionServer, "crons" | "fireCron">,
  onFailure: (cron: string, error: unknown) => void,
): void {
  const waitForNextMinute = (): void => {
    setTimeout(fire, MINUTE_MS - (Date.now() % MINUTE_MS)).unref();
  };
  const fire = (): void => {
    waitForNextMinute();
    const now = new Date();
    for (const cron of crons.filter((each) => isDue(each, now))) {
      fireCron(cron).catch((error: unknown) => onFailure(cron, error));
    }
  };
  waitForNextMinute();
}
