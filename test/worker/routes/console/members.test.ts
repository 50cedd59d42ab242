import { describe, expect, test } from "vitest";
import {
  consoleTeam,
  expectHarmless,
  expectNotForRole,
  fieldOf,
  HOSTILE,
  open,
  submit,
} from "../../console-pages.ts";
import { accept, invite, join, makeRole } from "../../people.ts";
import { call, expectAnswer, unique, wholeStore } from "../../support.ts";

const membersOf = async (team: string) =>
  expectAnswer(await call("GET", `/v1/teams/${team}/members`), 200, "Members").members;

const address = () => `${unique("somebody")}@example.com`;

describe("the Members page", () => {
  test("lists members and those who are invited, with the names of their roles", async () => {
    const { team, owner, base } = await consoleTeam();
    const role = await makeRole(team.id, ["EMM.Team.VIEW"], { name: "Viewers" });
    const { member } = await invite(team.id, role.id);
    const { status, html } = await open(owner, `${base}/members`);
    expect(status).toBe(200);
    for (const text of [owner.email, member.email, "Viewers", "Owner", "invited"])
      expect(html).toContain(text);
    expect(html).toContain(`${base}/members/new`);
  });

  test("shows those who may only view no way to change anything, and asks nothing that they may not", async () => {
    const { team, base, with: somebody } = await consoleTeam();
    const viewer = await somebody("EMM.Members.VIEW");
    const { status, html } = await open(viewer, `${base}/members`);
    expect(status).toBe(200);
    expect(html).not.toContain("/members/new");
    expect(html).not.toContain("Manage");
    expectNotForRole(await open(viewer, `${base}/members/new`), "EMM.Members.MANAGE");
    expectNotForRole(await open(viewer, `${base}/members/${viewer.id}/remove`), "EMM.Members.DELETE");
    const events = expectAnswer(
      await call("GET", `/v1/teams/${team.id}/audit-events?type=access.denied`),
      200,
      "AuditEvents",
    );
    expect(events.audit_events).toEqual([]);
  });

  test("is not for a role without it", async () => {
    const { base, with: somebody } = await consoleTeam();
    expectNotForRole(await open(await somebody("EMM.Team.VIEW"), `${base}/members`), "EMM.Members.VIEW");
  });

  test("escapes hostile names of roles", async () => {
    const { team, owner, base } = await consoleTeam();
    const role = await makeRole(team.id, ["EMM.Team.VIEW"], { name: HOSTILE });
    const { id } = await join(team.id, role.id);
    for (const path of ["", "/new", `/${id}`]) expectHarmless(await open(owner, `${base}/members${path}`));
  });
});

