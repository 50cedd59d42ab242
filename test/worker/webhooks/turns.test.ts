import {
  createExecutionContext,
  createMessageBatch,
  getQueueResult,
  waitOnExecutionContext,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import worker from "../../../src/index.ts";
import { createApp } from "../../../src/app.ts";
import { runScheduled } from "../../../src/jobs/scheduled.ts";
import { sweepDeliveries } from "../../../src/operations/webhooks/sweep-deliveries.ts";
import {
  call,
  driveClock,
  issue,
  makeTeam,
  rows,
  startWorker,
  unique,
  startIsolate,
  type Worker,
} from "../support.ts";
import { openWorld, Receiver } from "./receiver.ts";
import {
  addSecret,
  attemptsOf,
  deliveriesOf,
  HeldQueue,
  issueMany,
  makeSubscriber,
  startConsumer,
  subscribe,
} from "./sending.ts";

const clock = driveClock();
const consumer = await startConsumer();

interface Gate {
  readonly answer: () => Promise<Response>;
  /** How many wait at once, at most. */
  most(): number;
  waiting(): number;
  open(): void;
}

/** A receiver's answer that comes when a test says so. */
function makeGate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  let waiting = 0;
  let most = 0;
  return {
    answer: async () => {
      waiting += 1;
      most = Math.max(most, waiting);
      await promise;
      waiting -= 1;
      return new Response("late");
    },
    most: () => most,
    waiting: () => waiting,
    open: () => resolve(),
  };
}

describe("turns at the same time", () => {
  test("never send a delivery twice, whoever they are", async () => {
    const receiver = new Receiver();
    openWorld(receiver);
    const { team, webhook } = await makeSubscriber(consumer, receiver);
    const others = await Promise.all([startConsumer(), startConsumer()]);
    const tokens = await issueMany(team, 23);
    await Promise.all([consumer, consumer, ...others].map(({ turn }) => turn(webhook)));
    expect(receiver.subjects.toSorted()).toEqual(tokens.map(({ id }) => id).toSorted());
  });

  test("leave alone what is being sent, also when somebody asks for it anew meanwhile", async () => {
    const receiver = new Receiver();
    openWorld(receiver);
    const { team, webhook } = await makeSubscriber(consumer, receiver);
    await issue(team);
    const gate = makeGate();
    receiver.answer = gate.answer;
    const turn = consumer.turn(webhook);
    await expect.poll(() => gate.waiting()).toBe(1);
    const [delivery] = await deliveriesOf(webhook);
    const path = `/v1/teams/${team}/webhooks/${webhook}/deliveries/${delivery?.id}/redeliver`;
    expect((await call("POST", path)).status).toBe(202);
    await consumer.turn(webhook);
    expect(gate.most()).toBe(1);
    gate.open();
    await turn;
  });

  test("hold at most five connections to one endpoint", async () => {
    const receiver = new Receiver();
    openWorld(receiver);
    const { team, webhook } = await makeSubscriber(consumer, receiver);
    const other = await startConsumer();
    await issueMany(team, 12);
    const gate = makeGate();
    receiver.answer = gate.answer;
    const turns = [consumer, other, other].map(({ turn }) => turn(webhook));
    await expect.poll(() => gate.waiting()).toBe(5);
    // Those that get nothing are over while the others wait.
    await Promise.race(turns);
    gate.open();
    await Promise.all(turns);
    expect([gate.most(), receiver.receipts.length]).toEqual([5, 12]);
  });

  test("of other endpoints are not kept waiting by a slow one", async () => {
    const [slow, quick] = [new Receiver(), new Receiver()];
    openWorld(slow, quick);
    const { id: team } = await makeTeam();
    const webhooks = [await subscribe(consumer, team, slow), await subscribe(consumer, team, quick)] as const;
    const gate = makeGate();
    slow.answer = gate.answer;
    await issueMany(team, 8);
    const messages = webhooks.map((webhook) => ({
      id: unique("message"),
      timestamp: new Date(),
      attempts: 1,
      body: { webhook },
    }));
    // The queue's own way in: the handler is done at once, and the turns go on.
    for (const message of messages) {
      const batch = createMessageBatch("jeton-us-deliveries", [message]);
      const context = createExecutionContext();
      await worker.queue(batch, env, context);
      const result = getQueueResult(batch, context);
      if (message === messages[1]) await result;
      else result.catch(() => undefined);
    }
    await expect.poll(() => quick.receipts.length).toBe(8);
    expect(gate.waiting()).toBe(5);
    gate.open();
    await expect.poll(() => slow.receipts.length).toBe(8);
  });
});

