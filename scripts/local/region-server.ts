import type { V4WorkerOptionsShape as WorkerSettings } from "miniflare";
import type { RegionCode } from "../../src/domain/region.ts";
import { applyMigrations } from "./migrations.ts";
import { startRuntime, type LocalDatabase, type LocalWorker } from "./runtime.ts";
import { readWorkerSettings } from "./worker-settings.ts";

export interface RegionOptions {
  readonly region: RegionCode;
  /** 0: any free one. */
  readonly port: number;
  /** Where it is met with nothing in front of it; any free one when left out. */
  readonly directPort?: number;
  /** Where this region's database and objects persist; null: nowhere. */
  readonly stateDir: string | null;
  /** Settings and secrets (contract, section 1). */
  readonly vars: Readonly<Record<string, string>>;
  /** The built Worker's path; may still be building. */
  readonly bundle: string | Promise<string>;
  /** Further Workers for the same workerd, each with a `directPort`; they bind Jeton as `JETON_WORKER`. */
  readonly beside?: readonly LocalWorker[];
  /** Takes what is logged; standard error by default. */
  readonly onLog?: (text: string) => void;
}

export interface RegionServer {
  /** As behind the platform's edge. */
  readonly url: string;
  /** With nothing in front of the Worker, for measurements. */
  readonly directUrl: string;
  readonly crons: readonly string[];
  fireCron(cron: string): Promise<void>;
  database(): Promise<LocalDatabase>;
  /** Ends it, and returns when it is gone. */
  stop(): Promise<void>;
}

/** The name of Jeton's own Worker in its workerd. */
export const JETON_WORKER = "jeton";

const DATABASE = "DB";

/** Serves one region on workerd, its database migrated before it is met on its port. */
export async function startRegion(options: RegionOptions): Promise<RegionServer> {
  const { region, port, stateDir, beside = [] } = options;
  const logging = options.onLog === undefined ? {} : { onLog: options.onLog };
  const settings = await readWorkerSettings({ ...options.vars, REGION: region });
  const [path] = await Promise.all([
    options.bundle,
    stateDir === null ? null : migrateState(stateDir, settings),
  ]);
  const jeton: LocalWorker = {
    name: JETON_WORKER,
    code: { path },
    settings,
    directPort: options.directPort ?? 0,
  };
  const runtime = await startRuntime({ workers: [jeton, ...beside], port, stateDir, ...logging });
  try {
    const database = () => runtime.database(JETON_WORKER, DATABASE);
    // Nobody knows the address of a server without state yet.
    if (stateDir === null) await applyMigrations(await database());
    return {
      url: runtime.url,
      directUrl: await runtime.directUrl(JETON_WORKER),
      crons: settings.cronTriggers ?? [],
      fireCron: (cron) => runtime.fireCron(JETON_WORKER, cron),
      database,
      stop: runtime.stop,
    };
  } catch (error) {
    await runtime.stop();
    throw error;
  }
}

/** Migrates what is stored with a Worker that only holds the database open: the real one must find it done. */
export async function migrateState(
  stateDir: string,
  { d1Databases }: WorkerSettings,
  migrations?: string,
): Promise<string[]> {
  const holder: LocalWorker = {
    name: "migrations",
    code: { text: "export default {};" },
    settings: d1Databases === undefined ? {} : { d1Databases },
  };
  const runtime = await startRuntime({ workers: [holder], port: 0, stateDir });
  try {
    return await applyMigrations(await runtime.database(holder.name, DATABASE), migrations);
  } finally {
    await runtime.stop();
  }
}
