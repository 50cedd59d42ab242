import { createHash } from "node:crypto";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { ChainLink } from "../../../../src/domain/audit-chain.ts";
import { ExportVerifier, type ExportFinding } from "../../../../src/domain/audit-export.ts";
import { call, expectAnswer, issue, makeTeam, unique, type AnswerBody } from "../../support.ts";
import { download, makeReport } from "../../reports.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** As `scripts/verify-audit.ts` does. */
function verify(text: string, noted: ChainLink | null = null): ExportFinding {
  const verifier = new ExportVerifier(sha256, noted);
  for (const line of text.replace(/\n$/, "").split("\n")) verifier.take(line);
  return verifier.finish();
}

async function exportOf(team: string, more: object = {}): Promise<string> {
  const report = await makeReport(team, { type: "audit-trail", format: "json", ...more });
  return download(team, report.id);
}

async function rename(team: string, name: string): Promise<void> {
  expectAnswer(await call("PATCH", `/v1/teams/${team}`, { body: { name } }), 200, "Team");
}

async function teamWithChanges(changes: number): Promise<string> {
  const team = (await makeTeam()).id;
  for (let change = 0; change < changes; change += 1) await rename(team, unique("name"));
  return team;
}

async function headOf(team: string): Promise<ChainLink> {
  const answer = await call("GET", `/v1/teams/${team}/audit-events?limit=1`);
  const { head } = expectAnswer(answer, 200, "AuditEvents");
  return head as ChainLink;
}

async function tamper(team: string, ...statements: string[]): Promise<void> {
  await env.DB.batch(statements.map((statement) => env.DB.prepare(statement).bind(team)));
}

