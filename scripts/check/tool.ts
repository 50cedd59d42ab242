import { spawn } from "node:child_process";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { failed, passed, type Outcome } from "./outcome.ts";

/** The root of the repository; every check is made from there. */
export const ROOT = join(import.meta.dirname, "../..");

const BIN = join(ROOT, "node_modules/.bin");

export interface Finished {
  /** Exit status; 1 when a signal ended the tool. */
  readonly code: number;
  /** Standard output and standard error, in the order in which they came, without colours. */
  readonly output: string;
}

/**
 * Runs a tool of `node_modules/.bin` to its end, without a shell and without a terminal.
 * @throws when it cannot be started at all.
 */
export async function runTool(name: string, args: readonly string[], directory = ROOT): Promise<Finished> {
  const env = {
    ...process.env,
    PATH: `${BIN}:${process.env.PATH ?? ""}`,
    WRANGLER_SEND_METRICS: "false",
  };
  const child = spawn(join(BIN, name), args, { cwd: directory, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const add = (text: string): void => {
    output += text;
  };
  child.stdout.setEncoding("utf8").on("data", add);
  child.stderr.setEncoding("utf8").on("data", add);
  const code = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve(status ?? 1));
  });
  // Some tools colour their output on CI services whatever they are told.
  return { code, output: stripVTControlCharacters(output) };
}

/** A check that is one run of a tool, whose exit status is its verdict. */
export async function toolCheck(name: string, args: readonly string[], note: string): Promise<Outcome> {
  const { code, output } = await runTool(name, args);
  return code === 0 ? passed(note) : failed(output);
}
