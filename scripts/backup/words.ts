import { resolve } from "node:path";
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { isRegionCode, REGION_CODES, type RegionCode } from "../../src/domain/region.ts";
import { Trouble } from "../local/trouble.ts";

/** Reads the words of a command, or says how they go. @throws {Trouble} */
export function readWords<const Options extends ParseArgsOptionsConfig>(options: Options, usage: string) {
  try {
    return parseArgs({ options }).values;
  } catch {
    throw new Trouble(usage);
  }
}

/** @throws {Trouble} when either is missing or wrong */
export function placeOf(
  { region, state }: { readonly region?: unknown; readonly state?: unknown },
  usage: string,
): { readonly region: RegionCode; readonly stateDir: string } {
  if (typeof region !== "string" || !isRegionCode(region)) {
    throw new Trouble(`--region has to be one of ${REGION_CODES.join(" ")}: ${usage}`);
  }
  if (typeof state !== "string" || state === "") throw new Trouble(`--state is missing: ${usage}`);
  return { region, stateDir: resolve(state) };
}

/** Runs a command; what is its caller's trouble is told without a stack. */
export function runCommand(command: () => void): void {
  try {
    command();
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
