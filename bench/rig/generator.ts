/** The load generator: a process of its own, so that neither its work nor its garbage meets the measuring. */
import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "./connection.ts";
import type { Burst, Measured, Order, Report, Target } from "./load-messages.ts";
import { quantile } from "./statistics.ts";

interface Prepared extends Target {
  next: number;
}

const targets = new Map<string, Prepared>();

process.on("message", (order: Order) => {
  if (order.kind === "define") {
    targets.set(order.target.name, { ...order.target, next: 0 });
    return;
  }
  const { id, bursts, milliseconds } = order;
  Promise.all(bursts.map((burst) => run(burst, milliseconds))).then(
    (measured) => tell({ id, measured }),
    (error: unknown) => tell({ id, failure: error instanceof Error ? error.message : String(error) }),
  );
});

process.on("disconnect", () => process.exit(0));

function tell(report: Report): void {
  process.send?.(report);
}

async function run(burst: Burst, milliseconds: number): Promise<Measured> {
  const target = targets.get(burst.target);
  if (target === undefined) throw new Error(`no target ${burst.target}`);
  const startedAt = performance.now();
  const until = startedAt + milliseconds;
  const latencies: number[] = [];
  const remaining = { count: burst.atMost ?? Number.POSITIVE_INFINITY };
  const lanes = Array.from({ length: burst.connections }, (_, lane) => {
    const everyMs = burst.perSecond === undefined ? 0 : (burst.connections * 1000) / burst.perSecond;
    const firstAt = startedAt + (everyMs * lane) / burst.connections;
    return runLane(target, { firstAt, everyMs, until, latencies, remaining });
  });
  await Promise.all(lanes);
  const seconds = Math.min(performance.now() - startedAt, milliseconds) / 1000;
  const sorted = Float64Array.from(latencies).sort();
  return {
    answers: sorted.length,
    perSecond: sorted.length / seconds,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    max: quantile(sorted, 1),
  };
}

interface Lane {
  readonly firstAt: number;
  /** 0: as fast as it is answered. */
  readonly everyMs: number;
  readonly until: number;
  readonly latencies: number[];
  readonly remaining: { count: number };
}

function runLane(target: Prepared, { firstAt, everyMs, until, latencies, remaining }: Lane): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const connection = new Connection(target.url, reject);
  const end = (): void => {
    connection.close();
    resolve();
  };
  let due = firstAt;
  const send = (askedAt: number): void => {
    const request = target.requests[target.next % target.requests.length];
    if (request === undefined || remaining.count <= 0) {
      end();
      return;
    }
    target.next += 1;
    remaining.count -= 1;
    connection.send(request, (status, body) => {
      const now = performance.now();
      if (status !== target.status || !body.includes(target.contains)) {
        reject(new Error(`${target.name} answered ${status}: ${body.slice(0, 400)}`));
        connection.close();
        return;
      }
      if (now <= until) latencies.push(now - askedAt);
      if (now >= until) {
        end();
        return;
      }
      if (everyMs === 0) send(now);
      else sendWhenDue();
    });
  };
  const sendWhenDue = (): void => {
    due += everyMs;
    const wait = due - performance.now();
    if (due >= until) end();
    // Late because the last answer was: that wait is the server's. A timer's lateness is not.
    else if (wait <= 0) send(due);
    else sleepThenSend(wait).catch(reject);
  };
  const sleepThenSend = async (milliseconds: number): Promise<void> => {
    await sleep(milliseconds);
    send(performance.now());
  };
  if (everyMs === 0) send(performance.now());
  else sleepThenSend(firstAt - performance.now()).catch(reject);
  return promise;
}
