import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import {
  consoleTeam,
  cookieOf,
  expectHarmless,
  expectNotForRole,
  fieldOf,
  HOSTILE,
  open,
  submit,
  type ConsoleTeam,
} from "../../console-pages.ts";
import { awaitReport, makeReport } from "../../reports.ts";
import {
  call,
  check,
  expectAnswer,
  issue,
  makeService,
  ORIGIN,
  rows,
  send,
  startWorker,
} from "../../support.ts";

const reportsOf = async (team: string) =>
  expectAnswer(await call("GET", `/v1/teams/${team}/reports`), 200, "Reports").reports;

const setReport = (id: string, change: string) =>
  env.DB.prepare(`UPDATE reports SET ${change} WHERE id = ?`).bind(id).run();

/** Uses of a token, as the store counts them. */
async function count(
  team: string,
  token: string,
  uses: readonly (readonly [daysAgo: number, permission: string, verdict: string, count: number])[],
): Promise<void> {
  const hour = Math.floor(Date.now() / 3_600_000);
  for (const [daysAgo, permission, verdict, times] of uses) {
    await env.DB.prepare(
      "INSERT INTO token_usage (team_id, token_id, hour, permission, verdict, count) VALUES (?, ?, ?, ?, ?, ?)",
    )
      .bind(team, token, hour - 24 * daysAgo, permission, verdict, times)
      .run();
  }
}

async function shownReport({ team, owner, base }: ConsoleTeam, body: object) {
  const { id } = await makeReport(team.id, body);
  return open(owner, `${base}/reports/${id}`);
}

describe("the Reports page", () => {
  test("teaches what belongs there, then lists what was ordered", async () => {
    const { team, owner, base } = await consoleTeam();
    expect((await open(owner, `${base}/reports`)).html).toContain("No reports yet");
    const { id } = await makeReport(team.id, { type: "stale-tokens", days: 30 });
    const { html } = await open(owner, `${base}/reports`);
    for (const text of ["Stale tokens", "the last 30 days", "ready", `${base}/reports/${id}/delete`]) {
      expect(html).toContain(text);
    }
  });

  test("offers those who may only look nothing else, and records no denial for looking", async () => {
    const { team, base, with: somebody } = await consoleTeam();
    const viewer = await somebody("EMM.Reports.VIEW");
    const { id } = await makeReport(team.id, { type: "audit-trail" });
    for (const path of ["", `/${id}`]) {
      const { status, html } = await open(viewer, `${base}/reports${path}`);
      expect(status).toBe(200);
      expect(html).not.toContain("/reports/new");
      expect(html).not.toContain("/delete");
    }
    expectNotForRole(await open(viewer, `${base}/reports/new`), "EMM.Reports.GENERATE");
    expectNotForRole(await open(viewer, `${base}/reports/${id}/delete`), "EMM.Reports.DELETE");
    const denied = "SELECT id FROM audit_events WHERE team_id = ? AND type = 'access.denied'";
    expect(await rows(denied, team.id)).toEqual([]);
  });

  test("is not for a role without it", async () => {
    const { base, with: somebody } = await consoleTeam();
    expectNotForRole(await open(await somebody("EMM.Team.VIEW"), `${base}/reports`), "EMM.Reports.VIEW");
  });
});

