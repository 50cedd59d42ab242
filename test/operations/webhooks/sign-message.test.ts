import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { makeVault } from "../../../src/operations/encryption.ts";
import { signedHeaders } from "../../../src/operations/webhooks/sign-message.ts";
import { keyOf, makeWebhookSecret, signingKeys } from "../../../src/operations/webhooks/webhook-secret.ts";

const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));
const deps = { vault: makeVault(["an encryption key"], randomBytes), randomBytes, clock: Date.now };

describe("a signature", () => {
  test("is the one that Standard Webhooks gives as an example", () => {
    const headers = signedHeaders([keyOf("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")], {
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      atMs: 1_614_265_330_999,
      body: '{"test": 2432232314}',
    });
    expect(headers).toEqual({
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
  });

  test("verifies by the independent library, and no longer once a byte differs", () => {
    const { row, secret } = makeWebhookSecret(deps, "whk_1");
    const body = '{"name":"Zoë 😀"}';
    const headers = signedHeaders(signingKeys(deps, [row], Date.now()), {
      id: "evt_1",
      atMs: Date.now(),
      body,
    });
    const webhook = new Webhook(secret);
    expect(webhook.verify(body, headers)).toEqual({ name: "Zoë 😀" });
    expect(() => webhook.verify(`${body} `, headers)).toThrow("signature");
    expect(() => webhook.verify(body, { ...headers, "webhook-id": "evt_2" })).toThrow("signature");
    expect(() => new Webhook(makeWebhookSecret(deps, "whk_1").secret).verify(body, headers)).toThrow(
      "signature",
    );
  });
});

describe("a secret", () => {
  test("is `whsec_` and 24 bytes, never the same, and not readable where it is kept", () => {
    const made = Array.from({ length: 20 }, () => makeWebhookSecret(deps, "whk_1"));
    expect(new Set(made.map(({ secret }) => secret)).size).toBe(20);
    for (const { row, secret } of made) {
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/);
      expect(keyOf(secret)).toHaveLength(24);
      expect(JSON.stringify(row)).not.toContain(secret.slice(6));
    }
  });

  test("signs until it expires, the newest first", () => {
    const rows = [1, 3, 2].map((at) => ({ ...makeWebhookSecret(deps, "whk_1").row, createdAt: at }));
    const [oldest, newest, middle] = rows as [(typeof rows)[0], (typeof rows)[0], (typeof rows)[0]];
    const keysAt = (now: number) =>
      signingKeys(deps, [{ ...oldest, expiresAt: 10 }, newest, { ...middle, expiresAt: 20 }], now);
    const alone = (row: (typeof rows)[0]) => signingKeys(deps, [row], 0)[0];
    expect(keysAt(9)).toEqual([alone(newest), alone(middle), alone(oldest)]);
    expect(keysAt(10)).toEqual([alone(newest), alone(middle)]);
    expect(keysAt(20)).toEqual([alone(newest)]);
  });

  test("does not open in another row's place", () => {
    const [one, other] = [makeWebhookSecret(deps, "whk_1").row, makeWebhookSecret(deps, "whk_2").row];
    expect(() => signingKeys(deps, [{ ...one, sealed: other.sealed }], 0)).toThrow("no key opens");
  });
});
