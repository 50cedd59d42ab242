import { join } from "node:path";
import { ROOT, runTool } from "../check/tool.ts";
import { Trouble } from "./trouble.ts";

/** Jeton's own configuration. */
export const CONFIG = join(ROOT, "wrangler.toml");

/**
 * Builds a Worker into a folder exactly as a deployment would, and returns the path of its script.
 * @throws {Trouble} with the tool's own words when it does not build.
 */
export async function buildWorker(folder: string, config = CONFIG): Promise<string> {
  const { code, output } = await runTool("wrangler", [
    "deploy",
    "--dry-run",
    "--config",
    config,
    "--outdir",
    folder,
  ]);
  if (code !== 0) throw new Trouble(`The Worker does not build:\n${output}`);
  return join(folder, "index.js");
}
