import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import {
  convertV4MiniflareOptions,
  Miniflare,
  type V4WorkerOptions,
  type V4WorkerOptionsShape as WorkerSettings,
} from "miniflare";
import { watchRuntimes } from "./watchdog.ts";

export interface LocalWorker {
  /** Others bind it by this name; its Durable Objects are stored under it. */
  readonly name: string;
  /**
   * Path of the module that it starts with, whose `.mjs` neighbours are its other modules; or its script itself.
   */
  readonly code: { readonly path: string } | { readonly text: string };
  /** All but its code: what it is bound to, its compatibility date and so on. */
  readonly settings: WorkerSettings;
  /** A port on which it is met directly; 0: any free one. None: only the first Worker is met, on the runtime's. */
  readonly directPort?: number;
}

/** What a D1 binding is, seen from here. */
export type LocalDatabase = Awaited<ReturnType<Miniflare["getD1Database"]>>;

export interface Runtime {
  /** Where the first Worker is met, as behind the platform's edge: it is told the caller's address. */
  readonly url: string;
  /** Where a Worker is met with nothing in front of it; only those with a `directPort`. */
  directUrl(worker: string): Promise<string>;
  database(worker: string, binding: string): Promise<LocalDatabase>;
  /** Fires a cron trigger, which workerd never does by itself. */
  fireCron(worker: string, cron: string): Promise<void>;
  /** Ends workerd, and returns when it is gone. */
  stop(): Promise<void>;
}

export interface RuntimeOptions {
  readonly workers: readonly [LocalWorker, ...LocalWorker[]];
  /** 0: any free one. */
  readonly port: number;
  /** Where databases and objects persist; null: nowhere, they start empty and go with the runtime. */
  readonly stateDir: string | null;
  /** Takes what the Workers and workerd log; standard error by default. */
  readonly onLog?: (text: string) => void;
}

const HOST = "127.0.0.1";

/**
 * Starts one workerd that serves these Workers on the loopback address. Needs no network. Whoever starts it
 * decides what a signal does.
 * @throws when it cannot be started; with `code` `ERR_ADDRESS_IN_USE` when the port is taken.
 */
export async function startRuntime({ workers, port, stateDir, onLog }: RuntimeOptions): Promise<Runtime> {
  watchRuntimes();
  const log = onLog ?? ((text) => process.stderr.write(`${text}\n`));
  const options = convertV4MiniflareOptions({
    host: HOST,
    port,
    // Otherwise asked for over the network.
    cf: false,
    handleStructuredLogs: ({ message }) => log(message),
    workers: workers.map(miniflareWorker),
    ...(stateDir === null ? {} : { resourcePersistencePath: stateDir }),
  });
  const miniflare = withoutSignalHandlers(() => new Miniflare(options));
  try {
    const { origin } = await miniflare.ready;
    return {
      url: origin,
      directUrl: async (worker) => (await miniflare.unsafeGetDirectURL(worker)).origin,
      database: (worker, binding) => miniflare.getD1Database(binding, worker),
      fireCron: async (worker, cron) => {
        const fetcher = await miniflare.getWorker(worker);
        const { outcome } = await fetcher.scheduled({ cron });
        if (outcome !== "ok") throw new Error(`the cron trigger ended with ${outcome}`);
      },
      stop: () => miniflare.dispose(),
    };
  } catch (error) {
    await miniflare.dispose().catch(() => {});
    throw error;
  }
}

function miniflareWorker({ name, code, settings, directPort }: LocalWorker): V4WorkerOptions {
  const source =
    "path" in code
      ? {
          modules: modulesOf(code.path).map((path) => ({ type: "ESModule" as const, path })),
          modulesRoot: dirname(code.path),
        }
      : { modules: true as const, script: code.text };
  return {
    ...settings,
    ...source,
    name,
    ...(directPort === undefined ? {} : { unsafeDirectSockets: [{ host: HOST, port: directPort }] }),
  };
}

/** The one that is called comes first. */
function modulesOf(path: string): string[] {
  if (!path.endsWith(".mjs")) return [path];
  const folder = dirname(path);
  const others = readdirSync(folder).filter((name) => name.endsWith(".mjs") && name !== basename(path));
  return [path, ...others.map((name) => join(folder, name))];
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Miniflare adds handlers that end the process with a status of their own. */
function withoutSignalHandlers<T>(make: () => T): T {
  const before = SIGNALS.map((signal) => process.listeners(signal));
  const made = make();
  for (const [index, signal] of SIGNALS.entries()) {
    for (const listener of process.listeners(signal)) {
      if (!before[index]?.includes(listener)) process.off(signal, listener);
    }
  }
  return made;
}