describe("an export of the audit trail", () => {
  test("verifies, from the first event to that of its own order, and has what the list has", async () => {
    const team = await teamWithChanges(3);
    await issue(team, { name: 'line\u2028break "quoted" \\ 日本 =1', permissions: ["EMM.Devices.VIEW"] });
    const noted = await headOf(team);
    const text = await exportOf(team);
    const finding = verify(text, noted);
    expect(finding).toMatchObject({
      ok: true,
      team,
      previous: { number: 0 },
      head: { number: 6 },
      notedIsBefore: false,
    });
    const { rows } = JSON.parse(text) as AnswerBody<"ReportFile">;
    const listed = expectAnswer(await call("GET", `/v1/teams/${team}/audit-events`), 200, "AuditEvents");
    expect(rows).toEqual(listed.audit_events.toReversed());
    expect(rows.at(-1)).toMatchObject({ type: "report.created", chain: await headOf(team) });
  });

  test("of a period is an excerpt that verifies with the link before it", async () => {
    const team = await teamWithChanges(6);
    const listed = expectAnswer(await call("GET", `/v1/teams/${team}/audit-events`), 200, "AuditEvents");
    const oldestFirst = listed.audit_events.toReversed();
    await env.DB.batch(
      oldestFirst.map(({ id }, index) =>
        env.DB.prepare(
          "UPDATE audit_events SET at = ?, chain_number = NULL, chain_hash = NULL WHERE id = ?",
        ).bind(Date.UTC(2026, 0, index + 1), id),
      ),
    );
    const text = await exportOf(team, { since: "2026-01-03", until: "2026-01-06" });
    const finding = verify(text);
    expect(finding).toMatchObject({ ok: true, previous: { number: 2 }, head: { number: 5 } });
    const { rows } = JSON.parse(text) as AnswerBody<"ReportFile">;
    expect(rows.map(({ id }) => id)).toEqual(oldestFirst.slice(2, 5).map(({ id }) => id));
    const [second] = (JSON.parse(await exportOf(team)) as { rows: { chain: ChainLink }[] }).rows.slice(1);
    expect(verify(text, second?.chain ?? null)).toMatchObject({ ok: true, notedIsBefore: false });
    expect(verify(text, { number: 2, hash: "f".repeat(64) })).toMatchObject({ ok: false, fault: "noted" });
    expect(verify(text, { number: 1, hash: "f".repeat(64) })).toMatchObject({
      ok: true,
      notedIsBefore: true,
    });
    const empty = await exportOf(team, { since: "2020-01-01", until: "2020-01-02" });
    expect(verify(empty)).toMatchObject({ ok: true });
    expect((JSON.parse(empty) as { rows: unknown[] }).rows).toEqual([]);
  });

  test("of many thousand events, of which nobody had sealed one, verifies", { timeout: 60_000 }, async () => {
    const team = (await makeTeam()).id;
    await env.DB.prepare(
      `WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 12000)
       INSERT INTO audit_events (id, team_id, at, type, actor, actor_owner, subject, ip, detail)
       SELECT ?1 || '_' || value, ?1, ?2 + value % 7, 'check.denied', 'tok_x', 'operator', 'svc_x', '203.0.113.7',
         '{"permissions":["EMM.Devices.VIEW"],"reason":"missing_permission","n":' || value || '}' FROM n`,
    )
      .bind(team, Date.now())
      .run();
    const report = await makeReport(team, { type: "audit-trail" });
    expect(report.rows).toBe(12_002);
    const text = await download(team, report.id);
    expect(verify(text, await headOf(team))).toMatchObject({ ok: true, head: { number: 12_002 } });
    const { rows } = JSON.parse(text) as { rows: { detail: { n?: number } }[] };
    expect(rows.slice(1, -1).every(({ detail }, index) => detail.n === index + 1)).toBe(true);
  });

  test("holds nothing of another team", async () => {
    const [team, other] = [await teamWithChanges(2), await teamWithChanges(2)];
    expect(await exportOf(team)).not.toContain(other);
  });

  test.each([
    [
      "changed",
      ["UPDATE audit_events SET ip = '198.51.100.1' WHERE team_id = ? AND chain_number = 3"],
      3,
      "changed",
    ],
    ["dropped", ["DELETE FROM audit_events WHERE team_id = ? AND chain_number = 3"], 4, "gap"],
    [
      "dropped and renumbered",
      [
        "DELETE FROM audit_events WHERE team_id = ? AND chain_number = 3",
        "UPDATE audit_events SET chain_number = 3 WHERE team_id = ? AND chain_number = 4",
      ],
      3,
      "changed",
    ],
    [
      "swapped with the next",
      [
        "UPDATE audit_events SET chain_number = 99 WHERE team_id = ? AND chain_number = 3",
        "UPDATE audit_events SET chain_number = 3 WHERE team_id = ? AND chain_number = 4",
        "UPDATE audit_events SET chain_number = 4 WHERE team_id = ? AND chain_number = 99",
      ],
      3,
      "changed",
    ],
    [
      "put in between",
      [
        "UPDATE audit_events SET chain_number = chain_number + 100 WHERE team_id = ? AND chain_number > 2",
        "UPDATE audit_events SET chain_number = chain_number - 99 WHERE team_id = ? AND chain_number > 100",
        "INSERT INTO audit_events SELECT 'aud_put_in', team_id, at, type, actor, actor_owner, subject, ip, detail, 3, chain_hash FROM audit_events WHERE team_id = ? AND chain_number = 2",
      ],
      3,
      "changed",
    ],
  ])("shows an event that was %s in the store, by its number", async (_what, statements, number, fault) => {
    const team = await teamWithChanges(5);
    expect(verify(await exportOf(team))).toMatchObject({ ok: true });
    await tamper(team, ...statements);
    expect(verify(await exportOf(team))).toMatchObject({ ok: false, fault, event: { number } });
  });

  test("shows events that were dropped from the end to whoever has noted a head", async () => {
    const team = await teamWithChanges(4);
    const noted = await headOf(team);
    await tamper(team, "DELETE FROM audit_events WHERE team_id = ? AND chain_number > 3");
    const text = await exportOf(team);
    expect(verify(text)).toMatchObject({ ok: true });
    expect(verify(text, noted)).toMatchObject({ ok: false, fault: "noted" });
  });
});
