import { describe, expect, test } from "vitest";
import { RETRY_DELAYS_MS } from "../../../src/domain/delivery-schedule.ts";
import { call, driveClock, issue, makeTeam, rows } from "../support.ts";
import { openWorld, Receiver } from "./receiver.ts";
import {
  attemptsOf,
  deliveriesOf,
  issueMany,
  makeSubscriber,
  startConsumer,
  subscribe,
  webhookRow,
} from "./sending.ts";
import { sweepDeliveries } from "../../../src/operations/webhooks/sweep-deliveries.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Between looks; the scheduled job comes by more often. */
const LOOK_MS = 6 * MINUTE_MS;

const clock = driveClock();
const consumer = await startConsumer();

const down = () => new Response("down", { status: 503 });
const up = () => new Response("up");

/** What the scheduled job and the queue do as time goes by: a look now and then, and the turns that are asked for. */
async function passTime(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += LOOK_MS) {
    clock.advance(LOOK_MS);
    await sweepDeliveries(consumer.deps);
    for (const webhook of consumer.queue.drain()) await consumer.turn(webhook);
  }
}

/** As `passTime`, from one due time to the next. */
async function skipTime(webhook: string, milliseconds: number): Promise<void> {
  const end = Date.now() + milliseconds;
  for (;;) {
    const [next] = await rows<{ at: number }>(
      "SELECT min(next_at) AS at FROM deliveries WHERE webhook_id = ? AND status = 'pending' HAVING at IS NOT NULL",
      webhook,
    );
    if (next === undefined || next.at > end) break;
    clock.advance(Math.max(next.at - Date.now(), 1));
    await consumer.turn(webhook);
  }
  clock.advance(end - Date.now());
}

async function makeFailing(events?: readonly string[]) {
  const receiver = new Receiver();
  openWorld(receiver);
  receiver.answer = down;
  return { receiver, ...(await makeSubscriber(consumer, receiver, events)) };
}

describe("a receiver that is down for an hour", () => {
  test("gets everything in the end, each event once", async () => {
    const { receiver, team, webhook } = await makeFailing();
    const tokens: string[] = [];
    for (let round = 0; round < 10; round += 1) {
      tokens.push((await issue(team)).id);
      await consumer.turn(webhook);
      await passTime(6 * MINUTE_MS);
    }
    expect(receiver.receipts.length).toBeGreaterThan(20);
    receiver.receipts.length = 0;
    receiver.answer = up;
    tokens.push((await issue(team)).id);
    await passTime(3 * HOUR_MS);
    expect(receiver.subjects.toSorted()).toEqual(tokens.toSorted());
    expect(new Set(receiver.receipts.map(({ id }) => id)).size).toBe(tokens.length);
    expect(new Set((await deliveriesOf(webhook)).map(({ status }) => status))).toEqual(
      new Set(["delivered"]),
    );
    expect(await webhookRow(webhook)).toMatchObject({ status: "enabled", failing_since: null });
  });
});

