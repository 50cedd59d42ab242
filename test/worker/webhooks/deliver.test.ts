import { describe, expect, test } from "vitest";
import { driveClock, issue, makeTeam, rows } from "../support.ts";
import { openWorld, Receiver, verify } from "./receiver.ts";
import {
  addSecret,
  attemptsOf,
  deliveriesOf,
  issueMany,
  makeSubscriber,
  revoke,
  startConsumer,
  subscribe,
  webhookRow,
} from "./sending.ts";

const clock = driveClock();
const consumer = await startConsumer();

describe("a message", () => {
  test("tells of a change, and verifies by the independent library", async () => {
    const receiver = new Receiver();
    openWorld(receiver);
    const { team, webhook } = await makeSubscriber(consumer, receiver, ["access_token.revoked"]);
    const { id } = await issue(team, { permissions: ["EMM.Devices.VIEW"], profile_id: "p1" });
    await revoke(team, id);
    await consumer.turn(webhook);
    const [audit] = await rows<{ id: string; at: number }>(
      "SELECT id, at FROM audit_events WHERE subject = ? AND type = 'access_token.revoked'",
      id,
    );
    expect(receiver.receipts).toHaveLength(1);
    expect(receiver.receipts[0]?.event).toEqual({
      id: audit?.id.replace("aud_", "evt_"),
      type: "access_token.revoked",
      team,
      region: "us",
      created_at: new Date(audit?.at ?? 0).toISOString(),
      data: {
        id,
        sequence: 1,
        actor: { id: "operator", owner: "operator" },
        before: {
          name: expect.any(String) as string,
          profile_id: "p1",
          permissions: expect.any(Array) as string[],
        },
      },
    });
    expect(receiver.receipts[0]?.id).toBe(receiver.receipts[0]?.event.id);
    const [request] = receiver.requests;
    expect([request?.method, request?.headers.get("Content-Type"), request?.redirect]).toEqual([
      "POST",
      "application/json",
      "manual",
    ]);
    expect(await deliveriesOf(webhook)).toMatchObject([
      { status: "delivered", tries: 1, done_at: Date.now() },
    ]);
    expect(await attemptsOf(webhook)).toMatchObject([
      { number: 1, at: Date.now(), status_code: 204, error: null, duration_ms: 0, excerpt: null },
    ]);
  });

  test("is signed by every secret that is in force, the newest first, and by no other", async () => {
    const receiver = new Receiver();
    openWorld(receiver);
    const { team, webhook } = await makeSubscriber(consumer, receiver);
    const over = await addSecret(consumer.deps, webhook, Date.now() + 1_000);
    const overlapping = await addSecret(consumer.deps, webhook, Date.now() + 60_000);
    clock.advance(1_000);
    const newest = await addSecret(consumer.deps, webhook);
    await issue(team);
    await consumer.turn(webhook);
    const [request] = receiver.requests;
    const headers = Object.fromEntries(request?.headers ?? []);
    const body = receiver.receipts[0]?.body ?? "";
    const [first = ""] = (headers["webhook-signature"] ?? "").split(" ");
    expect(headers["webhook-signature"]?.split(" ")).toHaveLength(3);
    expect(verify(newest, body, { ...headers, "webhook-signature": first })).toBe(true);
    expect([newest, overlapping, over].map((secret) => verify(secret, body, headers))).toEqual([
      true,
      true,
      false,
    ]);
  });

  test("has the same id and the same bytes at each attempt, and a timestamp of its own", async () => {
    const receiver = new Receiver();
    openWorld(receiver);
    const { team, webhook } = await makeSubscriber(consumer, receiver);
    await issue(team);
    receiver.answer = () => new Response("no", { status: 500 });
    await consumer.turn(webhook);
    clock.advance(10_000);
    receiver.answer = () => new Response("ok");
    await consumer.turn(webhook);
    const [one, two] = receiver.receipts;
    expect([two?.id, two?.body]).toEqual([one?.id, one?.body]);
    const times = receiver.requests.map(({ headers }) => Number(headers.get("webhook-timestamp")));
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBe(10);
  });

  test("goes to each endpoint that wants it, once", async () => {
    const [one, two, other] = [new Receiver(), new Receiver(), new Receiver()];
    openWorld(one, two, other);
    const { id: team } = await makeTeam();
    const webhooks = [
      await subscribe(consumer, team, one),
      await subscribe(consumer, team, two),
      await subscribe(consumer, team, other, ["role.created"]),
    ];
    const [token] = await issueMany(team, 1);
    for (let round = 0; round < 2; round += 1) await Promise.all(webhooks.map((id) => consumer.turn(id)));
    expect([one.subjects, two.subjects, other.subjects]).toEqual([[token?.id], [token?.id], []]);
    expect(one.receipts[0]?.body).toBe(two.receipts[0]?.body);
  });
});

