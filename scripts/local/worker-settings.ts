import type { V4WorkerOptionsShape as WorkerSettings } from "miniflare";
import { CONFIG } from "./build.ts";

type Services = NonNullable<WorkerSettings["serviceBindings"]>;
type Assets = NonNullable<WorkerSettings["assets"]>;

/**
 * The files beside the script, by their paths. The simulated platform would put Workers of its own in front of
 * this one and send each request through them, which the platform itself does not do when the Worker is first.
 */
function assetsService(assets: Assets | undefined): Services {
  if (assets?.binding === undefined) return {};
  return { [assets.binding]: { disk: { path: assets.directory, writable: false } } };
}

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
  const { workerOptions } = unstable_getMiniflareWorkerOptions(path);
  const { modulesRules: _, assets, serviceBindings, ...settings } = workerOptions as WorkerSettings;
  // Its bindings have the folder's `.dev.vars` among them; which settings count is for the caller to say.
  const config = unstable_readConfig({ config: path }) as { readonly vars: Readonly<Record<string, string>> };
  return {
    ...settings,
    serviceBindings: { ...serviceBindings, ...assetsService(assets) },
    bindings: { ...config.vars, ...vars },
  };
}