describe("a turn", () => {
  test("ends after a hundred deliveries and asks for another one", async () => {
    const receiver = new Receiver();
    openWorld(receiver);
    const { team, webhook } = await makeSubscriber(consumer, receiver);
    await issue(team);
    // The same event to so many endpoints as one: what a long backlog looks like.
    await env.DB.batch(
      Array.from({ length: 119 }, (_, index) =>
        env.DB.prepare(
          `INSERT INTO audit_events (id, team_id, at, type, actor, actor_owner, subject)
           VALUES (?, ?, ?, 'access_token.created', 'operator', 'operator', ?)`,
        ).bind(`aud_${unique("backlog")}`, team, Date.now(), `tok_${index}`),
      ),
    );
    consumer.queue.drain();
    await consumer.turn(webhook);
    expect(receiver.receipts).toHaveLength(100);
    expect(consumer.queue.drain()).toEqual([webhook]);
    await consumer.turn(webhook);
    expect([receiver.receipts.length, consumer.queue.drain()]).toEqual([120, []]);
  });

  test("begins no round after ten seconds, and asks for another one", async () => {
    const receiver = new Receiver();
    openWorld(receiver);
    const { team, webhook } = await makeSubscriber(consumer, receiver);
    await issueMany(team, 12);
    receiver.answer = () => {
      clock.advance(2_500);
      return new Response("slow");
    };
    await consumer.turn(webhook);
    expect(receiver.receipts).toHaveLength(5);
    expect(consumer.queue.drain()).toEqual([webhook]);
  });

  test("sends what has waited longest first", async () => {
    const receiver = new Receiver();
    openWorld(receiver);
    const { team, webhook } = await makeSubscriber(consumer, receiver);
    const ids: string[] = [];
    for (let index = 0; index < 7; index += 1) {
      ids.push((await issue(team)).id);
      clock.advance(1);
    }
    await consumer.turn(webhook);
    expect(new Set(receiver.subjects.slice(0, 5))).toEqual(new Set(ids.slice(0, 5)));
    expect(receiver.sequences.toSorted((one, other) => one - other)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test("for an endpoint that is gone, or was never there, does nothing", async () => {
    await consumer.turn("whk_nobody");
    expect(consumer.queue.drain()).toEqual([]);
  });
});

describe("a sender that dies", () => {
  test("between sending and noting it has sent once too often: the message comes again, under the same id", async () => {
    const receiver = new Receiver();
    openWorld(receiver);
    const { team, webhook } = await makeSubscriber(consumer, receiver);
    await issue(team);
    let died = false;
    // Nothing of this isolate reaches the store any more once the message has arrived.
    const dying = await startConsumer({
      DB: new Proxy(env.DB, {
        get: (db, name) => {
          if (died) throw new Error("dead");
          const member: unknown = Reflect.get(db, name);
          return typeof member === "function" ? (member.bind(db) as unknown) : member;
        },
      }),
    });
    receiver.answer = () => {
      died = true;
      return new Response("ok");
    };
    await expect(dying.turn(webhook)).rejects.toThrow("could not be finished");
    receiver.answer = () => new Response("ok");
    clock.advance(29_999);
    await consumer.turn(webhook);
    expect(receiver.receipts).toHaveLength(1);
    clock.advance(1);
    await sweepDeliveries(consumer.deps);
    expect(consumer.queue.drain()).toContain(webhook);
    await consumer.turn(webhook);
    const [one, two] = receiver.receipts;
    expect([receiver.receipts.length, two?.id, two?.body]).toEqual([2, one?.id, one?.body]);
    expect(await deliveriesOf(webhook)).toMatchObject([{ status: "delivered", tries: 1 }]);
  });

  test("of slowness has not sent: what it claimed too long ago may be somebody else's by then", async () => {
    const receiver = new Receiver();
    openWorld(receiver);
    const { team, webhook } = await makeSubscriber(consumer, receiver);
    await issue(team);
    // Its second question to the store takes so long.
    const slow = await startConsumer({
      DB: new Proxy(env.DB, {
        get: (db, name) => {
          if (name === "batch") {
            return async (list: D1PreparedStatement[]) => {
              const results = await db.batch(list);
              clock.advance(10_001);
              return results;
            };
          }
          const member: unknown = Reflect.get(db, name);
          return typeof member === "function" ? (member.bind(db) as unknown) : member;
        },
      }),
    });
    await slow.turn(webhook);
    expect(receiver.receipts).toEqual([]);
    clock.advance(20_000);
    await consumer.turn(webhook);
    expect(receiver.receipts).toHaveLength(1);
  });

  test("in one delivery's place does not take the others of its round with it", async () => {
    const receiver = new Receiver();
    openWorld(receiver);
    const { team, webhook } = await makeSubscriber(consumer, receiver);
    await issueMany(team, 3);
    await env.DB.prepare("DELETE FROM events WHERE team_id = ? AND sequence = 2").bind(team).run();
    await expect(consumer.turn(webhook)).rejects.toThrow("could not be finished");
    expect(receiver.sequences).toEqual([1, 3]);
    expect((await attemptsOf(webhook)).map(({ status_code }) => status_code)).toEqual([204, 204]);
  });

  test("late does not let go of what another one is sending by then", async () => {
    const receiver = new Receiver();
    openWorld(receiver);
    const { team, webhook } = await makeSubscriber(consumer, receiver);
    await issue(team);
    const { promise, resolve } = Promise.withResolvers<Response>();
    receiver.answer = () => promise;
    const stuck = consumer.turn(webhook);
    await expect.poll(() => receiver.requests.length).toBe(1);
    clock.advance(30_000);
    const gate = makeGate();
    receiver.answer = gate.answer;
    const other = await startConsumer();
    const turn = other.turn(webhook);
    await expect.poll(() => gate.waiting()).toBe(1);
    const during = await deliveriesOf(webhook);
    resolve(new Response("too late", { status: 500 }));
    await stuck;
    expect(await deliveriesOf(webhook)).toEqual(during);
    gate.open();
    await turn;
    expect(await deliveriesOf(webhook)).toMatchObject([{ status: "delivered", tries: 1 }]);
  });

  test("late: what another one does meanwhile is not undone by its failure", async () => {
    const receiver = new Receiver();
    openWorld(receiver);
    const { team, webhook } = await makeSubscriber(consumer, receiver);
    await issue(team);
    const { promise, resolve } = Promise.withResolvers<Response>();
    receiver.answer = () => promise;
    const stuck = consumer.turn(webhook);
    await expect.poll(() => receiver.requests.length).toBe(1);
    clock.advance(30_000);
    receiver.answer = () => new Response("ok");
    const other = await startConsumer();
    await other.turn(webhook);
    resolve(new Response("too late", { status: 500 }));
    await stuck;
    expect(await deliveriesOf(webhook)).toMatchObject([{ status: "delivered" }]);
    expect((await attemptsOf(webhook)).map(({ number, status_code }) => [number, status_code])).toEqual([
      [1, 200],
      [2, 500],
    ]);
  });
});

describe("events on their way", () => {
  test("are announced to the queue soon after the change, once for a burst", async () => {
    const queue = new HeldQueue();
    const at = await startWorker({ DELIVERIES: queue.binding });
    const receiver = new Receiver();
    openWorld(receiver);
    const { team, webhook } = await makeSubscriber(consumer, receiver);
    await Promise.all(Array.from({ length: 5 }, () => issue(team, undefined, { at })));
    await expect.poll(() => queue.asked.filter((asked) => asked.webhook === webhook).length).toBe(1);
    expect(queue.asked.find((asked) => asked.webhook === webhook)).toEqual({ webhook, delaySeconds: 0 });
  });

  test("are looked for after a change, and not after reads and checks", async () => {
    let looks = 0;
    const { deps } = await startIsolate({
      DELIVERIES: new HeldQueue().binding,
      DB: new Proxy(env.DB, {
        get: (db, name) => {
          if (name === "prepare") {
            return (text: string) => {
              if (text.includes("WITH RECURSIVE waiting")) looks += 1;
              return db.prepare(text);
            };
          }
          const member: unknown = Reflect.get(db, name);
          return typeof member === "function" ? (member.bind(db) as unknown) : member;
        },
      }),
    });
    const app = createApp(() => deps);
    const at: Worker = async (request) => {
      const context = createExecutionContext();
      const answer = await app.fetch(request, env, context);
      await waitOnExecutionContext(context);
      return answer;
    };
    const { id: team } = await makeTeam();
    await call("GET", `/v1/teams/${team}/access-tokens`, { at });
    await call("POST", "/v1/check", { at, as: "none", body: { token: "x" } });
    expect(looks).toBe(0);
    await issue(team, undefined, { at });
    expect(looks).toBe(1);
    // Refused, which an event may tell of as well.
    await call("POST", `/v1/teams/${team}/access-tokens`, { at, body: {} });
    expect(looks).toBe(2);
  });

  test("are swept up by the scheduled job when their message was lost, and by every run until they arrive", async () => {
    const receiver = new Receiver();
    openWorld(receiver);
    const { team, webhook } = await makeSubscriber(consumer, receiver);
    const token = await issue(team);
    consumer.queue.broken = true;
    await expect(sweepDeliveries(consumer.deps)).rejects.toThrow("the queue is down");
    consumer.queue.broken = false;
    consumer.queue.drain();
    await runScheduled(consumer.deps);
    await runScheduled(consumer.deps);
    expect(consumer.queue.asked.filter((asked) => asked.webhook === webhook)).toHaveLength(2);
    consumer.queue.drain();
    await consumer.turn(webhook);
    expect(receiver.subjects).toEqual([token.id]);
    await runScheduled(consumer.deps);
    expect(consumer.queue.drain()).not.toContain(webhook);
  });

  test("are swept up a hundred endpoints at a time, those that have waited longest first", async () => {
    await env.DB.prepare("DELETE FROM deliveries").run();
    const { id: team } = await makeTeam();
    const receiver = new Receiver();
    const webhooks: string[] = [];
    for (let index = 0; index < 103; index += 1) webhooks.push(await subscribe(consumer, team, receiver));
    await issue(team);
    const last = webhooks.slice(-60);
    await env.DB.prepare(
      "UPDATE deliveries SET next_at = next_at - 1000 WHERE webhook_id IN (SELECT value FROM json_each(?))",
    )
      .bind(JSON.stringify(last))
      .run();
    await sweepDeliveries(consumer.deps);
    const asked = consumer.queue.drain();
    expect(asked).toHaveLength(100);
    expect(new Set(asked.slice(0, 60))).toEqual(new Set(last));
    await env.DB.prepare("DELETE FROM deliveries").run();
  });

  test("cost a look at each endpoint, not at each event, however many wait", async () => {
    const plan = await rows<{ detail: string }>(
      `EXPLAIN QUERY PLAN SELECT min(next_at) FROM deliveries
       WHERE webhook_id = 'x' AND status = 'pending' AND next_at <= 1 AND claimed_until <= 1`,
    );
    expect(plan.map(({ detail }) => detail).join()).toContain("deliveries_due (webhook_id=? AND next_at<?)");
  });
});

test("a secret in the store is of no use in another endpoint's place", async () => {
  const receiver = new Receiver();
  openWorld(receiver);
  const { team, webhook } = await makeSubscriber(consumer, receiver);
  const { webhook: other } = await makeSubscriber(consumer, receiver);
  await addSecret(consumer.deps, other);
  await env.DB.prepare(
    "UPDATE webhook_secrets SET sealed = (SELECT sealed FROM webhook_secrets WHERE webhook_id = ? LIMIT 1) WHERE webhook_id = ?",
  )
    .bind(other, webhook)
    .run();
  await issue(team);
  await expect(consumer.turn(webhook)).rejects.toThrow("no key opens this secret");
  expect(receiver.receipts).toEqual([]);
});
