import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Trouble } from "./trouble.ts";

/**
 * Reads `KEY=value` lines: `#` starts a comment on its own line or after white space, and a value in quotes
 * is taken as it is between them.
 * @throws {Trouble} naming the line that is neither; never its content, which may be a secret.
 */
export function parseVars(text: string, name: string): Record<string, string> {
  const vars: Record<string, string> = {};
  for (const [index, line] of text.split("\n").entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, key, rest = ""] = /^(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*)$/.exec(line.trim()) ?? [];
    const value = readValue(rest);
    if (key === undefined || value === null) throw new Trouble(`${name}, line ${index + 1}: not KEY=value`);
    vars[key] = value;
  }
  return vars;
}

function readValue(text: string): string | null {
  if (!/^["']/.test(text)) return text.replace(/(?:^|\s+)#.*$/, "");
  const [, , value] = /^(["'])(.*?)\1\s*(?:#.*)?$/.exec(text) ?? [];
  return value ?? null;
}

/** Writes the file as its example has it, unless it is there. Returns whether it was written. */
export function writeMissingVars(path: string, examplePath: string): boolean {
  if (existsSync(path)) return false;
  // It is where people will put secrets.
  writeFileSync(path, readFileSync(examplePath), { flag: "wx", mode: 0o600 });
  return true;
}
