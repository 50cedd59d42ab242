import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "vitest";
import { promiseOf, type Surroundings } from "./proxy-promises.ts";
import { findProgram, startProxy, type ProxyProcess } from "./proxy-process.ts";
import { readRecipe } from "./recipe.ts";

const nginx = findProgram("/usr/sbin/nginx", "nginx");

/** Where nginx writes what it buffers; its own default folders are for root alone. */
const TEMPORARY = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
  (kind) => `${kind}_temp_path ${kind};`,
);

async function startNginx(surroundings: Surroundings): Promise<ProxyProcess> {
  const { port, jetonPort, apiPort, serviceKey } = surroundings;
  const folder = mkdtempSync(join(tmpdir(), "nginx-"));
  const config = readRecipe("nginx/nginx.conf", {
    "server 127.0.0.1:8787;": `server 127.0.0.1:${jetonPort};`,
    "server 127.0.0.1:3000;": `server 127.0.0.1:${apiPort};`,
    "listen 8080;": `listen 127.0.0.1:${port};`,
    "http {\n": `http {\naccess_log off;\n${TEMPORARY.join("\n")}\n`,
  });
  writeFileSync(join(folder, "nginx.conf"), config);
  const key = `proxy_set_header X-Jeton-Service-Key ${serviceKey};\n`;
  writeFileSync(join(folder, "jeton-service-key.conf"), key, { mode: 0o600 });
  const isRoot = process.getuid?.() === 0;
  const globals = `daemon off; pid nginx.pid; error_log stderr;${isRoot ? " user root;" : ""}`;
  const args = ["-p", folder, "-c", "nginx.conf", "-e", "stderr", "-g", globals];
  const proxy = await startProxy({ path: nginx.path, args, port });
  return {
    ...proxy,
    stop: async () => {
      await proxy.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

describe.skipIf(nginx.isMissing)("nginx by its recipe", () => {
  promiseOf(startNginx);
});
