import { beforeAll, describe, expect, test } from "vitest";
import { accept, invite, join, makeRole, type Role } from "../../people.ts";
import {
  call,
  driveClock,
  expectAnswer,
  expectRefusal,
  makeTeam,
  rows,
  statusesOf,
  unique,
  wholeStore,
  type Answer,
} from "../../support.ts";

const VIEW = "EMM.Devices.VIEW";
const DAY_MS = 86_400_000;

const clock = driveClock();

let team = "";
let members = "";
let role: Role;
beforeAll(async () => {
  team = (await makeTeam()).id;
  members = `/v1/teams/${team}/members`;
  role = await makeRole(team, [VIEW]);
});

describe("an invitation", () => {
  test("answers a link that holds a secret, and a member who is only invited", async () => {
    const answer = await call("POST", members, { body: { email: "Anna.B@Example.COM", role: role.id } });
    const { member, invitation_link } = expectAnswer(answer, 201, "InvitedMember");
    expect(member).toEqual({
      id: expect.stringMatching(/^mem_[0-9a-z]{26}$/) as string,
      email: "anna.b@example.com",
      user: null,
      role: role.id,
      status: "invited",
      invited_by: "operator",
      created_at: new Date().toISOString(),
      joined_at: null,
    });
    expect(invitation_link).toMatch(/^https:\/\/[a-z.-]+\/invitations\/[0-9A-Za-z]{43}$/);
    const shown = await call("GET", `${members}/${member.id}`);
    expect(expectAnswer(shown, 200, "Member").member).toEqual(member);
    expect(shown.headers.get("ETag")).toBe(answer.headers.get("ETag"));
  });

  test("leaves its secret in no table, no later answer and no audit event, before and after it is used", async () => {
    const { member, secret } = await invite(
      team,
      role.id,
      {},
      { headers: { "Idempotency-Key": unique("key") } },
    );
    const answers = [await call("GET", members), await call("GET", `${members}/${member.id}`)];
    for (const { text } of answers) expect(text).not.toContain(secret);
    expect(await wholeStore()).not.toContain(secret);
    const joined = await accept(secret, { password: "correct horse" });
    expect(expectAnswer(joined, 200, "JoinedMember").member.status).toBe("active");
    expect(joined.text).not.toContain(secret);
    const store = await wholeStore();
    expect(store).not.toContain(secret);
    expect(store).not.toContain("correct horse");
  });

  test("repeated with its Idempotency-Key is the same one, without the link", async () => {
    const body = { email: `${unique("again")}@example.com`, role: role.id };
    const sending = { body, headers: { "Idempotency-Key": unique("key") } };
    const first = expectAnswer(await call("POST", members, sending), 201, "InvitedMember");
    const second = expectAnswer(await call("POST", members, sending), 201, "InvitedMember");
    expect(second).toEqual({ member: first.member, invitation_link: null, replayed: true });
    const link = first.invitation_link ?? "";
    expectAnswer(await accept(link.slice(link.lastIndexOf("/") + 1)), 200, "JoinedMember");
  });

  test("to an address that is invited already replaces the link and the role, and the old link is dead", async () => {
    const first = await invite(team, role.id);
    const other = await makeRole(team, ["EMM.Team.VIEW"]);
    const second = await invite(team, other.id, { email: first.member.email.toUpperCase() });
    expect(second.member).toEqual({ ...first.member, role: other.id });
    expectRefusal(await accept(first.secret), 404, "COM0008");
    expect(expectAnswer(await accept(second.secret), 200, "JoinedMember").member.role).toBe(other.id);
  });

  test("to one new address by many at once is one member, with one link that works", async () => {
    const email = `${unique("crowd")}@example.com`;
    const made = await Promise.all(Array.from({ length: 8 }, () => invite(team, role.id, { email })));
    expect(new Set(made.map(({ member }) => member.id)).size).toBe(1);
    expect(await rows("SELECT id FROM members WHERE email = ?", email)).toHaveLength(1);
    const answers: Answer[] = [];
    for (const { secret } of made) answers.push(await accept(secret));
    expect(statusesOf(answers)).toEqual({ 200: 1, 404: 7 });
  });

  test("to an active member is refused: 409", async () => {
    const person = await join(team, role.id);
    expectRefusal(
      await call("POST", members, { body: { email: person.email, role: role.id } }),
      409,
      "COM0010",
    );
  });

  test("withdrawn leads nowhere, and the address can be invited again", async () => {
    const first = await invite(team, role.id);
    const removed = expectAnswer(await call("DELETE", `${members}/${first.member.id}`), 200, "RemovedMember");
    expect(removed.member).toEqual(first.member);
    expectRefusal(await accept(first.secret), 404, "COM0008");
    const second = await invite(team, role.id, { email: first.member.email });
    expect(second.member.id).not.toBe(first.member.id);
    expectAnswer(await accept(second.secret), 200, "JoinedMember");
  });

  test("can get another role before it is accepted, by the same link", async () => {
    const { member, secret } = await invite(team, role.id);
    const other = await makeRole(team, ["EMM.Team.VIEW"]);
    const changed = await call("PATCH", `${members}/${member.id}`, { body: { role: other.id } });
    expect(expectAnswer(changed, 200, "Member").member).toEqual({ ...member, role: other.id });
    expect(expectAnswer(await accept(secret), 200, "JoinedMember").member.role).toBe(other.id);
  });

  test.each([
    ["no address", { role: "owner" }],
    ["what is no address", { email: "nobody", role: "owner" }],
    ["two addresses", { email: "a@example.com,b@example.com", role: "owner" }],
    ["no role", { email: "a@example.com" }],
    ["a role that is none", { email: "a@example.com", role: "admin" }],
    ["a role id that nothing has", { email: "a@example.com", role: "rol_00000000000000000000000000" }],
    ["an unknown member", { email: "a@example.com", role: "owner", status: "active" }],
    ["somebody to be", { email: "a@example.com", role: "owner", user: "usr_1" }],
  ])("with %s is refused: 400", async (_what, body) => {
    expectRefusal(await call("POST", members, { body }), 400, "COM0005");
  });
});

