import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEPLOYMENTS, hostOf } from "../../src/deployments.ts";
import { REGION_CODES, type RegionCode } from "../../src/domain/region.ts";
import { failed, passed, type Outcome } from "../check/outcome.ts";
import { CONFIG } from "../local/build.ts";
import { writeTable, type TomlTable, type TomlValue } from "./toml.ts";

/** What stands above is written by hand and kept; what stands below is written anew each time. */
const MARKER = [
  "# ---------------------------------------------------------------------------------------------------------",
  "# From here on written by `npm run regions`, from what stands above and from src/deployments.ts: edit those.",
  "# Bindings are not inherited by environments, so each of them is complete.",
].join("\n");

/** The region of the top level, by whose name its resources are called. */
const TOP_REGION: RegionCode = "us";

/** @returns `wrangler.toml` as it should be */
export async function writeRegions(text: string): Promise<string> {
  const head = handWritten(text);
  const top = await parseToml(head);
  const environments = REGION_CODES.map((region) => writeEnvironment(region, top));
  return `${head}\n${MARKER}\n\n${environments.join("\n")}`;
}

/** The part above the marker; all of it where there is none yet. */
function handWritten(text: string): string {
  const [firstLine = ""] = MARKER.split("\n");
  const end = text.indexOf(`${firstLine}\n`);
  return `${(end === -1 ? text : text.slice(0, end)).trimEnd()}\n`;
}

/** As far as it is used here; its own types lead to a package that is not there. */
interface RawReader {
  experimental_readRawConfig(options: { readonly config: string }): { readonly rawConfig: TomlTable };
}

async function parseToml(text: string): Promise<TomlTable> {
  process.env.WRANGLER_LOG ??= "error";
  const { experimental_readRawConfig: readRawConfig } = (await import("wrangler")) as unknown as RawReader;
  const folder = mkdtempSync(join(tmpdir(), "regions-"));
  try {
    const config = join(folder, "wrangler.toml");
    writeFileSync(config, text);
    return readRawConfig({ config }).rawConfig;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeEnvironment(region: RegionCode, top: TomlTable): string {
  const { name, residency } = DEPLOYMENTS[region];
  return `# ${name}: ${residency}.\n${writeTable(`env.${region}`, environmentOf(region, top))}`;
}

/** Everything that the top level has, for another region: its own resources, its own host. */
export function environmentOf(region: RegionCode, top: TomlTable): TomlTable {
  const { name: _, env: _env, vars, ...settings } = rename(top, region) as TomlTable;
  const databases = (settings["d1_databases"] ?? []) as readonly TomlTable[];
  return {
    name: `jeton-${region}`,
    ...settings,
    workers_dev: false,
    preview_urls: false,
    routes: [{ pattern: hostOf(region), custom_domain: true }],
    // The feed read is short where the Worker runs next to its database (design, "placement").
    placement: { mode: "smart" },
    // The top level alone is for one's own machine.
    vars: { ...(vars as TomlTable), REGION: region, SELF_HOSTED: "false" },
    d1_databases: databases.map((each) => ({ ...each, database_id: DEPLOYMENTS[region].databaseId })),
  };
}

/** Resources carry their region in their name, so that no two regions share one. */
function rename(value: TomlValue, region: RegionCode): TomlValue {
  if (typeof value === "string") {
    return value.replace(new RegExp(`^jeton-${TOP_REGION}(?=-|$)`), `jeton-${region}`);
  }
  if (Array.isArray(value)) return value.map((each: TomlValue) => rename(each, region));
  if (typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, rename(each, region)]));
}

/** Whether `wrangler.toml` is what the table says. */
export async function checkRegions(config = CONFIG): Promise<Outcome> {
  const text = readFileSync(config, "utf8");
  return (await writeRegions(text)) === text
    ? passed(`${REGION_CODES.length} environments as src/deployments.ts has them`)
    : failed("wrangler.toml is not what src/deployments.ts and its top level say: run `npm run regions`");
}
