import { join } from "node:path";
import { ROOT } from "../check/tool.ts";
import { buildConfigured } from "./build.ts";
import { migrateState } from "./region-server.ts";
import type { LocalWorker } from "./runtime.ts";
import { readWorkerSettings } from "./worker-settings.ts";

const FOLDER = join(ROOT, "examples/device-api");

export interface DeviceApiOptions {
  /** Where it is met: a port that is free. */
  readonly port: number;
  /** The state of the region that it runs beside: one workerd keeps the databases of both. */
  readonly stateDir: string;
  /** Where it is built. */
  readonly buildDir: string;
  /** Instead of its own `[vars]`. */
  readonly vars?: Readonly<Record<string, string>>;
}

/**
 * Makes the example device API ready to run beside a region, which it binds as it would in the cloud: built,
 * its database migrated. Give it to `startRegion` as `beside`; only one process may use the state at a time.
 * @throws {Trouble} when it does not build.
 */
export async function prepareDeviceApi({
  port,
  stateDir,
  buildDir,
  vars = {},
}: DeviceApiOptions): Promise<LocalWorker> {
  const config = join(FOLDER, "wrangler.toml");
  const [path, settings] = await Promise.all([
    buildConfigured(buildDir, config),
    readWorkerSettings(vars, config),
  ]);
  await migrateState(stateDir, settings, join(FOLDER, "migrations"));
  return { name: "device-api", code: { path }, settings, directPort: port };
}
