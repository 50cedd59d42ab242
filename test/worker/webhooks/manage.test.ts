import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { EVENT_TYPES } from "../../../src/domain/webhook-event.ts";
import { isPublicId } from "../../../src/domain/public-id.ts";
import { join, makeRole, slowWriter } from "../people.ts";
import { store } from "../oauth/support.ts";
import {
  call,
  expectAnswer,
  expectRefusal,
  issue,
  makeTeam,
  rows,
  startWorker,
  statusesOf,
  unique,
  wholeStore,
  type Worker,
} from "../support.ts";
import {
  HOOK,
  makeWebhook,
  patchWebhook,
  postWebhook,
  showWebhook,
  webhookBody,
  webhooksPath,
} from "./api.ts";
import { outboxOf } from "./outbox.ts";

let team = "";
let tryingOut: Worker;
beforeAll(async () => {
  team = (await makeTeam({ plan: "enterprise" })).id;
  tryingOut = await startWorker({
    ALLOW_LOOPBACK_WEBHOOKS: "true",
    ORIGINS: JSON.stringify({ us: "http://127.0.0.1:8787" }),
  });
});

async function audited(id: string): Promise<[string, unknown][]> {
  const found = await rows<{ type: string; detail: string }>(
    "SELECT type, detail FROM audit_events WHERE subject = ? ORDER BY rowid",
    id,
  );
  return found.map(({ type, detail }) => [type, JSON.parse(detail)]);
}