describe("inviting", () => {
  test("shows the link once, which opens our page, says for how long, and stores none of its secret", async () => {
    const { owner, base } = await consoleTeam();
    const email = address();
    const shown = await submit(owner, `${base}/members/new`, { email, role: "owner" });
    expect(shown.status).toBe(200);
    const [link = "", secret = ""] = /https:\/\/[^"]*\/invitations\/([0-9A-Za-z]+)/.exec(shown.html) ?? [];
    expect(shown.html).toContain("within 7 days");
    expect(shown.html).toContain("data-copy");
    expect(await wholeStore()).not.toContain(secret);
    const page = await open(null, new URL(link).pathname);
    expect([page.status, page.html.includes(email)]).toEqual([200, true]);
    expect((await open(owner, `${base}/members`)).html).not.toContain(secret);
  });

  test("keeps what was typed when the API refuses it", async () => {
    const { team, owner, base } = await consoleTeam();
    const shown = await submit(owner, `${base}/members/new`, { email: `"><b>@example.com`, role: "owner" });
    expect(shown.status).toBe(400);
    expect(fieldOf(shown, "email")).toContain("@example.com");
    expect(shown.html).not.toContain("<b>@");
    expect(shown.html).toContain("Member Email has a value");
    expect(await membersOf(team.id)).toHaveLength(1);
  });

  test("offers no role that holds more than whoever invites", async () => {
    const { team, base, with: somebody } = await consoleTeam();
    const less = await makeRole(team.id, ["EMM.Team.VIEW"], { name: "Less" });
    await makeRole(team.id, ["EMM.Billing.MANAGE"], { name: "More" });
    const manager = await somebody("EMM.Members.MANAGE", "EMM.Roles.VIEW");
    const { html } = await open(manager, `${base}/members/new`);
    expect(html).toContain(`value="${less.id}"`);
    expect(html).not.toContain("More<");
    expect(html).not.toContain('value="owner"');
    const refused = await submit(manager, `${base}/members/new`, { email: address(), role: "owner" });
    expect([refused.status, refused.html.includes("Only an owner")]).toEqual([400, true]);
  });

  test("takes a role's id from one who may not see the roles", async () => {
    const { team, base, with: somebody } = await consoleTeam();
    const less = await makeRole(team.id, ["EMM.Team.VIEW"]);
    const manager = await somebody("EMM.Members.MANAGE");
    expect(fieldOf(await open(manager, `${base}/members/new`), "role")).toBe("");
    const shown = await submit(manager, `${base}/members/new`, { email: address(), role: less.id });
    expect(shown.html).toContain("/invitations/");
  });

  test("again makes a new link, and the old one dies", async () => {
    const { team, owner, base } = await consoleTeam();
    const { member, secret } = await invite(team.id, "owner");
    const shown = await submit(owner, `${base}/members/${member.id}`, { do: "renew" });
    const [path = ""] = /\/invitations\/[0-9A-Za-z]+/.exec(shown.html) ?? [];
    expect((await open(null, path)).status).toBe(200);
    expect((await open(null, `/invitations/${secret}`)).status).toBe(404);
  });

  test("is not done by a form from elsewhere", async () => {
    const { team, owner, base } = await consoleTeam();
    const form = { email: address(), role: "owner" };
    const foreign = { "Sec-Fetch-Site": "same-site" };
    expect((await submit(owner, `${base}/members/new`, form, foreign)).status).toBe(403);
    expect(await membersOf(team.id)).toHaveLength(1);
  });
});

describe("a member's page", () => {
  test("gives them another role", async () => {
    const { team, owner, base } = await consoleTeam();
    const role = await makeRole(team.id, ["EMM.Team.VIEW"], { name: "Viewers" });
    const person = await join(team.id, "owner");
    const path = `${base}/members/${person.id}`;
    const etag = fieldOf(await open(owner, path), "etag");
    const saved = await submit(owner, path, { role: role.id, etag });
    expect(saved.location).toBe(`${base}/members?saved=${person.id}`);
    expect((await open(owner, saved.location ?? "")).html).toContain(
      `The role of ${person.email} is changed.`,
    );
    const stale = await submit(owner, path, { role: "owner", etag });
    expect([stale.status, stale.html.includes("<dd>Viewers</dd>")]).toEqual([412, true]);
    expect((await membersOf(team.id)).find(({ id }) => id === person.id)?.role).toBe(role.id);
  });

  test("warns who looks at their own, and keeps the last owner", async () => {
    const { team, owner, base } = await consoleTeam();
    const role = await makeRole(team.id, ["EMM.Team.VIEW"]);
    const path = `${base}/members/${owner.id}`;
    const shown = await open(owner, path);
    expect(shown.html).toContain("This is you.");
    const refused = await submit(owner, path, { role: role.id, etag: fieldOf(shown, "etag") });
    expect(refused.status).toBe(400);
    expect(refused.html).toContain("keeps at least one owner");
  });

  test("offers nothing about one who holds more", async () => {
    const { owner, base, with: somebody } = await consoleTeam();
    const manager = await somebody("EMM.Members.DELETE", "EMM.Roles.VIEW");
    const { html } = await open(manager, `${base}/members/${owner.id}`);
    expect(html).toContain("Their role holds more than you do");
    expect(html).not.toContain('name="role"');
    expect(html).not.toContain("/remove");
  });
});

describe("removing a member", () => {
  test("says what becomes of what is theirs, and removes them", async () => {
    const { team, owner, base } = await consoleTeam();
    const person = await join(team.id, "owner");
    const path = `${base}/members/${person.id}/remove`;
    const { html } = await open(owner, path);
    expect(html).toContain("They are signed out everywhere");
    expect(html).toContain("Access tokens that they made for the team keep working");
    expect((await submit(owner, path)).location).toBe(`${base}/members?removed=1`);
    expect(await membersOf(team.id)).toHaveLength(1);
    expect((await open(person, `${base}/members`)).location).toContain("/signin");
  });

  test("withdraws an invitation, whose link then leads nowhere", async () => {
    const { team, owner, base } = await consoleTeam();
    const { member, secret } = await invite(team.id, "owner");
    const path = `${base}/members/${member.id}/remove`;
    expect((await open(owner, path)).html).toContain("Withdraw the invitation of");
    expect((await submit(owner, path)).status).toBe(303);
    expect((await open(null, `/invitations/${secret}`)).status).toBe(404);
  });

  test("tells why the last owner stays", async () => {
    const { team, owner, base } = await consoleTeam();
    const refused = await submit(owner, `${base}/members/${owner.id}/remove`);
    expect([refused.status, refused.html.includes("at least one owner")]).toEqual([400, true]);
    expect(await membersOf(team.id)).toHaveLength(1);
  });

  test("is not done by a form from elsewhere", async () => {
    const { team, owner, base } = await consoleTeam();
    const { member, secret } = await invite(team.id, "owner");
    expect((await submit(owner, `${base}/members/${member.id}/remove`, {}, {})).status).toBe(403);
    expectAnswer(await accept(secret), 200, "JoinedMember");
  });
});
