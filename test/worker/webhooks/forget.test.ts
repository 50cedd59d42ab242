import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { runScheduled } from "../../../src/jobs/scheduled.ts";
import { driveClock, issue, makeTeam, rows } from "../support.ts";
import { outboxOf } from "./outbox.ts";
import { openWorld, Receiver } from "./receiver.ts";
import { attemptsOf, deliveriesOf, makeSubscriber, startConsumer, subscribe } from "./sending.ts";

const DAY_MS = 86_400_000;

const clock = driveClock();
const consumer = await startConsumer();

async function auditCount(team: string): Promise<number> {
  return (await rows("SELECT id FROM audit_events WHERE team_id = ?", team)).length;
}

describe("what was told long ago", () => {
  test("is forgotten with its attempts and its event 30 days after it arrived, and not before", async () => {
    const receiver = new Receiver();
    openWorld(receiver);
    const { team, webhook } = await makeSubscriber(consumer, receiver);
    await issue(team);
    clock.advance(3 * DAY_MS);
    await consumer.turn(webhook);
    const events = await auditCount(team);
    clock.advance(30 * DAY_MS);
    await runScheduled(consumer.deps);
    expect([await outboxOf(team), await deliveriesOf(webhook), await attemptsOf(webhook)]).toMatchObject([
      [{}],
      [{}],
      [{}],
    ]);
    clock.advance(1);
    await runScheduled(consumer.deps);
    expect([await outboxOf(team), await deliveriesOf(webhook)]).toEqual([[], []]);
    expect(await rows("SELECT * FROM delivery_attempts")).toEqual([]);
    // What happened is not forgotten, nor is the number of the last event.
    expect(await auditCount(team)).toBe(events);
    await issue(team);
    expect(await outboxOf(team)).toMatchObject([{ sequence: 2 }]);
  });

  test("is kept for an endpoint that still waits for it", async () => {
    const [told, paused] = [new Receiver(), new Receiver()];
    openWorld(told, paused);
    const { team, webhook } = await makeSubscriber(consumer, told);
    const waiting = await subscribe(consumer, team, paused, ["access_token.created"], {
      status: "paused",
      status_reason: "failing",
    });
    const { id } = await issue(team);
    await consumer.turn(webhook);
    clock.advance(31 * DAY_MS);
    await runScheduled(consumer.deps);
    expect(await deliveriesOf(webhook)).toEqual([]);
    expect([await outboxOf(team), await deliveriesOf(waiting)]).toMatchObject([
      [{ deliveries: 1 }],
      [{ status: "pending" }],
    ]);
    await env.DB.prepare("UPDATE webhooks SET status = 'enabled' WHERE id = ?").bind(waiting).run();
    await consumer.turn(waiting);
    expect(paused.subjects).toEqual([id]);
  });

  test("of a deleted endpoint goes when it is old", async () => {
    const receiver = new Receiver();
    const { team, webhook } = await makeSubscriber(consumer, receiver);
    await issue(team);
    await env.DB.batch([
      env.DB.prepare("DELETE FROM deliveries WHERE webhook_id = ?").bind(webhook),
      env.DB.prepare("DELETE FROM webhooks WHERE id = ?").bind(webhook),
    ]);
    await runScheduled(consumer.deps);
    expect(await outboxOf(team)).toHaveLength(1);
    clock.advance(30 * DAY_MS + 1);
    await runScheduled(consumer.deps);
    expect(await outboxOf(team)).toEqual([]);
  });

  test("in bulk goes over several runs", async () => {
    const { id: team } = await makeTeam();
    const webhook = await subscribe(consumer, team, new Receiver());
    await env.DB.prepare(
      `WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 2500)
       INSERT INTO deliveries (id, team_id, webhook_id, event_id, type, status, next_at, created_at, done_at)
       SELECT 'dlv_' || value, ?1, ?2, 'evt_' || value, 'x', 'failed', 1, 1, 1 FROM n`,
    )
      .bind(team, webhook)
      .run();
    const count = async () =>
      (
        await rows<{ found: number }>(
          "SELECT count(*) AS found FROM deliveries WHERE webhook_id = ?",
          webhook,
        )
      )[0]?.found;
    await runScheduled(consumer.deps);
    expect(await count()).toBe(500);
    await runScheduled(consumer.deps);
    expect(await count()).toBe(0);
  });
});
