import { join } from "node:path";
import { buildModules } from "../build/worker.ts";
import { ROOT, runTool } from "../check/tool.ts";
import { Trouble } from "./trouble.ts";

/** Jeton's own configuration. */
export const CONFIG = join(ROOT, "wrangler.toml");

/**
 * Builds Jeton into a folder exactly as a deployment would, and returns the path of the module to start with.
 * @throws {Trouble} with the tool's own words when it does not build.
 */
export async function buildWorker(folder: string): Promise<string> {
  try {
    const { path } = await buildModules(folder);
    return path;
  } catch (error) {
    throw troubleOf(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Builds a Worker of another configuration into a folder, as its deployment would, and returns its script's path.
 * @throws {Trouble} with the tool's own words when it does not build.
 */
export async function buildConfigured(folder: string, config: string): Promise<string> {
  const args = ["deploy", "--dry-run", "--config", config, "--outdir", folder];
  const { code, output } = await runTool("wrangler", args);
  if (code !== 0) throw troubleOf(output);
  return join(folder, "index.js");
}

function troubleOf(words: string): Trouble {
  return new Trouble(`The Worker does not build:\n${words}`);
}