describe("a delivery that fails", () => {
  test("is tried again by the schedule, each time later, and given up after more than a day", async () => {
    const { receiver, team, webhook } = await makeFailing();
    const start = Date.now();
    await issue(team);
    await consumer.turn(webhook);
    await skipTime(webhook, 2 * DAY_MS);
    const attempts = await attemptsOf(webhook);
    expect(attempts).toHaveLength(RETRY_DELAYS_MS.length + 1);
    const waits = attempts.slice(1).map(({ at }, index) => at - (attempts[index]?.at ?? 0));
    for (const [index, wait] of waits.entries()) {
      const delay = RETRY_DELAYS_MS[index] ?? 0;
      expect(wait).toBeGreaterThanOrEqual(delay);
      expect(wait).toBeLessThanOrEqual(delay * 1.2 + 1);
    }
    expect((attempts.at(-1)?.at ?? 0) - start).toBeGreaterThan(DAY_MS);
    expect(await deliveriesOf(webhook)).toMatchObject([
      { status: "failed", tries: attempts.length, done_at: attempts.at(-1)?.at },
    ]);
    receiver.answer = up;
    await consumer.turn(webhook);
    expect(receiver.receipts).toHaveLength(attempts.length);
  });

  test("is not tried before its time", async () => {
    const { receiver, team, webhook } = await makeFailing();
    await issue(team);
    await consumer.turn(webhook);
    clock.advance(4_999);
    await consumer.turn(webhook);
    expect(receiver.receipts).toHaveLength(1);
  });

  test("wakes the queue for a retry that is near, and leaves later ones to the scheduled job", async () => {
    const { team, webhook } = await makeFailing();
    await issue(team);
    consumer.queue.asked.length = 0;
    await consumer.turn(webhook);
    const [asked] = consumer.queue.asked.splice(0);
    expect(asked?.webhook).toBe(webhook);
    expect(asked?.delaySeconds).toBeGreaterThanOrEqual(5);
    expect(asked?.delaySeconds).toBeLessThanOrEqual(6);
    clock.advance(6_000);
    await consumer.turn(webhook);
    expect((await attemptsOf(webhook)).length).toBe(2);
    // At least a minute from now.
    expect(consumer.queue.asked.filter(({ delaySeconds }) => delaySeconds > 60)).toEqual([]);
    await consumer.turn(webhook);
    expect(consumer.queue.asked.length).toBeLessThanOrEqual(1);
  });

  test("waits for as long as the receiver asks, in seconds or until a date", async () => {
    const { receiver, team, webhook } = await makeFailing();
    const dates = [
      () => "3600",
      () => new Date(Math.ceil(Date.now() / 1000) * 1000 + 2 * HOUR_MS).toUTCString(),
      () => String(30 * 24 * 3600),
    ];
    const expected = [HOUR_MS, 2 * HOUR_MS, DAY_MS];
    await issue(team);
    for (const [index, date] of dates.entries()) {
      receiver.answer = () => new Response(null, { status: 429, headers: { "Retry-After": date() } });
      await consumer.turn(webhook);
      const [delivery] = await deliveriesOf(webhook);
      const wait = (delivery?.next_at ?? 0) - Date.now();
      expect(Math.abs(wait - (expected[index] ?? 0))).toBeLessThan(1_000);
      clock.advance(wait - 1);
      await consumer.turn(webhook);
      expect(await attemptsOf(webhook)).toHaveLength(index + 1);
      clock.advance(1);
    }
  });
});

describe("a receiver that answers 410", () => {
  test("is sent nothing more, and the team's other endpoints hear of it", async () => {
    const { receiver, team, webhook } = await makeFailing(["access_token.created", "webhook.disabled"]);
    const other = new Receiver();
    openWorld(receiver, other);
    const listener = await subscribe(consumer, team, other, ["webhook.disabled"]);
    receiver.answer = () => new Response("gone", { status: 410 });
    await issueMany(team, 3);
    await consumer.turn(webhook);
    expect(await webhookRow(webhook)).toMatchObject({ status: "disabled", status_reason: "gone" });
    expect(new Set((await deliveriesOf(webhook)).map(({ status }) => status))).toEqual(new Set(["failed"]));
    expect(consumer.queue.drain()).toContain(listener);
    await consumer.turn(listener);
    expect(other.receipts.map(({ event }) => [event.type, event.data])).toEqual([
      [
        "webhook.disabled",
        {
          id: webhook,
          sequence: expect.any(Number) as number,
          actor: { id: "delivery", owner: "delivery" },
          before: { status: "enabled" },
          after: { status: "disabled", reason: "gone" },
        },
      ],
    ]);
    await issue(team);
    await skipTime(webhook, DAY_MS);
    expect(await deliveriesOf(webhook)).toHaveLength(3);
    expect(receiver.receipts.length).toBeLessThanOrEqual(3);
  });

  test("once: however many deliveries say so at the same time, one is recorded", async () => {
    const { receiver, team, webhook } = await makeFailing();
    receiver.answer = () => new Response(null, { status: 410 });
    await issueMany(team, 5);
    await Promise.all([consumer.turn(webhook), consumer.turn(webhook)]);
    const events = await rows(
      "SELECT id FROM audit_events WHERE subject = ? AND type = 'webhook.disabled'",
      webhook,
    );
    expect(events).toHaveLength(1);
  });

  test("says nothing about the address that the endpoint has been given since", async () => {
    const { receiver, team, webhook } = await makeFailing();
    const moved = new Receiver();
    moved.secrets = receiver.secrets;
    openWorld(receiver, moved);
    receiver.answer = async () => {
      const url = moved.url;
      expect((await call("PATCH", `/v1/teams/${team}/webhooks/${webhook}`, { body: { url } })).status).toBe(
        200,
      );
      return new Response(null, { status: 410 });
    };
    const [token] = await issueMany(team, 1);
    await consumer.turn(webhook);
    expect(await webhookRow(webhook)).toMatchObject({ status: "enabled" });
    clock.advance(MINUTE_MS);
    await consumer.turn(webhook);
    expect(moved.subjects).toEqual([token?.id]);
  });
});

