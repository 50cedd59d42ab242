import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildModules } from "../../scripts/build/worker.ts";
import { startRuntime } from "../../scripts/local/runtime.ts";
import { readWorkerSettings } from "../../scripts/local/worker-settings.ts";
import { buildBenchWorker } from "../rig/build.ts";
import { Asker } from "../rig/connection.ts";
import { renderRequest } from "../rig/request.ts";
import { spreadOf } from "../rig/statistics.ts";
import { digits } from "../rig/table.ts";
import type { Section } from "../report.ts";
import type { Code } from "../workers/loader.ts";
import { VARS } from "../world/jeton.ts";
import { benchWorker } from "../world/runtime.ts";
import type { Builds } from "../world/world.ts";

type Codes = Readonly<Record<string, Code>>;

/**
 * What starting costs: the code's weight, and the time to the first answer of a fresh isolate, which the
 * runtime's own loader starts inside a running workerd. The process's start is not part of it; compiling and
 * running the code is.
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
    buildModules(join(folder, "pageless"), { entry: "bench/workers/without-console.ts" }),
  ]);
  const { compatibilityDate = "", compatibilityFlags = [] } = await readWorkerSettings({});
  const code = (path: string, env: Code["env"] = {}): Code => ({
    compatibilityDate,
    compatibilityFlags,
    mainModule: basename(path),
    modules: readModules(path),
    env,
    path: "/healthz",
  });
  const env = { ...VARS, REGION: "us" };
  const codes: Codes = {
    nothing: code(trivial),
    "bare-hono": code(bare),
    "jeton-without-console": code(pageless.path, env),
    jeton: code(jeton, env),
    // Neither a cookie nor anything stored is needed for it.
    "jeton-sign-in-page": { ...code(jeton, env), path: "/signin" },
  };
  const settings = {
    workerLoaders: { LOADER: {} },
    bindings: { CODES: JSON.parse(JSON.stringify(codes)) as Record<string, string> },
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

/** The module that is called, and those beside it if there are any. */
function readModules(path: string): Code["modules"] {
  const folder = dirname(path);
  const names = path.endsWith(".mjs")
    ? readdirSync(folder).filter((name) => name.endsWith(".mjs"))
    : [basename(path)];
  return Object.fromEntries(names.map((name) => [name, { js: readFileSync(join(folder, name), "utf8") }]));
}

/** @returns milliseconds, by name */
async function startRepeatedly(
  url: string,
  codes: Codes,
  times: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const names = Object.keys(codes);
  const taken = new Map<string, number[]>(names.map((name) => [name, []]));
  const asker = new Asker(url);
  for (let time = 0; time <= times; time += 1) {
    // What one leaves to be cleared away must not always be the same next one's to clear.
    for (const name of time % 2 === 0 ? names : names.toReversed()) {
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

function present(codes: Codes, taken: ReadonlyMap<string, readonly number[]>): Section {
  const base = spreadOf(taken.get("nothing") ?? []).median;
  const rows = Object.entries(codes).map(([name, { modules }]) => {
    const { median, low, high } = spreadOf(taken.get(name) ?? []);
    const scripts = Object.values(modules).map(({ js }) => js);
    const bytes = scripts.reduce((sum, script) => sum + script.length, 0);
    return [
      name,
      digits(median),
      `${digits(low)}-${digits(high)}`,
      digits(median - base),
      digits(bytes / 1024),
      digits(gzipSync(scripts.join(""), { level: 9 }).length / 1024),
    ];
  });
  return {
    title: "Cold start of an isolate, and weight",
    head: ["code", "first answer ms", "quartiles", "above nothing ms", "KB", "KB gzip"],
    rows,
    notes: [
      "as deployed: minified, in modules; each isolate starts from code that the runtime has never seen",
      tellConsole(taken),
    ],
    bars: [],
  };
}

/**
 * What the console adds, start by start: the median of the rounds' differences, and between what it lies by 95 %,
 * whatever their distribution (the signs of the differences are as many tosses of a coin).
 */
function tellConsole(taken: ReadonlyMap<string, readonly number[]>): string {
  const without = taken.get("jeton-without-console") ?? [];
  const differences = (taken.get("jeton") ?? []).map((ms, round) => ms - (without[round] ?? ms));
  const sorted = differences.toSorted((a, b) => a - b);
  const reach = 0.98 * Math.sqrt(sorted.length);
  const low = sorted[Math.max(0, Math.floor(sorted.length / 2 - reach))] ?? 0;
  const high = sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length / 2 + reach))] ?? 0;
  const verdict = low < 0 && high > 0 ? "which is noise" : "which is no noise";
  const median = spreadOf(sorted).median.toFixed(1);
  return `the console adds ${median} ms (95 %: ${low.toFixed(1)} to ${high.toFixed(1)}), ${verdict}`;
}
