import { describe, expect, test } from "vitest";
import { INVITATION_COOKIE, SESSION_COOKIE } from "../../../../src/routes/session-cookie.ts";
import { consoleTeam, expectHarmless, HOSTILE, open, submit, type Shown } from "../../console-pages.ts";
import { accept, invite, join } from "../../people.ts";
import { call, expectAnswer, makeTeam, rows } from "../../support.ts";

const PASSWORD = "correct horse battery";

const membersOf = async (team: string) =>
  expectAnswer(await call("GET", `/v1/teams/${team}/members`), 200, "Members").members;

const cookieNamed = ({ headers }: Shown, name: string) =>
  headers.getSetCookie().find((cookie) => cookie.startsWith(`${name}=`)) ?? "";

/** What a page looks like whoever it is for. */
const bare = ({ html }: Shown) => html;

describe("an invitation's link", () => {
  test("makes an account with a password, signs it in, and works once", async () => {
    const team = await makeTeam({ name: "Kayakers" });
    const { secret, member } = await invite(team.id, "owner");
    const path = `/invitations/${secret}`;
    const shown = await open(null, path);
    expect(shown.status).toBe(200);
    expect(shown.html).toContain("Join Kayakers");
    expect(shown.html).toContain(member.email);
    const joined = await submit(null, path, { email: "somebody@else.example", password: PASSWORD });
    expect([joined.status, joined.location]).toEqual([303, "/console"]);
    const cookie = cookieNamed(joined, SESSION_COOKIE).split(";")[0] ?? "";
    const page = await open(null, `/console/${team.slug}/team`, { Cookie: cookie });
    expect([page.status, page.html.includes(member.email)]).toEqual([200, true]);
    expect((await membersOf(team.id))[0]).toMatchObject({ email: member.email, status: "active" });
    expect((await open(null, path)).status).toBe(404);
    expect((await submit(null, path, { password: PASSWORD })).status).toBe(404);
    expect((await submit(null, "/signin", { email: member.email, password: PASSWORD })).status).toBe(303);
  });

  test("changes nothing by being opened", async () => {
    const team = await makeTeam();
    const { secret } = await invite(team.id, "owner");
    await open(null, `/invitations/${secret}`);
    await open(null, `/invitations/${secret}`);
    expectAnswer(await accept(secret), 200, "JoinedMember");
  });

  test("tells what is wrong with a password, and neither keeps nor shows it", async () => {
    const team = await makeTeam();
    const { secret } = await invite(team.id, "owner");
    const shown = await submit(null, `/invitations/${secret}`, { password: "sh0rt-1" });
    expect(shown.status).toBe(400);
    expect(shown.html).toContain("Member Choose a password has a value");
    expect(shown.html).not.toContain("sh0rt-1");
    expect((await membersOf(team.id))[0]?.status).toBe("invited");
  });

  test("that was used, has ended, was withdrawn or never was looks alike, and helps", async () => {
    const team = await makeTeam();
    const [used, ended, gone] = await Promise.all([
      invite(team.id, "owner"),
      invite(team.id, "owner"),
      invite(team.id, "owner"),
    ]);
    await accept(used.secret);
    await rows("UPDATE members SET invitation_expires_at = 1 WHERE id = ?", ended.member.id);
    await call("DELETE", `/v1/teams/${team.id}/members/${gone.member.id}`);
    const pages = await Promise.all(
      [used.secret, ended.secret, gone.secret, "x".repeat(43), "%3Cscript%3E"].map((secret) =>
        open(null, `/invitations/${secret}`),
      ),
    );
    expect(new Set(pages.map(({ status }) => status))).toEqual(new Set([404]));
    expect(new Set(pages.map(bare)).size).toBe(1);
    expect(pages[0]?.html).toContain("Ask whoever invited you for a new one");
  });

  test("lets the person who has an account already, and is signed in, join by one button", async () => {
    const { owner } = await consoleTeam();
    const team = await makeTeam();
    const { secret } = await invite(team.id, "owner", { email: owner.email });
    const path = `/invitations/${secret}`;
    const shown = await open(owner, path);
    expect(shown.html).toContain(`You are signed in as ${owner.email}`);
    expect(shown.html).not.toContain('name="password"');
    expect((await submit(owner, path)).location).toBe("/console");
    expect((await membersOf(team.id))[0]).toMatchObject({ user: owner.user, status: "active" });
  });

  test("sends whoever has an account to sign in, and back, without its secret in any other address", async () => {
    const { owner } = await consoleTeam();
    const team = await makeTeam();
    const { secret } = await invite(team.id, "owner", { email: owner.email });
    const path = `/invitations/${secret}`;
    const shown = await open(null, path);
    expect(shown.html).toContain("There is an account with this address already");
    expect(shown.html).not.toContain(secret);
    const away = await submit(null, path, { do: "signin" });
    expect([away.status, away.location]).toEqual([303, "/signin?next=%2Finvitations"]);
    expect(away.headers.get("Referrer-Policy")).toBe("no-referrer");
    const cookie = cookieNamed(away, INVITATION_COOKIE);
    expect(cookie).toMatch(/Path=\/; Secure; HttpOnly; SameSite=Lax$/);
    const signIn = await open(null, away.location ?? "");
    expect(signIn.html).toContain('value="/invitations"');
    const back = await open(null, "/invitations", { Cookie: cookie.split(";")[0] ?? "" });
    expect([back.status, back.location]).toEqual([303, path]);
    expect(cookieNamed(back, INVITATION_COOKIE)).toContain("Max-Age=0");
    expect(back.headers.get("Referrer-Policy")).toBe("no-referrer");
  });

  test("never takes over an account, and tells who is signed in that it is for somebody else", async () => {
    const { owner } = await consoleTeam();
    const team = await makeTeam();
    const other = await join(team.id, "owner");
    const { secret } = await invite(team.id, "owner", { email: owner.email });
    const path = `/invitations/${secret}`;
    expect((await open(other, path)).html).toContain(`You are signed in as ${other.email}`);
    for (const person of [null, other]) {
      const refused = await submit(person, path, { password: PASSWORD });
      expect([refused.status, refused.html.includes("Sign in to it")]).toEqual([400, true]);
    }
    expect(await membersOf(team.id)).toHaveLength(2);
    expect((await membersOf(team.id)).map(({ status }) => status).sort()).toEqual(["active", "invited"]);
  });

  test("takes no form from elsewhere", async () => {
    const { owner } = await consoleTeam();
    const team = await makeTeam();
    const { secret } = await invite(team.id, "owner", { email: owner.email });
    const foreign = { "Sec-Fetch-Site": "cross-site" };
    expect((await submit(owner, `/invitations/${secret}`, {}, foreign)).status).toBe(400);
    expect((await membersOf(team.id))[0]?.status).toBe("invited");
  });

  test("goes nowhere else by what its cookie says", async () => {
    for (const value of ["../console/x", "//evil.example", "a/b", "%2e%2e", ""]) {
      const back = await open(null, "/invitations", { Cookie: `${INVITATION_COOKIE}=${value}` });
      expect([back.status, back.location]).toEqual([303, "/console"]);
    }
  });

  test("waits while the team is suspended", async () => {
    const team = await makeTeam();
    const { secret } = await invite(team.id, "owner");
    await call("PATCH", `/v1/teams/${team.id}`, { body: { status: "suspended" } });
    const shown = await open(null, `/invitations/${secret}`);
    expect([shown.status, shown.html.includes("Keep the link")]).toEqual([403, true]);
  });

  test("leads into a team of single sign-on alone by that alone", async () => {
    const team = await makeTeam();
    const { secret } = await invite(team.id, "owner");
    await rows(`UPDATE teams SET sign_in_methods = '["sso"]' WHERE id = ?`, team.id);
    const shown = await open(null, `/invitations/${secret}`);
    expect(shown.html).toContain("by single sign-on alone");
    expect(shown.html).not.toContain('name="password"');
  });

  test("escapes a hostile team's name, and is kept by nobody", async () => {
    const team = await makeTeam({ name: HOSTILE });
    const { secret } = await invite(team.id, "owner");
    const shown = await open(null, `/invitations/${secret}`);
    expectHarmless(shown);
    expect(shown.headers.get("Cache-Control")).toBe("no-store");
    expect(shown.headers.get("Referrer-Policy")).toBe("no-referrer");
  });
});
