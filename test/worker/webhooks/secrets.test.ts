import { beforeAll, describe, expect, test } from "vitest";
import { signingKeys } from "../../../src/operations/webhooks/webhook-secret.ts";
import {
  call,
  driveClock,
  expectAnswer,
  expectRefusal,
  makeTeam,
  rows,
  startIsolate,
  statusesOf,
  unique,
  wholeStore,
} from "../support.ts";
import { makeWebhook, rotateSecret, webhooksPath } from "./api.ts";

const clock = driveClock();

let team = "";
let vault: Awaited<ReturnType<typeof startIsolate>>["deps"];
beforeAll(async () => {
  team = (await makeTeam({ plan: "enterprise" })).id;
  vault = (await startIsolate()).deps;
});

async function newSecret(id: string, overlapSeconds = 0): Promise<string> {
  const { secret } = expectAnswer(await rotateSecret(team, id, overlapSeconds), 201, "WebhookSecret");
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/);
  return secret ?? "";
}

/** The secrets that sign a webhook's messages now, newest first. */
async function signing(id: string): Promise<string[]> {
  const found = await rows<{ id: string; sealed: string; created_at: number; expires_at: number | null }>(
    "SELECT id, sealed, created_at, expires_at FROM webhook_secrets WHERE webhook_id = ?",
    id,
  );
  const secrets = found.map((row) => ({
    id: row.id,
    webhookId: id,
    sealed: row.sealed,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }));
  return signingKeys(vault, secrets, Date.now()).map((key) => `whsec_${btoa(String.fromCharCode(...key))}`);
}

describe("rotating a webhook's secret", () => {
  test("has both sign for the overlap, newest first, and the new one alone from then on", async () => {
    const { id, secret } = await makeWebhook(team);
    expect(await signing(id)).toEqual([secret]);
    clock.advance(1000);
    const answer = expectAnswer(await rotateSecret(team, id, 3600), 201, "WebhookSecret");
    expect(answer.previous_expires_at).toBe(new Date(Date.now() + 3_600_000).toISOString());
    expect(await signing(id)).toEqual([answer.secret, secret]);
    clock.advance(3_599_999);
    expect(await signing(id)).toHaveLength(2);
    clock.advance(1);
    expect(await signing(id)).toEqual([answer.secret]);
  });

  test("without an overlap ends the former one at once, in the store too", async () => {
    const { id, secret } = await makeWebhook(team);
    const next = await newSecret(id);
    expect(next).not.toBe(secret);
    expect(await signing(id)).toEqual([next]);
    expect(await rows("SELECT id FROM webhook_secrets WHERE webhook_id = ?", id)).toHaveLength(1);
    const { previous_expires_at } = expectAnswer(
      await call("POST", webhooksPath(team, id, "secrets"), { body: {} }),
      201,
      "WebhookSecret",
    );
    expect(previous_expires_at).toBe(new Date(Date.now()).toISOString());
  });

  test("lets none sign longer than it would have", async () => {
    const { id, secret } = await makeWebhook(team);
    clock.advance(1000);
    const second = await newSecret(id, 100);
    clock.advance(1000);
    const third = await newSecret(id, 1_000_000);
    expect(await signing(id)).toEqual([third, second, secret]);
    clock.advance(99_000);
    expect(await signing(id)).toEqual([third, second]);
  });

  test("is in the audit trail, without any secret, and changes the ETag", async () => {
    const { id, secret } = await makeWebhook(team);
    const next = await newSecret(id, 60);
    const events = await rows<{ detail: string }>(
      "SELECT detail FROM audit_events WHERE subject = ? AND type = 'webhook.secret_rotated'",
      id,
    );
    expect(events).toEqual([{ detail: '{"after":{"overlap_seconds":60}}' }]);
    const stored = await wholeStore();
    for (const one of [secret, next]) expect(stored).not.toContain(one.slice("whsec_".length));
    expect((await call("GET", webhooksPath(team, id))).headers.get("ETag")).toBe('"v2"');
  });

  test("again by the same Idempotency-Key makes no other secret, and shows none", async () => {
    const { id } = await makeWebhook(team);
    const sending = { headers: { "Idempotency-Key": unique("key") } };
    const first = expectAnswer(await rotateSecret(team, id, 0, sending), 201, "WebhookSecret");
    const again = expectAnswer(await rotateSecret(team, id, 0, sending), 201, "WebhookSecret");
    expect(again).toEqual({ ...first, secret: null, replayed: true });
    expect(await signing(id)).toEqual([first.secret]);
    expect(await wholeStore()).not.toContain(first.secret);
  });

  test("leaves at most five in force, however many ask at once", async () => {
    const { id } = await makeWebhook(team);
    const answers = await Promise.all(Array.from({ length: 12 }, () => rotateSecret(team, id, 3600)));
    expect(statusesOf(answers)).toEqual({ 201: 4, 409: 8 });
    for (const answer of answers.filter(({ status }) => status === 409))
      expectRefusal(answer, 409, "COM0010");
    expect(await signing(id)).toHaveLength(5);
    const next = await newSecret(id);
    expect(await signing(id)).toEqual([next]);
  });

  test("of a secret in another's place is of no use: it does not open there", async () => {
    const [{ id: one }, { id: other }] = [await makeWebhook(team), await makeWebhook(team)];
    const [from] = await rows<{ sealed: string }>(
      "SELECT sealed FROM webhook_secrets WHERE webhook_id = ?",
      one,
    );
    const [row] = await rows<{ id: string }>("SELECT id FROM webhook_secrets WHERE webhook_id = ?", other);
    const moved = {
      id: row?.id ?? "",
      webhookId: other,
      sealed: from?.sealed ?? "",
      createdAt: 0,
      expiresAt: null,
    };
    expect(() => signingKeys(vault, [moved], Date.now())).toThrow("no key opens");
  });

  test.each([-1, 0.5, "60", null, 30 * 86_400 + 1])("is refused with an overlap of %j", async (overlap) => {
    const { id } = await makeWebhook(team);
    const body = { overlap_seconds: overlap };
    expectRefusal(await call("POST", webhooksPath(team, id, "secrets"), { body }), 400, "COM0005");
  });

  test("of a webhook that is not there is refused", async () => {
    expectRefusal(await rotateSecret(team, "whk_x"), 404, "COM0008");
  });
});
