import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { once } from "node:events";
import { connect } from "node:net";

export interface ProxyProcess {
  /** All that it has logged. */
  log(): string;
  stop(): Promise<void>;
}

export interface Command {
  readonly path: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where it listens once it serves. */
  readonly port: number;
}

const PATIENCE_MS = 20_000;
const PAUSE_MS = 20;

/**
 * Starts a proxy and waits until it serves.
 * @throws with all that it said, when it ends instead.
 */
export async function startProxy({ path, args, env = {}, port }: Command): Promise<ProxyProcess> {
  const child = spawn(path, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      log += text;
    });
  }
  const ended = once(child, "close");
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await canConnect(port))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`${path} does not serve:\n${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return {
    log: () => log,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function canConnect(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

export interface Program {
  readonly path: string;
  readonly isMissing: boolean;
}

/**
 * Looks for an installed program; without it its tests are left out, and it is said why. A machine that decides what is taken in
 * (`CI=true`) leaves nothing out.
 * @throws there, when it is missing.
 */
export function findProgram(path: string, debianPackage: string): Program {
  if (existsSync(path)) return { path, isMissing: false };
  const remedy = `${path} is missing: apt-get install ${debianPackage}`;
  if (process.env.CI === "true") throw new Error(remedy);
  console.warn(`Tests are left out. ${remedy}`);
  return { path, isMissing: true };
}