describe("a webhook that is added", () => {
  test("is enabled, and its secret is shown this once and stored only sealed", async () => {
    const { webhook, id, secret } = await makeWebhook(team, {
      description: "to the queue",
      events: ["role.created", "role.deleted"],
    });
    expect(isPublicId("whk", id)).toBe(true);
    expect(webhook).toEqual({
      id,
      team,
      url: HOOK,
      description: "to the queue",
      events: ["role.created", "role.deleted"],
      status: "enabled",
      status_reason: null,
      failing_since: null,
      created_by: "operator",
      created_at: webhook.created_at,
      updated_at: webhook.created_at,
    });
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/);
    const shown = await call("GET", webhooksPath(team, id));
    expect(expectAnswer(shown, 200, "Webhook").webhook).toEqual(webhook);
    expect(shown.headers.get("ETag")).toBe('"v1"');
    expect(shown.text + (await call("GET", webhooksPath(team))).text).not.toContain("whsec_");
    const stored = await wholeStore();
    for (const part of [secret, secret.slice("whsec_".length)]) expect(stored).not.toContain(part);
    const after = { url: HOOK, description: "to the queue", events: ["role.created", "role.deleted"] };
    expect(await audited(id)).toEqual([["webhook.created", { after }]]);
  });

  test("can want every type of the contract, and hears of what happens from then on", async () => {
    const { id } = await makeTeam();
    await makeWebhook(id, { events: EVENT_TYPES });
    const { id: token } = await issue(id);
    expect(await outboxOf(id)).toMatchObject([{ type: "access_token.created", subject: token, sequence: 1 }]);
  });

  test("has another secret than every other one", async () => {
    const made = await Promise.all(Array.from({ length: 5 }, () => makeWebhook(team)));
    expect(new Set(made.map(({ secret }) => secret)).size).toBe(5);
  });

  test("names who made it", async () => {
    const person = await join(team, (await makeRole(team, ["EMM.Webhooks.MANAGE"])).id);
    const { webhook } = await makeWebhook(team, {}, person.session);
    expect(webhook.created_by).toBe(person.user);
  });

  test("twice by the same Idempotency-Key is one, and shows no secret again", async () => {
    const { id } = await makeTeam();
    const sending = { headers: { "Idempotency-Key": unique("key") } };
    const first = expectAnswer(await postWebhook(id, {}, sending), 201, "CreatedWebhook");
    const again = expectAnswer(await postWebhook(id, {}, sending), 201, "CreatedWebhook");
    expect(again).toEqual({ webhook: first.webhook, secret: null, replayed: true });
    expectRefusal(await postWebhook(id, { description: "else" }, sending), 409, "COM0010");
    expect(await rows("SELECT id FROM webhooks WHERE team_id = ?", id)).toHaveLength(1);
    expect(await wholeStore()).not.toContain(first.secret);
  });

  test("beyond what the plan allows is refused, exactly, and the answer names the quota", async () => {
    const { id } = await makeTeam({ plan: "free" });
    const answers = await Promise.all(Array.from({ length: 12 }, () => postWebhook(id)));
    expect(statusesOf(answers)).toEqual({ 201: 2, 409: 10 });
    for (const answer of answers.filter(({ status }) => status === 409)) {
      expect(expectRefusal(answer, 409, "COM0010").quota).toEqual({ name: "webhooks", limit: 2 });
    }
    const [first] = expectAnswer(await call("GET", webhooksPath(id)), 200, "Webhooks").webhooks;
    expect(await rows("SELECT id FROM webhook_secrets")).not.toHaveLength(0);
    await call("DELETE", webhooksPath(id, first?.id ?? ""));
    await makeWebhook(id);
    expectRefusal(await postWebhook(id), 409, "COM0010");
  });

  test.each([
    ["url", { url: undefined }],
    ["url", { url: "" }],
    ["url", { url: 5 }],
    ["url", { url: null }],
    ["url", { url: `https://receiver.example/${"x".repeat(2048)}` }],
    ["events", { events: undefined }],
    ["events", { events: [] }],
    ["events", { events: "access_token.created" }],
    ["events", { events: ["access_token.created", "access_token.created"] }],
    ["events[1]", { events: ["access_token.created", "access_token.*"] }],
    ["events[0]", { events: ["*"] }],
    ["events[0]", { events: ["webhook.test"] }],
    ["events[0]", { events: ["session.opened"] }],
    ["events[0]", { events: [null] }],
    ["description", { description: "x".repeat(501) }],
    ["description", { description: "two\nlines" }],
    ["description", { description: 5 }],
  ])("is refused with a wrong %s: %j", async (member, more) => {
    expect(expectRefusal(await postWebhook(team, more), 400, "COM0005").error_description).toContain(member);
  });

  test("is refused with members that nobody knows", async () => {
    expectRefusal(await postWebhook(team, { secret: "whsec_x" }), 400, "COM0005");
    expectRefusal(await postWebhook(team, { status: "enabled" }), 400, "COM0005");
  });

  test("takes a URL of 2,048 characters and a description of 500", async () => {
    const url = `https://receiver.example/${"x".repeat(2048 - 25)}`;
    const { webhook } = await makeWebhook(team, { url, description: "é".repeat(500) });
    expect(webhook.url).toHaveLength(2048);
  });

  test("for a team that is not there is refused", async () => {
    expectRefusal(await postWebhook("team_x"), 404, "COM0008");
    expectRefusal(await call("GET", webhooksPath("team_x")), 404, "COM0008");
  });
});

