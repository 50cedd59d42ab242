import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { consoleTeam, expectHarmless, HOSTILE, open } from "../../console-pages.ts";
import { invite, join, makeRole } from "../../people.ts";
import { call, makeTeam } from "../../support.ts";

describe("the first page of the console", () => {
  test("shows each of one's teams with one's role there and the pages that it opens", async () => {
    const { owner, team, base } = await consoleTeam();
    const other = await makeTeam();
    const role = await makeRole(other.id, ["EMM.Reports.VIEW"], { name: "Auditors" });
    const { member } = await invite(other.id, role.id);
    await env.DB.prepare("UPDATE members SET user_id = ?, status = 'active' WHERE id = ?")
      .bind(owner.user, member.id)
      .run();
    const { status, html } = await open(owner, "/console");
    expect(status).toBe(200);
    for (const text of [team.name, "Role: Owner", other.name, "Role: Auditors", owner.email]) {
      expect(html).toContain(text);
    }
    for (const page of ["access-tokens", "members", "billing", "audit"]) {
      expect(html).toContain(`${base}/${page}"`);
    }
    expect(html).toContain(`/console/${other.slug}/reports"`);
    expect(html).toContain(`/console/${other.slug}/audit"`);
    expect(html).not.toContain(`/console/${other.slug}/access-tokens"`);
    expect(html).not.toContain(`/console/${other.slug}/billing"`);
  });

  test("tells who is in no team how one comes into one", async () => {
    const { team, owner } = await consoleTeam();
    const other = await join(team.id, "owner");
    await call("DELETE", `/v1/teams/${team.id}/members/${other.id}`);
    // Their sessions ended with it; a new one finds no team.
    await env.DB.prepare("UPDATE sessions SET ended_at = NULL WHERE user_id = ?").bind(other.user).run();
    const { html } = await open(other, "/console");
    expect(html).toContain("You are in no team yet");
    expect(html).not.toContain(team.name);
    expect((await open(owner, "/console")).html).toContain(team.name);
  });

  test("says of a suspended team that it is, and links to none of its pages", async () => {
    const { team, owner, base } = await consoleTeam();
    await call("PATCH", `/v1/teams/${team.id}`, { body: { status: "suspended" } });
    const { status, html } = await open(owner, "/console");
    expect(status).toBe(200);
    expect(html).toContain("This team is suspended");
    expect(html).not.toContain(`${base}/`);
  });

  test("escapes hostile names of teams and roles", async () => {
    const team = await makeTeam({ name: HOSTILE });
    const role = await makeRole(team.id, ["EMM.Team.VIEW"], { name: HOSTILE });
    expectHarmless(await open(await join(team.id, role.id), "/console"));
  });

  test("sends whoever is not signed in to do so", async () => {
    const { status, location } = await open(null, "/console");
    expect([status, location?.split("?")[0]]).toEqual([303, "/signin"]);
  });
});
