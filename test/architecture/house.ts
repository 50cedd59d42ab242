import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT, runTool } from "../../scripts/check/tool.ts";

/** Everything that rules this repository; a house under test has the same. */
const RULES = [
  ".oxlintrc.json",
  ".oxfmtrc.jsonc",
  "knip.json",
  "drizzle.config.ts",
  "tsconfig.json",
  "src/tsconfig.json",
  "src/domain/tsconfig.json",
  "scripts/build",
  "scripts/build.ts",
  "scripts/check",
];

/** Source files by their path; the lines of a file are separate, so that a test can say which one is wrong. */
export type Files = Readonly<Record<string, readonly string[]>>;

/**
 * Builds a house of a few files under the rules of this one, away from it: what is planted there disturbs
 * nobody. Returns its folder, which the caller demolishes.
 */
export function buildHouse(files: Files): string {
  const house = mkdtempSync(join(tmpdir(), "house-"));
  for (const path of RULES) cpSync(join(ROOT, path), join(house, path), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(house, "node_modules"));
  addFiles(house, files);
  return house;
}

export function addFiles(house: string, files: Files): void {
  for (const [path, lines] of Object.entries(files)) {
    mkdirSync(dirname(join(house, path)), { recursive: true });
    writeFileSync(join(house, path), `${lines.join("\n")}\n`);
  }
}

export function demolish(house: string): void {
  rmSync(house, { recursive: true, force: true });
}

/** What the linter holds against one line of one file. */
export interface Complaint {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
  /** The linter's words and ours. */
  readonly text: string;
}

/** Lints a house once, type-aware rules included. */
export async function lintHouse(house: string): Promise<Complaint[]> {
  const { output } = await runTool("oxlint", ["--format", "json"], house);
  const { diagnostics } = JSON.parse(output) as { diagnostics: readonly Diagnostic[] };
  return diagnostics.map(({ filename, code, message, help, labels }) => ({
    file: filename,
    line: labels[0]?.span.line ?? 0,
    rule: code,
    text: `${message} ${help ?? ""}`,
  }));
}

interface Diagnostic {
  readonly filename: string;
  readonly code: string;
  readonly message: string;
  readonly help?: string;
  readonly labels: readonly { readonly span: { readonly line: number } }[];
}
