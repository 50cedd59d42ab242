import { globSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { build, type Plugin } from "vite";

const ROOT = resolve(import.meta.dirname, "..");
const SOURCE = join(ROOT, "src");
const OUTPUT = join(ROOT, "node_modules/.cache/jeton-test-source");

/**
 * Gives the tests on workerd the source as one chunk, with a module beside it for each file's exports. Each
 * test file starts a workerd of its own and would fetch all of about 600 modules one by one, which takes
 * longer than most files' tests. A path with a query (`wiring.ts?isolate=1`) is left alone: it is to be a module anew.
 */
export function sourceBundle(): Plugin {
  return {
    name: "jeton:source-bundle",
    enforce: "pre",
    async buildStart() {
      await rm(OUTPUT, { recursive: true, force: true });
      await bundleSource();
    },
    resolveId(id, importer) {
      const path = id.startsWith("/") ? id : importer === undefined ? id : resolve(dirname(importer), id);
      if (!path.startsWith(`${SOURCE}/`) || path.includes("?")) return null;
      return join(OUTPUT, relative(SOURCE, path).replace(/\.tsx?$/, ".js"));
    },
  };
}

async function bundleSource(): Promise<void> {
  const files = globSync("**/*.{ts,tsx}", { cwd: SOURCE }).filter((file) => !file.endsWith(".d.ts"));
  await build({
    root: ROOT,
    configFile: false,
    logLevel: "warn",
    build: {
      ssr: true,
      outDir: OUTPUT,
      minify: false,
      sourcemap: true,
      target: "esnext",
      rolldownOptions: {
        input: Object.fromEntries(files.map((file) => [file.replace(/\.tsx?$/, ""), join(SOURCE, file)])),
        external: [/^cloudflare:/, /^node:/],
        preserveEntrySignatures: "strict",
        output: {
          entryFileNames: "[name].js",
          codeSplitting: { groups: [{ name: "source", test: /./ }] },
        },
      },
    },
    ssr: { noExternal: true, target: "webworker" },
  });
}
