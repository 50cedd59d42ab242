import { globSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { build, type Plugin } from "vite";

const ROOT = resolve(import.meta.dirname, "..");
const SOURCE = join(ROOT, "src");

/** Of this run alone: several may be under way in one checkout. */
const OUTPUT = join(ROOT, "node_modules/.cache/jeton-test-source", String(process.pid));

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
      process.once("exit", () => rmSync(OUTPUT, { recursive: true, force: true }));
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
  await build({
    root: ROOT,
    configFile: false,
    logLevel: "warn",
    build: {
      ssr: true,
      outDir: OUTPUT,
      minify: false,
      // Sent to each test file's workerd, and read by who looks into a failure.
      sourcemap: process.env.CI === undefined,
      target: "esnext",
      rolldownOptions: {
        input: Object.fromEntries(
          importedByTests().map((file) => [relative(SOURCE, file).replace(/\.tsx?$/, ""), file]),
        ),
        external: [/^cloudflare:/, /^node:/],
        // All of it is one chunk here, whatever is imported later.
        checks: { ineffectiveDynamicImport: false },
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

/** The source files that tests on workerd import themselves; what these import comes with them. */
function importedByTests(): string[] {
  const tests = globSync("test/{worker,conformance,support}/**/*.{ts,tsx}", { cwd: ROOT });
  const imported = tests.flatMap((test) => {
    const text = readFileSync(join(ROOT, test), "utf8");
    const found = text.matchAll(/(?:from |import\()"((?:\.\.\/)+src\/[^"?]+\.tsx?)"/g);
    return [...found].map(([, path = ""]) => resolve(ROOT, dirname(test), path));
  });
  // What `startIsolate` loads anew loads its own imports from here.
  const anew = ["index.ts", "wiring.ts", ...importsOf(join(SOURCE, "wiring.ts"))];
  return [...new Set([...imported, ...anew.map((file) => resolve(SOURCE, file))])];
}

function importsOf(file: string): string[] {
  return [...readFileSync(file, "utf8").matchAll(/from "(\.[^"]+)"/g)].map(([, path = ""]) => path);
}
