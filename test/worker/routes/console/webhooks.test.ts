import { describe, expect, test } from "vitest";
import { EVENT_TYPES } from "../../../../src/domain/webhook-event.ts";
import {
  consoleTeam,
  expectHarmless,
  expectNotForRole,
  fieldOf,
  HOSTILE,
  open,
  submit,
} from "../../console-pages.ts";
import { call, expectAnswer, rows } from "../../support.ts";
import {
  deliveriesOf,
  HOOK,
  makeWebhook,
  patchWebhook,
  showWebhook,
  webhooksPath,
} from "../../webhooks/api.ts";

const webhooksOf = async (team: string) =>
  expectAnswer(await call("GET", webhooksPath(team)), 200, "Webhooks").webhooks;

const sendTest = async (team: string, id: string) =>
  expectAnswer(await call("POST", webhooksPath(team, id, "test")), 202, "Delivery").delivery;

/** As if the receiver had answered this, and nothing more were tried. */
async function giveUp(delivery: string, excerpt: string): Promise<void> {
  await rows(
    "UPDATE deliveries SET status = 'failed', done_at = created_at, tries = 9 WHERE id = ?",
    delivery,
  );
  await rows("DELETE FROM delivery_attempts WHERE delivery_id = ?", delivery);
  await rows(
    `INSERT INTO delivery_attempts (delivery_id, number, at, status_code, error, duration_ms, excerpt)
     VALUES (?, 1, ?, 503, 'bad_status', 1234, ?), (?, 2, ?, NULL, 'timeout', 15000, NULL)`,
    delivery,
    Date.now(),
    excerpt,
    delivery,
    Date.now(),
  );
}

/** A webhook in a state that only time brings about. */
async function stop(id: string, status: "paused" | "disabled", reason: "failing" | "gone"): Promise<void> {
  await rows(
    "UPDATE webhooks SET status = ?, status_reason = ?, failing_since = 0 WHERE id = ?",
    status,
    reason,
    id,
  );
}

const FOREIGN = [{}, { "Sec-Fetch-Site": "cross-site" }, { Origin: "https://evil.example" }] as const;

