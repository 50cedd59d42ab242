import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../scripts/check/tool.ts";

/** A place for what `npm start` writes, away from the repository's own. */
export interface Place {
  readonly stateDir: string;
  readonly varsFile: string;
  remove(): void;
}

export function makePlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), "start-"));
  return {
    stateDir: join(folder, "state"),
    varsFile: join(folder, "vars"),
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartProcess {
  /** Resolves with all that it has printed once that includes its last line; rejects if it ends before. */
  untilReady(): Promise<string>;
  readonly ended: Promise<Ended>;
  kill(signal: NodeJS.Signals): void;
}

/** Runs what `npm start` runs. `port` as in `PORT`: "0" asks for any free one. */
export function spawnStart({ stateDir, varsFile }: Place, port = "0"): StartProcess {
  const child = spawn(process.execPath, ["scripts/start.ts"], {
    cwd: ROOT,
    env: { ...process.env, PORT: port, STATE_DIR: stateDir, DEV_VARS: varsFile },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const ended = (async () => {
    await once(child, "close");
    return { code: child.exitCode, stdout: stdout.text(), stderr: stderr.text() };
  })();
  return {
    untilReady: () => untilReady(child.stdout, stdout, ended),
    ended,
    kill: (signal) => child.kill(signal),
  };
}

interface Collected {
  text(): string;
}

function collect(stream: NodeJS.ReadableStream): Collected {
  let text = "";
  stream.setEncoding("utf8");
  stream.on("data", (part: string) => {
    text += part;
  });
  return { text: () => text };
}

async function untilReady(
  stream: NodeJS.ReadableStream,
  stdout: Collected,
  ended: Promise<Ended>,
): Promise<string> {
  while (!/^Ctrl-C /m.test(stdout.text())) {
    const early = await Promise.race([once(stream, "data").then(() => null), ended]);
    if (early !== null) throw new Error(`it ended early: ${early.stderr}`);
  }
  return stdout.text();
}

/** The address among what `npm start` printed. */
export function addressIn(printed: string): string {
  return /\bhttp:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0] ?? "";
}

/** Sends what a printed `curl` command would send, and returns the JSON answer. @param nth of several, from 0 */
export async function runCurl(printed: string, nth = 0): Promise<unknown> {
  const command = [...printed.matchAll(/^ *curl -s (.*)$/gm)][nth]?.[1] ?? "";
  const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
  const valuesOf = (option: string) => words.filter((_, index) => words[index - 1] === option);
  const [url = "", ...rest] = words;
  if (rest.filter((_, index) => index % 2 === 0).some((word) => !["-H", "-d"].includes(word))) {
    throw new Error("a curl command with options that are not understood here");
  }
  const headers = valuesOf("-H").map((header) => header.split(": ") as [string, string]);
  const response = await fetch(url, { method: "POST", headers, body: valuesOf("-d").join("&") });
  return response.json();
}

/** Resolves once nothing listens at an address any more. */
export async function gone(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  for (;;) {
    const socket = connect(Number(port), hostname);
    try {
      await once(socket, "connect");
    } catch {
      return;
    } finally {
      socket.destroy();
    }
  }
}
