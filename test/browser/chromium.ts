import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium, type Browser } from "playwright-core";

/** What Chromium and its relatives are called on the PATH, the likeliest first. */
const NAMES = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "microsoft-edge",
  "brave-browser",
] as const;

/**
 * The browser to test with: the one that CHROMIUM names, else the first on the PATH.
 * @throws in one plain sentence when there is none: to skip these tests would look as if they had passed
 */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string {
  const named = env["CHROMIUM"] ?? "";
  if (named !== "") {
    if (isExecutable(named)) return named;
    throw plain(`CHROMIUM names ${named}, which cannot be run.`);
  }
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
  if (found !== undefined) return found;
  throw plain(
    `No browser was found for the browser tests: none of ${NAMES.join(", ")} is on the PATH. ` +
      "Install one, or say where it is: CHROMIUM=/path/to/chromium npm test -- --project browser",
  );
}

export function launch(): Promise<Browser> {
  // Chromium's own sandbox refuses root, as which these tests run in CI.
  return chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox"] });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Without a stack: nothing in the code is wrong. */
function plain(message: string): Error {
  const error = new Error(message);
  error.stack = message;
  return error;
}
