import { buildWorker } from "../../scripts/local/build.ts";
import type { LocalWorker } from "../../scripts/local/runtime.ts";
import { buildBenchWorker } from "../rig/build.ts";
import { Jeton } from "./jeton.ts";
import { benchWorker, jetonWorker, startWorkers, type BenchRuntime } from "./runtime.ts";

/** The Workers that are compared, side by side in one workerd, so that all run on the same runtime. */
export interface World {
  readonly jeton: Jeton;
  /** A second Worker with the same code and the same database: another isolate of the region. */
  readonly twinUrl: string;
  readonly trivialUrl: string;
  readonly bareUrl: string;
  readonly guardedUrl: string;
  /** Null when peers are not asked for. */
  readonly peers: { readonly oauthUrl: string; readonly apiKeyUrl: string } | null;
  /** The workerd that serves all of them, null where the system does not tell. */
  readonly pid: number | null;
  stop(): Promise<void>;
}

/** What is built once, and then served in any number of runtimes. */
export interface Builds {
  readonly folder: string;
  readonly jeton: string;
}

export async function buildJeton(folder: string): Promise<Builds> {
  return { folder, jeton: await buildWorker(`${folder}/jeton`) };
}

export async function startWorld({ folder, jeton }: Builds, withPeers: boolean): Promise<World> {
  const build = (entry: string): Promise<string> => buildBenchWorker(`bench/${entry}`, folder);
  const [bare, trivial, guarded] = await Promise.all([
    build("workers/bare.ts"),
    build("workers/trivial.ts"),
    build("workers/guarded.ts"),
  ]);
  const workers: [LocalWorker, ...LocalWorker[]] = [
    await jetonWorker("jeton", jeton),
    await jetonWorker("twin", jeton),
    benchWorker("trivial", trivial),
    benchWorker("bare", bare, { d1Databases: { DB: "bare" } }),
    benchWorker("guarded", guarded, {
      d1Databases: { DB: "guarded" },
      serviceBindings: {
        JETON: { name: "jeton", entrypoint: "Authority" },
        ANYONE: { name: "trivial", entrypoint: "Anyone" },
      },
    }),
  ];
  if (withPeers) {
    const [oauth, apiKey] = await Promise.all([
      build("peers/workers-oauth-provider.js"),
      build("peers/better-auth.js"),
    ]);
    workers.push(
      benchWorker("oauth", oauth, { kvNamespaces: { OAUTH_KV: "oauth" } }),
      benchWorker("api-key", apiKey, { d1Databases: { DB: "api-key" } }),
    );
  }
  const runtime = await startWorkers(workers);
  try {
    return await furnish(runtime, withPeers);
  } catch (error) {
    await runtime.stop();
    throw error;
  }
}

async function furnish(runtime: BenchRuntime, withPeers: boolean): Promise<World> {
  const url = (name: string): Promise<string> => runtime.directUrl(name);
  const [bareUrl, guardedUrl] = [await url("bare"), await url("guarded")];
  await fetch(`${bareUrl}/create-table`, { method: "POST" });
  await fetch(`${guardedUrl}/fill`, { method: "POST" });
  return {
    jeton: await Jeton.setUp(await url("jeton")),
    twinUrl: await url("twin"),
    trivialUrl: await url("trivial"),
    bareUrl,
    guardedUrl,
    peers: withPeers ? { oauthUrl: await url("oauth"), apiKeyUrl: await url("api-key") } : null,
    pid: runtime.pid,
    stop: () => runtime.stop(),
  };
}
