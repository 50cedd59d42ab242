import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { isPublicId, publicId } from "../../../src/domain/public-id.ts";
import { store } from "../oauth/support.ts";
import { slowWriter } from "../people.ts";
import {
  call,
  expectAnswer,
  expectRefusal,
  issue,
  makeTeam,
  rows,
  statusesOf,
  unique,
  type AnswerBody,
} from "../support.ts";
import { deliveriesOf, makeWebhook, patchWebhook, webhooksPath, type Delivery } from "./api.ts";

const FAR_AHEAD = Date.UTC(2100, 0, 1);

let team = "";
let hook = "";
beforeAll(async () => {
  team = (await makeTeam({ plan: "enterprise" })).id;
  hook = (await makeWebhook(team)).id;
});

/** A delivery that nobody will send: it is done, or due long after the test. */
async function storeDelivery(
  of: string,
  webhook: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const now = Number(more["created_at"] ?? Date.now());
  const random = () => crypto.getRandomValues(new Uint8Array(10));
  const [id, event] = [publicId("dlv", now, random()), publicId("evt", now, random())];
  const row = { status: "delivered", created_at: now, next_at: FAR_AHEAD, tries: 3, done_at: now, ...more };
  await store("deliveries", {
    id,
    team_id: of,
    webhook_id: webhook,
    event_id: event,
    type: "access_token.created",
    ...row,
  });
  const audit = unique("aud_stored");
  await store("audit_events", {
    id: audit,
    team_id: of,
    at: now,
    type: "check.denied",
    actor: "operator",
    actor_owner: "operator",
    subject: "x",
  });
  const [last] = await rows<{ n: number }>(
    "SELECT coalesce(max(sequence), 0) + 1000 AS n FROM events WHERE team_id = ?",
    of,
  );
  await store("events", { id: event, team_id: of, sequence: last?.n, audit_id: audit, at: now });
  return id;
}

async function show(id: string, webhook = hook): Promise<Delivery> {
  return expectAnswer(await call("GET", webhooksPath(team, webhook, "deliveries", id)), 200, "Delivery")
    .delivery;
}

const again = (id: string, webhook = hook, of = team, sending: object = {}) =>
  call("POST", webhooksPath(of, webhook, "deliveries", id, "redeliver"), sending);

const since = (body: object, webhook = hook, of = team) =>
  call("POST", webhooksPath(of, webhook, "redeliver"), { body });

async function disable(webhook: string, status: "paused" | "disabled"): Promise<void> {
  await env.DB.prepare("UPDATE webhooks SET status = ? WHERE id = ?").bind(status, webhook).run();
}

