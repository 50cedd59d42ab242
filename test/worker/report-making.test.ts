import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import worker from "../../src/index.ts";
import { runScheduled } from "../../src/jobs/scheduled.ts";
import { advanceReport } from "../../src/operations/advance-report.ts";
import { AFTER_ANSWER, runReport } from "../../src/operations/run-report.ts";
import { findReport, type ReportRow } from "../../src/store/reports.ts";
import { call, expectAnswer, issue, makeTeam, rows, startIsolate } from "./support.ts";
import { awaitReport, download, makeReport, showReport } from "./reports.ts";

const DAY_MS = 86_400_000;

/** An isolate more, over this database. */
async function isolate(database: D1Database = env.DB) {
  const { deps } = await startIsolate({ DB: database });
  return {
    run: (id: string, budget = AFTER_ANSWER) => runReport(deps, id, budget),
    read: async (teamId: string, id: string) => (await findReport(deps.db, { teamId, id })) as ReportRow,
    advance: (report: ReportRow) => advanceReport(deps, report, Date.now() + 60_000),
    runScheduled: () => runScheduled(deps),
  };
}

/** The database, with what is asked of it told to `before`, which may throw instead. */
function watched(before: (statement: string) => void): D1Database {
  return new Proxy(env.DB, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== "function") return member;
      return (...values: unknown[]) => {
        if (name === "prepare") before(String(values[0]));
        return (member as (...all: unknown[]) => unknown).apply(target, values);
      };
    },
  });
}

const PERMISSIONS = [
  "EMM.Devices.VIEW",
  "EMM.EnrolmentTokens.VIEW",
  "EMM.Groups.VIEW",
  "EMM.Policies.VIEW",
  "EMM.Team.VIEW",
];

/** A team with tokens that were each checked for each permission in each of so many hours. */
async function teamWithUse({ tokens, hours }: { tokens: number; hours: number }): Promise<string> {
  const team = (await makeTeam({ plan: "enterprise" })).id;
  const now = Date.now();
  await env.DB.batch([
    env.DB.prepare(
      `WITH RECURSIVE n(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n WHERE value < ?2 - 1)
       INSERT INTO access_tokens (hash, id, kind, team_id, name, permissions, created_at, created_by, last_used_at)
       SELECT ?1 || value, printf('tok_%s_%05d', ?1, value), 'pat', ?1, 'token ' || value, ?3, ?4, 'operator', ?4 FROM n`,
    ).bind(team, tokens, JSON.stringify([...PERMISSIONS, "EMM.Webhooks.VIEW"].sort()), now - DAY_MS),
    env.DB.prepare(
      `WITH RECURSIVE n(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n WHERE value < ?2 - 1)
       INSERT INTO token_usage (team_id, token_id, hour, permission, verdict, count)
       SELECT ?1, t.id, ?3 - n.value, p.value, 'allowed', 1
       FROM access_tokens AS t, n, json_each(?4) AS p WHERE t.team_id = ?1`,
    ).bind(team, hours, Math.floor(now / 3_600_000) - 1, JSON.stringify(PERMISSIONS)),
  ]);
  return team;
}

/** Orders a report that nobody makes yet: another runner seems to be at it. */
async function orderOnly(team: string, body: object): Promise<string> {
  const ready = await makeReport(team, body);
  await env.DB.batch([
    env.DB.prepare("DELETE FROM report_parts WHERE report_id = ?").bind(ready.id),
    env.DB.prepare(
      "UPDATE reports SET status = 'pending', cursor = NULL, parts = 0, rows = 0, progress = 0, finished_at = NULL, attempts = 0, claimed_until = 0 WHERE id = ?",
    ).bind(ready.id),
  ]);
  return ready.id;
}

/** Without the API, which drives on what it is asked about. */
async function statusOf(id: string): Promise<unknown> {
  return (await rows("SELECT status FROM reports WHERE id = ?", id))[0]?.["status"];
}

async function unclaim(id: string): Promise<void> {
  await env.DB.prepare("UPDATE reports SET claimed_until = 0 WHERE id = ?").bind(id).run();
}

