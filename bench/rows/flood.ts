import type { LoadGenerator } from "../rig/load.ts";
import { interleave, type Contender, type Slice } from "../rig/rounds.ts";
import { median } from "../rig/statistics.ts";
import { digits, ratio } from "../rig/table.ts";
import type { Section } from "../report.ts";
import { forgeToken } from "../world/jeton.ts";
import type { World } from "../world/world.ts";

const GOOD_CONNECTIONS = 8;

export interface FloodOptions {
  readonly rounds: number;
  readonly sliceMs: number;
}

/**
 * What good tokens feel of a flood: their 99th percentile while as many connections as theirs ask about
 * forged tokens as fast as they are answered. One thread serves both, so that even a flood that cost nothing
 * more than a good check would double their wait: the last line says how much of it that is.
 */
export async function measureFlood(
  { jeton, pid }: World,
  generator: LoadGenerator,
  { rounds, sliceMs }: FloodOptions,
): Promise<Section> {
  const tokens = await jeton.issueMany(20);
  const checks = tokens.map(({ text }) => jeton.checkRequest(text));
  const forged = Array.from({ length: 5_000 }, () => jeton.checkRequest(forgeToken()));
  const good = { url: jeton.url, status: 200, contains: '"allowed":true' };
  generator.define({ name: "good", requests: checks, ...good });
  generator.define({ name: "other good", requests: checks, ...good });
  generator.define({
    name: "flood",
    url: jeton.url,
    requests: forged,
    status: 200,
    contains: "unknown_token",
  });
  const asGood = { target: "good", connections: GOOD_CONNECTIONS };
  const beside = (target: string) => ({ target, connections: GOOD_CONNECTIONS });
  const contenders: Contender[] = [
    { name: "calm", bursts: [asGood], pid },
    { name: "under the flood", bursts: [asGood, beside("flood")], pid },
    { name: "beside as many good ones", bursts: [asGood, beside("other good")], pid },
  ];
  const results = await interleave(generator, contenders, { rounds, sliceMs });
  const p99 = (name: string): number => median((results.get(name) ?? []).map((each) => each.p99));
  const line = ([name, measured]: [string, readonly Slice[]]): string[] => [
    name,
    digits(median(measured.map(({ p50 }) => p50))),
    digits(p99(name)),
    ratio(p99(name) / p99("calm")),
    digits(median(measured.map(({ perSecond }) => perSecond))),
  ];
  return {
    title: `Good tokens during a flood of forged ones (${GOOD_CONNECTIONS} connections each)`,
    head: ["good tokens", "p50 ms", "p99 ms", "p99 over calm", "checks/s"],
    rows: [...results].map(line),
    notes: [],
    bars: [
      {
        name: "good tokens' p99 under the flood over calm",
        value: p99("under the flood") / p99("calm"),
        atMost: 3,
      },
    ],
  };
}
