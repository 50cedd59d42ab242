import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Trouble } from "../local/trouble.ts";
import { filesOf, type Part } from "./state-files.ts";

/** What a backup says of itself. */
export interface Manifest {
  readonly region: string;
  readonly made_at: string;
  readonly files: readonly { readonly part: Part; readonly path: string; readonly sha256: string }[];
}

export const MANIFEST = "backup.json";

const BUSY_TIMEOUT_MS = 10_000;

/**
 * Copies a region's state into a new folder, while it runs or not. Each file is copied at one moment of its own;
 * the database comes first, since what a later journal has more of is ended once more after a restore.
 * @param parts the journal alone is small: it can be copied often
 * @throws {Trouble} when there is nothing to copy, a copy is not sound, or the folder is there already
 */
export function backUp(
  { stateDir, region, to }: { readonly stateDir: string; readonly region: string; readonly to: string },
  parts: readonly Part[] = ["database", "journal"],
): Manifest {
  const from = join(stateDir, region);
  if (existsSync(to)) throw new Trouble(`${to} is there already`);
  const unfinished = `${to}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  const files = parts.flatMap((part) =>
    filesOf(part, from).map((path) => ({
      part,
      path,
      sha256: copy(join(from, path), join(unfinished, path)),
    })),
  );
  const hasDatabase = files.some(({ part }) => part === "database");
  if (files.length === 0 || (parts.includes("database") && !hasDatabase)) {
    rmSync(unfinished, { recursive: true, force: true });
    throw new Trouble(`${from} has no state of a region`);
  }
  const manifest: Manifest = { region, made_at: new Date().toISOString(), files };
  writeFileSync(join(unfinished, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
  // Whole or not at all.
  renameSync(unfinished, to);
  return manifest;
}

/** @returns the SHA-256 of the copy, in hex */
function copy(from: string, to: string): string {
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  const source = new DatabaseSync(from, { timeout: BUSY_TIMEOUT_MS });
  try {
    source.prepare("VACUUM INTO ?").run(to);
  } finally {
    source.close();
  }
  chmodSync(to, 0o600);
  const made = new DatabaseSync(to, { readOnly: true });
  try {
    const verdict = made.prepare("PRAGMA integrity_check").get()?.["integrity_check"];
    if (verdict !== "ok") throw new Trouble(`The copy of ${from} is not sound: ${String(verdict)}`);
  } finally {
    made.close();
  }
  return sha256Of(to);
}

export function sha256Of(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