describe("the Webhooks page", () => {
  test("teaches what belongs there and how to verify, and then lists it", async () => {
    const { team, owner, base } = await consoleTeam();
    const empty = await open(owner, `${base}/webhooks`);
    expect(empty.html).toContain("No webhooks yet");
    expect(empty.html).toContain("new Webhook(secret).verify(rawBody, headers)");
    expect(empty.html).toContain(`href="${base}/webhooks" aria-current="page"`);
    const { id } = await makeWebhook(team.id, { description: "Our chat" });
    const { html } = await open(owner, `${base}/webhooks`);
    for (const text of [HOOK, "Our chat", `${base}/webhooks/${id}"`, `${base}/webhooks/new"`]) {
      expect(html).toContain(text);
    }
  });

  test("is not for a role without it, and offers those who may only look no change", async () => {
    const { team, base, with: somebody } = await consoleTeam();
    const { id } = await makeWebhook(team.id);
    const delivery = await sendTest(team.id, id);
    const stranger = await somebody("EMM.Team.VIEW");
    expectNotForRole(await open(stranger, `${base}/webhooks`), "EMM.Webhooks.VIEW");
    expectNotForRole(await open(stranger, `${base}/webhooks/${id}`), "EMM.Webhooks.VIEW");
    const viewer = await somebody("EMM.Webhooks.VIEW");
    for (const path of ["", `/${id}`, `/${id}/deliveries/${delivery.id}`]) {
      const { status, html } = await open(viewer, `${base}/webhooks${path}`);
      expect(status).toBe(200);
      const main = html.slice(html.indexOf("<main"));
      expect(main).not.toContain('method="post"');
      expect(main).not.toContain("/webhooks/new");
    }
    for (const way of ["edit", "secret", "redeliver", "off", "delete"]) {
      const needed = way === "delete" ? "EMM.Webhooks.DELETE" : "EMM.Webhooks.MANAGE";
      expectNotForRole(await open(viewer, `${base}/webhooks/${id}/${way}`), needed);
      expectNotForRole(await submit(viewer, `${base}/webhooks/${id}/${way}`), needed);
    }
    for (const [path, form] of [
      [`/${id}`, { do: "test" }],
      [`/${id}`, { do: "resume" }],
      [`/${id}/deliveries/${delivery.id}`, {}],
    ] as const) {
      expectNotForRole(await submit(viewer, `${base}/webhooks${path}`, form), "EMM.Webhooks.MANAGE");
    }
    expect(await deliveriesOf(team.id, id)).toHaveLength(1);
  });

  test("changes nothing by forms from elsewhere", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id, webhook } = await makeWebhook(team.id);
    const delivery = await sendTest(team.id, id);
    await giveUp(delivery.id, "");
    for (const headers of FOREIGN) {
      for (const [path, form] of [
        ["/new", { url: HOOK, event: "token.leaked" }],
        [`/${id}`, { do: "test" }],
        [`/${id}/edit`, { url: "https://evil.example/", event: "token.leaked" }],
        [`/${id}/secret`, { overlap: "0" }],
        [`/${id}/off`, {}],
        [`/${id}/redeliver`, { since: "2020-01-01T00:00" }],
        [`/${id}/deliveries/${delivery.id}`, {}],
        [`/${id}/delete`, {}],
      ] as const) {
        expect((await submit(owner, `${base}/webhooks${path}`, form, headers)).status).toBe(403);
      }
    }
    expect(await webhooksOf(team.id)).toEqual([webhook]);
    expect((await deliveriesOf(team.id, id)).map(({ status }) => status)).toEqual(["failed"]);
    expect(await rows("SELECT id FROM webhook_secrets WHERE webhook_id = ?", id)).toHaveLength(1);
  });

  test("escapes hostile texts, a receiver's answer among them", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await makeWebhook(team.id, { description: HOSTILE, url: `${HOOK}?"'><script>alert(1)` });
    const delivery = await sendTest(team.id, id);
    await giveUp(delivery.id, HOSTILE);
    for (const path of [
      "",
      `/${id}`,
      `/${id}/edit`,
      `/${id}/secret`,
      `/${id}/redeliver`,
      `/${id}/off`,
      `/${id}/delete`,
      `/${id}/deliveries/${delivery.id}`,
    ]) {
      expectHarmless(await open(owner, `${base}/webhooks${path}`));
    }
  });

  test("of another team is not found", async () => {
    const { owner, base } = await consoleTeam();
    const other = await consoleTeam();
    const { id, webhook } = await makeWebhook(other.team.id);
    const delivery = await sendTest(other.team.id, id);
    const pages = ["", "/edit", "/secret", "/redeliver", "/off", "/delete", `/deliveries/${delivery.id}`];
    for (const path of pages) {
      expect((await open(owner, `${base}/webhooks/${id}${path}`)).status, path).toBe(404);
      expect((await submit(owner, `${base}/webhooks/${id}${path}`)).status, path).not.toBe(303);
    }
    expect(await webhooksOf(other.team.id)).toEqual([webhook]);
  });
});

