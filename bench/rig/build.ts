import { basename, join } from "node:path";
import { ROOT, runTool } from "../../scripts/check/tool.ts";

const CONFIG = "bench/workers/wrangler.toml";

/**
 * Builds a Worker of the benchmark that is not Jeton, as `wrangler` does where nobody tells it otherwise, and returns
 * the path of its script.
 * @param entry from the repository's root
 * @throws with the tool's own words when it does not build.
 */
export async function buildBenchWorker(entry: string, folder: string): Promise<string> {
  const name = basename(entry).replace(/\.[jt]s$/, "");
  const out = join(folder, name);
  const args = ["deploy", entry, "--dry-run", "--outdir", out, "--config", CONFIG];
  const { code, output } = await runTool("wrangler", args, ROOT);
  if (code !== 0) throw new Error(`${entry} does not build:\n${output}`);
  return join(out, `${name}.js`);
}
