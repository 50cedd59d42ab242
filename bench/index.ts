/**
 * `npm run bench`: how fast Jeton is, beside a bare route and its peers, in one run on one machine
 * (contract, section 10). `npm run bench -- --rows check,issue --rounds 9 --quick`; see README.md.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { readOptions, type BenchOptions } from "./options.ts";
import { formatBars, formatSection, type Section } from "./report.ts";
import { LoadGenerator } from "./rig/load.ts";
import { measureFlood } from "./rows/flood.ts";
import { measureRevocations } from "./rows/revocation.ts";
import { measureStart } from "./rows/start.ts";
import { measureStoreReads } from "./rows/store-reads.ts";
import { measureStoredTokens } from "./rows/stored-tokens.ts";
import { measureThroughput, THROUGHPUT_ROWS } from "./rows/throughput.ts";
import { installPeers } from "./world/peers.ts";
import { buildJeton, startWorld, type Builds } from "./world/world.ts";

interface Rows {
  readonly names: readonly string[];
  /** Gives sections as it finds them. */
  measure(builds: Builds, options: BenchOptions, generator: LoadGenerator): AsyncIterable<Section>;
}

const ROWS: readonly Rows[] = [
  { names: [...THROUGHPUT_ROWS, "revocation"], measure: sideBySide },
  { names: ["reads"], measure: reads },
  { names: ["stored"], measure: stored },
  { names: ["start"], measure: start },
];

async function* sideBySide(
  builds: Builds,
  options: BenchOptions,
  generator: LoadGenerator,
): AsyncGenerator<Section> {
  const withPeers = options.rows.includes("peers");
  if (withPeers) await installPeers();
  const world = await startWorld(builds, withPeers);
  try {
    if (options.rows.some((row) => THROUGHPUT_ROWS.includes(row))) {
      yield await measureThroughput(world, generator, { ...options, onRound: tellRound(options) });
    }
    if (options.rows.includes("flood")) yield await measureFlood(world, generator, options);
    if (options.rows.includes("revocation")) {
      const counts = options.quick ? { count: 20, strictCount: 10 } : { count: 200, strictCount: 50 };
      yield await measureRevocations(world, generator, counts);
    }
  } finally {
    await world.stop();
  }
}

async function* reads(
  builds: Builds,
  _options: BenchOptions,
  generator: LoadGenerator,
): AsyncGenerator<Section> {
  yield await measureStoreReads(builds, generator);
}

async function* stored(
  builds: Builds,
  options: BenchOptions,
  generator: LoadGenerator,
): AsyncGenerator<Section> {
  yield await measureStoredTokens(builds, generator, options);
}

async function* start(builds: Builds, { quick }: BenchOptions): AsyncGenerator<Section> {
  yield await measureStart(builds, { times: quick ? 7 : 50 });
}

function tellRound({ rounds }: BenchOptions): (round: number) => void {
  return (round) => process.stderr.write(`round ${round} of ${rounds}\n`);
}

async function main(): Promise<void> {
  const options = readOptions(
    process.argv.slice(2),
    ROWS.flatMap(({ names }) => names),
  );
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const generator = new LoadGenerator();
  try {
    const builds = await buildJeton(folder);
    const sections: Section[] = [];
    console.log(
      `${availableParallelism()} cores, Node ${process.versions.node}, ${options.rounds} rounds of ${options.sliceMs} ms`,
    );
    for (const { names, measure } of ROWS) {
      if (!names.some((name) => options.rows.includes(name))) continue;
      for await (const section of measure(builds, options, generator)) {
        console.log(formatSection(section));
        sections.push(section);
      }
    }
    console.log(formatBars(sections.flatMap(({ bars }) => bars)));
  } finally {
    await generator.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
