/**
 * `npm run start:regions -- us eu in`: several regions side by side on this machine, to try out what they tell each
 * other. The first one is on `PORT`, the next ones on the ports after it; each has storage and secrets of its own
 * and knows where the others are. `STATE_DIR` chooses another folder for what is stored.
 */
import { join, resolve } from "node:path";
import { inspect } from "node:util";
import { ROOT } from "./check/tool.ts";
import { buildWorker } from "./local/build.ts";
import { startCrons } from "./local/cron.ts";
import { seedRegion } from "./local/demo-regions.ts";
import { lockFolder } from "./local/folder-lock.ts";
import { parsePort, tryPort } from "./local/port.ts";
import { startRegion, type RegionServer } from "./local/region-server.ts";
import { readRegions, regionVars, type LocalRegion } from "./local/regions.ts";
import { Trouble } from "./local/trouble.ts";

const DEFAULT_PORT = 8787;

const stateDir = resolve(process.env.STATE_DIR || join(ROOT, ".jeton", "regions"));
const servers: RegionServer[] = [];
let isStopping = false;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => {
    stop(0).catch(() => process.exit(1));
  });

try {
  await start();
} catch (error) {
  if (!isStopping) {
    console.error(error instanceof Trouble ? error.message : inspect(error));
    await stop(1);
  }
}

async function start(): Promise<void> {
  const codes = readRegions(process.argv.slice(2));
  const lock = lockFolder(stateDir);
  if (!lock.held) {
    const owner = lock.owner === null ? "" : ` (process ${lock.owner})`;
    throw new Trouble(`Other regions${owner} use ${stateDir}. Choose another folder: STATE_DIR=…`);
  }
  const first = parsePort(process.env.PORT, DEFAULT_PORT);
  const regions: LocalRegion[] = [];
  for (const [place, region] of codes.entries()) {
    const wanted = first === 0 ? 0 : first + place;
    const port = await tryPort(wanted);
    if (port === null) throw new Trouble(`Port ${wanted} is taken. Choose others: PORT=${first + 100}`);
    regions.push({ region, url: `http://127.0.0.1:${port}`, port });
  }
  console.log("Building and starting Jeton …");
  const bundle = await buildWorker(join(stateDir, "worker"));
  const told: string[] = [];
  // One after the other: each takes a port that was free a moment ago.
  for (const { region, port, url } of regions) {
    const folder = join(stateDir, region);
    const vars = regionVars(region, regions, folder);
    const server = await startRegion({ region, port, stateDir: folder, vars, bundle });
    servers.push(server);
    startCrons(server, (cron, error) =>
      console.error(`The work of cron ${cron} in ${region} failed:`, error),
    );
    const { status } = await fetch(`${url}/healthz`);
    if (status !== 200) throw new Trouble(`Region ${region} does not serve (/healthz answers ${status}).`);
    const operatorKey = vars["OPERATOR_KEY"] ?? "";
    const { email, password } = await seedRegion(url, region, operatorKey);
    told.push(`  ${region}   ${url}/console`, `       sign in as ${email}, password ${password}`);
    told.push(`       operator key ${operatorKey}`);
  }
  const from = regions[0]?.url ?? "";
  console.log(
    [
      "",
      `Jeton serves ${regions.length} regions.`,
      "",
      ...told,
      "",
      `  State     ${stateDir} (remove it to start afresh)`,
      `  Directory ${from}/oauth/serverinfo`,
      "",
      "Ctrl-C stops them; what is stored stays.",
    ].join("\n"),
  );
}

async function stop(code: number): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  await Promise.all(servers.map((server) => server.stop().catch(() => {})));
  process.exit(code);
}
