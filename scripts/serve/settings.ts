import { readFileSync, statSync } from "node:fs";
import { parseArgs } from "node:util";
import { isRegionCode, REGION_CODES, type RegionCode } from "../../src/domain/region.ts";
import { parseVars } from "../local/dev-vars.ts";
import { parsePort } from "../local/port.ts";
import { Trouble } from "../local/trouble.ts";

/** What a region on the owner's own machine is started with. */
export interface ServeSettings {
  readonly region: RegionCode;
  readonly stateDir: string;
  readonly port: number;
  /** A Worker that is built already; null: it is built first. */
  readonly bundle: string | null;
  readonly vars: Readonly<Record<string, string>>;
}

/** Settings of the contract, section 1, that may come from the environment. */
const FROM_ENVIRONMENT = [
  "OPERATOR_KEY",
  "TAG_KEYS",
  "ENCRYPTION_KEYS",
  "ORIGINS",
  "HOSTS",
  "DNS_RESOLVER",
  "FRESHNESS_MS",
  "GRANT_TOKENS_PER_WINDOW",
  "ACCESS_TOKENS_PER_WINDOW",
  "REFRESH_TOKENS_PER_WINDOW",
  "ISSUE_WINDOW_SECONDS",
  "REFRESH_TOKENS_PER_USER",
  "ACCESS_TOKEN_SECONDS",
  "GRANT_TOKEN_SECONDS",
] as const;

/** They would switch off what a deployment refuses. */
const REFUSED = ["DEVELOPMENT", "ALLOW_LOOPBACK_WEBHOOKS"] as const;

const DEFAULT_PORT = 8787;

const USAGE =
  "npm run serve -- --region cn --state /var/lib/jeton --origin https://tokens.example.cn [--port 8787] [--secrets FILE] [--bundle FOLDER/index.mjs]";

/**
 * Reads the words after `npm run serve --`. Secrets come from a file of KEY=value lines that nobody else can read,
 * or from the environment; the file wins.
 * @throws {Trouble} when something is missing or must not be; never with a value in it
 */
export function readServeSettings(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ServeSettings {
  const { region, state, origin, port, secrets, bundle } = readWords(words);
  if (region === undefined || !isRegionCode(region)) {
    throw new Trouble(`--region has to be one of ${REGION_CODES.join(" ")}: ${USAGE}`);
  }
  if (state === undefined || state === "") throw new Trouble(`--state is missing: ${USAGE}`);
  const inherited = FROM_ENVIRONMENT.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const vars: Record<string, string> = {
    ...Object.fromEntries(inherited),
    ...(secrets === undefined ? {} : readSecretsFile(secrets)),
  };
  const refused = REFUSED.find((name) => name in vars);
  if (refused !== undefined) throw new Trouble(`${refused} is for development only`);
  return {
    region,
    stateDir: state,
    port: parsePort(port, DEFAULT_PORT, "--port"),
    bundle: bundle ?? null,
    // Development is off whatever a file of this folder says; no jurisdictions on one's own runtime.
    vars: { ...vars, ...originsOf(region, origin, vars["ORIGINS"]), DEVELOPMENT: "", SELF_HOSTED: "true" },
  };
}

function readWords(words: readonly string[]) {
  const text = { type: "string" } as const;
  const options = { region: text, state: text, origin: text, port: text, secrets: text, bundle: text };
  try {
    return parseArgs({ args: [...words], options }).values;
  } catch {
    throw new Trouble(USAGE);
  }
}

function readSecretsFile(path: string): Record<string, string> {
  let mode: number;
  try {
    ({ mode } = statSync(path));
  } catch {
    throw new Trouble(`${path} cannot be read`);
  }
  if ((mode & 0o077) !== 0)
    throw new Trouble(`${path} holds secrets and others can read it: chmod 600 ${path}`);
  return parseVars(readFileSync(path, "utf8"), path);
}

/** The region's own address beside those of the others. */
function originsOf(
  region: RegionCode,
  origin: string | undefined,
  others: string | undefined,
): Readonly<Record<string, string>> {
  if (origin === undefined) return {};
  if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
    throw new Trouble(
      "--origin has to be an address such as https://tokens.example.cn, and nothing after it",
    );
  }
  try {
    return { ORIGINS: JSON.stringify({ ...(JSON.parse(others || "{}") as object), [region]: origin }) };
  } catch {
    throw new Trouble("ORIGINS must be a JSON object");
  }
}
