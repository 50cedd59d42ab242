import { expect, test } from "vitest";
import { storeClient, storeCode, redeem, refresh, expectTokens } from "../../oauth/support.ts";
import { check, driveClock, issue, makeService, makeTeam, rows, startWorker } from "../../support.ts";
import { outboxOf, storeWebhook } from "../outbox.ts";

const clock = driveClock();
const { key } = await makeService();

test("a token's own limit is told of once in its window, however many checks it refuses and wherever", async () => {
  const team = (await makeTeam()).id;
  await storeWebhook(team, ["rate_limit.exceeded"]);
  const { id, token } = await issue(team, {
    permissions: ["EMM.Devices.VIEW"],
    rate_limit: { limit: 3, window_seconds: 120 },
  });
  const at = await startWorker();
  for (let n = 0; n < 3; n += 1) expect((await check(key, { token })).allowed).toBe(true);
  expect(await outboxOf(team)).toEqual([]);
  const refused = await Promise.all(
    Array.from({ length: 12 }, (_, n) => check(key, { token }, n % 2 === 0 ? { at } : {})),
  );
  expect(refused.map(({ allowed }) => allowed)).not.toContain(true);
  const events = await outboxOf(team);
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({
    type: "rate_limit.exceeded",
    subject: id,
    actor: id,
    detail: { what: "checks", limit: 3, window_seconds: 120 },
  });
  // Each refused check is in the audit trail by itself all the same.
  expect(
    await rows("SELECT id FROM audit_events WHERE team_id = ? AND type = 'check.denied'", team),
  ).toHaveLength(12);
  clock.advance(240_000);
  for (let n = 0; n < 5; n += 1) await check(key, { token });
  expect(await outboxOf(team)).toHaveLength(2);
});

test("the quota of a plan is told of with its name", async () => {
  const team = (await makeTeam({ plan: "free" })).id;
  await storeWebhook(team, ["rate_limit.exceeded"]);
  const { token } = await issue(team);
  const answers = await Promise.all(Array.from({ length: 620 }, () => check(key, { token })));
  expect(answers.filter(({ allowed }) => !allowed)).toHaveLength(20);
  expect(await outboxOf(team)).toMatchObject([
    { subject: team, detail: { what: "checks_per_minute", limit: 600, window_seconds: 60 } },
  ]);
});

test("a limit on what OAuth issues is told of to the client's team", async () => {
  const client = await storeClient();
  await storeWebhook(client.team, ["rate_limit.exceeded"]);
  const { code, grant } = await storeCode(client);
  const { refresh_token: secret } = expectTokens(await redeem(client, code));
  const statuses: number[] = [];
  for (let n = 0; n < 12; n += 1) statuses.push((await refresh(client, secret ?? "")).status);
  expect(statuses.filter((status) => status !== 200).length).toBeGreaterThan(0);
  expect(await outboxOf(client.team)).toMatchObject([
    { subject: grant, actor: client.id, detail: { what: "access_tokens", limit: 10, window_seconds: 600 } },
  ]);
});
