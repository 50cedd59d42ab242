import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { lockFolder } from "../local/folder-lock.ts";
import { Trouble } from "../local/trouble.ts";
import { MANIFEST, sha256Of, type Manifest } from "./back-up.ts";
import { filesOf, lastEntryOf } from "./state-files.ts";

export interface Restored {
  /** Where what was there before is now; null: nothing was. */
  readonly setAside: string | null;
  /** Whether the journal that was there has more in it than any backup's, and so stayed. */
  readonly keptJournal: boolean;
}

interface Source {
  readonly folder: string;
  readonly manifest: Manifest;
}

/**
 * Puts a backup in the place of a region's state. The database becomes the backup's; of the journals, the one
 * here and those of the backups, the one that knows most stays, so that what was revoked since the backup is
 * revoked again before the region serves (design, "journal"). Nothing is deleted: what was there is set aside.
 * @param from the backup, and if there are any, later ones of the journal alone
 * @throws {Trouble} when the region runs, or a backup is not whole; then nothing was changed
 */
export function restore({
  stateDir,
  region,
  from,
}: {
  readonly stateDir: string;
  readonly region: string;
  readonly from: readonly string[];
}): Restored {
  const lock = lockFolder(stateDir);
  if (!lock.held) throw new Trouble(`A Jeton uses ${stateDir}: stop it first`);
  const sources = from.map((folder) => readBackup(folder, region));
  const whole = sources.find(({ manifest }) => manifest.files.some(({ part }) => part === "database"));
  if (whole === undefined) throw new Trouble("None of these backups has a database in it");

  const place = join(stateDir, region);
  const journal = bestJournal(place, sources);
  const setAside = join(stateDir, `before-restore-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`);
  for (const path of filesOf("database", place)) moveAway(place, path, setAside);
  for (const { part, path } of whole.manifest.files) {
    if (part === "database") putInPlace(whole.folder, place, path);
  }
  if (journal !== null) {
    for (const path of filesOf("journal", place)) moveAway(place, path, setAside);
    for (const { part, path } of journal.manifest.files) {
      if (part === "journal") putInPlace(journal.folder, place, path);
    }
  }
  return { setAside: existsSync(setAside) ? setAside : null, keptJournal: journal === null };
}

/** @throws {Trouble} when a file is missing or is not what the backup says that it is */
function readBackup(folder: string, region: string): Source {
  let manifest: Manifest;
  try {
    manifest = JSON.parse(readFileSync(join(folder, MANIFEST), "utf8")) as Manifest;
  } catch {
    throw new Trouble(`${folder} is no backup`);
  }
  if (manifest.region !== region) throw new Trouble(`${folder} is a backup of region ${manifest.region}`);
  for (const { path, sha256 } of manifest.files) {
    const copy = join(folder, path);
    if (!existsSync(copy) || sha256Of(copy) !== sha256) throw new Trouble(`${copy} is damaged`);
  }
  return { folder, manifest };
}

/** @returns null: the one that is here knows most */
function bestJournal(place: string, sources: readonly Source[]): Source | null {
  let most = Math.max(-1, ...filesOf("journal", place).map((path) => lastEntryOf(place, path) ?? -1));
  let best: Source | null = null;
  for (const source of sources) {
    for (const { part, path } of source.manifest.files) {
      const last = part === "journal" ? (lastEntryOf(source.folder, path) ?? -1) : -1;
      if (last <= most) continue;
      most = last;
      best = source;
    }
  }
  return best;
}

/** With the log that belongs to it: a log beside another database would spoil that. */
function moveAway(place: string, path: string, to: string): void {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    if (!existsSync(join(place, file))) continue;
    mkdirSync(dirname(join(to, file)), { recursive: true, mode: 0o700 });
    renameSync(join(place, file), join(to, file));
  }
}

function putInPlace(folder: string, place: string, path: string): void {
  mkdirSync(dirname(join(place, path)), { recursive: true, mode: 0o700 });
  copyFileSync(join(folder, path), join(place, path));
}