describe("the address of a webhook", () => {
  const BAD = [
    "http://receiver.example/hook",
    "HTTP://receiver.example/hook",
    "ftp://receiver.example/hook",
    "wss://receiver.example/hook",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "data:text/plain,x",
    "receiver.example/hook",
    "//receiver.example/hook",
    "https://",
    "https:///hook",
    "https://receiver.example:444/hook",
    "https://receiver.example:80/hook",
    "https://receiver.example:8443/",
    "https://somebody@receiver.example/",
    "https://somebody:secret@receiver.example/",
    "https://:secret@receiver.example/",
    "https://receiver.example/#part",
    "https://receiver.example/\n",
    " https://receiver.example/",
    "https://receiver.example/a b",
    "https://receiver.example/\u0000",
    "https://receiver.example/\ud800",
    "https://203.0.113.7/",
    "https://127.0.0.1/",
    "https://10.0.0.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://127.1/",
    "https://0x7f000001/",
    "https://2130706433/",
    "https://0177.0.0.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[2001:db8::1]/",
    "https://localhost/",
    "https://sub.localhost/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://intranet/",
    "https://receiver.corp/",
    "https://router.lan/",
    "https://nas.home.arpa/",
    "https://receiver.test/",
    "https://receiver.invalid/",
    "https://receiver.example./",
    "https://1.0.0.127.in-addr.arpa/",
    // Hosts of this deployment, of each of its regions.
    "https://tokens.example.com/hook",
    "https://TOKENS.example.com/v1/check",
    "https://tokens.example.com:443/",
    "https://tokens.example.eu/",
    "https://tokens.example.in/oauth/v2/token",
  ];

  test.each(BAD)("%j is refused, when it is added and when it is changed, and not repeated", async (url) => {
    const added = await postWebhook(team, { url });
    expect(expectRefusal(added, 400, "COM0005").error_description).toContain("url");
    if (url.length > 10) expect(added.text).not.toContain(url);
    const { id } = await makeWebhook(team);
    expectRefusal(await patchWebhook(team, id, { url }), 400, "COM0005");
    expect((await showWebhook(team, id)).url).toBe(HOOK);
  });

  test.each([
    "https://receiver.example",
    "https://receiver.example:443/hook?a=1&b=%20#".slice(0, -1),
    "https://hooks.bücher.example/übergabe",
    "https://xn--bcher-kva.example/",
    "https://a.b.c.d.receiver.example/",
    "https://nottokens.example.com/",
    "https://tokens.example.com.receiver.example/",
    "https://10.0.0.1.receiver.example/",
  ])("%j will do, and comes back as it was sent", async (url) => {
    expect((await makeWebhook(team, { url })).webhook.url).toBe(url);
  });

  test("is not a host that any team has proven to be its own; one that nobody has proven will do", async () => {
    const other = await makeTeam();
    const domain = (name: string, verifiedAt: number | null) =>
      store("domains", {
        id: unique("dom_stored"),
        team_id: other.id,
        name,
        challenge: "x",
        verified_at: verifiedAt,
        created_at: 0,
      });
    await domain("login.tenant.example", Date.now());
    await domain("pending.tenant.example", null);
    expectRefusal(await postWebhook(team, { url: "https://login.tenant.example/x" }), 400, "COM0005");
    expectRefusal(await postWebhook(team, { url: "https://LOGIN.tenant.example/x" }), 400, "COM0005");
    await makeWebhook(team, { url: "https://pending.tenant.example/x" });
  });

  test("is this machine only for trying things out, and then at any port but the server's own", async () => {
    for (const url of ["http://127.0.0.1:9999/hook", "http://localhost:9999/hook", "https://[::1]:9999/"]) {
      expectRefusal(await postWebhook(team, { url }), 400, "COM0005");
      await makeWebhook(team, { url }, { at: tryingOut });
    }
    for (const url of ["http://127.0.0.1:8787/v1/check", "http://localhost:8787/", "http://10.0.0.1:9999/"]) {
      expectRefusal(await postWebhook(team, { url }, { at: tryingOut }), 400, "COM0005");
    }
  });
});