describe("a report on 100,000 checks and 1,000 tokens", () => {
  test("is made within a Worker's limits, whichever it is, and adds up", { timeout: 120_000 }, async () => {
    const team = await teamWithUse({ tokens: 1_000, hours: 20 });
    const [stored] = await rows(
      "SELECT count(*) AS rows, sum(count) AS checks FROM token_usage WHERE team_id = ?",
      team,
    );
    expect(stored).toEqual({ rows: 100_000, checks: 100_000 });

    for (const [type, format, expectedRows] of [
      ["token-usage", "csv", null],
      ["token-usage", "json", null],
      ["unused-permissions", "json", 1_000],
      ["stale-tokens", "json", 0],
      ["audit-trail", "json", null],
    ] as const) {
      const id = await orderOnly(team, { type, format });
      let queries = 0;
      const { run } = await isolate(watched(() => (queries += 1)));
      const startedAt = performance.now();
      await run(id);
      const seconds = (performance.now() - startedAt) / 1_000;
      const report = await showReport(team, id);
      expect(report.status).toBe("ready");
      if (expectedRows !== null) expect(report.rows).toBe(expectedRows);
      // facts: platform, "D1": 1,000 queries per invocation, 2 MB per row.
      expect(queries).toBeLessThan(900);
      expect(seconds).toBeLessThan(20);
      const [largest] = await rows<{ bytes: number }>(
        "SELECT max(length(CAST(content AS BLOB))) AS bytes FROM report_parts WHERE report_id = ?",
        id,
      );
      expect(largest?.bytes).toBeLessThan(2_000_000);
      if (type === "token-usage" && format === "json") {
        const file = JSON.parse(await download(team, id)) as { rows: { token: string; count: number }[] };
        expect(file.rows.reduce((sum, row) => sum + row.count, 0)).toBe(100_000);
        expect(new Set(file.rows.map(({ token }) => token)).size).toBe(1_000);
        expect(new Set(file.rows.map((row) => JSON.stringify({ ...row, count: 0 }))).size).toBe(
          file.rows.length,
        );
      }
    }
  });

  test(
    "does not lose or double a count where a page ends, also when one token's day is more than a page",
    { timeout: 60_000 },
    async () => {
      const team = (await makeTeam()).id;
      const { id } = await issue(team);
      const day = Math.floor(Date.now() / DAY_MS) - 3;
      // 24 hours of 300 permissions: 7,200 rows of one day, before and after days of fewer.
      await env.DB.prepare(
        `WITH RECURSIVE n(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n WHERE value < 299),
         h(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM h WHERE value < 23)
       INSERT INTO token_usage (team_id, token_id, hour, permission, verdict, count)
       SELECT ?1, t.value, ?2 * 24 + h.value + d.value * 24, 'P.' || n.value, 'allowed', 1
       FROM n, h, json_each('[-1,0,1]') AS d, json_each(?3) AS t
       WHERE d.value = 0 OR n.value < 10`,
      )
        .bind(team, day, JSON.stringify([id, "tok_zz"]))
        .run();
      const report = await makeReport(team, { type: "token-usage" });
      const file = JSON.parse(await download(team, report.id)) as {
        rows: { token: string; day: string; permission: string; count: number }[];
      };
      expect(file.rows).toHaveLength(2 * (300 + 10 + 10));
      expect(new Set(file.rows.map(({ count }) => count))).toEqual(new Set([24]));
      expect(
        new Set(file.rows.map(({ token, day: of, permission }) => `${token} ${of} ${permission}`)).size,
      ).toBe(640);
    },
  );
});

