import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/check/tool.ts";

/** A file of `examples/recipes`, exactly as it is published but for these parts of it. */
export function readRecipe(path: string, replacements: Readonly<Record<string, string>> = {}): string {
  let text = readFileSync(join(ROOT, "examples/recipes", path), "utf8");
  for (const [part, replacement] of Object.entries(replacements)) {
    const pieces = text.split(part);
    if (pieces.length !== 2) throw new Error(`${path} has ${pieces.length - 1} times: ${part}`);
    text = pieces.join(replacement);
  }
  return text;
}
