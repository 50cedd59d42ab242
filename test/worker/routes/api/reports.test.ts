import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import {
  call,
  expectAnswer,
  expectRefusal,
  issue,
  makeTeam,
  rows,
  send,
  unique,
  type AnswerBody,
} from "../../support.ts";
import { awaitReport, download, makeReport, recordsOf, showReport } from "../../reports.ts";

const ORDER = { type: "stale-tokens" };

let team = "";
let other = "";
beforeAll(async () => {
  team = (await makeTeam()).id;
  other = (await makeTeam()).id;
});

function order(of: string, body: object, sending: object = {}) {
  return call("POST", `/v1/teams/${of}/reports`, { body, ...sending });
}

async function tokenWith(...permissions: string[]): Promise<string> {
  return (await issue(team, { permissions })).token;
}

describe("a report", () => {
  test("is ordered, made in the background, shown, downloaded and deleted", async () => {
    const created = expectAnswer(await order(team, { type: "token-usage", days: 7 }), 201, "Report").report;
    expect(created).toMatchObject({
      team,
      type: "token-usage",
      format: "json",
      status: "pending",
      failure: null,
      progress: 0,
      rows: 0,
      created_by: "operator",
      finished_at: null,
      download_url: null,
    });
    const week = Date.parse(created.created_at) - 7 * 86_400_000;
    expect(created.parameters).toEqual({
      since: new Date(week).toISOString(),
      until: created.created_at,
      days: 7,
    });

    const ready = await awaitReport(team, created.id);
    expect(ready).toMatchObject({ status: "ready", progress: 100, finished_at: expect.any(String) });
    expect(new URL(ready.download_url ?? "").pathname).toBe(
      `/v1/teams/${team}/reports/${created.id}/download`,
    );

    const response = await send("GET", new URL(ready.download_url ?? "").pathname);
    expect(response.headers.get("Content-Type")).toBe("application/json;charset=UTF-8");
    expect(response.headers.get("Content-Disposition")).toBe(
      `attachment; filename="jeton-token-usage-${created.id}.json"`,
    );
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    const file = await response.json<AnswerBody<"ReportFile">>();
    expect(file.report).toEqual({
      id: created.id,
      team,
      type: "token-usage",
      parameters: created.parameters,
      created_by: "operator",
      created_at: created.created_at,
    });

    const path = `/v1/teams/${team}/reports/${created.id}`;
    const deleted = expectAnswer(await call("DELETE", path), 200, "Report").report;
    expect(deleted).toEqual({ ...ready, download_url: null });
    for (const [method, at] of [
      ["GET", path],
      ["GET", `${path}/download`],
      ["DELETE", path],
    ] as const) {
      expectRefusal(await call(method, at), 404, "COM0008");
    }
    expect(await rows("SELECT * FROM report_parts WHERE report_id = ?", created.id)).toEqual([]);
  });

  test("leaves its order and its deletion in the audit trail", async () => {
    const report = await makeReport(team, ORDER);
    await call("DELETE", `/v1/teams/${team}/reports/${report.id}`);
    const answer = await call("GET", `/v1/teams/${team}/audit-events?subject=${report.id}`);
    const { audit_events } = expectAnswer(answer, 200, "AuditEvents");
    expect(audit_events).toMatchObject([
      { type: "report.deleted", detail: { before: { type: "stale-tokens", status: "ready" } } },
      { type: "report.created", detail: { after: { type: "stale-tokens", format: "json" } } },
    ]);
  });

  test("is listed with the others, newest first, in pages", async () => {
    const of = (await makeTeam()).id;
    const made: string[] = [];
    for (let index = 0; index < 3; index += 1) made.unshift((await makeReport(of, ORDER)).id);
    const found: string[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const answer = await call("GET", `/v1/teams/${of}/reports?limit=2${cursor && `&cursor=${cursor}`}`);
      const page: AnswerBody<"Reports"> = expectAnswer(answer, 200, "Reports");
      found.push(...page.reports.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    expect(found.toSorted()).toEqual(made.toSorted());
    expectRefusal(await call("GET", `/v1/teams/${of}/reports?cursor=${made[0]}x`), 400, "COM0003");
  });

  test("is ordered once by a repeated Idempotency-Key", async () => {
    const headers = { "Idempotency-Key": unique("key") };
    const first = expectAnswer(await order(team, ORDER, { headers }), 201, "Report");
    const again = expectAnswer(await order(team, ORDER, { headers }), 201, "Report");
    expect(again).toEqual({ ...first, replayed: true });
    expectRefusal(await order(team, { type: "token-usage" }, { headers }), 409, "COM0010");
  });

  test.each([
    ["stale-tokens", "csv", "text/csv;charset=UTF-8;header=present"],
    ["unused-permissions", "csv", "text/csv;charset=UTF-8;header=present"],
    ["token-usage", "csv", "text/csv;charset=UTF-8;header=present"],
    ["audit-trail", "csv", "text/csv;charset=UTF-8;header=present"],
    ["stale-tokens", "json", "application/json;charset=UTF-8"],
    ["unused-permissions", "json", "application/json;charset=UTF-8"],
    ["token-usage", "json", "application/json;charset=UTF-8"],
    ["audit-trail", "json", "application/json;charset=UTF-8"],
  ])("%s of an empty team is good %s", async (type, format, contentType) => {
    const of = (await makeTeam()).id;
    const report = await makeReport(of, { type, format });
    const response = await send("GET", `/v1/teams/${of}/reports/${report.id}/download`);
    expect(response.headers.get("Content-Type")).toBe(contentType);
    const text = await response.text();
    if (format === "json") expect((JSON.parse(text) as { rows: unknown[] }).rows).toHaveLength(report.rows);
    else expect(text.split("\r\n")).toHaveLength(report.rows + 2);
    // The order itself and the team are in the trail, and nothing else is anywhere.
    expect(report.rows).toBe(type === "audit-trail" ? 2 : 0);
  });
});

describe("who may", () => {
  test("order needs GENERATE, read VIEW, delete DELETE: each grade and the one below", async () => {
    const [view, generate, remove, none] = await Promise.all([
      tokenWith("EMM.Reports.VIEW"),
      tokenWith("EMM.Reports.GENERATE"),
      tokenWith("EMM.Reports.DELETE"),
      tokenWith("EMM.Webhooks.DELETE"),
    ]);
    expectRefusal(await order(team, ORDER, { as: view }), 403, "TOK0001");
    const { report } = expectAnswer(await order(team, ORDER, { as: generate }), 201, "Report");
    expect(report.created_by).toMatch(/^tok_/);
    await awaitReport(team, report.id);
    const path = `/v1/teams/${team}/reports/${report.id}`;
    for (const read of [path, `${path}/download`, `/v1/teams/${team}/reports`]) {
      expect((await send("GET", read, { as: view })).status).toBe(200);
      expectRefusal(await call("GET", read, { as: none }), 403, "TOK0001");
      expectRefusal(await call("GET", read, { as: null }), 401, "COM0013");
    }
    expectRefusal(await call("DELETE", path, { as: generate }), 403, "TOK0001");
    expectAnswer(await call("DELETE", path, { as: remove }), 200, "Report");
  });

  test("see another team's report: nobody, neither by its team nor by its id in one's own", async () => {
    const report = await makeReport(other, ORDER);
    const mine = await tokenWith("EMM.Reports.DELETE");
    for (const [method, tail] of [
      ["GET", ""],
      ["GET", "/download"],
      ["DELETE", ""],
    ] as const) {
      const foreign = await call(method, `/v1/teams/${other}/reports/${report.id}${tail}`, { as: mine });
      expectRefusal(foreign, 403, "TOK0002");
      const borrowed = await call(method, `/v1/teams/${team}/reports/${report.id}${tail}`, { as: mine });
      expectRefusal(borrowed, 404, "COM0008");
    }
    expect((await showReport(other, report.id)).status).toBe("ready");
    expect(await download(other, report.id)).toContain(report.id);
    expectRefusal(await order(other, ORDER, { as: mine }), 403, "TOK0002");
  });

  test("order for a team that is not there: 404 for the operator", async () => {
    expectRefusal(await order("team_none", ORDER), 404, "COM0008");
    expectRefusal(await call("GET", "/v1/teams/team_none/reports"), 404, "COM0008");
    expectRefusal(await call("GET", `/v1/teams/${team}/reports/rep_none`), 404, "COM0008");
  });
});

describe("an order", () => {
  test.each<[string, object]>([
    ["type", {}],
    ["type", { type: "everything" }],
    ["type", { type: "__proto__" }],
    ["format", { type: "token-usage", format: "xlsx" }],
    ["days", { type: "stale-tokens", days: 0 }],
    ["days", { type: "stale-tokens", days: 1.5 }],
    ["days", { type: "stale-tokens", days: 3651 }],
    ["days", { type: "token-usage", days: 5, since: "2026-01-01" }],
    ["since", { type: "token-usage", since: "last week" }],
    ["since", { type: "token-usage", since: 1_700_000_000_000 }],
    ["until", { type: "audit-trail", until: "2026-02-30" }],
    ["since", { type: "stale-tokens", since: "2026-01-01" }],
    ["until", { type: "unused-permissions", until: "2026-01-01" }],
    ["body", { type: "token-usage", team: "team_other" }],
  ])("with a bad %s is 400 COM0005: %j", async (member, body) => {
    const { error_description } = expectRefusal(await order(team, body), 400, "COM0005");
    expect(error_description).toContain(member);
  });

  test.each([
    { type: "token-usage", since: "2026-02-01", until: "2026-01-01" },
    { type: "audit-trail", since: "2026-02-01T00:00:00Z", until: "2026-02-01T01:00:00+01:00" },
    { type: "token-usage", since: "2999-01-01" },
  ])("for a period that ends before it begins is 422 COM0009: %j", async (body) => {
    expectRefusal(await order(team, body), 422, "COM0009");
  });

  test("is refused while ten others are being made, with when to come back", async () => {
    const of = (await makeTeam()).id;
    const stuck = (await makeReport(of, ORDER)).id;
    await env.DB.prepare(
      `WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 10)
       INSERT INTO reports SELECT 'rep_stuck_' || value, team_id, type, format, period, 'running', NULL, NULL, 0, 0, 0,
         9e15, 0, created_by, created_at, NULL, created_event FROM reports, n WHERE id = ?`,
    )
      .bind(stuck)
      .run();
    const answer = await order(of, ORDER);
    expectRefusal(answer, 429, "COM0002");
    expect(answer.headers.get("Retry-After")).toBe("30");
    expectAnswer(await order(team, ORDER), 201, "Report");
    await env.DB.prepare("DELETE FROM reports WHERE id LIKE 'rep_stuck_%'").run();
  });
});

describe("a download", () => {
  test("of a report that is not ready is 409, and of one that failed too", async () => {
    const { id } = await makeReport(team, ORDER);
    const path = `/v1/teams/${team}/reports/${id}/download`;
    await env.DB.prepare("UPDATE reports SET status = 'running', claimed_until = 9e15 WHERE id = ?")
      .bind(id)
      .run();
    const early = expectRefusal(await call("GET", path), 409, "COM0010");
    await env.DB.prepare("UPDATE reports SET status = 'failed', failure = 'too_large' WHERE id = ?")
      .bind(id)
      .run();
    const failed = expectRefusal(await call("GET", path), 409, "COM0010");
    expect(failed.error_description).not.toBe(early.error_description);
    expect(await showReport(team, id)).toMatchObject({
      status: "failed",
      failure: "too_large",
      download_url: null,
    });
  });

  test("comes in the format that was ordered, or is 406 for who takes another only", async () => {
    const { id } = await makeReport(team, { ...ORDER, format: "csv" });
    const path = `/v1/teams/${team}/reports/${id}/download`;
    for (const Accept of ["text/csv", "text/*", "*/*", "text/html, */*;q=0.1"]) {
      expect((await send("GET", path, { headers: { Accept } })).status, Accept).toBe(200);
    }
    for (const Accept of ["application/json", "image/png", "text/csv;q=0"]) {
      expectRefusal(await call("GET", path, { headers: { Accept } }), 406, "COM0014");
    }
  });

  test("that loses its report half way breaks off instead of ending short", async () => {
    const { id } = await makeReport(team, ORDER);
    await env.DB.prepare("UPDATE reports SET parts = 3 WHERE id = ?").bind(id).run();
    const response = await send("GET", `/v1/teams/${team}/reports/${id}/download`);
    await expect(response.text()).rejects.toThrow("deleted");
  });
});

describe("CSV", () => {
  const names = [
    '=HYPERLINK("https://evil.example","click")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    " =1+1",
    "＝1+1",
    "plain;=cmd|'/C calc'!A0;more",
    'quotes "and", commas',
    "new\u2028line",
    "ünïcödé 日本",
  ];

  test("holds names of tokens as text that no spreadsheet takes for a formula", async () => {
    const of = (await makeTeam()).id;
    for (const name of names) await issue(of, { name, permissions: ["EMM.Devices.VIEW"] });
    const [header, ...records] = await recordsOf(of, { type: "unused-permissions" });
    expect(header?.slice(0, 2)).toEqual(["token", "name"]);
    const written = records.map(([, name]) => name ?? "");
    for (const name of written) expect(name).not.toMatch(/(^|[;\t\r\n])\s*[=+\-@＝]/);
    expect(written.map((name) => name.replaceAll("'", "")).toSorted()).toEqual(
      names.map((name) => name.replaceAll("'", "")).toSorted(),
    );
    expect(written).toContain('quotes "and", commas');
    expect(written).toContain('\'=HYPERLINK("https://evil.example","click")');
    expect(records.every((record) => record.length === header?.length)).toBe(true);
  });
});