describe("a new webhook", () => {
  test("offers every event with when it comes, and shows its secret once", async () => {
    const { team, owner, base } = await consoleTeam();
    const form = await open(owner, `${base}/webhooks/new`);
    for (const type of EVENT_TYPES) expect(form.html).toContain(`value="${type}"`);
    expect(form.html).toContain("when a credential is found where it should not be");
    const made = await submit(owner, `${base}/webhooks/new`, [
      ["url", HOOK],
      ["description", ""],
      ["event", "token.leaked"],
      ["event", "member.removed"],
    ]);
    expect(made.status, made.html).toBe(200);
    expect(made.html).toMatch(/value="whsec_[\w+/]{32}"/);
    expect(made.headers.get("Cache-Control")).toBe("no-store");
    const [webhook] = await webhooksOf(team.id);
    expect(webhook).toMatchObject({ url: HOOK, description: null, status: "enabled" });
    expect(webhook?.events.toSorted()).toEqual(["member.removed", "token.leaked"]);
    expect((await open(owner, `${base}/webhooks/${webhook?.id}`)).html).not.toContain("whsec_");
  });

  test("that is refused keeps what was typed, and nothing is made", async () => {
    const { team, owner, base } = await consoleTeam();
    const shown = await submit(owner, `${base}/webhooks/new`, [
      ["url", "http://receiver.example/"],
      ["description", HOSTILE],
      ["event", "token.leaked"],
    ]);
    expect([shown.status, shown.html.includes("whsec_")]).toEqual([400, false]);
    expect(fieldOf(shown, "url")).toBe("http://receiver.example/");
    expect(shown.html).toMatch(/value="token.leaked" checked/);
    expect(shown.html).not.toMatch(/value="member.removed" checked/);
    expectHarmless(shown);
    const none = await submit(owner, `${base}/webhooks/new`, { url: HOOK });
    expect([none.status, none.html.includes("Events")]).toEqual([400, true]);
    expect(await webhooksOf(team.id)).toEqual([]);
  });
});

describe("a webhook's own page", () => {
  test("saves what is changed, and tells of somebody else's change first", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await makeWebhook(team.id);
    const path = `${base}/webhooks/${id}/edit`;
    const etag = fieldOf(await open(owner, path), "etag");
    expectAnswer(await patchWebhook(team.id, id, { description: "Theirs" }), 200, "Webhook");
    const form = { url: `${HOOK}/new`, description: "Mine", event: "token.leaked" };
    const shown = await submit(owner, path, { ...form, etag });
    expect(shown.status).toBe(412);
    expect(shown.html).toContain("<dd>Theirs</dd>");
    expect((await showWebhook(team.id, id)).description).toBe("Theirs");
    const saved = await submit(owner, path, { ...form, etag: fieldOf(shown, "etag") });
    expect([saved.status, saved.location]).toEqual([303, `${base}/webhooks/${id}?saved=1`]);
    expect(await showWebhook(team.id, id)).toMatchObject({
      url: `${HOOK}/new`,
      description: "Mine",
      events: ["token.leaked"],
    });
  });

  test("says why it is paused or off, and resumes", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await makeWebhook(team.id);
    for (const [status, reason, text] of [
      ["paused", "failing", "every attempt failed for three days"],
      ["disabled", "gone", "it answered 410"],
    ] as const) {
      await stop(id, status, reason);
      for (const path of ["", `/${id}`]) {
        const { html } = await open(owner, `${base}/webhooks${path}`);
        expect(html).toContain(text);
        expect(html).toContain('value="resume"');
      }
      const refused = await submit(owner, `${base}/webhooks/${id}`, { do: "test" });
      expect([refused.status, refused.html.includes("is not enabled")]).toEqual([409, true]);
      const resumed = await submit(owner, `${base}/webhooks/${id}`, { do: "resume" });
      expect([resumed.status, resumed.location]).toEqual([303, `${base}/webhooks/${id}?resumed=1`]);
      expect((await open(owner, resumed.location ?? "")).html).toContain("Resumed.");
      expect(await showWebhook(team.id, id)).toMatchObject({ status: "enabled", status_reason: null });
    }
  });

  test("is switched off and deleted only once that was asked", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await makeWebhook(team.id);
    const asked = await open(owner, `${base}/webhooks/${id}/off`);
    expect(asked.html).toContain("is given up");
    expect((await submit(owner, `${base}/webhooks/${id}/off`)).location).toBe(`${base}/webhooks/${id}?off=1`);
    expect(await showWebhook(team.id, id)).toMatchObject({ status: "disabled", status_reason: "requested" });
    expect((await open(owner, `${base}/webhooks/${id}/delete`)).html).toContain("This cannot be undone");
    const deleted = await submit(owner, `${base}/webhooks/${id}/delete`);
    expect(deleted.location).toBe(`${base}/webhooks?removed=1`);
    expect(await webhooksOf(team.id)).toEqual([]);
  });

  test("gives a new secret once, and the former one as much time as was chosen", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id, secret } = await makeWebhook(team.id);
    const before = Date.now();
    const made = await submit(owner, `${base}/webhooks/${id}/secret`, { overlap: "3600" });
    expect(made.status).toBe(200);
    expect(made.html).toMatch(/value="whsec_[\w+/]{32}"/);
    expect(made.html).not.toContain(secret);
    const stored = await rows<{ expires_at: number | null }>(
      "SELECT expires_at FROM webhook_secrets WHERE webhook_id = ? AND expires_at IS NOT NULL",
      id,
    );
    expect(stored).toHaveLength(1);
    expect(stored[0]?.expires_at).toBeGreaterThanOrEqual(before + 3_600_000);
  });
});

