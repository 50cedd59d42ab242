import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import worker from "../../../src/index.ts";
import { accept, invite, join, makeRole, signIn } from "../people.ts";
import { call, driveClock, expectAnswer, expectRefusal, makeTeam, rows, unique } from "../support.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const clock = driveClock();

async function runScheduled(): Promise<void> {
  await worker.scheduled(createScheduledController(), env);
}

/** A report that came to its end so long ago. */
async function storeReport(team: string, status: string, ageMs: number | null, parts = 3): Promise<string> {
  const id = unique("rep_stored");
  const finished = ageMs === null ? null : Date.now() - ageMs;
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO reports (id, team_id, type, format, period, status, parts, rows, progress, claimed_until,
         attempts, created_by, created_at, finished_at, created_event)
       VALUES (?1, ?2, 'token-usage', 'json', '{}', ?3, ?4, 1, 100, ?6, 0, 'operator', 0, ?5, 'aud_x')`,
    ).bind(id, team, status, parts, finished, Date.now() + DAY_MS),
    ...Array.from({ length: parts }, (_, number) =>
      env.DB.prepare("INSERT INTO report_parts VALUES (?, ?, 'text')").bind(id, number),
    ),
  ]);
  return id;
}

async function reportsOf(team: string): Promise<unknown[]> {
  return (await rows("SELECT id FROM reports WHERE team_id = ? ORDER BY rowid", team)).map(({ id }) => id);
}

async function storeUsage(team: string, hour: number, tokens: number): Promise<void> {
  await env.DB.prepare(
    `WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < ?3)
     INSERT INTO token_usage (token_id, team_id, hour, permission, verdict, count)
     SELECT 'tok_' || value, ?1, ?2, '', 'allowed', 1 FROM n`,
  )
    .bind(team, hour, tokens)
    .run();
}

async function countUsage(team: string): Promise<number> {
  return (await rows("SELECT hour FROM token_usage WHERE team_id = ?", team)).length;
}

describe("finished reports", () => {
  test("are deleted with their text after 30 days, ready or failed, and not before", async () => {
    const { id: team } = await makeTeam();
    const old = [
      await storeReport(team, "ready", 30 * DAY_MS + 1),
      await storeReport(team, "failed", 40 * DAY_MS),
    ];
    const kept = [
      await storeReport(team, "ready", 30 * DAY_MS),
      await storeReport(team, "ready", 0),
      await storeReport(team, "running", null),
    ];
    await runScheduled();
    expect(await reportsOf(team)).toEqual(kept);
    const left = await rows<{ report_id: string }>("SELECT DISTINCT report_id FROM report_parts");
    expect(left.map(({ report_id }) => report_id).toSorted()).toEqual(kept.toSorted());
    for (const id of old) {
      expectRefusal(await call("GET", `/v1/teams/${team}/reports/${id}`), 404, "COM0008");
    }
    // Nobody could go on with the one that is running: it is made up.
    await env.DB.prepare("DELETE FROM reports WHERE team_id = ?").bind(team).run();
  });

  test("leave an audit event each, once, that nobody did", async () => {
    const { id: team } = await makeTeam();
    const id = await storeReport(team, "ready", 31 * DAY_MS);
    await Promise.all([runScheduled(), runScheduled()]);
    const events = await rows(
      "SELECT type, actor, actor_owner, ip, detail FROM audit_events WHERE subject = ?",
      id,
    );
    expect(events).toEqual([
      {
        type: "report.expired",
        actor: "schedule",
        actor_owner: "schedule",
        ip: null,
        detail: '{"before":{"type":"token-usage","status":"ready"}}',
      },
    ]);
  });

  test("that are too many for one run go in the next ones, the oldest first", async () => {
    const { id: team } = await makeTeam();
    const ids: string[] = [];
    for (let index = 0; index < 25; index += 1) {
      ids.push(await storeReport(team, "ready", 60 * DAY_MS - index, 1));
    }
    await runScheduled();
    expect(await reportsOf(team)).toEqual(ids.slice(20));
    await runScheduled();
    expect(await reportsOf(team)).toEqual([]);
  });
});

describe("usage counts", () => {
  test("are deleted after 400 days, of every team, and not before", async () => {
    const [one, two] = [(await makeTeam()).id, (await makeTeam()).id];
    const hour = Math.floor(Date.now() / HOUR_MS) - 400 * 24;
    for (const team of [one, two]) {
      await storeUsage(team, hour - 1, 3);
      await storeUsage(team, hour, 2);
    }
    await runScheduled();
    expect([await countUsage(one), await countUsage(two)]).toEqual([2, 2]);
  });

  test("that are too many for one run go in the next one", async () => {
    const { id: team } = await makeTeam();
    await storeUsage(team, 1, 6_000);
    await runScheduled();
    expect(await countUsage(team)).toBe(1_000);
    await runScheduled();
    expect(await countUsage(team)).toBe(0);
  });

  test("cost one look at each team while nothing is old: no run reads the whole table", async () => {
    const plan = await rows<{ detail: string }>(
      `EXPLAIN QUERY PLAN DELETE FROM token_usage WHERE rowid IN (
         SELECT old.rowid FROM teams CROSS JOIN token_usage AS old
         WHERE old.team_id = teams.id AND old.hour < 5 LIMIT 10)`,
    );
    expect(plan.map(({ detail }) => detail).join("\n")).toMatch(/SEARCH old USING .*token_usage_team/);
  });
});

describe("sessions", () => {
  test("are deleted 30 days after they ended or expired, and not before", async () => {
    const { id: team } = await makeTeam();
    const { user } = await join(team, "owner");
    const now = Date.now();
    const over = now - 30 * DAY_MS;
    await signIn(user, { id: "ses_ended_long_ago", ended_at: over - 1, expires_at: now + DAY_MS });
    await signIn(user, { id: "ses_expired_long_ago", expires_at: over - 1 });
    await signIn(user, { id: "ses_ended", ended_at: over, expires_at: now });
    await signIn(user, { id: "ses_expired", expires_at: over });
    const live = await signIn(user, { id: "ses_live" });
    await runScheduled();
    const left = (await rows("SELECT id FROM sessions WHERE user_id = ?", user)).map(({ id }) => id);
    expect(left).toEqual(expect.arrayContaining(["ses_ended", "ses_expired", "ses_live"]));
    expect(left).not.toContain("ses_ended_long_ago");
    expect(left).not.toContain("ses_expired_long_ago");
    expectAnswer(await call("GET", `/v1/teams/${team}`, live), 200, "Team");
  });
});

describe("invitations", () => {
  test("that nobody accepted are deleted 30 days after they expired; a member stays", async () => {
    const { id: team } = await makeTeam();
    const role = await makeRole(team, ["EMM.Team.VIEW"]);
    const { member, secret } = await invite(team, role.id);
    const joined = await invite(team, role.id);
    expectAnswer(await accept(joined.secret), 200, "JoinedMember");
    clock.advance(37 * DAY_MS);
    await runScheduled();
    expect(await rows("SELECT id FROM members WHERE id = ?", member.id)).toHaveLength(1);
    clock.advance(1);
    await runScheduled();
    expect(await rows("SELECT id FROM members WHERE team_id = ?", team)).toEqual([{ id: joined.member.id }]);
    expectRefusal(await accept(secret), 404, "COM0008");
    const [event] = await rows("SELECT actor, detail FROM audit_events WHERE type = 'invitation.expired'");
    expect(event).toMatchObject({
      actor: "schedule",
      detail: expect.stringContaining(member.email) as string,
    });
  });

  test("that were renewed meanwhile stay", async () => {
    const { id: team } = await makeTeam();
    const first = await invite(team, "owner");
    clock.advance(38 * DAY_MS);
    const { secret } = await invite(team, "owner", { email: first.member.email });
    await runScheduled();
    expectAnswer(await accept(secret), 200, "JoinedMember");
  });
});

test("the audit trail is kept for good: whatever is deleted, its chain still verifies from its first event", async () => {
  const { id: team } = await makeTeam();
  clock.advance(2_000 * DAY_MS);
  await runScheduled();
  expect(await rows("SELECT type, chain_number FROM audit_events WHERE team_id = ?", team)).toEqual([
    { type: "team.created", chain_number: 1 },
  ]);
});
