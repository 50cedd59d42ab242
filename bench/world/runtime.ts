import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyMigrations } from "../../scripts/local/migrations.ts";
import { startRuntime, type LocalWorker, type Runtime } from "../../scripts/local/runtime.ts";
import { readWorkerSettings } from "../../scripts/local/worker-settings.ts";
import { childRunning } from "../rig/cpu.ts";
import { VARS } from "./jeton.ts";

type Settings = LocalWorker["settings"];

/** What the benchmark's own Workers run with: as Jeton does. */
const SETTINGS: Settings = { compatibilityDate: "2026-11-01", compatibilityFlags: ["nodejs_compat"] };

const DATABASE = "DB";

/** workerd waits for the disk at each D1 call, reads too; the platform's D1 does not, so no disk is measured. */
const MEMORY_FOLDER = "/dev/shm";
const MEMORY_NEEDED_BYTES = 4 * 2 ** 30;

export interface BenchRuntime extends Runtime {
  /** The process that serves, null where the system does not tell. */
  readonly pid: number | null;
}

/** A Worker of the benchmark, met on a port of its own with nothing in front of it. */
export function benchWorker(name: string, path: string, settings: Settings = {}): LocalWorker {
  return { name, code: { path }, settings: { ...SETTINGS, ...settings }, directPort: 0 };
}

/** A Jeton; all those of one runtime share one database. */
export async function jetonWorker(name: string, path: string): Promise<LocalWorker> {
  // A queue has one consumer, and no event is delivered in a measurement.
  const { queueConsumers: _, ...settings } = await readWorkerSettings({ ...VARS, REGION: "us" });
  return { name, code: { path }, settings, directPort: 0 };
}

/** Starts one workerd with these Workers, nothing of it kept; the first one's database is migrated. */
export async function startWorkers(workers: readonly [LocalWorker, ...LocalWorker[]]): Promise<BenchRuntime> {
  const stateDir = mkdtempSync(join(stateFolder(), "bench-state-"));
  const clear = (): void => rmSync(stateDir, { recursive: true, force: true });
  const runtime = await startRuntime({ workers, port: 0, stateDir }).catch((error: unknown) => {
    clear();
    throw error;
  });
  const stop = async (): Promise<void> => {
    await runtime.stop();
    clear();
  };
  try {
    await applyMigrations(await runtime.database(workers[0].name, DATABASE));
    return { ...runtime, stop, pid: childRunning("workerd") };
  } catch (error) {
    await stop();
    throw error;
  }
}

function stateFolder(): string {
  try {
    const { bavail, bsize } = statfsSync(MEMORY_FOLDER);
    if (bavail * bsize >= MEMORY_NEEDED_BYTES) return MEMORY_FOLDER;
  } catch {
    // No such folder on this system.
  }
  return tmpdir();
}
