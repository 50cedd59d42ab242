import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { ROOT } from "../../scripts/check/tool.ts";
import type { RegionCode } from "../../src/domain/region.ts";
import { operatorKey } from "./region-processes.ts";

/** A request that came as far as the gate, and waits there for as long as nobody lets it pass. */
export interface Held {
  pass(): void;
}

/** What passed the gate, and when; as `Date.now` tells. */
export interface Passed {
  readonly method: string;
  readonly path: string;
  readonly asked: number;
  readonly status: number;
  readonly body: string;
}

/** Stands between the command and a region, so that a test stops either of them at the very request it means. */
export class Gate {
  readonly passed: Passed[] = [];
  readonly #target: () => string;
  readonly #server = createServer((request, response) => void this.#meet(request, response));
  #wanted: { readonly method: string; readonly path: RegExp; readonly tell: (held: Held) => void } | null =
    null;

  constructor(target: () => string) {
    this.#target = target;
  }

  async open(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Holds the next request of this kind. */
  hold(method: string, path: RegExp): Promise<Held> {
    return new Promise((tell) => {
      this.#wanted = { method, path, tell };
    });
  }

  async #meet(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url: path = "" } = request;
    const body = await buffer(request);
    const wanted = this.#wanted;
    if (wanted !== null && wanted.method === method && wanted.path.test(path)) {
      this.#wanted = null;
      await new Promise<void>((pass) => {
        wanted.tell({ pass });
      });
    }
    try {
      const asked = Date.now();
      const answer = await fetch(this.#target() + path, {
        method,
        headers: {
          Authorization: request.headers.authorization ?? "",
          "Content-Type": "application/json",
        },
        ...(body.length === 0 ? {} : { body }),
      });
      const said = await answer.text();
      this.passed.push({ method, path, asked, status: answer.status, body: said });
      response.writeHead(answer.status, { "Content-Type": "application/json" }).end(said);
    } catch {
      // Whoever asks notices what they would without a gate: nobody is there.
      response.destroy();
    }
  }
}

export interface MoveRun {
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
  /** As when the machine loses its power on which somebody moves a team. */
  kill(): Promise<void>;
}

/** Runs what `npm run move-team` runs. */
export function runMove(words: readonly string[], codes: readonly RegionCode[]): MoveRun {
  const keys = codes.map((code) => [`OPERATOR_KEY_${code.toUpperCase()}`, operatorKey(code)]);
  const child = spawn(process.execPath, ["scripts/move-team.ts", ...words], {
    cwd: ROOT,
    env: { ...process.env, ...Object.fromEntries(keys) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part: string) => {
      output += part;
    });
  }
  const closed = once(child, "close");
  return {
    ended: closed.then(() => ({ code: child.exitCode, output })),
    kill: async () => {
      child.kill("SIGKILL");
      await closed;
    },
  };
}