describe("deliveries", () => {
  test("a test is sent, and its page shows every attempt in words", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await makeWebhook(team.id);
    const path = `${base}/webhooks/${id}`;
    expect((await open(owner, path)).html).toContain("Nothing was sent yet");
    const sent = await submit(owner, path, { do: "test" });
    const [delivery] = await deliveriesOf(team.id, id);
    expect([sent.status, sent.location]).toEqual([303, `${path}/deliveries/${delivery?.id}`]);
    await giveUp(delivery?.id ?? "", "out of order");
    const { html } = await open(owner, sent.location ?? "");
    for (const text of [delivery?.event ?? "", "503 · not accepted", "1,234 ms", "out of order"]) {
      expect(html).toContain(text);
    }
    expect(html).toContain("no answer in time");
    expect(html).not.toContain("data-refresh");
    expect((await open(owner, path)).html).toContain("given up");
  });

  test("are listed by pages and by state", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await makeWebhook(team.id);
    const first = await sendTest(team.id, id);
    for (let sent = 1; sent < 21; sent += 1) await sendTest(team.id, id);
    await giveUp(first.id, "");
    const path = `${base}/webhooks/${id}`;
    const newest = await open(owner, path);
    expect(newest.html).not.toContain(`deliveries/${first.id}`);
    const [, older = ""] = /href="[^"]*(\?cursor=[^"]*)"/.exec(newest.html) ?? [];
    expect((await open(owner, path + older)).html).toContain(`deliveries/${first.id}`);
    const failed = await open(owner, `${path}?status=failed`);
    expect(failed.html.match(/deliveries\/dlv_/g)).toEqual(["deliveries/dlv_"]);
    expect(failed.html).toContain(`deliveries/${first.id}`);
    expect((await open(owner, `${path}?status=delivered`)).html).toContain("None of these.");
  });

  test("are sent again, one, or all since a time", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await makeWebhook(team.id);
    const delivery = await sendTest(team.id, id);
    await giveUp(delivery.id, "");
    const path = `${base}/webhooks/${id}`;
    const again = await submit(owner, `${path}/deliveries/${delivery.id}`);
    expect(again.location).toBe(`${path}/deliveries/${delivery.id}?again=1`);
    expect((await open(owner, again.location ?? "")).html).toContain("under the same event id");
    const attempts = async () => (await deliveriesOf(team.id, id))[0]?.attempts.length ?? 0;
    expect(await attempts()).toBeGreaterThanOrEqual(2);
    await giveUp(delivery.id, "");
    const since = new Date(Date.now() - 60_000).toISOString().slice(0, 16);
    const form = { since, status: "failed" };
    const all = await submit(owner, `${path}/redeliver`, form);
    expect([all.status, all.html.includes("event is on its way again")]).toEqual([200, true]);
    const wrong = await submit(owner, `${path}/redeliver`, { ...form, since: "yesterday" });
    expect([wrong.status, fieldOf(wrong, "since")]).toEqual([400, "yesterday"]);
  });
});
