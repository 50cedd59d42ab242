import { globSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { JETON_WORKER } from "../local/region-server.ts";

/** What is kept of a region's state, by its place in the state folder. */
export type Part = "database" | "journal";

/** The alarms of the objects beside it; they set theirs again. */
const METADATA = "metadata.sqlite";

const PLACES: Readonly<Record<Part, string>> = {
  database: "d1/*/*.sqlite",
  journal: `do/${JETON_WORKER}-Journal/*.sqlite`,
};

/**
 * The files of a part, relative to the folder. Counters of limits are no part of it: older ones than the present
 * would be as wrong as none.
 */
export function filesOf(part: Part, folder: string): string[] {
  return globSync(PLACES[part], { cwd: folder })
    .filter((path) => !path.endsWith(METADATA))
    .sort();
}

/** The number of the last entry of a journal, 0 when it has none; null when it cannot be read. */
export function lastEntryOf(folder: string, path: string): number | null {
  try {
    const file = new DatabaseSync(join(folder, path));
    try {
      const table = file.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'ended'").get();
      if (table === undefined) return 0;
      return Number(file.prepare("SELECT coalesce(max(seq), 0) AS last FROM ended").get()?.["last"] ?? 0);
    } finally {
      file.close();
    }
  } catch {
    return null;
  }
}