describe("a webhook's deliveries", () => {
  test("are there for each event that it wants, with the time of the next attempt", async () => {
    const { id: of } = await makeTeam();
    const [{ id: wants }, { id: wantsNot }] = [
      await makeWebhook(of),
      await makeWebhook(of, { events: ["team.updated"] }),
    ];
    await issue(of);
    const [delivery, ...more] = await deliveriesOf(of, wants);
    expect(more).toEqual([]);
    expect(isPublicId("dlv", delivery?.id ?? "")).toBe(true);
    expect(isPublicId("evt", delivery?.event ?? "")).toBe(true);
    expect(delivery?.type).toBe("access_token.created");
    const [event] = await rows("SELECT id FROM events WHERE team_id = ?", of);
    expect(delivery?.event).toBe(event?.["id"]);
    expect(await deliveriesOf(of, wantsNot)).toEqual([]);
  });

  test("have every attempt, the first one first, and no next one when they are done", async () => {
    const id = await storeDelivery(team, hook, { status: "failed" });
    const attempt = (number: number, more: object) =>
      store("delivery_attempts", {
        delivery_id: id,
        number,
        at: 1000 * number,
        status_code: null,
        error: null,
        duration_ms: 7,
        excerpt: null,
        ...more,
      });
    await attempt(2, { status_code: 500, error: "bad_status", excerpt: "<b>no</b>" });
    await attempt(1, { error: "timeout", duration_ms: 15_000 });
    await attempt(10, { error: "connection_failed" });
    expect(await show(id)).toMatchObject({
      id,
      status: "failed",
      next_attempt_at: null,
      attempts: [
        {
          at: "1970-01-01T00:00:01.000Z",
          status_code: null,
          error: "timeout",
          duration_ms: 15_000,
          excerpt: null,
        },
        {
          at: "1970-01-01T00:00:02.000Z",
          status_code: 500,
          error: "bad_status",
          duration_ms: 7,
          excerpt: "<b>no</b>",
        },
        { error: "connection_failed" },
      ],
    });
    const listed = (await deliveriesOf(team, hook)).find((delivery) => delivery.id === id);
    expect(listed).toEqual(await show(id));
  });

  test("that were sent again and again have their last hundred attempts", async () => {
    const id = await storeDelivery(team, hook);
    const other = await storeDelivery(team, hook);
    await env.DB.prepare(
      `INSERT INTO delivery_attempts (delivery_id, number, at, duration_ms)
       SELECT ?, value, value, 1 FROM json_each(?)`,
    )
      .bind(id, JSON.stringify(Array.from({ length: 130 }, (_, n) => n + 1)))
      .run();
    await store("delivery_attempts", { delivery_id: other, number: 1, at: 1, duration_ms: 1 });
    const { attempts } = await show(id);
    expect(attempts).toHaveLength(100);
    expect(attempts.at(0)?.at).toBe("1970-01-01T00:00:00.031Z");
    expect(attempts.at(-1)?.at).toBe("1970-01-01T00:00:00.130Z");
    expect((await show(other)).attempts).toHaveLength(1);
  });

  test("come in pages, newest first, and by status", async () => {
    const { id: webhook } = await makeWebhook(team);
    const made: string[] = [];
    for (let n = 0; n < 7; n += 1) {
      const status = n % 2 === 0 ? "failed" : "pending";
      const done_at = status === "pending" ? null : 1;
      made.push(await storeDelivery(team, webhook, { status, done_at, created_at: Date.now() + n }));
    }
    async function listed(query: string): Promise<string[]> {
      const found: string[] = [];
      for (let cursor: string | null = ""; cursor !== null;) {
        const path: string = webhooksPath(team, webhook, `deliveries?limit=2${query}${cursor}`);
        const page: AnswerBody<"Deliveries"> = expectAnswer(await call("GET", path), 200, "Deliveries");
        found.push(...page.deliveries.map(({ id }) => id));
        cursor = page.next_cursor === null ? null : `&cursor=${page.next_cursor}`;
      }
      return found;
    }
    expect(await listed("")).toEqual(made.toReversed());
    expect(await listed("&status=failed")).toEqual(made.filter((_, n) => n % 2 === 0).toReversed());
    expect(await listed("&status=pending")).toEqual(made.filter((_, n) => n % 2 === 1).toReversed());
    expect(await listed("&status=delivered")).toEqual([]);
  });

  test.each(["x", "", "all", "Failed", "failed' OR '1'='1"])(
    "by the status %j are refused",
    async (status) => {
      const path = webhooksPath(team, hook, `deliveries?status=${encodeURIComponent(status)}`);
      expect(expectRefusal(await call("GET", path), 400, "COM0005").error_description).toContain("status");
    },
  );

  test("from a cursor that was tampered with are refused, and another webhook's cursor shows nothing else", async () => {
    const id = await storeDelivery(team, hook);
    const tampered = [
      "x",
      "",
      `${id}0`,
      id.slice(0, -1),
      id.toUpperCase(),
      id.replace("dlv_", "evt_"),
      `${id.slice(0, -1)}!`,
      "dlv_' OR '1'='1",
      "dlv_%",
    ];
    for (const cursor of tampered) {
      const path = webhooksPath(team, hook, `deliveries?cursor=${encodeURIComponent(cursor)}`);
      expectRefusal(await call("GET", path), 400, "COM0003");
    }
    const { id: other } = await makeWebhook(team);
    await storeDelivery(team, other);
    const crossed = await deliveriesOf(team, other, `?cursor=${id}`);
    expect(crossed.every(({ id: listed }) => listed < id)).toBe(true);
    expect(crossed.map((delivery) => delivery.id)).not.toContain(id);
  });
});

