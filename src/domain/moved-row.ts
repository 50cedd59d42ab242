import { CLIENT_TYPES } from "./client.ts";
import { isMembers } from "./jws.ts";
import { PLAN_NAMES } from "./plan.ts";
import { isRegionCode } from "./region.ts";
import { isHash } from "./team-move.ts";

/* What may stand in a row that another region sends. */

const WORDS: Readonly<Record<string, readonly string[]>> = {
  standing: ["active", "suspended"],
  plan: PLAN_NAMES,
  membership: ["invited", "active"],
  client_type: CLIENT_TYPES,
  access_type: ["online", "offline"],
  ending: ["revoked", "evicted", "replayed"],
};

const TESTS: Readonly<Record<string, (value: unknown) => boolean>> = {
  text: isText,
  number: (value) => typeof value === "number" && Number.isSafeInteger(value),
  flag: (value) => value === 0 || value === 1,
  hash: isHash,
  region: (value) => isText(value) && isRegionCode(value),
  texts: (value) => isTexts(readJson(value)),
  permissions: (value) => isTexts(readJson(value)),
  object: (value) => isMembers(readJson(value)),
};

/**
 * Whether a row is a JSON array of exactly these columns, each holding what it may.
 * @param columns as `name:what`, or `name:what?` where there may be nothing
 */
export function isMovedRow(columns: readonly string[], row: string): boolean {
  const values = readJson(row);
  return (
    Array.isArray(values) &&
    values.length === columns.length &&
    columns.every((column, place) => mayHold(column, values[place]))
  );
}

function mayHold(column: string, value: unknown): boolean {
  const [, what = "", optional] = /:(\w+)(\??)$/.exec(column) ?? [];
  if (value === null) return optional === "?";
  const words = WORDS[what];
  return words === undefined ? TESTS[what]?.(value) === true : isText(value) && words.includes(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed();
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

function readJson(text: unknown): unknown {
  if (typeof text !== "string") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
