/**
 * `npm run deploy -- eu`: deploys a region (README, "Regions"); `--all` one after the other, and stops at the first
 * that fails; `--dry-run` builds each of the nine and needs no network.
 */
import { setTimeout as wait } from "node:timers/promises";
import { DEPLOYMENTS } from "../src/deployments.ts";
import { REGION_CODES } from "../src/domain/region.ts";
import { BUILD_FOLDER } from "./build/worker.ts";
import { runTool } from "./check/tool.ts";
import { isSelfHosted, readWish } from "./deploy/arguments.ts";
import { deployRegion, rehearseRegion, type DeployTools } from "./deploy/deploy-region.ts";
import { Trouble } from "./local/trouble.ts";
import { checkRegions } from "./regions/environments.ts";

const tools: DeployTools = {
  wrangler: (words) => runTool("wrangler", words),
  send: (url, init) => fetch(url, { ...init, redirect: "manual", signal: AbortSignal.timeout(10_000) }),
  wait: async (milliseconds) => wait(milliseconds),
  buildFolder: BUILD_FOLDER,
  say: (line) => console.log(line),
};

try {
  const { regions, dryRun } = readWish(process.argv.slice(2));
  const table = await checkRegions();
  if (!table.ok) throw new Trouble(table.problems);
  for (const region of regions) await (dryRun ? rehearseRegion(region, tools) : deployRegion(region, tools));
  for (const region of REGION_CODES.filter((code) => process.argv.includes("--all") && isSelfHosted(code))) {
    console.log(`${region}: ${DEPLOYMENTS[region].name} is self-hosted (README, "A sovereign region")`);
  }
} catch (error) {
  if (!(error instanceof Trouble)) throw error;
  console.error(error.message);
  process.exit(1);
}