describe("an endpoint that has failed for three days", () => {
  test("is paused with a notice; events are kept for it, and sent once it is resumed", async () => {
    const { receiver, team, webhook } = await makeFailing();
    const other = new Receiver();
    openWorld(receiver, other);
    const listener = await subscribe(consumer, team, other, ["webhook.disabled"]);
    const since = Date.now();
    for (let day = 0; day < 3; day += 1) {
      await issue(team);
      await consumer.turn(webhook);
      await skipTime(webhook, DAY_MS);
    }
    expect(await webhookRow(webhook)).toMatchObject({ status: "enabled", failing_since: since });
    const [late] = await issueMany(team, 1);
    await consumer.turn(webhook);
    expect(await webhookRow(webhook)).toEqual({
      status: "paused",
      status_reason: "failing",
      failing_since: since,
    });
    await consumer.turn(listener);
    expect(other.receipts.map(({ event }) => event.data)).toMatchObject([
      { id: webhook, before: { status: "enabled" }, after: { status: "paused", reason: "failing" } },
    ]);

    const kept = (await issueMany(team, 2)).map(({ id }) => id);
    receiver.receipts.length = 0;
    receiver.answer = up;
    await skipTime(listener, DAY_MS);
    consumer.queue.drain();
    await sweepDeliveries(consumer.deps);
    expect(consumer.queue.drain()).not.toContain(webhook);
    await consumer.turn(webhook);
    expect(receiver.receipts).toEqual([]);

    const path = `/v1/teams/${team}/webhooks/${webhook}`;
    expect((await call("PATCH", path, { body: { status: "enabled" } })).status).toBe(200);
    await consumer.turn(webhook);
    expect(receiver.subjects).toEqual(expect.arrayContaining([late?.id, ...kept]));
    expect(await webhookRow(webhook)).toMatchObject({ status: "enabled", failing_since: null });
  });

  test("is not paused where one attempt in between succeeded", async () => {
    const { receiver, team, webhook } = await makeFailing();
    await issue(team);
    await consumer.turn(webhook);
    await skipTime(webhook, 2 * DAY_MS);
    receiver.answer = up;
    await issue(team);
    await consumer.turn(webhook);
    receiver.answer = down;
    await issue(team);
    await consumer.turn(webhook);
    await skipTime(webhook, 2 * DAY_MS);
    await issue(team);
    await consumer.turn(webhook);
    expect(await webhookRow(webhook)).toMatchObject({ status: "enabled" });
  });
});

test("a team without endpoints has no events at all", async () => {
  const { id: team } = await makeTeam();
  await issue(team);
  expect(await rows("SELECT id FROM events WHERE team_id = ?", team)).toEqual([]);
});