describe("a test of a webhook", () => {
  const tryOut = (id: string, of = team, headers: Record<string, string> = {}) =>
    call("POST", webhooksPath(of, id, "test"), { headers });

  test("is an event of its own type for this webhook alone, in the team's sequence", async () => {
    const { id: of } = await makeTeam();
    const [{ id }, { id: other }] = [await makeWebhook(of), await makeWebhook(of)];
    await issue(of);
    const { delivery } = expectAnswer(await tryOut(id, of), 202, "Delivery");
    expect(delivery).toEqual({
      id: delivery.id,
      event: delivery.event,
      type: "webhook.test",
      status: "pending",
      attempts: [],
      created_at: delivery.created_at,
      next_attempt_at: delivery.created_at,
    });
    const events = await rows(
      `SELECT sequence, type, subject, detail FROM events JOIN audit_events ON audit_events.id = audit_id
       WHERE events.team_id = ? ORDER BY sequence`,
      of,
    );
    expect(events).toMatchObject([
      { sequence: 1, type: "access_token.created" },
      { sequence: 2, type: "webhook.test", subject: id, detail: null },
    ]);
    expect((await deliveriesOf(of, id)).map(({ type }) => type).toSorted()).toEqual([
      "access_token.created",
      "webhook.test",
    ]);
    expect((await deliveriesOf(of, other)).map(({ type }) => type)).toEqual(["access_token.created"]);
    await issue(of);
    const [last] = await rows("SELECT max(sequence) AS n FROM events WHERE team_id = ?", of);
    expect(last).toEqual({ n: 3 });
  });

  test("by the same Idempotency-Key is one", async () => {
    const { id } = await makeWebhook(team);
    const headers = { "Idempotency-Key": unique("key") };
    const first = expectAnswer(await tryOut(id, team, headers), 202, "Delivery");
    const second = expectAnswer(await tryOut(id, team, headers), 202, "Delivery");
    expect(second).toEqual({ ...first, replayed: true });
    expect(await deliveriesOf(team, id)).toHaveLength(1);
  });

  test.each(["paused", "disabled"] as const)("is refused while the webhook is %s", async (status) => {
    const { id } = await makeWebhook(team);
    await disable(id, status);
    expectRefusal(await tryOut(id), 409, "COM0010");
    expect(await deliveriesOf(team, id)).toEqual([]);
  });

  test("is refused when the webhook is disabled meanwhile", async () => {
    const { id } = await makeWebhook(team);
    const { at, reached, release } = await slowWriter();
    const slow = call("POST", webhooksPath(team, id, "test"), { at });
    await reached;
    await patchWebhook(team, id, { status: "disabled" });
    release();
    expectRefusal(await slow, 409, "COM0010");
    expect(await rows("SELECT id FROM audit_events WHERE subject = ? AND type = 'webhook.test'", id)).toEqual(
      [],
    );
  });

  test("of a webhook that is not there is refused", async () => {
    expectRefusal(await tryOut("whk_x"), 404, "COM0008");
  });
});

