import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "vitest";
import { promiseOf, type Surroundings } from "./proxy-promises.ts";
import { findProgram, startProxy, type ProxyProcess } from "./proxy-process.ts";
import { readRecipe } from "./recipe.ts";

const caddy = findProgram("/usr/bin/caddy", "caddy");

async function startCaddy(surroundings: Surroundings): Promise<ProxyProcess> {
  const { port, jetonPort, apiPort, serviceKey } = surroundings;
  const folder = mkdtempSync(join(tmpdir(), "caddy-"));
  const config = readRecipe("caddy/Caddyfile", {
    "127.0.0.1:8787": `127.0.0.1:${jetonPort}`,
    "127.0.0.1:3000": `127.0.0.1:${apiPort}`,
    "http://:8080 {": `http://127.0.0.1:${port} {`,
  });
  const file = join(folder, "Caddyfile");
  writeFileSync(file, config);
  const proxy = await startProxy({
    path: caddy.path,
    args: ["run", "--config", file, "--adapter", "caddyfile"],
    env: { JETON_SERVICE_KEY: serviceKey, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
    port,
  });
  return {
    ...proxy,
    stop: async () => {
      await proxy.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

describe.skipIf(caddy.isMissing)("Caddy by its recipe", () => {
  promiseOf(startCaddy);
});
