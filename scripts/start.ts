/**
 * `npm start`: region `us` on this machine, with the example device API beside it, as the README tells.
 * `PORT`, `DEVICE_API_PORT`, `STATE_DIR` and `DEV_VARS` choose other ports, another folder for what is stored,
 * and another file of settings.
 */
import { readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { inspect } from "node:util";
import { ROOT } from "./check/tool.ts";
import { buildWorker } from "./local/build.ts";
import { startCrons } from "./local/cron.ts";
import {
  checkDemo,
  DEMO_QUESTION,
  demoCommand,
  lockCommand,
  seedDemo,
  type Demo,
  type DemoAddresses,
} from "./local/demo.ts";
import { parseVars, writeMissingVars } from "./local/dev-vars.ts";
import { lockFolder, type FolderLock } from "./local/folder-lock.ts";
import { chooseDeviceApiPort, nextPort, parsePort, tryPort } from "./local/port.ts";
import type { RegionServer } from "./local/region-server.ts";
import { Trouble } from "./local/trouble.ts";

const REGION = "us";
const DEFAULT_PORT = 8787;

/** Terminals send Ctrl-C to every process of `npm start`, and npm sends it on: that is still one Ctrl-C. */
const SAME_SIGNAL_MS = 500;

const stateDir = resolve(process.env.STATE_DIR || join(ROOT, ".jeton"));
const varsFile = resolve(process.env.DEV_VARS || join(ROOT, ".dev.vars"));

let server: RegionServer | null = null;
let stoppingSince: number | null = null;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (stoppingSince === null) {
      stoppingSince = performance.now();
      // What has not come as far as being a server goes with the process.
      Promise.resolve(server?.stop()).then(() => process.exit(0), fail);
    } else if (performance.now() - stoppingSince > SAME_SIGNAL_MS) {
      process.exit(1);
    }
  });
}

try {
  await start();
} catch (error) {
  // What breaks because it is being stopped is no failure.
  if (stoppingSince === null) fail(error);
}

async function start(): Promise<void> {
  const wantedPort = parsePort(process.env.PORT, DEFAULT_PORT);
  const lock = lockFolder(stateDir);
  const port = await tryPort(wantedPort);
  if (port === null || !lock.held) throw new Trouble(explain(wantedPort, port === null, lock));
  const deviceApiPort = await chooseDeviceApiPort(process.env.DEVICE_API_PORT, port);

  if (writeMissingVars(varsFile, join(ROOT, ".dev.vars.example"))) {
    console.log(`Wrote ${shown(varsFile)}, the settings and secrets of this machine's Jeton.`);
  }
  const vars = parseVars(readFileSync(varsFile, "utf8"), shown(varsFile));
  console.log("Building and starting Jeton …");
  const url = `http://127.0.0.1:${port}`;
  const bundle = buildWorker(join(stateDir, "worker"));
  // Takes a moment to load: after what can be refused at once, and while the Worker is built.
  const { startRegion } = await import("./local/region-server.ts");
  const { prepareDeviceApi } = await import("./local/device-api.ts");
  const deviceApi = await prepareDeviceApi({
    port: deviceApiPort,
    stateDir: join(stateDir, REGION),
    buildDir: join(stateDir, "device-api"),
  });
  const started = await startRegion({
    region: REGION,
    port,
    stateDir: join(stateDir, REGION),
    vars: { ORIGINS: JSON.stringify({ [REGION]: url }), ...vars },
    bundle,
    beside: [deviceApi],
  }).catch((error: NodeJS.ErrnoException) => {
    // Taken while the Worker was built.
    throw error.code === "ERR_ADDRESS_IN_USE" ? new Trouble(explain(port, true, lock)) : error;
  });
  server = started;
  await expectHealth(url);
  const [operatorKey = ""] = (vars["OPERATOR_KEY"] ?? "").split(",").map((key) => key.trim());
  const addresses = { jeton: url, deviceApi: `http://127.0.0.1:${deviceApiPort}` };
  const demo = await seedDemo(addresses, operatorKey, join(stateDir, "demo.json"));
  startCrons(started, (cron, error) => console.error(`The work of cron ${cron} failed:`, error));
  console.log(await describe(addresses, demo));
}

function explain(port: number, portTaken: boolean, lock: FolderLock): string {
  const folder = shown(stateDir);
  const owner = lock.held || lock.owner === null ? "" : ` (process ${lock.owner})`;
  const otherPort = `PORT=${nextPort(port)}`;
  const otherFolder = `STATE_DIR=${folder}-2`;
  if (lock.held) return `Port ${port} is taken. Choose another: ${otherPort} npm start`;
  if (!portTaken)
    return `Another Jeton${owner} uses ${folder}. Choose another folder: ${otherFolder} npm start`;
  return `Port ${port} is taken, and ${folder} too: Jeton already runs${owner}. A second one: ${otherPort} ${otherFolder} npm start`;
}

/** @throws {Trouble} when it serves nothing because of its settings, as it has told in its log. */
async function expectHealth(url: string): Promise<void> {
  const { status } = await fetch(`${url}/healthz`);
  if (status === 200) return;
  throw new Trouble(
    `Jeton refuses the settings in ${shown(varsFile)}. If that file is missing, a good one is written.`,
  );
}

/** The last message: all of it is tried before it is told. */
async function describe({ jeton: url, deviceApi }: DemoAddresses, demo: Demo): Promise<string> {
  const { status } = await fetch(`${url}/console`, { redirect: "manual" });
  const console = [
    `  Console   ${url}/console`,
    `            sign in as ${demo.email}, password ${demo.password}`,
  ];
  const objection = await checkDemo(url, demo);
  const folder = shown(stateDir);
  const question = `Ask whether the demo token may lock a device (${DEMO_QUESTION})`;
  return [
    "",
    `Jeton serves region ${REGION}.`,
    "",
    `  API       ${url}`,
    ...(status === 404 ? [] : console),
    `  Example   ${deviceApi} (examples/device-api, which Jeton protects)`,
    `  Operator  the key is OPERATOR_KEY in ${shown(varsFile)}`,
    `  State     ${folder} (remove it to start afresh)`,
    "",
    objection === null
      ? `${question}; the answer has "allowed":true:`
      : `${question}; no longer: ${objection}`,
    "",
    `  ${demoCommand(url, demo)}`,
    "",
    "Lock a device of the example; …/commands/wipe is refused, as the demo token lacks that permission:",
    "",
    `  ${lockCommand(deviceApi, demo)}`,
    "",
    "Ctrl-C stops it; what is stored stays.",
  ].join("\n");
}

/** A path as somebody in this folder would type it. */
function shown(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith("..") ? path : fromHere;
}

/** Ends it with what was wrong; where in this code it came to light matters only if this code is to blame. */
function fail(error: unknown): never {
  const outside = error instanceof Trouble || (error instanceof Error && "syscall" in error);
  process.stderr.write(`${outside ? error.message : inspect(error)}\n`);
  process.exit(1);
}
