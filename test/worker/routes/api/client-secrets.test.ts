import { beforeAll, describe, expect, test } from "vitest";
import { hashCredential } from "../../../../src/operations/credentials.ts";
import { clientsPath, makeClient, makeGrantToken, rotate } from "../../clients.ts";
import { expectError, expectTokens, redeem, type TestClient } from "../../oauth/support.ts";
import {
  call,
  driveClock,
  expectAnswer,
  expectRefusal,
  makeTeam,
  rows,
  statusesOf,
  unique,
  wholeStore,
} from "../../support.ts";

const clock = driveClock();

let team = "";
beforeAll(async () => {
  team = (await makeTeam({ plan: "enterprise" })).id;
});

async function newSecret(id: string, overlapSeconds?: number): Promise<string> {
  const answer = expectAnswer(await rotate(team, id, overlapSeconds), 201, "CreatedClient");
  expect(answer.client_secret).toMatch(/^jtn_cs_us_/);
  return answer.client_secret ?? "";
}

async function selfClient(): Promise<TestClient> {
  const { id, secret } = await makeClient(team, "self");
  return { id, secret: secret ?? "", team, type: "self" };
}

/** Whether a secret gets its client in: redeems a fresh code by it. */
async function getsIn(client: TestClient, secret: string): Promise<boolean> {
  // More than ten minutes apart, so that no limit is met.
  clock.advance(60_000);
  const { code } = expectAnswer(await makeGrantToken(team, client.id), 201, "GrantToken");
  const answer = await redeem({ ...client, secret }, code ?? "");
  if (answer.status !== 200) {
    expectError(answer, 401, "invalid_client");
    return false;
  }
  expectTokens(answer);
  return true;
}

describe("rotating a client's secret", () => {
  test("lets the former one hold for the overlap, and the new one from then on", async () => {
    const client = await selfClient();
    const next = await newSecret(client.id, 150);
    expect(await getsIn(client, client.secret)).toBe(true);
    expect(await getsIn(client, next)).toBe(true);
    clock.advance(30_000);
    expect(await getsIn(client, client.secret)).toBe(false);
    expect(await getsIn(client, next)).toBe(true);
  });

  test("without an overlap ends the former one at once", async () => {
    const client = await selfClient();
    const next = await newSecret(client.id);
    expect(await getsIn(client, client.secret)).toBe(false);
    expect(await getsIn(client, next)).toBe(true);
    expect(await rows("SELECT hash FROM client_secrets WHERE client_id = ?", client.id)).toEqual([
      { hash: hashCredential(next) },
    ]);
  });

  test("lets none hold longer than it would have", async () => {
    const client = await selfClient();
    await newSecret(client.id, 100);
    await newSecret(client.id, 1_000_000);
    const [first] = await rows<{ expires_at: number }>(
      "SELECT expires_at FROM client_secrets WHERE hash = ?",
      hashCredential(client.secret),
    );
    expect(first?.expires_at).toBe(Date.now() + 100_000);
  });

  test("is in the audit trail, without any secret", async () => {
    const client = await selfClient();
    const next = await newSecret(client.id, 60);
    const events = await rows<{ detail: string }>(
      "SELECT detail FROM audit_events WHERE subject = ? AND type = 'client.secret_rotated'",
      client.id,
    );
    expect(events.map(({ detail }) => JSON.parse(detail) as unknown)).toEqual([
      { after: { overlap_seconds: 60 } },
    ]);
    const stored = await wholeStore();
    for (const secret of [client.secret, next]) expect(stored).not.toContain(secret);
  });

  test("again by the same Idempotency-Key makes no other secret, and shows none", async () => {
    const client = await selfClient();
    const sending = { headers: { "Idempotency-Key": unique("key") } };
    const first = expectAnswer(await rotate(team, client.id, 0, sending), 201, "CreatedClient");
    const again = expectAnswer(await rotate(team, client.id, 0, sending), 201, "CreatedClient");
    expect(again).toEqual({ client: first.client, client_secret: null, replayed: true });
    expect(await getsIn(client, first.client_secret ?? "")).toBe(true);
  });

  test("leaves at most five in force, however many ask at once", async () => {
    const client = await selfClient();
    const answers = await Promise.all(Array.from({ length: 12 }, () => rotate(team, client.id, 3_600)));
    expect(statusesOf(answers)).toEqual({ 201: 4, 409: 8 });
    for (const answer of answers.filter(({ status }) => status === 409))
      expectRefusal(answer, 409, "COM0010");
    const next = await newSecret(client.id);
    expect(await rows("SELECT hash FROM client_secrets WHERE client_id = ?", client.id)).toHaveLength(1);
    expect(await getsIn(client, next)).toBe(true);
  });

  test.each(["browser", "mobile", "device"] as const)(
    "is not for a %s client, which keeps none",
    async (type) => {
      const { id } = await makeClient(team, type);
      expectRefusal(await rotate(team, id), 409, "COM0010");
    },
  );

  test.each([-1, 0.5, "60", null, 30 * 86_400 + 1])("is refused with an overlap of %j", async (overlap) => {
    const { id } = await makeClient(team, "server");
    const body = { overlap_seconds: overlap };
    expectRefusal(await call("POST", clientsPath(team, id, "secrets"), { body }), 400, "COM0005");
  });
});
