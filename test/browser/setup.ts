import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { buildWorker } from "../../scripts/local/build.ts";
import { tryPort } from "../../scripts/local/port.ts";
import { startRegion } from "../../scripts/local/region-server.ts";
import { OPERATOR_KEY } from "../node/operator.ts";
import { findChromium } from "./chromium.ts";
import { startOutside } from "./outside.ts";
import { makeWorld } from "./world.ts";

/** One server for all browser tests, with a team in which each page has something to show. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  // Before anything is built: whoever has no browser is told so at once.
  findChromium();
  const folder = mkdtempSync(join(tmpdir(), "browser-"));
  const port = (await tryPort(0)) ?? 0;
  // By this name and no address: passkeys are for names.
  const url = `http://localhost:${port}`;
  const outside = await startOutside();
  const server = await startRegion({
    region: "us",
    port,
    stateDir: null,
    vars: {
      DEVELOPMENT: "true",
      ALLOW_LOOPBACK_WEBHOOKS: "true",
      OPERATOR_KEY,
      TAG_KEYS: "jtn-dev-tag-key",
      ENCRYPTION_KEYS: "jtn-dev-encryption-key-0000000000",
      DNS_RESOLVER: `${outside.url}/dns-query`,
      ORIGINS: JSON.stringify({ us: url }),
    },
    bundle: buildWorker(folder),
    onLog: (text) => log.push(text),
  });
  const stop = async (): Promise<void> => {
    outside.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    project.provide("world", await makeWorld(url, outside.url));
  } catch (error) {
    await stop();
    throw new Error(`What the server logged:\n${log.join("\n")}`, { cause: error });
  }
  return stop;
}

const log: string[] = [];
