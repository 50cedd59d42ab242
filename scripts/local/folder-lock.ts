import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export type FolderLock =
  | { readonly held: true }
  /** Another process has it; null: it did not say which. */
  | { readonly held: false; readonly owner: number | null };

/** Closed, and so unlocked, when they are no longer referred to. */
const held: DatabaseSync[] = [];

/**
 * Takes a folder, which is created when missing, for this process alone and for as long as it lives. What
 * keeps others away is a lock of the operating system, which ends with the process however that ends: a crash
 * leaves nothing to clear away. The process id beside it is there only to be told.
 */
export function lockFolder(folder: string): FolderLock {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const ownerFile = join(folder, "owner.pid");
  const lock = new DatabaseSync(join(folder, "lock"));
  try {
    // Otherwise a journal lies beside it.
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    return { held: false, owner: readOwner(ownerFile) };
  }
  held.push(lock);
  writeFileSync(ownerFile, `${process.pid}\n`);
  return { held: true };
}

/** SQLite's result code for a database that another connection has locked. */
const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
}

function readOwner(file: string): number | null {
  try {
    return Number.parseInt(readFileSync(file, "utf8"), 10) || null;
  } catch {
    return null;
  }
}
