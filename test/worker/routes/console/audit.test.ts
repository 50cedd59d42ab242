import { describe, expect, test } from "vitest";
import { consoleTeam, expectHarmless, expectNotForRole, HOSTILE, open } from "../../console-pages.ts";
import { makeRole } from "../../people.ts";
import { call, check, expectAnswer, issue, makeService } from "../../support.ts";

/** What the rows of the page's table say. */
function rowsOf(html: string): string[] {
  const body = /<tbody>(.*?)<\/tbody>/s.exec(html)?.[1] ?? "";
  return body
    .split("<tr>")
    .slice(1)
    .map((row) => row.replaceAll(/<[^>]+>/g, " ").replaceAll(/\s+/g, " "));
}

describe("the Audit page", () => {
  test("says when, what, who, about what, from where, and what it was before", async () => {
    const { team, owner, base } = await consoleTeam();
    const role = await makeRole(team.id, ["EMM.Devices.VIEW", "EMM.Roles.VIEW"], { name: "Support desk" });
    const body = { name: "Support", permissions: ["EMM.Devices.VIEW", "EMM.Members.VIEW"] };
    const headers = { ...owner.session.headers, "CF-Connecting-IP": "192.0.2.7" };
    const path = `/v1/teams/${team.id}/roles/${role.id}`;
    expectAnswer(await call("PATCH", path, { ...owner.session, headers, body }), 200, "Role");
    const { status, html } = await open(owner, `${base}/audit`);
    expect(status).toBe(200);
    const [newest = ""] = rowsOf(html);
    for (const text of ["Role changed", `${owner.email} (you)`, "Support", "from 192.0.2.7"]) {
      expect(newest).toContain(text);
    }
    expect(html).toMatch(/<del>.*?Before.*?Support desk<\/del>/s);
    expect(html).toMatch(/<ins>.*?After.*?Support<\/ins>/s);
    // Of a list, only what went and what came.
    expect(html).toMatch(/<del>(?:(?!<\/del>).)*EMM\.Roles\.VIEW<\/del>/s);
    expect(html).not.toMatch(/<(?:del|ins)>(?:(?!<\/(?:del|ins)>).)*EMM\.Devices\.VIEW/s);
  });

  test("names the token that acted, and whose it is", async () => {
    const { team, owner, base } = await consoleTeam();
    const permissions = ["EMM.AccessTokens.CREATE", "EMM.Devices.VIEW"];
    const maker = await issue(team.id, { name: "Token factory", permissions }, owner.session);
    await issue(team.id, { name: "Made", permissions: ["EMM.Devices.VIEW"] }, { as: maker.token });
    const [newest = ""] = rowsOf((await open(owner, `${base}/audit`)).html);
    expect(newest).toContain("Access token added");
    expect(newest).toContain(`Token factory of ${owner.email} (you)`);
    expect(newest).toContain("Made");
  });

  test("says why a check was refused", async () => {
    const { team, owner, base } = await consoleTeam();
    const { key } = await makeService();
    const { token } = await issue(team.id);
    await check(key, { token, permissions: ["EMM.Team.SECURITY"], team: team.id });
    const [newest] = rowsOf((await open(owner, `${base}/audit`)).html);
    expect(newest).toMatch(/Check refused.*EMM\.Team\.SECURITY.*Right missing/);
  });

  test("names nobody and nothing that the reader may not look up", async () => {
    const { team, owner, base, with: somebody } = await consoleTeam();
    const { id } = await issue(
      team.id,
      { name: "Payroll", permissions: ["EMM.Devices.VIEW"] },
      owner.session,
    );
    const reader = await somebody("EMM.Reports.VIEW");
    const { html } = await open(reader, `${base}/audit?type=access_token.created`);
    const who = html.replaceAll(/<details.*?<\/details>/gs, "");
    expect(who).toContain(id);
    expect(who).toContain(owner.user);
    expect(who).not.toContain(owner.email);
    expect(who).not.toContain("Payroll");
  });

  test("shows what passes the filter, and keeps the filter", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await issue(team.id, { name: "One", permissions: ["EMM.Devices.VIEW"] });
    await issue(team.id, { name: "Two", permissions: ["EMM.Devices.VIEW"] });
    const today = new Date().toISOString().slice(0, 10);
    const filter = `type=access_token.created&actor=operator&subject=${id}&from=${today}&to=${today}`;
    const { html } = await open(owner, `${base}/audit?${filter}`);
    expect(rowsOf(html)).toHaveLength(1);
    expect(html).toMatch(/<option value="access_token.created" selected/);
    for (const value of ["operator", id, today]) expect(html).toContain(`value="${value}"`);
    expect(rowsOf((await open(owner, `${base}/audit?to=2020-01-01`)).html)).toEqual([]);
    expect((await open(owner, `${base}/audit?actor=nobody`)).html).toContain("Nothing matches.");
  });

  test("goes on to older ones with the same filter, and back", async () => {
    const { team, owner, base } = await consoleTeam();
    for (let index = 0; index < 52; index += 1) await makeRole(team.id, ["EMM.Team.VIEW"]);
    const first = await open(owner, `${base}/audit?type=role.created`);
    const older = /href="([^"]*cursor=[^"]*)"/.exec(first.html)?.[1]?.replaceAll("&amp;", "&") ?? "";
    expect(older).toContain("type=role.created");
    const second = await open(owner, older);
    expect(rowsOf(first.html).length + rowsOf(second.html).length).toBe(52);
    expect(second.html).toContain(`href="${base}/audit?type=role.created"`);
  });

  test("says what is wrong with a filter, and keeps it, escaped", async () => {
    const { owner, base } = await consoleTeam();
    const shown = await open(owner, `${base}/audit?from=tomorrow&actor=${encodeURIComponent(HOSTILE)}`);
    expect(shown.status).toBe(400);
    expect(shown.html).toContain("That did not work");
    expectHarmless(shown);
    expect(shown.html).toContain("&lt;script&gt;alert");
  });

  test("says how to keep and verify it, with the last link", async () => {
    const { team, owner, base, with: somebody } = await consoleTeam();
    const listed = await call("GET", `/v1/teams/${team.id}/audit-events`);
    const { head } = expectAnswer(listed, 200, "AuditEvents");
    const { html } = await open(owner, `${base}/audit`);
    expect(html).toContain("npm run verify-audit -- export.json");
    expect(html).toContain(`${head?.number}:${head?.hash}`);
    expect(html).toContain(`${base}/reports/new?type=audit-trail`);
    const reader = await open(await somebody("EMM.Reports.VIEW"), `${base}/audit`);
    expect(reader.html).not.toContain("/reports/new");
  });

  test("escapes hostile names and details", async () => {
    const { team, owner, base } = await consoleTeam();
    await issue(team.id, { name: HOSTILE, permissions: ["EMM.Devices.VIEW"] });
    expectHarmless(await open(owner, `${base}/audit`));
  });

  test("is not for a role without it", async () => {
    const { base, with: somebody } = await consoleTeam();
    expectNotForRole(await open(await somebody("EMM.Team.VIEW"), `${base}/audit`), "EMM.Reports.VIEW");
  });
});