describe("members", () => {
  test("are listed newest first, invited or active, in pages", async () => {
    const { id } = await makeTeam();
    const own = await makeRole(id, [VIEW]);
    const made: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      clock.advance(1);
      made.unshift(count % 2 === 0 ? (await invite(id, own.id)).member.id : (await join(id, own.id)).id);
    }
    const found: string[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const query: string = `?limit=2${cursor && `&cursor=${cursor}`}`;
      const page = expectAnswer(await call("GET", `/v1/teams/${id}/members${query}`), 200, "Members");
      found.push(...page.members.map((member) => member.id));
      cursor = page.next_cursor;
    }
    expect(found).toEqual(made);
    expectRefusal(await call("GET", `/v1/teams/${id}/members?cursor=rol_x`), 400, "COM0003");
  });

  test("that have changed since they were read are left alone: 412", async () => {
    const { member } = await invite(team, role.id);
    const path = `${members}/${member.id}`;
    const other = await makeRole(team, ["EMM.Team.VIEW"]);
    const stale = (await call("GET", path)).headers.get("ETag") ?? "";
    const fresh = (await call("PATCH", path, { body: { role: other.id } })).headers.get("ETag") ?? "";
    expect(fresh).not.toBe(stale);
    const headers = { "If-Match": stale };
    expectRefusal(await call("PATCH", path, { body: { role: role.id }, headers }), 412, "COM0015");
    expectRefusal(await call("DELETE", path, { headers }), 412, "COM0015");
    expectAnswer(await call("DELETE", path, { headers: { "If-Match": fresh } }), 200, "RemovedMember");
  });

  test("of no such id, and of a team that does not exist, are 404", async () => {
    const nobody = "mem_00000000000000000000000000";
    for (const path of [
      `${members}/${nobody}`,
      `/v1/teams/team_0000000000000000000000000x/members/${nobody}`,
    ]) {
      expectRefusal(await call("GET", path), 404, "COM0008");
      expectRefusal(await call("PATCH", path, { body: { role: "owner" } }), 404, "COM0008");
      expectRefusal(await call("DELETE", path), 404, "COM0008");
    }
    const list = "/v1/teams/team_0000000000000000000000000x/members";
    expectRefusal(await call("GET", list), 404, "COM0008");
    expectRefusal(
      await call("POST", list, { body: { email: "a@example.com", role: "owner" } }),
      404,
      "COM0008",
    );
  });

  test("of another team are out of reach by their ids: 404, and its roles can be given to nobody: 400", async () => {
    const other = (await makeTeam()).id;
    const foreign = await makeRole(other, [VIEW]);
    const stranger = await join(other, foreign.id);
    const path = `${members}/${stranger.id}`;
    expectRefusal(await call("GET", path), 404, "COM0008");
    expectRefusal(await call("PATCH", path, { body: { role: role.id } }), 404, "COM0008");
    expectRefusal(await call("DELETE", path), 404, "COM0008");
    expectRefusal(await call("GET", `/v1/teams/${team}/roles/${foreign.id}`), 404, "COM0008");
    expectRefusal(await call("DELETE", `/v1/teams/${team}/roles/${foreign.id}`), 404, "COM0008");
    const mine = await join(team, role.id);
    expectRefusal(
      await call("PATCH", `${members}/${mine.id}`, { body: { role: foreign.id } }),
      400,
      "COM0005",
    );
    const inviting = { email: `${unique("x")}@example.com`, role: foreign.id };
    expectRefusal(await call("POST", members, { body: inviting }), 400, "COM0005");
    expect(await rows("SELECT id FROM members WHERE role = ? AND team_id = ?", foreign.id, team)).toEqual([]);
  });
});

