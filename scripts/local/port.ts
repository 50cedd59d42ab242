import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { Trouble } from "./trouble.ts";

const HOST = "127.0.0.1";
const MAX_PORT = 65_535;

/**
 * Reads a port from 0 to 65535; 0 asks for any free one.
 * @throws {Trouble} when it is anything else.
 */
export function parsePort(text: string | undefined, fallback: number, variable = "PORT"): number {
  if (text === undefined || text === "") return fallback;
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > MAX_PORT) {
    throw new Trouble(`${variable} must be a whole number from 0 to ${MAX_PORT}: ${variable}=8788 npm start`);
  }
  return port;
}

/** The port to propose instead of one that is taken. */
export function nextPort(port: number): number {
  return port < MAX_PORT ? port + 1 : port - 1;
}

/** Below those that systems hand out by themselves, to every connection: such a one may be gone a moment later. */
const LASTING_PORTS = { from: 10_000, to: 30_000 } as const;
const TRIES = 20;

/**
 * Finds out whether a port can be listened on. Returns it, or for 0 a free one; null: somebody else has it.
 * @throws {Trouble} when this user may not listen on it.
 */
export async function tryPort(port: number): Promise<number | null> {
  return (port === 0 ? await tryAny() : null) ?? tryToListen(port);
}

async function tryAny(): Promise<number | null> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const found = await tryToListen(randomInt(LASTING_PORTS.from, LASTING_PORTS.to));
    if (found !== null) return found;
  }
  return null;
}

async function tryToListen(port: number): Promise<number | null> {
  const server = createServer();
  server.listen({ host: HOST, port, exclusive: true });
  try {
    await once(server, "listening");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") return null;
    if (code === "EACCES") throw new Trouble(`Port ${port} is not for every user: PORT=8787 npm start`);
    throw error;
  }
  const address = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return address.port;
}

/** From Jeton's port to that of the device API, which is out of the way of further regions. */
const PORT_DISTANCE = 100;

/**
 * Chooses a port for the device API: the one that is asked for, or the usual one, or when somebody else has
 * that any free one.
 * @param asked as in `DEVICE_API_PORT`
 * @throws {Trouble} when the one that is asked for is taken, or is no port.
 */
export async function chooseDeviceApiPort(asked: string | undefined, jetonPort: number): Promise<number> {
  const usual = jetonPort + PORT_DISTANCE;
  const wanted = parsePort(asked, usual <= MAX_PORT ? usual : 0, "DEVICE_API_PORT");
  const port = await tryPort(wanted);
  if (port !== null) return port;
  if (asked !== undefined && asked !== "") {
    throw new Trouble(
      `Port ${wanted} is taken. Choose another: DEVICE_API_PORT=${nextPort(wanted)} npm start`,
    );
  }
  return (await tryPort(0)) ?? 0;
}
