import { basename, join } from "node:path";
import { ROOT, runTool } from "../../scripts/check/tool.ts";

const CONFIG = "bench/workers/wrangler.toml";

/**
 * Builds one of the benchmark's own Workers as a deployment would, and returns the path of its script.
 * @param entry from the repository's root
 * @param alias modules to take from elsewhere, by the name under which the Worker imports them
 * @throws with the tool's own words when it does not build.
 */
export async function buildBenchWorker(
  entry: string,
  folder: string,
  alias: Readonly<Record<string, string>> = {},
): Promise<string> {
  const name = basename(entry).replace(/\.[jt]s$/, "");
  const out = join(folder, name);
  const aliases = Object.entries(alias).flatMap(([from, to]) => ["--alias", `${from}:${to}`]);
  const args = ["deploy", entry, "--dry-run", "--outdir", out, "--config", CONFIG, ...aliases];
  const { code, output } = await runTool("wrangler", args, ROOT);
  if (code !== 0) throw new Error(`${entry} does not build:\n${output}`);
  return join(out, `${name}.js`);
}
