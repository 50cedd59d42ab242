import { join } from "node:path";
import { buildModules } from "../../scripts/build/worker.ts";
import type { LoadGenerator } from "../rig/load.ts";
import { digits } from "../rig/table.ts";
import type { Section } from "../report.ts";
import { Jeton } from "../world/jeton.ts";
import { jetonWorker, startWorkers } from "../world/runtime.ts";
import type { Builds } from "../world/world.ts";

const CHECKS = 10_000;
const CONNECTIONS = 8;
const BOUND_SECONDS = 1;

interface Counts {
  readonly databaseReads: number;
  readonly databaseWrites: number;
  readonly limiterCalls: number;
}

interface Counted extends Counts {
  readonly checks: number;
  readonly seconds: number;
}

interface Case {
  readonly name: string;
  readonly tokens: number;
  readonly limit: number | null;
  /** Asked about before anything is counted. */
  readonly before: number;
  readonly checks: number;
}

/** A limited token is asked about half as often as its limit allows, less what came before. */
function limited(limit: number): Case {
  const checks = Math.min(CHECKS, Math.floor(limit / 2) - 1);
  return { name: `1 hot token limited to ${limit} a minute`, tokens: 1, limit, before: 0, checks };
}

const CASES: readonly Case[] = [
  { name: "100 hot tokens", tokens: 100, limit: null, before: 3_000, checks: CHECKS },
  limited(100),
  limited(1_000),
  limited(100_000),
];

/** Counts what crosses the Worker's bindings, by a wrapper around them; the Worker itself is unchanged. */
export async function measureStoreReads(
  { folder, jeton: script }: Builds,
  generator: LoadGenerator,
): Promise<Section> {
  const counted = await buildModules(join(folder, "counted"), {
    entry: "bench/workers/counted.ts",
    alias: { "jeton-worker": script },
  });
  const runtime = await startWorkers([await jetonWorker("jeton", counted.path)]);
  try {
    const jeton = await Jeton.setUp(await runtime.directUrl("jeton"));
    const results: [Case, Counted][] = [];
    for (const each of CASES) results.push([each, await count(jeton, generator, each)]);
    return present(results);
  } finally {
    await runtime.stop();
  }
}

async function count(
  jeton: Jeton,
  generator: LoadGenerator,
  { name, tokens, limit, before, checks }: Case,
): Promise<Counted> {
  const issued = await jeton.issueMany(
    tokens,
    limit === null ? {} : { rate_limit: { limit, window_seconds: 60 } },
  );
  const requests = issued.map(({ text }) => jeton.checkRequest(text));
  generator.define({ name, url: jeton.url, requests, status: 200, contains: '"allowed":true' });
  const ask = (atMost: number) =>
    generator.runOne({ target: name, connections: CONNECTIONS, atMost }, 60_000);
  if (before > 0) await ask(before);
  const [first, startedAt] = [await countsOf(jeton), performance.now()];
  const { answers } = await ask(checks);
  const [last, endedAt] = [await countsOf(jeton), performance.now()];
  return {
    checks: answers,
    seconds: (endedAt - startedAt) / 1000,
    databaseReads: last.databaseReads - first.databaseReads,
    databaseWrites: last.databaseWrites - first.databaseWrites,
    limiterCalls: last.limiterCalls - first.limiterCalls,
  };
}

async function countsOf({ url }: Jeton): Promise<Counts> {
  const response = await fetch(`${url}/bench/counts`);
  const counts: unknown = await response.json();
  return counts as Counts;
}

function present(results: readonly (readonly [Case, Counted])[]): Section {
  const rows = results.map(([{ name }, { checks, seconds, databaseReads, databaseWrites, limiterCalls }]) => [
    name,
    String(checks),
    digits(seconds),
    String(databaseReads),
    digits((databaseReads * BOUND_SECONDS) / seconds),
    String(databaseWrites),
    String(limiterCalls),
    limiterCalls === 0 ? "-" : digits(checks / limiterCalls),
  ]);
  const bars = results.map(([{ name, limit }, { checks, seconds, databaseReads, limiterCalls }]) =>
    limit === null
      ? {
          name: `D1 reads beyond one per bound, ${checks} checks of ${name}`,
          value: Math.max(0, databaseReads - Math.ceil(seconds / BOUND_SECONDS)),
          atMost: 0,
        }
      : {
          name: `checks per limiter call, ${name}, under half of it`,
          value: checks / limiterCalls,
          atLeast: 20,
        },
  );
  return {
    title: "What checks cost the store and the limiter",
    head: [
      "asked about",
      "checks",
      "seconds",
      "D1 reads",
      "reads/bound",
      "D1 writes",
      "limiter calls",
      "checks/call",
    ],
    rows,
    notes: [
      "a limited token is new when its checks begin, so that its first reads are counted too",
      "D1 writes are the counts of use, gathered and written every 5 s",
    ],
    bars,
  };
}
