import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { rolldown, type OutputChunk, type RolldownOutput } from "rolldown";
import { ROOT } from "../check/tool.ts";

/** Where `wrangler.toml` finds what it uploads. */
export const BUILD_FOLDER = join(ROOT, "dist/worker");

export interface BuiltWorker {
  /** Of the module that the platform calls; those that it imports lie beside it. */
  readonly path: string;
  /** By their file names; the one that is called comes first. */
  readonly modules: Readonly<Record<string, BuiltModule>>;
}

export interface BuiltModule {
  readonly code: string;
  /** What it is made of: paths from the repository's root, with the bytes that each left before minification. */
  readonly sources: Readonly<Record<string, number>>;
  /** The modules that it imports at once, not when something is first needed. */
  readonly imports: readonly string[];
}

export interface BuildOptions {
  /** From the repository's root. */
  readonly entry?: string;
  /** Modules to take from elsewhere, by the name under which the Worker imports them. */
  readonly alias?: Record<string, string>;
}

/**
 * Builds a Worker into a folder: a module for each part that is imported where it is first needed, and some for what
 * parts share. `wrangler` would put all of it into one script, every line of which is compiled before the first
 * check is answered (`npm run bench -- --rows start`); it uploads these as they are.
 * @throws with the bundler's own words when it does not build.
 */
export async function buildModules(
  folder: string,
  { entry = "src/index.ts", alias = {} }: BuildOptions = {},
): Promise<BuiltWorker> {
  const output = await bundleModules(entry, alias);
  const written = output.map((file): readonly [string, string | Uint8Array] =>
    file.type === "chunk" ? [file.fileName, file.code] : [file.fileName, file.source],
  );
  const chunks = output
    .filter((file) => file.type === "chunk")
    .sort((a, b) => Number(b.isEntry) - Number(a.isEntry));
  const main = chunks[0]?.fileName ?? "";
  replaceFiles(folder, Object.fromEntries(written), main);
  return {
    path: join(folder, main),
    modules: Object.fromEntries(chunks.map((chunk) => [chunk.fileName, describe(chunk)])),
  };
}

async function bundleModules(
  entry: string,
  alias: Record<string, string>,
): Promise<RolldownOutput["output"]> {
  const doubts: string[] = [];
  const bundle = await rolldown({
    cwd: ROOT,
    input: entry,
    external: [/^node:/, /^cloudflare:/],
    platform: "neutral",
    resolve: { alias, conditionNames: ["workerd", "worker", "browser"], mainFields: ["module", "main"] },
    transform: { target: "es2024" },
    // The console calls the API's own routes, which are loaded before it is.
    checks: { ineffectiveDynamicImport: false },
    // An import that leads nowhere is but a warning to it.
    onLog: (_level, { message }) => doubts.push(message),
  });
  try {
    const { output } = await bundle.generate({
      format: "esm",
      // By this ending wrangler and workerd know an ES module.
      entryFileNames: "[name].mjs",
      chunkFileNames: "[name]-[hash].mjs",
      // Half the weight to load at a cold start. The source maps go up with it, so that logs stay readable.
      minify: true,
      comments: false,
      sourcemap: true,
    });
    if (doubts.length > 0) throw new Error(doubts.join("\n"));
    return output;
  } finally {
    await bundle.close();
  }
}

function describe({ code, modules, imports }: OutputChunk): BuiltModule {
  const sources = Object.entries(modules).map(([path, { renderedLength }]) => [
    relative(ROOT, path),
    renderedLength,
  ]);
  return { code, imports, sources: Object.fromEntries(sources) as Record<string, number> };
}

/**
 * Each file at once, and the one that names the others after them: somebody may be reading the folder. What is left of
 * an earlier build would be uploaded too.
 */
function replaceFiles(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  main: string,
): void {
  mkdirSync(folder, { recursive: true });
  const names = Object.keys(files).sort((a, b) => Number(a === main) - Number(b === main));
  for (const name of names) {
    const unfinished = join(folder, `${name}.${process.pid}`);
    writeFileSync(unfinished, files[name] ?? "");
    renameSync(unfinished, join(folder, name));
  }
  for (const name of readdirSync(folder)) {
    if (/\.mjs(\.map)?$/.test(name) && !Object.hasOwn(files, name))
      rmSync(join(folder, name), { force: true });
  }
}