describe("sending a delivery again", () => {
  test.each(["delivered", "failed"])(
    "that was %s makes it due at once under the same ids, its attempts kept",
    async (status) => {
      const id = await storeDelivery(team, hook, { status });
      await store("delivery_attempts", { delivery_id: id, number: 1, at: 1, duration_ms: 1 });
      const before = await show(id);
      const { delivery } = expectAnswer(await again(id), 202, "Delivery");
      expect(delivery).toEqual({
        ...before,
        status: "pending",
        next_attempt_at: delivery.next_attempt_at,
      });
      expect(Math.abs(Date.parse(delivery.next_attempt_at ?? "") - Date.now())).toBeLessThan(10_000);
      const [audit] = await rows<{ detail: string }>(
        "SELECT detail FROM audit_events WHERE subject = ? AND type = 'webhook.redelivered' ORDER BY rowid DESC",
        hook,
      );
      expect(JSON.parse(audit?.detail ?? "")).toEqual({ after: { delivery: id, event: before.event } });
    },
  );

  test("that waits lets it wait no longer", async () => {
    const id = await storeDelivery(team, hook, { status: "pending", done_at: null });
    const { delivery } = expectAnswer(await again(id), 202, "Delivery");
    expect(Date.parse(delivery.next_attempt_at ?? "")).toBeLessThan(FAR_AHEAD);
  });

  test("by the same Idempotency-Key happens once", async () => {
    const id = await storeDelivery(team, hook);
    const headers = { "Idempotency-Key": unique("key") };
    expectAnswer(await again(id, hook, team, { headers }), 202, "Delivery");
    const { replayed } = expectAnswer(await again(id, hook, team, { headers }), 202, "Delivery");
    expect(replayed).toBe(true);
    const told = await rows(
      "SELECT id FROM audit_events WHERE type = 'webhook.redelivered' AND detail LIKE ?",
      `%${id}%`,
    );
    expect(told).toHaveLength(1);
  });

  test("of another team, or of another webhook of one's own, is refused, and leaves it as it is", async () => {
    const { id: of } = await makeTeam();
    const { id: theirs } = await makeWebhook(of);
    const { id: mine } = await makeWebhook(team);
    const id = await storeDelivery(of, theirs);
    const { token: as } = await issue(team, { permissions: ["EMM.Webhooks.MANAGE"] });
    expectRefusal(await again(id, theirs, of, { as }), 403, "TOK0002");
    for (const webhook of [theirs, mine]) {
      expectRefusal(await again(id, webhook, team, { as }), 404, "COM0008");
      const path = webhooksPath(team, webhook, "deliveries", id);
      expectRefusal(await call("GET", path, { as }), 404, "COM0008");
    }
    const own = await storeDelivery(team, hook);
    expectRefusal(await again(own, mine), 404, "COM0008");
    expectRefusal(await again("dlv_x"), 404, "COM0008");
    expect(await rows("SELECT status FROM deliveries WHERE id IN (?, ?)", id, own)).toEqual([
      { status: "delivered" },
      { status: "delivered" },
    ]);
  });

  test.each(["paused", "disabled"] as const)("is refused while the webhook is %s", async (status) => {
    const { id: webhook } = await makeWebhook(team);
    const id = await storeDelivery(team, webhook);
    await disable(webhook, status);
    expectRefusal(await again(id, webhook), 409, "COM0010");
    expectRefusal(await since({ since: "2026-01-01" }, webhook), 409, "COM0010");
    expect((await show(id, webhook)).status).toBe("delivered");
  });
});