describe("ordering a report", () => {
  test("begins with what each of the four is", async () => {
    const { owner, base } = await consoleTeam();
    const { html } = await open(owner, `${base}/reports/new?type=nonsense`);
    for (const type of ["token-usage", "unused-permissions", "stale-tokens", "audit-trail"]) {
      expect(html).toContain(`${base}/reports/new?type=${type}`);
    }
  });

  test("by days leads to its page", async () => {
    const { team, owner, base } = await consoleTeam();
    const form = { type: "stale-tokens", days: "180", format: "csv" };
    const ordered = await submit(owner, `${base}/reports/new`, form);
    const [report] = await reportsOf(team.id);
    expect(report).toMatchObject({ type: "stale-tokens", format: "csv", parameters: { days: 180 } });
    expect([ordered.status, ordered.location]).toEqual([303, `${base}/reports/${report?.id}`]);
  });

  test("by dates counts the last day whole, whatever days were chosen before", async () => {
    const { team, owner, base } = await consoleTeam();
    const dates = { from: "2026-01-01", to: "2026-01-31" };
    const form = { type: "token-usage", days: "90", ...dates, format: "json" };
    expect((await submit(owner, `${base}/reports/new`, form)).status).toBe(303);
    expect((await reportsOf(team.id))[0]?.parameters).toEqual({
      since: "2026-01-01T00:00:00.000Z",
      until: "2026-02-01T00:00:00.000Z",
      days: null,
    });
    const { html } = await open(owner, `${base}/reports`);
    expect(html).toContain("Jan 1, 2026 to Jan 31, 2026");
  });

  test("that is refused keeps what was typed, escaped", async () => {
    const { team, owner, base } = await consoleTeam();
    const form = { type: "token-usage", days: "90", from: HOSTILE, to: "2026-01-31", format: "csv" };
    const refused = await submit(owner, `${base}/reports/new`, form);
    expect(refused.status).toBe(400);
    expectHarmless(refused);
    expect(refused.html).toContain("First day");
    expect(refused.html).toContain('value="2026-01-31"');
    expect(refused.html).toMatch(/<option value="csv" selected/);
    expect(await reportsOf(team.id)).toEqual([]);
  });

  test("is not for who may only look, nor for another site", async () => {
    const { team, owner, base, with: somebody } = await consoleTeam();
    const form = { type: "stale-tokens", days: "90", format: "json" };
    const viewer = await somebody("EMM.Reports.VIEW");
    expectNotForRole(await submit(viewer, `${base}/reports/new`, form), "EMM.Reports.GENERATE");
    expect((await submit(owner, `${base}/reports/new`, form, {})).status).toBe(403);
    expect(
      (await submit(owner, `${base}/reports/new`, form, { Origin: "https://evil.example" })).status,
    ).toBe(403);
    expect(await reportsOf(team.id)).toEqual([]);
  });
});

describe("a report that is not there yet", () => {
  test("shows how far it is, and looks again, by script or without", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await makeReport(team.id, { type: "audit-trail" });
    await setReport(id, `status = 'running', progress = 43, claimed_until = ${Date.now() + 60_000}`);
    const { html, headers } = await open(owner, `${base}/reports/${id}`);
    expect(html).toMatch(/<progress max="100" value="43"/);
    expect(html).toContain('<noscript><meta http-equiv="refresh" content="2"');
    expect(html).toContain('data-refresh="2"');
    expect(headers.get("Content-Security-Policy")).toContain("connect-src 'self'");
    expect(html).not.toContain("/download");
    await setReport(id, "claimed_until = 0, cursor = NULL, parts = 0, status = 'pending'");
    await env.DB.prepare("DELETE FROM report_parts WHERE report_id = ?").bind(id).run();
    // Whoever looks drives it on.
    await open(owner, `${base}/reports/${id}`);
    await awaitReport(team.id, id);
    const ready = await open(owner, `${base}/reports/${id}`);
    expect(ready.html).not.toContain("data-refresh");
  });

  test("says why it failed, and how to have another one made", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await makeReport(team.id, { type: "token-usage", days: 30 });
    await setReport(id, "status = 'failed', failure = 'too_large'");
    const { html } = await open(owner, `${base}/reports/${id}`);
    expect(html).toContain("Choose a shorter period");
    expect(html).toContain("/reports/new?type=token-usage&amp;days=30");
    expect(html).not.toContain("/download");
  });

  test("of another team is not there", async () => {
    const { owner, base } = await consoleTeam();
    const other = await consoleTeam();
    const { id } = await makeReport(other.team.id, { type: "audit-trail" });
    expect((await open(owner, `${base}/reports/${id}`)).status).toBe(404);
    expect((await open(owner, `${base}/reports/${id}/delete`)).status).toBe(404);
    expect((await submit(owner, `${base}/reports/${id}/delete`)).status).toBe(404);
    expect(await reportsOf(other.team.id)).toHaveLength(1);
  });
});