describe("a list of webhooks", () => {
  test("goes through all of a team's, newest first, and no other team's", async () => {
    const [{ id: mine }, { id: other }] = [await makeTeam({ plan: "enterprise" }), await makeTeam()];
    const made: string[] = [];
    for (let n = 0; n < 5; n += 1) made.push((await makeWebhook(mine)).id);
    await makeWebhook(other);
    const found: string[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const path: string = `${webhooksPath(mine)}?limit=2${cursor && `&cursor=${cursor}`}`;
      const page = expectAnswer(await call("GET", path), 200, "Webhooks");
      found.push(...page.webhooks.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    expect(found.toSorted()).toEqual(made.toSorted());
    expect(found).toEqual(found.toSorted().reverse());
  });

  test.each(["x", "tok_0000000000000000000000000a", "whk_' OR 1=1 --", "whk_0000000000000000000000000u"])(
    "refuses the cursor %j",
    async (cursor) => {
      const path = `${webhooksPath(team)}?cursor=${encodeURIComponent(cursor)}`;
      expectRefusal(await call("GET", path), 400, "COM0003");
    },
  );
});

describe("a webhook that is changed", () => {
  test("has what was sent, and keeps the rest; the trail says what changed", async () => {
    const { id, webhook } = await makeWebhook(team, { description: "first" });
    const answer = await patchWebhook(team, id, { description: null, events: ["team.updated"] });
    const { webhook: changed } = expectAnswer(answer, 200, "Webhook");
    expect(changed).toEqual({
      ...webhook,
      description: null,
      events: ["team.updated"],
      updated_at: changed.updated_at,
    });
    expect(answer.headers.get("ETag")).toBe('"v2"');
    expect(await showWebhook(team, id)).toEqual(changed);
    expect((await audited(id)).at(-1)).toEqual([
      "webhook.updated",
      {
        before: { description: "first", events: ["access_token.created"] },
        after: { description: null, events: ["team.updated"] },
      },
    ]);
  });

  test("hears of what it wants now, and of nothing else", async () => {
    const { id } = await makeTeam();
    const { id: hook } = await makeWebhook(id);
    await patchWebhook(id, hook, { events: ["role.created"] });
    await issue(id);
    expect(await outboxOf(id)).toEqual([]);
    await makeRole(id, ["EMM.Team.VIEW"]);
    expect(await outboxOf(id)).toMatchObject([{ type: "role.created" }]);
  });

  test.each([
    ["status", { status: "paused" }],
    ["status", { status: null }],
    ["events", { events: [] }],
    ["events[0]", { events: ["webhook.test"] }],
    ["events", { events: null }],
    ["url", { url: null }],
    ["description", { description: "x".repeat(501) }],
    ["body", { secret: "whsec_x" }],
    ["body", { status_reason: "gone" }],
  ])("is refused with a wrong %s: %j", async (member, body) => {
    const { id } = await makeWebhook(team);
    expect(expectRefusal(await patchWebhook(team, id, body), 400, "COM0005").error_description).toContain(
      member,
    );
  });

  test("under If-Match is so only as it was read; of parallel changes one wins", async () => {
    const { id } = await makeWebhook(team);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        patchWebhook(team, id, { description: `n${n}` }, { headers: { "If-Match": '"v1"' } }),
      ),
    );
    expect(statusesOf(answers)).toEqual({ 200: 1, 412: 9 });
    const headers = { "If-Match": '"v1"' };
    expectRefusal(await patchWebhook(team, id, { description: "x" }, { headers }), 412, "COM0015");
    expectRefusal(await call("DELETE", webhooksPath(team, id), { headers }), 412, "COM0015");
    expectAnswer(
      await patchWebhook(team, id, { description: "x" }, { headers: { "If-Match": '"v2"' } }),
      200,
      "Webhook",
    );
    expect(await audited(id)).toHaveLength(3);
  });

  test("by two at once without If-Match loses neither change", async () => {
    const { id } = await makeWebhook(team);
    const { at, reached, release } = await slowWriter();
    const slow = patchWebhook(team, id, { description: "slow" }, { at });
    await reached;
    await patchWebhook(team, id, { url: "https://other.example/" });
    release();
    expectAnswer(await slow, 200, "Webhook");
    expect(await showWebhook(team, id)).toMatchObject({ description: "slow", url: "https://other.example/" });
  });

  test("while it is being paused is not enabled by what did not know of that", async () => {
    const { id } = await makeWebhook(team);
    const { at, reached, release } = await slowWriter();
    const slow = patchWebhook(team, id, { status: "enabled" }, { at });
    await reached;
    await env.DB.prepare("UPDATE webhooks SET status = 'paused', status_reason = 'failing' WHERE id = ?")
      .bind(id)
      .run();
    release();
    expectAnswer(await slow, 200, "Webhook");
    // It looked again, saw the pause and ended it.
    expect(await showWebhook(team, id)).toMatchObject({ status: "enabled", status_reason: null });
  });
});

