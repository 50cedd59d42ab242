import { cpuTimeOf } from "./cpu.ts";
import type { LoadGenerator } from "./load.ts";
import type { Burst, Measured } from "./load-messages.ts";

/** Bursts that run side by side; what counts is the first one's result. */
export interface Contender {
  readonly name: string;
  readonly bursts: readonly [Burst, ...Burst[]];
  /** The process that serves it, if known. */
  readonly pid: number | null;
}

/** What one slice found. */
export interface Slice extends Measured {
  /** Processor time of the serving process for each answer, in microseconds; null where it is not known. */
  readonly cpuPerAnswer: number | null;
}

export interface RoundsOptions {
  readonly rounds: number;
  readonly sliceMs: number;
  readonly onRound?: (round: number) => void;
}

/** Until the compiler has seen the code and caches are filled. */
const WARM_UP_MS = 1_500;

/**
 * Loads each contender in turn, A B C A B C …, so that whatever else the machine does falls on all of them
 * alike. The first rounds warm up and are thrown away.
 * @returns by contender, one result for each round, in order
 */
export async function interleave(
  generator: LoadGenerator,
  contenders: readonly Contender[],
  { rounds, sliceMs, onRound }: RoundsOptions,
): Promise<Map<string, Slice[]>> {
  const results = new Map<string, Slice[]>(contenders.map(({ name }) => [name, []]));
  for (const { bursts } of contenders) await generator.run(bursts, WARM_UP_MS);
  for (let round = 1; round <= rounds; round += 1) {
    onRound?.(round);
    for (const { name, bursts, pid } of contenders) {
      const before = cpuTimeOf(pid);
      const measured = await generator.run(bursts, sliceMs);
      const after = cpuTimeOf(pid);
      const answers = measured.reduce((sum, each) => sum + each.answers, 0);
      const cpuPerAnswer = before === null || after === null ? null : (after - before) / answers;
      const [first] = measured;
      if (first !== undefined) results.get(name)?.push({ ...first, cpuPerAnswer });
    }
  }
  return results;
}
