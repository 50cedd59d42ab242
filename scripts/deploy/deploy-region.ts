import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEPLOYMENTS, type Deployment } from "../../src/deployments.ts";
import type { RegionCode } from "../../src/domain/region.ts";
import type { Finished } from "../check/tool.ts";
import { Trouble } from "../local/trouble.ts";
import { smokeTest, type SmokeTools } from "./smoke.ts";

/** Without these a deployed Worker refuses to serve (contract, section 1). */
export const REQUIRED_SECRETS = ["OPERATOR_KEY", "TAG_KEYS", "ENCRYPTION_KEYS"] as const;

/** What a deployment needs of the world. */
export interface DeployTools extends SmokeTools {
  /** Runs wrangler with these words. */
  wrangler(words: readonly string[]): Promise<Finished>;
  /** Where wrangler has the Worker built before it uploads it. */
  readonly buildFolder: string;
  /** Tells what is being done, a line each. */
  say(line: string): void;
}

/** In a fresh clone these stand for databases that nobody has made yet. */
const PLACEHOLDER_ID = /^0{8}-0{4}-4000-8000-0{11}\d$/;

/**
 * Deploys one region: looks whether it can be deployed at all before anything is changed, then migrates, deploys
 * and asks the new version whether it serves and refuses. Stops at the first step that fails.
 * @throws {Trouble} naming the region, the step, and what to do
 */
export async function deployRegion(
  region: RegionCode,
  tools: DeployTools,
  { databaseId }: Pick<Deployment, "databaseId"> = DEPLOYMENTS[region],
): Promise<void> {
  const run = async (step: string, words: readonly string[]): Promise<string> => {
    tools.say(`${region}: ${step}`);
    const { code, output } = await tools.wrangler([...words, "--env", region]);
    if (code !== 0) throw new Trouble(`${region}: ${step} failed:\n${output.trim()}`);
    return output;
  };
  expectDatabase(region, databaseId);
  expectSecrets(region, await run("looking for its secrets", ["secret", "list", "--format", "json"]));
  tools.say(`${region}: building`);
  await rehearse(region, tools);
  // Before the code that needs them; old code runs on a newer schema, which only ever gains.
  await run("applying migrations", ["d1", "migrations", "apply", `jeton-${region}`, "--remote"]);
  await run("deploying", ["deploy"]);
  tools.say(`${region}: testing`);
  await smokeTest(region, tools);
  tools.say(`${region}: serves`);
}

/** Builds a region as a deployment would, and changes nothing anywhere; needs no network. */
export async function rehearseRegion(region: RegionCode, tools: RehearsalTools): Promise<void> {
  await rehearse(region, tools);
  tools.say(`${region}: would deploy`);
}

type RehearsalTools = Pick<DeployTools, "wrangler" | "buildFolder" | "say">;

async function rehearse(
  region: RegionCode,
  { wrangler, buildFolder }: Omit<RehearsalTools, "say">,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "deploy-"));
  try {
    const { code, output } = await wrangler(["deploy", "--dry-run", "--outdir", folder, "--env", region]);
    // Settings that wrangler does not understand are no errors to it.
    if (code !== 0 || /Processing .* configuration/.test(output)) {
      throw new Trouble(`${region}: a dry run failed:\n${output.trim()}`);
    }
    const uploaded = moduleNames(folder);
    const left = moduleNames(buildFolder).filter((name) => !uploaded.includes(name));
    if (uploaded.length === 0) throw new Trouble(`${region}: wrangler.toml uploads nothing`);
    if (left.length > 0) throw new Trouble(`${region}: wrangler.toml does not upload ${left.join(", ")}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function moduleNames(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith(".mjs"));
}

function expectDatabase(region: RegionCode, databaseId: string): void {
  if (!PLACEHOLDER_ID.test(databaseId)) return;
  throw new Trouble(
    [
      `${region}: its database has no id in src/deployments.ts yet. Create what it needs:`,
      ...creationCommands(region).map((command) => `  ${command}`),
      "then write the id that the first one tells into src/deployments.ts, and: npm run regions",
    ].join("\n"),
  );
}

/** What makes a region's resources, where the table wants them; a database's place is settled for good then. */
export function creationCommands(region: RegionCode): string[] {
  const { database } = DEPLOYMENTS[region];
  const place =
    database === null
      ? ""
      : "hint" in database
        ? ` --location ${database.hint}`
        : ` --jurisdiction ${database.jurisdiction}`;
  return [
    `npx wrangler d1 create jeton-${region}${place}`,
    `npx wrangler queues create jeton-${region}-deliveries`,
    ...REQUIRED_SECRETS.map((secret) => `npx wrangler secret put ${secret} --env ${region}`),
  ];
}

function expectSecrets(region: RegionCode, output: string): void {
  const there = readNames(output);
  const missing = REQUIRED_SECRETS.filter((secret) => !there.has(secret));
  if (missing.length === 0) return;
  throw new Trouble(
    [
      `${region}: these secrets are missing:`,
      ...missing.map((secret) => `  npx wrangler secret put ${secret} --env ${region}`),
    ].join("\n"),
  );
}

/** The names in what `wrangler secret list` printed, which may have words of its own around them. */
function readNames(output: string): Set<string> {
  try {
    const list = JSON.parse(output.slice(output.indexOf("["), output.lastIndexOf("]") + 1)) as unknown;
    if (Array.isArray(list)) return new Set(list.map((each: { name?: unknown }) => String(each.name)));
  } catch {
    // No list: none of them is there.
  }
  return new Set();
}