describe("the status of a webhook", () => {
  async function delivery(id: string, of: string, status: string, nextAt: number): Promise<string> {
    const delivery = unique("dlv_stored");
    await store("deliveries", {
      id: delivery,
      team_id: of,
      webhook_id: id,
      event_id: unique("evt_stored"),
      type: "access_token.created",
      status,
      next_at: nextAt,
      tries: 5,
      created_at: 0,
      done_at: status === "pending" ? null : 1,
    });
    return delivery;
  }

  const stateOf = async (id: string) =>
    (await rows("SELECT status, next_at, tries, done_at FROM deliveries WHERE id = ?", id))[0];

  test("disabled on request keeps no event, and gives up what waits", async () => {
    const { id: of } = await makeTeam();
    const { id } = await makeWebhook(of);
    const waiting = await delivery(id, of, "pending", Date.now() + 3_600_000);
    const done = await delivery(id, of, "delivered", 1);
    const { webhook } = expectAnswer(await patchWebhook(of, id, { status: "disabled" }), 200, "Webhook");
    expect(webhook).toMatchObject({ status: "disabled", status_reason: "requested" });
    await issue(of);
    expect(await outboxOf(of)).toEqual([]);
    expect(await stateOf(waiting)).toMatchObject({ status: "failed", done_at: expect.any(Number) });
    expect(await stateOf(done)).toMatchObject({ status: "delivered", done_at: 1 });
    await patchWebhook(of, id, { status: "enabled" });
    await issue(of);
    expect(await outboxOf(of)).toHaveLength(1);
    expect(await stateOf(waiting)).toMatchObject({ status: "failed" });
  });

  test("paused ends on request, and what waits is due at once", async () => {
    const { id: of } = await makeTeam();
    const { id } = await makeWebhook(of);
    const later = Date.now() + 36_000_000;
    const waiting = await delivery(id, of, "pending", later);
    await env.DB.prepare(
      "UPDATE webhooks SET status = 'paused', status_reason = 'failing', failing_since = 1 WHERE id = ?",
    )
      .bind(id)
      .run();
    expect(await showWebhook(of, id)).toMatchObject({
      status: "paused",
      status_reason: "failing",
      failing_since: "1970-01-01T00:00:00.001Z",
    });
    await issue(of);
    expect(await outboxOf(of)).toMatchObject([{ deliveries: 1 }]);
    // A change of something else leaves it as it is.
    await patchWebhook(of, id, { description: "x" });
    expect(await stateOf(waiting)).toMatchObject({ next_at: later, tries: 5 });
    const { webhook } = expectAnswer(await patchWebhook(of, id, { status: "enabled" }), 200, "Webhook");
    expect(webhook).toMatchObject({ status: "enabled", status_reason: null, failing_since: null });
    const [row] = await rows<{ next_at: number }>("SELECT next_at FROM deliveries WHERE id = ?", waiting);
    expect(row?.next_at).toBeLessThan(later);
    expect((await audited(id)).at(-1)).toEqual([
      "webhook.updated",
      { before: { status: "paused" }, after: { status: "enabled" } },
    ]);
  });

  test("that it has already is no change of it", async () => {
    const { id: of } = await makeTeam();
    const { id } = await makeWebhook(of);
    const later = Date.now() + 36_000_000;
    const waiting = await delivery(id, of, "pending", later);
    await env.DB.prepare("UPDATE webhooks SET failing_since = 1 WHERE id = ?").bind(id).run();
    await patchWebhook(of, id, { status: "enabled" });
    expect(await stateOf(waiting)).toMatchObject({ next_at: later, tries: 5 });
    expect((await showWebhook(of, id)).failing_since).not.toBeNull();
  });
});