describe("a ready report", () => {
  test("is downloaded by who is signed in", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await makeReport(team.id, { type: "audit-trail", format: "csv" });
    const { html } = await open(owner, `${base}/reports/${id}`);
    const path = `/v1/teams/${team.id}/reports/${id}/download`;
    expect(html).toContain(`href="${path}"`);
    expect(html).toContain("not shown here");
    const file = await send("GET", path, { ...owner.session });
    expect(file.headers.get("Content-Disposition")).toContain("attachment");
    expect(await file.text()).toContain(",report.created,");
  });

  test("on token usage is a chart with its figures behind it, and sums by token", async () => {
    const place = await consoleTeam();
    const { id } = await issue(place.team.id, { name: "Stock sync", permissions: ["EMM.Devices.VIEW"] });
    await count(place.team.id, id, [
      [1, "EMM.Devices.VIEW", "allowed", 1_200],
      [1, "EMM.Groups.VIEW", "allowed", 34],
      [2, "EMM.Team.MANAGE", "missing_permission", 5],
    ]);
    const { html } = await shownReport(place, { type: "token-usage", days: 7 });
    expect(html).toMatch(/<svg[^>]*role="img"[^>]*aria-labelledby="usage-title usage-text"/);
    expect(html).toContain('<desc id="usage-text">1,234 allowed, 5 refused; the highest bar is 1,234.');
    expect(html.match(/<rect/g)).toHaveLength(2);
    const text = html.replaceAll(/<[^>]+>/g, " ");
    expect(text).toMatch(/Right missing/);
    expect(text).toMatch(/Stock sync\s+1,234\s+5/);
  });

  test("on token usage says so when there was none", async () => {
    const { html } = await shownReport(await consoleTeam(), { type: "token-usage" });
    expect(html).toContain("Nothing to tell for this period");
  });

  test("on unused permissions leads to the form with the narrower token filled in", async () => {
    const place = await consoleTeam();
    const { team, owner, base } = place;
    const token = {
      name: "Branch 7",
      profile_id: "branch-7",
      permissions: ["EMM.Devices.VIEW", "EMM.DeviceCommands.LOCK", "EMM.DeviceCommands.WIPE"],
      expires_in: 40 * 86_400,
      allowed_ips: ["203.0.113.0/24"],
      rate_limit: { limit: 100, window_seconds: 30 },
    };
    const { id } = await issue(team.id, token);
    await count(team.id, id, [[1, "EMM.DeviceCommands.LOCK", "allowed", 3]]);
    const { html } = await shownReport(place, { type: "unused-permissions" });
    expect(html).toContain("1 used");
    const form = new RegExp(`<form[^>]*action="${base}/access-tokens/new">(.*?)</form>`, "s").exec(html)?.[1];
    const fields = [...(form ?? "").matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(
      ([, name = "", value = ""]) => [name, value] as const,
    );
    expect(fields).not.toContainEqual(["permission", "EMM.DeviceCommands.WIPE"]);
    const filled = await submit(owner, `${base}/access-tokens/new`, fields);
    expect(filled.status).toBe(200);
    const kept = ["name", "profile_id", "limit", "limit_seconds"].map((name) => fieldOf(filled, name));
    expect(kept).toEqual(["Branch 7", "branch-7", "100", "30"]);
    expect(filled.html).toContain("203.0.113.0/24");
    expect(filled.html).toMatch(/value="EMM.DeviceCommands.LOCK" checked/);
    expect(filled.html).not.toMatch(/value="EMM.DeviceCommands.WIPE" checked/);
    expect(filled.html).toMatch(/<option value="39" selected/);
    // Nothing is made before somebody says so.
    expect(await rows("SELECT id FROM access_tokens WHERE team_id = ?", team.id)).toHaveLength(1);
  });

  test("on stale tokens says why, and leads to where one is revoked", async () => {
    const place = await consoleTeam();
    const { team, base } = place;
    const { id } = await issue(team.id, { name: HOSTILE, permissions: ["EMM.Devices.VIEW"] });
    await env.DB.prepare("UPDATE access_tokens SET created_at = 0 WHERE id = ?").bind(id).run();
    const shown = await shownReport(place, { type: "stale-tokens" });
    expect(shown.html).toContain("not used in this time");
    expect(shown.html).toContain(`${base}/access-tokens/${id}/revoke`);
    expectHarmless(shown);
  });

  test("offers a viewer of reports no token to make or revoke", async () => {
    const { team, base, with: somebody } = await consoleTeam();
    const { id } = await issue(team.id, { permissions: ["EMM.Devices.VIEW", "EMM.DeviceCommands.LOCK"] });
    await env.DB.prepare("UPDATE access_tokens SET created_at = 0 WHERE id = ?").bind(id).run();
    await count(team.id, id, [[1, "EMM.Devices.VIEW", "allowed", 3]]);
    const viewer = await somebody("EMM.Reports.VIEW");
    for (const type of ["stale-tokens", "unused-permissions"]) {
      const report = await makeReport(team.id, { type });
      const { html } = await open(viewer, `${base}/reports/${report.id}`);
      expect(html).not.toContain("/revoke");
      expect(html).not.toContain("access-tokens/new");
    }
  });

  test("on the audit trail names its last link and how to verify it", async () => {
    const place = await consoleTeam();
    const { html } = await shownReport(place, { type: "audit-trail" });
    const [sealed] = await rows<{ number: number; hash: string }>(
      `SELECT chain_number AS number, chain_hash AS hash FROM audit_events
       WHERE team_id = ? AND type = 'report.created'`,
      place.team.id,
    );
    expect(html).toContain(`${sealed?.number}:${sealed?.hash}`);
    expect(html).toContain("npm run verify-audit -- export.json");
  });

  test("that is long is shown up to a hundred rows", async () => {
    const place = await consoleTeam();
    const { id } = await issue(place.team.id);
    await env.DB.prepare(
      `WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 119)
       INSERT INTO access_tokens (id, hash, kind, team_id, name, permissions, created_at, created_by)
       SELECT 'tok_many_' || n.value, 'hash_' || ?1 || n.value, 'pat', team_id, 'many', permissions, created_at, created_by
       FROM access_tokens, n WHERE id = ?1`,
    )
      .bind(id)
      .run();
    const { html } = await shownReport(place, { type: "unused-permissions" });
    expect(html).toContain("The first 100 of 120");
    expect(html.match(/not used at all/g)).toHaveLength(100);
  });
});

