import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../scripts/check/tool.ts";
import { buildWorker } from "../../scripts/local/build.ts";
import { tryPort } from "../../scripts/local/port.ts";
import type { RegionCode } from "../../src/domain/region.ts";
import { addressIn, gone } from "./start-process.ts";

export interface Json {
  readonly [name: string]: unknown;
}

export interface Answer {
  readonly status: number;
  readonly body: Json;
}

interface Served {
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<unknown>;
}

/** Regions that share nothing, each a process of its own that is started, killed and started again. */
export class RegionProcesses<Code extends RegionCode> {
  readonly codes: readonly Code[];
  readonly folder: string;
  readonly #ports = new Map<Code, number>();
  readonly #running = new Map<Code, Served>();
  #bundle = "";

  /** @param name begins the name of the folder in which they keep what they have */
  constructor(name: string, codes: readonly Code[]) {
    this.codes = codes;
    this.folder = mkdtempSync(join(tmpdir(), `${name}-`));
  }

  async start(): Promise<void> {
    for (const code of this.codes) this.#ports.set(code, (await tryPort(0)) ?? 0);
    this.#bundle = await buildWorker(join(this.folder, "bundle"));
    await Promise.all(this.codes.map((code) => this.serve(code)));
  }

  async stop(): Promise<void> {
    for (const { kill } of this.#running.values()) kill("SIGKILL");
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  urlOf(code: Code): string {
    return `http://127.0.0.1:${this.#ports.get(code)}`;
  }

  isRunning(code: Code): boolean {
    return this.#running.has(code);
  }

  async serve(code: Code): Promise<void> {
    const secrets = join(this.folder, `${code}.secrets`);
    const origins = Object.fromEntries(this.codes.map((each) => [each, this.urlOf(each)]));
    const lines = [
      `OPERATOR_KEY=${operatorKey(code)}`,
      `TAG_KEYS=a tag key of ${code} alone`,
      `ENCRYPTION_KEYS=an encryption key of ${code}`,
      `ORIGINS=${JSON.stringify(origins)}`,
      // Waiting for a change asks again and again.
      "ACCESS_TOKENS_PER_WINDOW=1000",
    ];
    writeFileSync(secrets, lines.join("\n"), { mode: 0o600 });
    const state = join(this.folder, code);
    const port = String(this.#ports.get(code));
    const words = { region: code, state, secrets, port, bundle: this.#bundle };
    const child = spawn(
      process.execPath,
      ["scripts/serve.ts", ...Object.entries(words).flatMap(([name, value]) => [`--${name}`, value])],
      { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] },
    );
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (part: string) => {
        said += part;
      });
    }
    const ended = once(child, "close");
    while (addressIn(said) === "") {
      const early = await Promise.race([
        once(child.stdout, "data").then(() => false),
        ended.then(() => true),
      ]);
      if (early) throw new Error(`region ${code} ended early: ${said}`);
    }
    this.#running.set(code, { kill: (signal) => child.kill(signal), ended });
  }

  /** As when a machine loses its power. */
  async kill(code: Code): Promise<void> {
    const served = this.#running.get(code);
    served?.kill("SIGKILL");
    await served?.ended;
    await gone(this.urlOf(code));
    this.#running.delete(code);
  }

  async ask(
    code: Code,
    method: string,
    path: string,
    body?: object,
    as = operatorKey(code),
  ): Promise<Answer> {
    const response = await fetch(this.urlOf(code) + path, {
      method,
      headers: { Authorization: `Bearer ${as}`, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return answerIn(response);
  }

  token(code: Code, parameters: Record<string, string>): Promise<Answer> {
    return this.form(code, "/oauth/v2/token", parameters);
  }

  async form(code: Code, path: string, parameters: Record<string, string>): Promise<Answer> {
    const body = new URLSearchParams(parameters);
    return answerIn(await fetch(this.urlOf(code) + path, { method: "POST", body }));
  }
}

export function operatorKey(code: RegionCode): string {
  return `an operator key of ${code}`;
}

export function text(answer: Answer, name: string): string {
  const value = answer.body[name];
  if (typeof value !== "string")
    throw new Error(`no ${name} in ${answer.status} ${JSON.stringify(answer.body)}`);
  return value;
}

async function answerIn(response: Response): Promise<Answer> {
  const body: Json = JSON.parse(await response.text());
  return { status: response.status, body };
}