describe("a webhook that is deleted", () => {
  test("is gone with its secrets, deliveries and attempts, and hears of nothing more", async () => {
    const { id: of } = await makeTeam();
    const { id, webhook } = await makeWebhook(of, { description: "bye" });
    const { id: other } = await makeWebhook(of);
    await issue(of);
    const sent = await rows<{ id: string; webhook_id: string }>(
      "SELECT id, webhook_id FROM deliveries WHERE team_id = ?",
      of,
    );
    for (const { id: delivery } of sent)
      await store("delivery_attempts", {
        delivery_id: delivery,
        number: 99,
        at: 1,
        status_code: 500,
        duration_ms: 1,
      });
    const answer = await call("DELETE", webhooksPath(of, id));
    expect(expectAnswer(answer, 200, "Webhook").webhook).toEqual(webhook);
    expectRefusal(await call("GET", webhooksPath(of, id)), 404, "COM0008");
    expectRefusal(await call("DELETE", webhooksPath(of, id)), 404, "COM0008");
    expectRefusal(await patchWebhook(of, id, {}), 404, "COM0008");
    expect(await rows("SELECT id FROM webhook_secrets WHERE webhook_id = ?", id)).toEqual([]);
    const kept = sent.filter(({ webhook_id }) => webhook_id === other).map((row) => row.id);
    expect(kept).toHaveLength(1);
    expect(await rows("SELECT id FROM deliveries WHERE team_id = ?", of)).toEqual([{ id: kept[0] }]);
    const attempts = await rows<{ delivery_id: string }>(
      `SELECT delivery_id FROM delivery_attempts WHERE number = 99 AND delivery_id IN ('${sent.map((row) => row.id).join("','")}')`,
    );
    expect(attempts).toEqual([{ delivery_id: kept[0] }]);
    await issue(of);
    expect((await outboxOf(of)).map(({ deliveries }) => deliveries)).toEqual([1, 1]);
    const before = { url: HOOK, description: "bye", events: ["access_token.created"], status: "enabled" };
    expect((await audited(id)).at(-1)).toEqual(["webhook.deleted", { before }]);
  });

  test("by many at once is deleted once", async () => {
    const { id } = await makeWebhook(team);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => call("DELETE", webhooksPath(team, id))),
    );
    expect(statusesOf(answers)).toEqual({ 200: 1, 404: 7 });
    expect(await audited(id)).toHaveLength(2);
  });
});

describe("another team's webhook", () => {
  test("is out of reach, by every call and whatever is held", async () => {
    const { id: other } = await makeTeam();
    const { id } = await makeWebhook(other);
    const { token: as } = await issue(team, { permissions: ["EMM.Webhooks.DELETE"] });
    const calls = [
      ["GET", "", undefined],
      ["PATCH", "", { description: "x" }],
      ["DELETE", "", undefined],
      ["POST", "/secrets", {}],
      ["POST", "/test", undefined],
      ["GET", "/deliveries", undefined],
      ["POST", "/redeliver", { since: "2026-01-01" }],
    ] as const;
    for (const [method, rest, body] of calls) {
      const sending = body === undefined ? { as } : { as, body };
      const there = `${webhooksPath(other, id)}${rest}`;
      expectRefusal(await call(method, there, sending), 403, "TOK0002");
      // Under one's own team it is not there.
      expectRefusal(await call(method, `${webhooksPath(team, id)}${rest}`, sending), 404, "COM0008");
    }
    expectRefusal(await call("POST", webhooksPath(other), { as, body: webhookBody() }), 403, "TOK0002");
    expectRefusal(await call("GET", webhooksPath(other), { as }), 403, "TOK0002");
    expect(await showWebhook(other, id)).toMatchObject({ description: null, status: "enabled" });
  });

  test("cannot be given to another team by its id", async () => {
    const { id: other } = await makeTeam();
    const { id } = await makeWebhook(other);
    expectRefusal(await patchWebhook(team, id, { url: "https://evil.example/" }), 404, "COM0008");
  });
});
