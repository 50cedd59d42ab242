import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Burst, Measured, Order, Report, Target } from "./load-messages.ts";

/** Starts, instructs and ends the process that sends requests. */
export class LoadGenerator {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<readonly Measured[]>>();
  #lastId = 0;

  constructor() {
    this.#child = fork(fileURLToPath(import.meta.resolve("./generator.ts")), {
      serialization: "advanced",
    });
    this.#child.on("message", (report: Report) => {
      const waiting = this.#waiting.get(report.id);
      this.#waiting.delete(report.id);
      if ("failure" in report) waiting?.reject(new Error(report.failure));
      else waiting?.resolve(report.measured);
    });
    this.#child.on("exit", (code) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`the load generator ended with ${code}`));
      this.#waiting.clear();
    });
  }

  define(target: Target): void {
    this.#order({ kind: "define", target });
  }

  /**
   * Sends bursts side by side; the answers are in their order.
   * @throws when an answer is not what its target expects: then nothing was measured.
   */
  run(bursts: readonly Burst[], milliseconds: number): Promise<readonly Measured[]> {
    const id = ++this.#lastId;
    const waiting = Promise.withResolvers<readonly Measured[]>();
    this.#waiting.set(id, waiting);
    this.#order({ kind: "run", id, bursts, milliseconds });
    return waiting.promise;
  }

  async runOne(burst: Burst, milliseconds: number): Promise<Measured> {
    const [measured] = await this.run([burst], milliseconds);
    if (measured === undefined) throw new Error("one burst has one result");
    return measured;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.disconnect();
    await once(this.#child, "exit");
  }

  #order(order: Order): void {
    this.#child.send(order);
  }
}