describe("an answer", () => {
  const answers: [string, () => Response, Record<string, unknown>][] = [
    ["200", () => new Response("ok"), { status_code: 200, error: null }],
    ["299", () => new Response("ok", { status: 299 }), { status_code: 299, error: null }],
    ["400", () => new Response("bad", { status: 400 }), { status_code: 400, error: "bad_status" }],
    ["500", () => new Response("bad", { status: 500 }), { status_code: 500, error: "bad_status" }],
    [
      "a redirect",
      () => new Response(null, { status: 307, headers: { Location: "https://169.254.169.254/" } }),
      { status_code: 307, error: "redirect" },
    ],
    ["304", () => new Response(null, { status: 304 }), { status_code: 304, error: "redirect" }],
  ];

  test.each(answers)("of %s is judged by its status alone", async (_, answer, expected) => {
    const receiver = new Receiver();
    openWorld(receiver);
    const { team, webhook } = await makeSubscriber(consumer, receiver);
    receiver.answer = answer;
    await issue(team);
    await consumer.turn(webhook);
    expect(await attemptsOf(webhook)).toMatchObject([expected]);
    expect(receiver.requests).toHaveLength(1);
    const status = expected["error"] === null ? "delivered" : "pending";
    expect(await deliveriesOf(webhook)).toMatchObject([{ status }]);
  });

  test("that does not come is a failed connection, or a timeout", async () => {
    const receiver = new Receiver();
    openWorld(receiver);
    const { team, webhook } = await makeSubscriber(consumer, receiver);
    receiver.answer = () => Promise.reject(new Error("connection reset, by 10.0.0.1"));
    await issue(team);
    await consumer.turn(webhook);
    expect(await attemptsOf(webhook)).toMatchObject([
      { status_code: null, error: "connection_failed", excerpt: null },
    ]);
  });

  test("is kept as an excerpt of one line: 500 characters, without what controls a terminal or a page", async () => {
    const receiver = new Receiver();
    openWorld(receiver);
    const { team, webhook } = await makeSubscriber(consumer, receiver);
    receiver.answer = () => new Response(`a\u001b[31m\r\n\u202eb\u0000 ${"😀".repeat(900)}`, { status: 500 });
    await issue(team);
    await consumer.turn(webhook);
    const [attempt] = await attemptsOf(webhook);
    const excerpt = attempt?.excerpt;
    expect(excerpt?.startsWith("a [31m b 😀")).toBe(true);
    expect(Array.from(excerpt ?? "")).toHaveLength(500);
  });

  test("that is no text, or without end, costs a few kilobytes and keeps nothing of it", async () => {
    const receiver = new Receiver();
    openWorld(receiver);
    const { team, webhook } = await makeSubscriber(consumer, receiver);
    let pulled = 0;
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          pulled += 1;
          controller.enqueue(new TextEncoder().encode("x".repeat(1_000)));
        },
        cancel: () => {
          cancelled = true;
        },
      },
      { highWaterMark: 0 },
    );
    receiver.answer = () => new Response(endless, { headers: { "Content-Type": "text/plain" } });
    await issue(team);
    await consumer.turn(webhook);
    expect([pulled, cancelled]).toEqual([5, true]);
    receiver.answer = () => new Response("%PDF", { headers: { "Content-Type": "application/pdf" } });
    await issue(team);
    await consumer.turn(webhook);
    expect((await attemptsOf(webhook)).map(({ excerpt }) => excerpt)).toEqual(["x".repeat(500), null]);
    expect((await deliveriesOf(webhook)).map(({ status }) => status)).toEqual(["delivered", "delivered"]);
  });
});

describe("an endpoint that fails", () => {
  test("is noted as failing from the first failure on, until an attempt succeeds", async () => {
    const receiver = new Receiver();
    openWorld(receiver);
    const { team, webhook } = await makeSubscriber(consumer, receiver);
    receiver.answer = () => new Response(null, { status: 500 });
    const since = Date.now();
    await issue(team);
    await consumer.turn(webhook);
    clock.advance(10_000);
    await consumer.turn(webhook);
    expect(await webhookRow(webhook)).toEqual({
      status: "enabled",
      status_reason: null,
      failing_since: since,
    });
    clock.advance(80_000);
    receiver.answer = () => new Response(null);
    await consumer.turn(webhook);
    expect(await webhookRow(webhook)).toEqual({
      status: "enabled",
      status_reason: null,
      failing_since: null,
    });
  });
});
