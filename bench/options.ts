import { parseArgs } from "node:util";

export interface BenchOptions {
  /** Names of the rows to measure. */
  readonly rows: readonly string[];
  readonly rounds: number;
  /** How long each subject is loaded in each round. */
  readonly sliceMs: number;
  /** Fewer repetitions and less data everywhere: to see that it runs, not what it says. */
  readonly quick: boolean;
}

/**
 * @param args of the command line
 * @param known the names of all rows
 * @throws with a message for the user when an option is not understood
 */
export function readOptions(args: readonly string[], known: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: "string" },
      rounds: { type: "string" },
      slice: { type: "string" },
      quick: { type: "boolean", default: false },
    },
  });
  const rows = values.rows?.split(",") ?? known;
  const unknown = rows.filter((row) => !known.includes(row));
  if (unknown.length > 0)
    throw new Error(`no such row: ${unknown.join(" ")} (there are: ${known.join(" ")})`);
  return {
    rows: known.filter((row) => rows.includes(row)),
    rounds: positive("rounds", values.rounds, values.quick ? 3 : 12),
    sliceMs: positive("slice", values.slice, values.quick ? 500 : 1000),
    quick: values.quick,
  };
}

function positive(name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} takes a whole number from 1`);
  return value;
}