/** A database that a report goes from after its page has found it, and before its file is read. */
function losing(id: string): typeof env.DB {
  return new Proxy(env.DB, {
    get: (db, name) => {
      const member: unknown = Reflect.get(db, name);
      if (name !== "prepare") return typeof member === "function" ? (member.bind(db) as unknown) : member;
      return (query: string) => {
        const statement = db.prepare(query);
        if (!/from "report_parts"/.test(query)) return statement;
        return new Proxy(statement, {
          get: (target, method) =>
            method === "bind"
              ? (...values: unknown[]) => afterwards(target.bind(...values), id)
              : (Reflect.get(target, method) as unknown),
        });
      };
    },
  });
}

/** A statement that runs when the report is gone. */
function afterwards(statement: D1PreparedStatement, id: string): D1PreparedStatement {
  const remove = () =>
    env.DB.batch([
      env.DB.prepare("DELETE FROM report_parts WHERE report_id = ?").bind(id),
      env.DB.prepare("DELETE FROM reports WHERE id = ?").bind(id),
    ]);
  return new Proxy(statement, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      if (name !== "raw" && name !== "all" && name !== "first") return member.bind(target) as unknown;
      return async (...values: unknown[]) => {
        await remove();
        return (member as (...given: unknown[]) => Promise<unknown>).apply(target, values);
      };
    },
  });
}

test("a report that is deleted while its page loads is not found, as if one had come later", async () => {
  const { team, owner, base } = await consoleTeam();
  await issue(team.id);
  const { id } = await makeReport(team.id, { type: "unused-permissions", format: "json" });
  const at = await startWorker({ DB: losing(id) });
  const response = await at(new Request(`${ORIGIN}${base}/reports/${id}`, { headers: cookieOf(owner) }));
  expect([response.status, (await response.text()).includes("Not here")]).toEqual([404, true]);
  expect(await reportsOf(team.id)).toEqual([]);
});

describe("deleting a report", () => {
  test("asks first, then leads back and says that it is done", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await makeReport(team.id, { type: "audit-trail" });
    expect((await open(owner, `${base}/reports/${id}/delete`)).html).toContain("Delete this report?");
    expect(await reportsOf(team.id)).toHaveLength(1);
    const deleted = await submit(owner, `${base}/reports/${id}/delete`);
    expect([deleted.status, deleted.location]).toEqual([303, `${base}/reports?deleted=1`]);
    expect((await open(owner, `${base}/reports?deleted=1`)).html).toContain("The report is deleted.");
    expect(await reportsOf(team.id)).toEqual([]);
  });

  test("is not for who may not, nor for another site", async () => {
    const { team, owner, base, with: somebody } = await consoleTeam();
    const { id } = await makeReport(team.id, { type: "audit-trail" });
    const maker = await somebody("EMM.Reports.GENERATE");
    expectNotForRole(await submit(maker, `${base}/reports/${id}/delete`), "EMM.Reports.DELETE");
    expect((await submit(owner, `${base}/reports/${id}/delete`, {}, {})).status).toBe(403);
    expect(await reportsOf(team.id)).toHaveLength(1);
  });
});

test("a check is on the usage chart once it is counted", async () => {
  const place = await consoleTeam();
  const { key } = await makeService();
  const { token } = await issue(place.team.id);
  await check(key, { token, permissions: ["EMM.Devices.VIEW"], team: place.team.id });
  const { html } = await shownReport(place, { type: "token-usage" });
  expect(html).toContain("1 allowed, 0 refused");
});