describe("each change of a member", () => {
  test("leaves one audit event that says who, what was and what is", async () => {
    const other = await makeRole(team, ["EMM.Team.VIEW"]);
    const { member, secret } = await invite(team, role.id);
    const { email } = member;
    const ip = "203.0.113.7";
    const accepted = await accept(secret, {}, { headers: { "CF-Connecting-IP": ip } });
    const { user } = expectAnswer(accepted, 200, "JoinedMember").member;
    await call("PATCH", `${members}/${member.id}`, { body: { role: other.id } });
    await call("DELETE", `${members}/${member.id}`);
    const events = await rows<{
      type: string;
      actor: string;
      actor_owner: string;
      ip: string | null;
      detail: string;
    }>(
      "SELECT type, actor, actor_owner, ip, detail FROM audit_events WHERE subject = ? AND team_id = ? ORDER BY at, rowid",
      member.id,
      team,
    );
    expect(
      events.map(({ detail, ...event }) => [...Object.values(event), JSON.parse(detail) as unknown]),
    ).toEqual([
      ["member.invited", "operator", "operator", null, { after: { email, role: role.id } }],
      ["member.joined", member.id, user, ip, { after: { user, role: role.id, new_account: true } }],
      [
        "member.updated",
        "operator",
        "operator",
        null,
        { before: { role: role.id }, after: { role: other.id } },
      ],
      [
        "member.removed",
        "operator",
        "operator",
        null,
        { before: { email, role: other.id, status: "active", user } },
      ],
    ]);
  });
});

describe("an invitation's life", () => {
  test("is seven days: 409 after them, until the person is invited again", async () => {
    const first = await invite(team, role.id);
    const second = await invite(team, role.id);
    clock.advance(7 * DAY_MS - 1);
    expectAnswer(await accept(first.secret), 200, "JoinedMember");
    clock.advance(1);
    expectRefusal(await accept(second.secret), 409, "COM0010");
    expect(await rows("SELECT id FROM users WHERE email = ?", second.member.email)).toEqual([]);
    const third = await invite(team, role.id, { email: second.member.email });
    expectAnswer(await accept(third.secret), 200, "JoinedMember");
  });
});
