import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { failed, passed, type Outcome } from "./outcome.ts";
import { runTool } from "./tool.ts";

/**
 * What the Worker may weigh, in bytes after gzip: it is parsed at every cold start (`npm run bench -- --rows start`).
 * The check alone is about 100 KB of it, the OAuth server 60, the console in seven languages at most 60.
 */
export const BUDGET_BYTES = 288 * 1024;

/** Modules that have no business in a Worker, by their path. */
const FORBIDDEN: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["zod (hono-openapi brings all of it; alias it to an empty module)", /(^|\/)node_modules\/zod\//],
  ["test code", /^(test|bench|scripts)\/|(^|\/)node_modules\/(@?vitest|fast-check|chai)\//],
];

/** What esbuild tells about its outputs, as far as it is read here. */
export interface BuildMetadata {
  readonly outputs: Readonly<Record<string, { readonly inputs: Readonly<Record<string, ModuleShare>> }>>;
}

interface ModuleShare {
  readonly bytesInOutput: number;
}

export interface Bundle {
  readonly script: Uint8Array;
  readonly metadata: BuildMetadata;
}

/** Judges a built Worker: its weight after gzip, and that nothing forbidden is part of it. */
export function judgeBundle({ script, metadata }: Bundle, budgetBytes = BUDGET_BYTES): Outcome {
  const bytes = gzipSync(script, { level: 9 }).length;
  const modules = shares(metadata);
  const problems = FORBIDDEN.flatMap(([name, pattern]) =>
    modules
      .filter(([path]) => pattern.test(path))
      .slice(0, 3)
      .map(([path]) => `the bundle contains ${name}: ${path}`),
  );
  if (modules.length === 0) problems.push("the build's metadata names no module");
  if (bytes > budgetBytes) {
    const heaviest = modules.slice(0, 10).map(([path, size]) => `  ${kilobytes(size)} before gzip: ${path}`);
    problems.push(`${kilobytes(bytes)} after gzip, the budget is ${kilobytes(budgetBytes)}`, ...heaviest);
  }
  if (problems.length > 0) return failed(problems.join("\n"));
  return passed(`${kilobytes(bytes)} of ${kilobytes(budgetBytes)} gzip`);
}

/** The modules that left bytes in the output, heaviest first. */
function shares(metadata: BuildMetadata): [path: string, bytes: number][] {
  return Object.values(metadata.outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path, { bytesInOutput }]): [string, number] => [path, bytesInOutput])
    .sort(([, a], [, b]) => b - a);
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KB`;
}

/** Builds the Worker as a deployment would, and judges it. */
export async function checkBundle(): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "bundle-"));
  try {
    const metafile = join(folder, "metadata.json");
    const args = ["deploy", "--dry-run", "--outdir", folder, "--metafile", metafile];
    const { code, output } = await runTool("wrangler", args);
    if (code !== 0) return failed(output);
    return judgeBundle({
      script: readFileSync(join(folder, "index.js")),
      metadata: JSON.parse(readFileSync(metafile, "utf8")) as BuildMetadata,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
