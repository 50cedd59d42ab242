import { expect, test } from "vitest";
import { fireJobs } from "../../oauth/jobs.ts";
import { call, driveClock, issue, makeTeam } from "../../support.ts";
import { outboxOf, storeWebhook } from "../outbox.ts";

const DAY_SECONDS = 86_400;
const DAY_MS = 86_400_000;

const clock = driveClock();

async function teamThatListens(): Promise<string> {
  const team = (await makeTeam()).id;
  await storeWebhook(team, ["access_token.expiring"]);
  return team;
}

async function told(team: string) {
  return (await outboxOf(team)).map(({ subject, detail }) => [subject, detail?.["days"]]);
}

test("a token is told of once seven days and once a day before it expires", async () => {
  const team = await teamThatListens();
  const { id, access_token } = await issue(team, {
    permissions: ["EMM.Team.VIEW"],
    expires_in: 10 * DAY_SECONDS,
  });
  await fireJobs();
  expect(await told(team)).toEqual([]);
  clock.advance(3 * DAY_MS - 1000);
  await fireJobs();
  expect(await told(team)).toEqual([]);
  clock.advance(1000);
  await Promise.all([fireJobs(), fireJobs(), fireJobs()]);
  await fireJobs();
  expect(await told(team)).toEqual([[id, 7]]);
  const [event] = await outboxOf(team);
  expect(event).toMatchObject({
    type: "access_token.expiring",
    actor: "schedule",
    detail: { name: access_token.name, expires_at: access_token.expires_at, days: 7 },
  });
  clock.advance(6 * DAY_MS);
  await fireJobs();
  clock.advance(DAY_MS);
  await fireJobs();
  expect(await told(team)).toEqual([
    [id, 7],
    [id, 1],
  ]);
});

test("a token that lives for less than a week is not told of at its making, but a day before its end", async () => {
  const team = await teamThatListens();
  await fireJobs();
  const short = await issue(team, { permissions: ["EMM.Team.VIEW"], expires_in: 3 * DAY_SECONDS });
  const shorter = await issue(team, { permissions: ["EMM.Team.VIEW"], expires_in: 3600 });
  await fireJobs();
  expect(await told(team)).toEqual([]);
  clock.advance(2 * DAY_MS);
  await fireJobs();
  expect(await told(team)).toEqual([[short.id, 1]]);
  expect(JSON.stringify(await told(team))).not.toContain(shorter.id);
});

test("a revoked token is not told of", async () => {
  const team = await teamThatListens();
  const { id } = await issue(team, { permissions: ["EMM.Team.VIEW"], expires_in: 10 * DAY_SECONDS });
  await call("POST", `/v1/teams/${team}/access-tokens/${id}/revoke`);
  clock.advance(3 * DAY_MS);
  await fireJobs();
  expect(await told(team)).toEqual([]);
});

test("what a standstill of some hours has missed is made up for, and many that expire at once are all told of", async () => {
  const team = await teamThatListens();
  const made = await Promise.all(
    Array.from({ length: 30 }, () =>
      issue(team, { permissions: ["EMM.Team.VIEW"], expires_in: 8 * DAY_SECONDS }),
    ),
  );
  await fireJobs();
  clock.advance(DAY_MS + DAY_MS / 2);
  await fireJobs();
  expect((await told(team)).map(([id]) => String(id)).sort()).toEqual(made.map(({ id }) => id).sort());
});
