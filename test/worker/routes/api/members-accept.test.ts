import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import {
  accept,
  actingFor,
  byCookie,
  invite,
  join,
  makeRole,
  signIn,
  slowWriter,
  type Invited,
  type Role,
} from "../../people.ts";
import { call, expectAnswer, expectRefusal, makeTeam, rows, statusesOf, unique } from "../../support.ts";

const VIEW = "EMM.Devices.VIEW";

let team = "";
let role: Role;
beforeAll(async () => {
  team = (await makeTeam()).id;
  role = await makeRole(team, [VIEW]);
});

function usersOf(email: string) {
  return rows<{ id: string; password_hash: string | null }>(
    "SELECT id, password_hash FROM users WHERE email = ?",
    email,
  );
}

describe("whoever holds an invitation", () => {
  test("joins with an account that is made for the address, and gets to know the team", async () => {
    const { member, secret } = await invite(team, role.id);
    const joined = expectAnswer(await accept(secret, { password: "long enough" }), 200, "JoinedMember");
    const [user] = await usersOf(member.email);
    expect(joined.member).toEqual({
      ...member,
      status: "active",
      user: user?.id,
      joined_at: expect.any(String) as string,
    });
    expect(joined.team).toEqual({
      id: team,
      name: expect.any(String) as string,
      slug: expect.any(String) as string,
    });
    expect(user).toMatchObject({
      id: expect.stringMatching(/^usr_/) as string,
      password_hash: expect.stringMatching(/^scrypt\$/) as string,
    });
  });

  test("may do so without a password: such an account is entered in other ways", async () => {
    const { member, secret } = await invite(team, role.id);
    expectAnswer(await accept(secret), 200, "JoinedMember");
    expect((await usersOf(member.email))[0]?.password_hash).toBeNull();
  });

  test("joins by the session of the account that the address has, and stays the same user", async () => {
    const person = await join(team, role.id);
    const other = (await makeTeam()).id;
    const { secret } = await invite(other, (await makeRole(other, [VIEW])).id, { email: person.email });
    const joined = expectAnswer(await accept(secret, {}, person.session), 200, "JoinedMember");
    expect(joined.member).toMatchObject({ user: person.user, status: "active" });
    expectAnswer(await call("GET", `/v1/teams/${other}`, person.session), 200, "Team");
    const [event] = await rows(
      "SELECT actor, actor_owner FROM audit_events WHERE team_id = ? AND type = 'member.joined'",
      other,
    );
    expect(event).toEqual({ actor: expect.stringMatching(/^ses_/) as string, actor_owner: person.user });
  });

  test("joins once, however many try at the same moment", async () => {
    const { member, secret } = await invite(team, role.id);
    const answers = await Promise.all(Array.from({ length: 20 }, () => accept(secret)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      // To whoever comes second, the address has an account or the invitation is used: each is true.
      expect([401, 404]).toContain(answer.status);
    }
    expect(await usersOf(member.email)).toHaveLength(1);
    const found = await rows("SELECT status, user_id FROM members WHERE email = ?", member.email);
    expect(found).toEqual([{ status: "active", user_id: (await usersOf(member.email))[0]?.id }]);
    const events = await rows(
      "SELECT id FROM audit_events WHERE subject = ? AND type = 'member.joined'",
      member.id,
    );
    expect(events).toHaveLength(1);
  });

  test("joins once by one session too, however many try at the same moment", async () => {
    const person = await join(team, role.id);
    const other = (await makeTeam()).id;
    const { secret } = await invite(other, (await makeRole(other, [VIEW])).id, { email: person.email });
    const answers = await Promise.all(Array.from({ length: 20 }, () => accept(secret, {}, person.session)));
    expect(statusesOf(answers)).toEqual({ 200: 1, 404: 19 });
    expect(await rows("SELECT id FROM members WHERE team_id = ?", other)).toHaveLength(1);
  });

  test("becomes one user when two teams' invitations are accepted at the same moment", async () => {
    const email = `${unique("both")}@example.com`;
    const other = (await makeTeam()).id;
    const [first, second] = [await invite(team, role.id, { email }), await invite(other, "owner", { email })];
    const answers = await Promise.all([accept(first.secret), accept(second.secret)]);
    const [user, ...more] = await usersOf(email);
    expect(more).toEqual([]);
    expect(statusesOf(answers)).toEqual({ 200: 1, 401: 1 });
    const left = answers[0]?.status === 200 ? second : first;
    expectAnswer(await accept(left.secret, {}, await signIn(user?.id ?? "")), 200, "JoinedMember");
  });
});

describe("between what an acceptance reads and what it writes", () => {
  test("the invitation is used, withdrawn, replaced or moved: nobody joins by what was read", async () => {
    const path = ({ id }: { id: string }) => `/v1/teams/${team}/members/${id}`;
    const less = await makeRole(team, ["EMM.Team.VIEW"]);
    const events: [string, (invited: Invited) => Promise<unknown>, number][] = [
      ["used", ({ secret }) => accept(secret), 404],
      ["withdrawn", ({ member }) => call("DELETE", path(member)), 404],
      ["replaced", ({ member }) => invite(team, less.id, { email: member.email }), 404],
      ["moved", ({ member }) => call("PATCH", path(member), { body: { role: less.id } }), 200],
    ];
    for (const [what, happen, status] of events) {
      const invited = await invite(team, role.id);
      const { at, reached, release } = await slowWriter();
      const late = accept(invited.secret, {}, { at });
      await reached;
      await happen(invited);
      release();
      expect((await late).status, what).toBe(status);
      const [found] = await rows<{ role: string; status: string }>(
        "SELECT role, status FROM members WHERE email = ?",
        invited.member.email,
      );
      if (what === "used") expect(found).toEqual({ role: role.id, status: "active" });
      if (what === "withdrawn") expect(found).toBeUndefined();
      if (what === "replaced") expect(found).toEqual({ role: less.id, status: "invited" });
      if (what === "moved") expect(found).toEqual({ role: less.id, status: "active" });
      expect((await usersOf(invited.member.email)).length, what).toBe(found?.status === "active" ? 1 : 0);
    }
  });
});

describe("an account is never taken over by its address", () => {
  let person: Awaited<ReturnType<typeof join>>;
  let secret = "";
  beforeAll(async () => {
    person = await join(team, role.id);
    const attacker = (await makeTeam()).id;
    ({ secret } = await invite(attacker, "owner", { email: person.email.toUpperCase() }));
  });

  test("by whoever is not signed in, with and without a password: 401, and nothing changes", async () => {
    const before = await usersOf(person.email);
    for (const body of [{}, { password: "attacker's own" }]) {
      const refused = await accept(secret, body);
      expectRefusal(refused, 401, "COM0013");
      expect(refused.headers.get("WWW-Authenticate")).toBe('Bearer realm="jeton"');
    }
    expect(await usersOf(person.email)).toEqual(before);
    expect(await rows("SELECT id FROM members WHERE user_id = ?", person.user)).toHaveLength(1);
  });

  test("by the session of somebody else, or by one that does not hold", async () => {
    const now = Date.now();
    const sessions = [
      (await join(team, role.id)).session,
      await signIn(person.user, { ended_at: now }),
      await signIn(person.user, { expires_at: now }),
      await signIn(person.user, { last_seen_at: now - 721 * 60_000 }),
      await signIn("usr_nobody"),
      byCookie("invented"),
    ];
    for (const session of sessions) expectRefusal(await accept(secret, {}, session), 401, "COM0013");
  });

  test("by a request that another site causes in the person's own browser", async () => {
    const cookie = { ...person.session.headers };
    for (const site of ["cross-site", "same-site", "none"]) {
      const refused = await accept(secret, {}, { headers: { ...cookie, "Sec-Fetch-Site": site } });
      expectRefusal(refused, 401, "COM0013");
    }
    const foreign = { ...cookie, "Sec-Fetch-Site": null, Origin: "https://evil.example" };
    expectRefusal(await accept(secret, {}, { headers: foreign }), 401, "COM0013");
    expectRefusal(
      await accept(secret, {}, { headers: { ...cookie, "Sec-Fetch-Site": null } }),
      401,
      "COM0013",
    );
  });

  test("not even its password is changed by its own person: 409, and the invitation is still good", async () => {
    const before = await usersOf(person.email);
    expectRefusal(await accept(secret, { password: "a new password" }, person.session), 409, "COM0010");
    expect(await usersOf(person.email)).toEqual(before);
    expectAnswer(await accept(secret, {}, person.session), 200, "JoinedMember");
  });
});

describe("an invitation that is not good", () => {
  test("is 404 in the same words, whether it was used, replaced, withdrawn or invented", async () => {
    const used = await invite(team, role.id);
    await accept(used.secret);
    const replaced = await invite(team, role.id);
    await invite(team, role.id, { email: replaced.member.email });
    const withdrawn = await invite(team, role.id);
    await call("DELETE", `/v1/teams/${team}/members/${withdrawn.member.id}`);
    const secrets = [used.secret, replaced.secret, withdrawn.secret, "x", used.member.id, "' OR 1=1 --"];
    const texts = new Set<string>();
    for (const secret of secrets)
      texts.add(expectRefusal(await accept(secret), 404, "COM0008").error_description);
    expect(texts.size).toBe(1);
  });

  test("makes no account: a short or endless password neither", async () => {
    const { member, secret } = await invite(team, role.id);
    for (const body of [
      { password: "short" },
      { password: "x".repeat(129) },
      { password: 12345678 },
      { user: "usr_1" },
    ]) {
      expectRefusal(await accept(secret, body), 400, "COM0005");
    }
    expectRefusal(
      await call("POST", "/v1/invitations/accept", { as: null, body: { password: "long enough" } }),
      400,
      "COM0005",
    );
    expect(await usersOf(member.email)).toEqual([]);
    expectAnswer(await accept(secret), 200, "JoinedMember");
  });

  test("leads into no team that is suspended: 403, and works again once that is restored", async () => {
    const { id } = await makeTeam();
    const { member, secret } = await invite(id, "owner");
    await call("PATCH", `/v1/teams/${id}`, { body: { status: "suspended" } });
    expectRefusal(await accept(secret), 403, "TOK0007");
    expect(await usersOf(member.email)).toEqual([]);
    await call("PATCH", `/v1/teams/${id}`, { body: { status: "active" } });
    expectAnswer(await accept(secret), 200, "JoinedMember");
  });
});

describe("an invitation confers no more than its maker holds when it is used", () => {
  async function inviterWith(permissions: string[]) {
    const own = await makeRole(team, ["EMM.Members.MANAGE", ...permissions]);
    return { own, person: await join(team, own.id) };
  }

  test("a removed member does not come back by one that they wrote before", async () => {
    await join(team, "owner");
    const leaving = await join(team, "owner");
    const { member, secret } = await invite(team, "owner", {}, leaving.session);
    expect(member.invited_by).toBe(leaving.user);
    await call("DELETE", `/v1/teams/${team}/members/${leaving.id}`);
    expectRefusal(await accept(secret), 404, "COM0008");
    expect(await usersOf(member.email)).toEqual([]);
  });

  test("nor does a demoted one hand out what they lost; what they still hold, they do", async () => {
    const { own, person } = await inviterWith([VIEW]);
    const { secret } = await invite(team, own.id, {}, person.session);
    const less = await makeRole(team, ["EMM.Members.MANAGE"]);
    const { secret: fine } = await invite(team, less.id, {}, person.session);
    await call("PATCH", `/v1/teams/${team}/members/${person.id}`, { body: { role: less.id } });
    expectRefusal(await accept(secret), 404, "COM0008");
    expectAnswer(await accept(fine), 200, "JoinedMember");
  });

  test("a demoted owner's invitation of an owner is as dead", async () => {
    await join(team, "owner");
    const boss = await join(team, "owner");
    const { secret } = await invite(team, "owner", {}, boss.session);
    const all = await makeRole(team, [], { permission_sets: ["emm-full"] });
    await call("PATCH", `/v1/teams/${team}/members/${boss.id}`, { body: { role: all.id } });
    expectRefusal(await accept(secret), 404, "COM0008");
  });

  test("one that an OAuth access token made is its user's", async () => {
    const { own, person } = await inviterWith([]);
    const token = await actingFor(team, person.user, own.permissions);
    const { member, secret } = await invite(team, own.id, {}, { as: token });
    expect(member.invited_by).toBe(person.user);
    await call("DELETE", `/v1/teams/${team}/members/${person.id}`);
    expectRefusal(await accept(secret), 404, "COM0008");
  });

  test("one whose role is gone confers nothing", async () => {
    const gone = await makeRole(team, [VIEW]);
    const { secret } = await invite(team, gone.id);
    await env.DB.prepare("DELETE FROM roles WHERE id = ?").bind(gone.id).run();
    expectRefusal(await accept(secret), 404, "COM0008");
  });
});