describe("sending everything again since a time", () => {
  const T = Date.UTC(2026, 10, 1, 12);

  async function mixed() {
    const { id: webhook } = await makeWebhook(team);
    const at = (minutes: number) => T + minutes * 60_000;
    const make = (minutes: number, status: string) =>
      storeDelivery(team, webhook, {
        status,
        created_at: at(minutes),
        done_at: status === "pending" ? null : at(minutes),
      });
    const before = await make(-1, "failed");
    const failed = [await make(0, "failed"), await make(2, "failed")];
    const delivered = [await make(1, "delivered")];
    const waiting = await make(3, "pending");
    return { webhook, before, failed, delivered, waiting };
  }

  const pending = async (webhook: string) =>
    (
      await rows<{ id: string }>(
        "SELECT id FROM deliveries WHERE webhook_id = ? AND status = 'pending'",
        webhook,
      )
    )
      .map(({ id }) => id)
      .toSorted();

  test("takes what was delivered or given up from then on, and counts it", async () => {
    const { webhook, failed, delivered, waiting } = await mixed();
    const answer = await since({ since: new Date(T).toISOString() }, webhook);
    expect(expectAnswer(answer, 202, "Redelivered")).toEqual({ count: 3, next_since: null });
    expect(await pending(webhook)).toEqual([...failed, ...delivered, waiting].toSorted());
    const [row] = await rows("SELECT tries, done_at FROM deliveries WHERE id = ?", failed[0]);
    expect(row).toMatchObject({ done_at: null });
    const [audit] = await rows<{ detail: string }>(
      "SELECT detail FROM audit_events WHERE subject = ? AND type = 'webhook.redelivered'",
      webhook,
    );
    expect(JSON.parse(audit?.detail ?? "")).toEqual({
      after: { since: new Date(T).toISOString(), status: null, count: 3 },
    });
  });

  test("can take only what was given up", async () => {
    const { webhook, failed, waiting } = await mixed();
    const answer = await since({ since: "2026-11-01T12:00:00.000Z", status: "failed" }, webhook);
    expect(expectAnswer(answer, 202, "Redelivered").count).toBe(2);
    expect(await pending(webhook)).toEqual([...failed, waiting].toSorted());
  });

  test("takes nothing whose event is forgotten, nor anything of another webhook", async () => {
    const { webhook, failed } = await mixed();
    const other = await mixed();
    await env.DB.prepare("DELETE FROM events WHERE id = (SELECT event_id FROM deliveries WHERE id = ?)")
      .bind(failed[0])
      .run();
    expect(expectAnswer(await since({ since: "2026-11-01" }, webhook), 202, "Redelivered").count).toBe(3);
    expect(await pending(other.webhook)).toEqual([other.waiting]);
    expectRefusal(await again(failed[0] ?? "", webhook), 404, "COM0008");
  });

  test("of very many goes on where it stopped", async () => {
    const { id: webhook } = await makeWebhook(team);
    const made = Array.from({ length: 10_003 }, (_, n) => ({
      id: publicId("dlv", T + n, new Uint8Array(10)),
      event: publicId("evt", T + n, new Uint8Array(10)),
      n,
    }));
    for (let from = 0; from < made.length; from += 2000) {
      const part = JSON.stringify(made.slice(from, from + 2000));
      await env.DB.batch([
        env.DB.prepare(
          `INSERT INTO events (id, team_id, sequence, audit_id, at)
           SELECT value->>'event', ?1, 1000000 + (value->>'n'), value->>'event', 0 FROM json_each(?2)`,
        ).bind(team, part),
        env.DB.prepare(
          `INSERT INTO deliveries (id, team_id, webhook_id, event_id, type, status, next_at, created_at, done_at)
           SELECT value->>'id', ?1, ?2, value->>'event', 'team.updated', 'failed', 0, ?3 + (value->>'n'), 1
           FROM json_each(?4)`,
        ).bind(team, webhook, T, part),
      ]);
    }
    const first = expectAnswer(await since({ since: "2026-11-01" }, webhook), 202, "Redelivered");
    expect(first).toEqual({ count: 10_000, next_since: new Date(T + 10_000).toISOString() });
    const second = expectAnswer(await since({ since: first.next_since }, webhook), 202, "Redelivered");
    expect(second.next_since).toBeNull();
    expect(second.count).toBeGreaterThanOrEqual(3);
    await disable(webhook, "disabled");
  });

  test("by many at once takes each once", async () => {
    const { webhook } = await mixed();
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => since({ since: "2026-11-01" }, webhook)),
    );
    expect(statusesOf(answers)).toEqual({ 202: 6 });
    const counts = answers.map((answer) => expectAnswer(answer, 202, "Redelivered").count);
    // All but the first find them waiting already, unless one has failed again by then.
    expect(counts.some((count) => count === 4)).toBe(true);
  });

  test.each([
    ["since", {}],
    ["since", { since: null }],
    ["since", { since: 5 }],
    ["since", { since: "" }],
    ["since", { since: "yesterday" }],
    ["since", { since: "2026-02-30" }],
    ["since", { since: "2026-11-01T12:00:00" }],
    ["status", { since: "2026-11-01", status: "pending" }],
    ["status", { since: "2026-11-01", status: null }],
    ["body", { since: "2026-11-01", limit: 5 }],
  ])("is refused with a wrong %s: %j", async (member, body) => {
    expect(expectRefusal(await since(body), 400, "COM0005").error_description).toContain(member);
  });

  test("of a webhook that is not there is refused", async () => {
    expectRefusal(await since({ since: "2026-11-01" }, "whk_x"), 404, "COM0008");
  });
});