describe("a report that is interrupted", () => {
  test("goes on where it was, and comes out as if nothing had happened", { timeout: 60_000 }, async () => {
    const team = await teamWithUse({ tokens: 300, hours: 10 });
    const whole = await makeReport(team, { type: "token-usage", format: "csv" });
    const expected = await download(team, whole.id);
    const id = await orderOnly(team, { type: "token-usage", format: "csv" });
    let failures = 0;
    // Dies a little later each time: before its steps, between them and within them.
    for (let attempt = 0; (await statusOf(id)) !== "ready"; attempt += 1) {
      let statements = 0;
      const dying = watched(() => {
        statements += 1;
        if (statements > 1 + attempt) throw new Error("the isolate is gone");
      });
      await (await isolate(dying)).run(id).catch(() => (failures += 1));
      if ((await statusOf(id)) === "pending") continue;
      // Nobody else takes it up before the claim ends.
      expect(await (await isolate()).run(id)).toBe(0);
      await unclaim(id);
      await env.DB.prepare("UPDATE reports SET attempts = 0 WHERE id = ?").bind(id).run();
    }
    expect(failures).toBeGreaterThan(5);
    // All but its own times is the same: nothing of it is in a CSV file.
    expect(await download(team, id)).toBe(expected);
  });

  test("is taken up again by the scheduled job", { timeout: 60_000 }, async () => {
    const team = await teamWithUse({ tokens: 50, hours: 2 });
    const id = await orderOnly(team, { type: "token-usage" });
    await worker.scheduled(createScheduledController(), env);
    expect(await statusOf(id)).toBe("ready");
  });

  test("is taken up again by whoever asks how far it is", async () => {
    const team = (await makeTeam()).id;
    const id = await orderOnly(team, { type: "audit-trail" });
    expect((await showReport(team, id)).status).toBe("pending");
    expect((await awaitReport(team, id)).progress).toBe(100);
  });

  test("says that it failed after five attempts that came to nothing, and keeps no text", async () => {
    const team = await teamWithUse({ tokens: 10, hours: 1 });
    const id = await orderOnly(team, { type: "unused-permissions" });
    const broken = watched((statement) => {
      if (/from "token_usage"/i.test(statement)) throw new Error("broken");
    });
    const { run } = await isolate(broken);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await expect(run(id)).rejects.toThrow("broken");
      await expect(run(id)).resolves.toBe(0);
      expect(await statusOf(id)).toBe("running");
      await unclaim(id);
    }
    await run(id);
    expect(await showReport(team, id)).toMatchObject({
      status: "failed",
      failure: "internal",
      rows: 0,
      download_url: null,
    });
    expect(await rows("SELECT * FROM report_parts WHERE report_id = ?", id)).toEqual([]);
    await run(id);
    expect((await showReport(team, id)).status).toBe("failed");
  });

  test("does not keep other scheduled work from being done", async () => {
    const team = (await makeTeam()).id;
    const [bad, good] = [
      await orderOnly(team, { type: "stale-tokens" }),
      await orderOnly(team, { type: "audit-trail" }),
    ];
    const broken = watched((statement) => {
      if (/count\(\*\) from "access_tokens"/i.test(statement)) throw new Error("broken");
    });
    const { runScheduled } = await isolate(broken);
    await expect(runScheduled()).rejects.toThrow("scheduled work failed");
    const found = await rows<{ id: string; status: string }>(
      "SELECT id, status FROM reports WHERE team_id = ?",
      team,
    );
    expect(new Map(found.map(({ id, status }) => [id, status]))).toEqual(
      new Map([
        [bad, "running"],
        [good, "ready"],
      ]),
    );
  });

  test("is too large when its parts are more than one download can read", async () => {
    const team = (await makeTeam()).id;
    const id = await orderOnly(team, { type: "audit-trail" });
    await env.DB.prepare("UPDATE reports SET parts = 900 WHERE id = ?").bind(id).run();
    await (await isolate()).run(id);
    expect(await showReport(team, id)).toMatchObject({ status: "failed", failure: "too_large" });
  });
});

describe("two runners", () => {
  test(
    "write no part twice, even when both believe that the report is theirs",
    { timeout: 60_000 },
    async () => {
      const team = await teamWithUse({ tokens: 400, hours: 10 });
      const whole = await makeReport(team, { type: "token-usage", format: "csv" });
      const expected = await download(team, whole.id);
      const id = await orderOnly(team, { type: "token-usage", format: "csv" });
      await env.DB.prepare("UPDATE reports SET status = 'running' WHERE id = ?").bind(id).run();
      const [one, two] = [await isolate(), await isolate()];
      const runners = [one, two, await isolate()];
      const first = await one.read(team, id);
      for (let report = first; report.status === "running"; report = await one.read(team, id)) {
        const steps = await Promise.all(runners.map(({ advance }) => advance(report)));
        expect(steps.filter((step) => step.report !== undefined)).toHaveLength(1);
        // And one that slept through all of it.
        expect((await two.advance(first)).report).toBeUndefined();
      }
      const { parts, rows: counted } = await one.read(team, id);
      expect(counted).toBe(whole.rows);
      expect(await rows("SELECT count(*) AS parts FROM report_parts WHERE report_id = ?", id)).toEqual([
        { parts },
      ]);
      expect(await download(team, id)).toBe(expected);
    },
  );

  test("do not both begin: the claim is one's", async () => {
    const team = await teamWithUse({ tokens: 20, hours: 1 });
    const id = await orderOnly(team, { type: "unused-permissions" });
    const runners = await Promise.all([isolate(), isolate(), isolate()]);
    const pages = await Promise.all(runners.map(({ run }) => run(id)));
    expect(pages.filter((each) => each > 0)).toHaveLength(1);
  });

  test("leave nothing behind of a report that is deleted while they are at it", async () => {
    const team = await teamWithUse({ tokens: 100, hours: 1 });
    const id = await orderOnly(team, { type: "unused-permissions" });
    await env.DB.prepare("UPDATE reports SET status = 'running' WHERE id = ?").bind(id).run();
    const { advance, read } = await isolate();
    const report = await read(team, id);
    expectAnswer(await call("DELETE", `/v1/teams/${team}/reports/${id}`), 200, "Report");
    expect((await advance(report)).report).toBeUndefined();
    expect(await rows("SELECT * FROM report_parts WHERE report_id = ?", id)).toEqual([]);
  });
});
