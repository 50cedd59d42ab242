import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { consoleTeam, expectHarmless, expectNotForRole, HOSTILE, open } from "../../console-pages.ts";
import { join, makeRole } from "../../people.ts";
import { call, expectAnswer, issue, rows } from "../../support.ts";

const DAY_HOURS = 24;

const TOKEN = {
  name: "Branch 7",
  profile_id: "branch-7",
  permissions: ["EMM.Devices.VIEW", "EMM.DeviceCommands.WIPE"],
  allowed_ips: ["203.0.113.0/24"],
  rate_limit: { limit: 1_000, window_seconds: 30 },
};

async function count(team: string, token: string, daysAgo: number, verdict: string, times: number) {
  const hour = Math.floor(Date.now() / 3_600_000) - DAY_HOURS * daysAgo;
  await env.DB.prepare(
    "INSERT INTO token_usage (team_id, token_id, hour, permission, verdict, count) VALUES (?, ?, ?, 'EMM.Devices.VIEW', ?, ?)",
  )
    .bind(team, token, hour, verdict, times)
    .run();
}

describe("a token's page", () => {
  test("says what it may, who made it and from where it is used, and never the token", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id, token } = await issue(team.id, TOKEN, owner.session);
    const { status, html } = await open(owner, `${base}/access-tokens/${id}`);
    expect(status).toBe(200);
    const text = html.replaceAll("<wbr/>", "");
    for (const said of [
      "Branch 7",
      "branch-7",
      owner.email,
      "203.0.113.0/24",
      "1,000 calls in 30 s",
      "in force",
    ])
      expect(text).toContain(said);
    expect(text).toContain("EMM.DeviceCommands.WIPE");
    expect(text).toContain("Access token added");
    expect(text).toContain(`${base}/access-tokens/${id}/revoke`);
    expect(text).not.toContain("Somebody should look at this token");
    expect(html).not.toContain(token);
    expect((await open(owner, `${base}/access-tokens`)).html).toContain(`${base}/access-tokens/${id}"`);
  });

  test("draws the last 30 days of its use, and its own alone", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await issue(team.id);
    const other = await issue(team.id);
    await count(team.id, id, 0, "allowed", 7);
    await count(team.id, id, 29, "expired_token", 2);
    await count(team.id, id, 31, "allowed", 1_000);
    await count(team.id, other.id, 1, "allowed", 5_000);
    const { html } = await open(owner, `${base}/access-tokens/${id}`);
    expect(html).toContain("7 allowed, 2 refused; the highest bar is 7.");
    expect(html.match(/<rect/g)).toHaveLength(2);
    expect(html).toContain("Expired");
    const unused = await issue(team.id);
    expect((await open(owner, `${base}/access-tokens/${unused.id}`)).html).toContain(
      "No checks in this time",
    );
  });

  test("is flagged when its maker holds less now, and when they have left", async () => {
    const { team, owner, base } = await consoleTeam();
    const permissions = ["EMM.AccessTokens.CREATE", "EMM.Devices.VIEW"];
    const role = await makeRole(team.id, permissions);
    const maker = await join(team.id, role.id);
    const { id } = await issue(team.id, { name: "Mine", permissions: ["EMM.Devices.VIEW"] }, maker.session);
    const path = `/v1/teams/${team.id}`;
    const body = { permissions: ["EMM.AccessTokens.CREATE"] };
    expectAnswer(await call("PATCH", `${path}/roles/${role.id}`, { body }), 200, "Role");
    const demoted = await open(owner, `${base}/access-tokens/${id}`);
    expect(demoted.html).toContain("its maker holds less now");
    expect(demoted.html.replaceAll("<wbr/>", "")).toContain("EMM.Devices.VIEW");
    expectAnswer(await call("DELETE", `${path}/members/${maker.id}`), 200, "RemovedMember");
    const left = await open(owner, `${base}/access-tokens/${id}`);
    expect(left.html).toContain("its maker has left");
    expect(left.html).toContain(maker.user);
  });

  test("that is revoked offers no revoking, and says when it was", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await issue(team.id);
    await call("POST", `/v1/teams/${team.id}/access-tokens/${id}/revoke`);
    const { html } = await open(owner, `${base}/access-tokens/${id}`);
    expect(html).toContain("revoked");
    expect(html).toContain("Access token revoked");
    expect(html).not.toContain(`${id}/revoke`);
  });

  test("shows a viewer of tokens neither the trail nor the way to revoke, and records no denial", async () => {
    const { team, owner, base, with: somebody } = await consoleTeam();
    const { id } = await issue(team.id, TOKEN, owner.session);
    const { status, html } = await open(
      await somebody("EMM.AccessTokens.VIEW"),
      `${base}/access-tokens/${id}`,
    );
    expect(status).toBe(200);
    expect(html).toContain(owner.user);
    expect(html).not.toContain(owner.email);
    expect(html).not.toContain("What happened to it");
    expect(html).not.toContain("/revoke");
    const denied = "SELECT id FROM audit_events WHERE team_id = ? AND type = 'access.denied'";
    expect(await rows(denied, team.id)).toEqual([]);
  });

  test("is not for a role without it, nor of another team, nor of none", async () => {
    const { team, owner, base, with: somebody } = await consoleTeam();
    const { id } = await issue(team.id);
    const viewer = await somebody("EMM.Reports.VIEW");
    expectNotForRole(await open(viewer, `${base}/access-tokens/${id}`), "EMM.AccessTokens.VIEW");
    const other = await consoleTeam();
    expect((await open(other.owner, `${other.base}/access-tokens/${id}`)).status).toBe(404);
    expect((await open(other.owner, `${base}/access-tokens/${id}`)).status).toBe(404);
    expect((await open(owner, `${base}/access-tokens/tok_none`)).status).toBe(404);
  });

  test("escapes hostile names", async () => {
    const { team, owner, base } = await consoleTeam();
    const { id } = await issue(team.id, { name: HOSTILE, permissions: ["EMM.Devices.VIEW"] });
    expectHarmless(await open(owner, `${base}/access-tokens/${id}`));
  });
});
