import type { V4WorkerOptionsShape as WorkerSettings } from "miniflare";
import { CONFIG } from "./build.ts";

/**
 * What a `wrangler.toml` gives its Worker, with these variables instead of its own. The top level of Jeton's
 * stands for every region: here they differ by their variables and storage alone.
 */
export async function readWorkerSettings(
  vars: Readonly<Record<string, string>>,
  path = CONFIG,
): Promise<WorkerSettings> {
  // It tells about each file that it reads, and reads this when it first tells.
  process.env.WRANGLER_LOG ??= "error";
  // Takes a second or two to load: not before it is needed.
  const { unstable_getMiniflareWorkerOptions, unstable_readConfig } = await import("wrangler");
  const { modulesRules: _, ...settings } = unstable_getMiniflareWorkerOptions(path).workerOptions;
  // Its bindings have the folder's `.dev.vars` among them; which settings count is for the caller to say.
  const config = unstable_readConfig({ config: path }) as { readonly vars: Readonly<Record<string, string>> };
  return { ...settings, bindings: { ...config.vars, ...vars } };
}
