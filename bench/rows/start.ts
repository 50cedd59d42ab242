import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { startRuntime } from "../../scripts/local/runtime.ts";
import { buildBenchWorker } from "../rig/build.ts";
import { Asker } from "../rig/connection.ts";
import { renderRequest } from "../rig/request.ts";
import { spreadOf } from "../rig/statistics.ts";
import { digits } from "../rig/table.ts";
import type { Section } from "../report.ts";
import { VARS } from "../world/jeton.ts";
import { benchWorker } from "../world/runtime.ts";
import type { Builds } from "../world/world.ts";

/** A script, and the variables that it needs to answer. */
interface Code {
  readonly name: string;
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * What starting costs: the bundle's weight, and the time to the first answer of a fresh isolate, which the
 * runtime's own loader starts inside a running workerd. The process's start is not part of it; compiling and
 * running the script is.
 */
export async function measureStart(
  { folder, jeton }: Builds,
  { times }: { times: number },
): Promise<Section> {
  const build = (name: string): Promise<string> => buildBenchWorker(`bench/workers/${name}.ts`, folder);
  const [loader, trivial, bare, pageless] = await Promise.all([
    build("loader"),
    build("trivial"),
    build("bare"),
    build("without-console"),
  ]);
  const code = (name: string, path: string, env = {}): Code => ({
    name,
    script: readFileSync(path, "utf8"),
    env,
  });
  const codes = [
    code("nothing", trivial),
    code("bare-hono", bare),
    code("jeton-without-console", pageless, { ...VARS, REGION: "us" }),
    code("jeton", jeton, { ...VARS, REGION: "us" }),
  ];
  const settings = {
    workerLoaders: { LOADER: {} },
    bindings: { CODES: Object.fromEntries(codes.map(({ name, script, env }) => [name, { script, env }])) },
  };
  const runtime = await startRuntime({
    workers: [benchWorker("loader", loader, settings)],
    port: 0,
    stateDir: null,
  });
  try {
    return present(codes, await startRepeatedly(await runtime.directUrl("loader"), codes, times));
  } finally {
    await runtime.stop();
  }
}

/** @returns milliseconds, by name */
async function startRepeatedly(
  url: string,
  codes: readonly Code[],
  times: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const taken = new Map<string, number[]>(codes.map(({ name }) => [name, []]));
  const asker = new Asker(url);
  for (let time = 0; time <= times; time += 1) {
    for (const { name } of codes) {
      const request = renderRequest({ method: "GET", path: `/${name}/${time}` });
      const askedAt = performance.now();
      await asker.ask(request);
      // The first one warms up.
      if (time > 0) taken.get(name)?.push(performance.now() - askedAt);
    }
  }
  asker.close();
  return taken;
}

function present(codes: readonly Code[], taken: ReadonlyMap<string, readonly number[]>): Section {
  const base = spreadOf(taken.get("nothing") ?? []).median;
  const rows = codes.map(({ name, script }) => {
    const { median, low, high } = spreadOf(taken.get(name) ?? []);
    return [
      name,
      digits(median),
      `${digits(low)}-${digits(high)}`,
      digits(median - base),
      digits(script.length / 1024),
      digits(gzipSync(script, { level: 9 }).length / 1024),
    ];
  });
  return {
    title: "Cold start of an isolate, and weight",
    head: ["script", "first answer ms", "quartiles", "above nothing ms", "KB", "KB gzip"],
    rows,
    notes: ["as deployed: minified"],
    bars: [],
  };
}
