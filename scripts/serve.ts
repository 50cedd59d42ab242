/**
 * `npm run serve`: a region on the owner's own machine, where the platform has no database (README, "A sovereign
 * region"). It listens on the loopback address alone: a reverse proxy in front of it terminates TLS and says in
 * `CF-Connecting-IP` who calls.
 */
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { inspect } from "node:util";
import { buildWorker } from "./local/build.ts";
import { startCrons } from "./local/cron.ts";
import { lockFolder } from "./local/folder-lock.ts";
import { tryPort } from "./local/port.ts";
import { startRegion, type RegionServer } from "./local/region-server.ts";
import { Trouble } from "./local/trouble.ts";
import { readServeSettings } from "./serve/settings.ts";
import { watchHealth } from "./serve/watch-health.ts";

/** A runtime that stops takes less. */
const STOPPING_MS = 10_000;

let server: RegionServer | null = null;
let isStopping = false;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => {
    stop(0).catch(() => process.exit(1));
  });

try {
  await serve();
} catch (error) {
  if (!isStopping) {
    console.error(error instanceof Trouble ? error.message : inspect(error));
    await stop(1);
  }
}

async function serve(): Promise<void> {
  const {
    region,
    port: wanted,
    bundle,
    vars,
    ...rest
  } = readServeSettings(process.argv.slice(2), process.env);
  const stateDir = resolve(rest.stateDir);
  const lock = lockFolder(stateDir);
  if (!lock.held)
    throw new Trouble(
      `Another Jeton${lock.owner === null ? "" : ` (process ${lock.owner})`} uses ${stateDir}`,
    );
  const port = await tryPort(wanted);
  if (port === null) throw new Trouble(`Port ${wanted} is taken: --port ${wanted + 1}`);
  const started = await startRegion({
    region,
    port: 0,
    // Met directly: what the tool puts in front of a Worker is for development, and obeys headers of its own.
    directPort: port,
    stateDir: join(stateDir, region),
    vars,
    bundle: bundle === null ? buildWorker(join(stateDir, "worker")) : resolve(bundle),
  });
  server = started;
  const { status } = await fetch(`${started.directUrl}/healthz`);
  if (status !== 200)
    throw new Trouble(`Jeton refuses its settings (/healthz answers ${status}); its log says which`);
  startCrons(started, (cron, error) => console.error(`The work of cron ${cron} failed:`, error));
  watchHealth(started.directUrl, (why) => {
    if (isStopping) return;
    console.error(`Jeton does not serve any more: ${why}`);
    stop(1).catch(() => process.exit(1));
  });
  console.log(`Jeton serves region ${region} on ${started.directUrl}; its state is in ${stateDir}.`);
}

async function stop(code: number): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  // Whose runtime has died is waited for in vain; what is left of it ends with this process.
  await Promise.race([server?.stop().catch(() => {}), wait(STOPPING_MS)]);
  process.exit(code);
}
