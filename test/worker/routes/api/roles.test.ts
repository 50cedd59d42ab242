import { beforeAll, describe, expect, test } from "vitest";
import { invite, join, makeRole, slowWriter } from "../../people.ts";
import { call, expectAnswer, expectRefusal, makeTeam, rows, statusesOf, unique } from "../../support.ts";

const LOCK = "EMM.DeviceCommands.LOCK";
const VIEW = "EMM.Devices.VIEW";
const SEEING_DEVICES = [
  VIEW,
  "EMM.EnrolmentTokens.VIEW",
  "EMM.Groups.VIEW",
  "EMM.Policies.VIEW",
  "EMM.Team.VIEW",
];

let team = "";
let roles = "";
beforeAll(async () => {
  team = (await makeTeam()).id;
  roles = `/v1/teams/${team}/roles`;
});

describe("a role", () => {
  test("is created with its permissions written as for tokens, and stored expanded and sorted", async () => {
    const body = {
      name: "Helpdesk",
      description: "Locks what is lost.",
      permissions: [LOCK, VIEW, "EMM.Roles.MANAGE"],
    };
    const answer = await call("POST", roles, { body });
    const { role } = expectAnswer(answer, 201, "CreatedRole");
    expect(role).toEqual({
      id: expect.stringMatching(/^rol_[0-9a-z]{26}$/) as string,
      name: "Helpdesk",
      description: "Locks what is lost.",
      permissions: [LOCK, ...SEEING_DEVICES, "EMM.Roles.MANAGE", "EMM.Roles.VIEW"].toSorted(),
      members: 0,
      created_at: expect.any(String) as string,
      updated_at: role.created_at,
      built_in: false,
    });
    const shown = await call("GET", `${roles}/${role.id}`);
    expect(expectAnswer(shown, 200, "Role").role).toEqual(role);
    expect(shown.headers.get("ETag")).toBe(answer.headers.get("ETag"));
  });

  test.each([
    [
      "ALL",
      { permissions: ["EMM.Reports.ALL"] },
      ["EMM.Reports.DELETE", "EMM.Reports.GENERATE", "EMM.Reports.VIEW", "EMM.Team.VIEW"],
    ],
    ["a set", { permission_sets: ["facebook-opt-in"] }, ["EnterpriseCommunications.Facebook.CREATE_OPT_IN"]],
    [
      "both",
      { permissions: ["EMM.Team.VIEW"], permission_sets: ["facebook-opt-in"] },
      ["EMM.Team.VIEW", "EnterpriseCommunications.Facebook.CREATE_OPT_IN"],
    ],
  ])("may be written with %s", async (_how, written, expanded) => {
    const body = { name: unique("role"), ...written };
    expect(expectAnswer(await call("POST", roles, { body }), 201, "CreatedRole").role.permissions).toEqual(
      expanded,
    );
  });

  test.each([
    ["no name", { permissions: [VIEW] }, 400, "COM0005"],
    ["an empty name", { name: " ", permissions: [VIEW] }, 400, "COM0005"],
    ["no permission at all", { name: "Nothing" }, 400, "COM0005"],
    ["empty lists", { name: "Nothing", permissions: [], permission_sets: [] }, 400, "COM0005"],
    ["a permission that no catalogue has", { name: "x", permissions: ["EMM.Moon.LAND"] }, 400, "COM0005"],
    ["a set that no catalogue has", { name: "x", permission_sets: ["constructor"] }, 400, "COM0005"],
    ["a description of two lines", { name: "x", description: "a\nb", permissions: [VIEW] }, 400, "COM0005"],
    ["an unknown member", { name: "x", permissions: [VIEW], team: "team_x" }, 400, "COM0005"],
    ["what requires another permission", { name: "x", permissions: [LOCK] }, 422, "COM0009"],
  ])("with %s is refused", async (_what, body, status, code) => {
    expectRefusal(await call("POST", roles, { body }), status, code);
  });

  test("has a name that no other role of its team has, and that is not the built-in one's", async () => {
    const { name } = await makeRole(team, [VIEW]);
    const second = await makeRole(team, [VIEW]);
    for (const taken of [name, "owner", " OWNER "]) {
      expectRefusal(
        await call("POST", roles, { body: { name: taken, permissions: [VIEW] } }),
        409,
        "COM0010",
      );
      expectRefusal(await call("PATCH", `${roles}/${second.id}`, { body: { name: taken } }), 409, "COM0010");
    }
    expect((await makeRole((await makeTeam()).id, [VIEW], { name })).name).toBe(name);
  });

  test("created twice with one Idempotency-Key is one role", async () => {
    const sending = {
      body: { name: unique("role"), permissions: [VIEW] },
      headers: { "Idempotency-Key": "once" },
    };
    const first = expectAnswer(await call("POST", roles, sending), 201, "CreatedRole");
    const second = expectAnswer(await call("POST", roles, sending), 201, "CreatedRole");
    expect(second).toEqual({ ...first, replayed: true });
  });

  test("changes in the parts that a request names", async () => {
    const role = await makeRole(team, ["EMM.Team.VIEW"], { description: "before" });
    const path = `${roles}/${role.id}`;
    const renamed = expectAnswer(await call("PATCH", path, { body: { name: "Renamed" } }), 200, "Role").role;
    expect(renamed).toMatchObject({ name: "Renamed", description: "before", permissions: ["EMM.Team.VIEW"] });
    const changed = expectAnswer(
      await call("PATCH", path, { body: { permissions: [VIEW] } }),
      200,
      "Role",
    ).role;
    expect(changed).toMatchObject({ name: "Renamed", description: "before", permissions: SEEING_DEVICES });
    expect(expectAnswer(await call("GET", path), 200, "Role").role).toEqual(changed);
    expectRefusal(await call("PATCH", path, { body: { permissions: [] } }), 400, "COM0005");
    expectRefusal(await call("PATCH", path, { body: { permissions: [LOCK] } }), 422, "COM0009");
  });

  test("that has changed since it was read is left alone: 412", async () => {
    const role = await makeRole(team, [VIEW]);
    const path = `${roles}/${role.id}`;
    const stale = (await call("GET", path)).headers.get("ETag") ?? "";
    const fresh = (await call("PATCH", path, { body: { description: "new" } })).headers.get("ETag") ?? "";
    expect(fresh).not.toBe(stale);
    const headers = { "If-Match": stale };
    expectRefusal(await call("PATCH", path, { body: { description: "old" }, headers }), 412, "COM0015");
    expectRefusal(await call("DELETE", path, { headers }), 412, "COM0015");
    const sending = { body: { description: "newer" }, headers: { "If-Match": fresh } };
    expect(expectAnswer(await call("PATCH", path, sending), 200, "Role").role.description).toBe("newer");
  });

  test("loses no part of two changes that are made at once", async () => {
    const role = await makeRole(team, [VIEW]);
    const path = `${roles}/${role.id}`;
    const bodies = [{ name: unique("role") }, { description: "both" }, { permissions: ["EMM.Team.VIEW"] }];
    const answers = await Promise.all(bodies.map((body) => call("PATCH", path, { body })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(expectAnswer(await call("GET", path), 200, "Role").role).toMatchObject(
      Object.assign({}, ...bodies) as object,
    );
  });

  test("is deleted once", async () => {
    const role = await makeRole(team, [VIEW]);
    const answers = await Promise.all([1, 2, 3].map(() => call("DELETE", `${roles}/${role.id}`)));
    expect(statusesOf(answers)).toEqual({ 200: 1, 404: 2 });
    expectRefusal(await call("GET", `${roles}/${role.id}`), 404, "COM0008");
    expect(await rows("SELECT type FROM audit_events WHERE subject = ? ORDER BY id", role.id)).toEqual([
      { type: "role.created" },
      { type: "role.deleted" },
    ]);
  });

  test("that members or invitations have is not deleted: 409, until nobody has it", async () => {
    const role = await makeRole(team, [VIEW]);
    const path = `${roles}/${role.id}`;
    const invited = await invite(team, role.id);
    const joined = await join(team, role.id);
    expect(expectAnswer(await call("GET", path), 200, "Role").role.members).toBe(2);
    expectRefusal(await call("DELETE", path), 409, "COM0010");
    expectAnswer(
      await call("DELETE", `/v1/teams/${team}/members/${invited.member.id}`),
      200,
      "RemovedMember",
    );
    expectRefusal(await call("DELETE", path), 409, "COM0010");
    expectAnswer(await call("DELETE", `/v1/teams/${team}/members/${joined.id}`), 200, "RemovedMember");
    expect(expectAnswer(await call("DELETE", path), 200, "Role").role.members).toBe(0);
  });

  test("is never left with a member when it is deleted while people are invited and moved to it", async () => {
    const person = await join(team, (await makeRole(team, [VIEW])).id);
    for (let round = 0; round < 5; round += 1) {
      const role = await makeRole(team, [VIEW]);
      const email = `${unique("racer")}@example.com`;
      const [deleted, moved, invited] = await Promise.all([
        call("DELETE", `${roles}/${role.id}`),
        call("PATCH", `/v1/teams/${team}/members/${person.id}`, { body: { role: role.id } }),
        call("POST", `/v1/teams/${team}/members`, { body: { email, role: role.id } }),
      ]);
      const holders = await rows("SELECT id FROM members WHERE role = ?", role.id);
      const isThere = (await call("GET", `${roles}/${role.id}`)).status === 200;
      expect(isThere).toBe(deleted.status !== 200);
      expect(holders).toHaveLength(Number(moved.status === 200) + Number(invited.status === 201));
      expect(holders.length > 0).toBe(isThere);
      for (const answer of [moved, invited].filter(({ status }) => status >= 400))
        expectRefusal(answer, 400, "COM0005");
    }
  });
});

describe("between what a request reads and what it writes", () => {
  test("somebody gets the role that it deletes: it is refused, and the role stays", async () => {
    const person = await join(team, (await makeRole(team, [VIEW])).id);
    const move = (to: string) =>
      call("PATCH", `/v1/teams/${team}/members/${person.id}`, { body: { role: to } });
    for (const give of [move, (to: string) => invite(team, to)]) {
      const role = await makeRole(team, [VIEW]);
      const { at, reached, release } = await slowWriter();
      const deleting = call("DELETE", `${roles}/${role.id}`, { at });
      await reached;
      await give(role.id);
      release();
      expectRefusal(await deleting, 409, "COM0010");
      expect(expectAnswer(await call("GET", `${roles}/${role.id}`), 200, "Role").role.members).toBe(1);
    }
  });

  test("the role that it gives is deleted: it is refused, and nobody is left with it", async () => {
    const person = await join(team, (await makeRole(team, [VIEW])).id);
    const email = `${unique("late")}@example.com`;
    const gifts = [
      ["PATCH", `/v1/teams/${team}/members/${person.id}`, {}],
      ["POST", `/v1/teams/${team}/members`, { email }],
    ] as const;
    for (const [method, path, more] of gifts) {
      const role = await makeRole(team, [VIEW]);
      const { at, reached, release } = await slowWriter();
      const giving = call(method, path, { at, body: { ...more, role: role.id } });
      await reached;
      expectAnswer(await call("DELETE", `${roles}/${role.id}`), 200, "Role");
      release();
      expectRefusal(await giving, 400, "COM0005");
      expect(await rows("SELECT id FROM members WHERE role = ?", role.id)).toEqual([]);
    }
  });

  test("the role changes: the later change looks again, and both hold", async () => {
    const role = await makeRole(team, [VIEW]);
    const path = `${roles}/${role.id}`;
    const { at, reached, release } = await slowWriter();
    const later = call("PATCH", path, { at, body: { description: "later" } });
    await reached;
    await call("PATCH", path, { body: { description: "earlier", permissions: ["EMM.Team.VIEW"] } });
    release();
    const both = { description: "later", permissions: ["EMM.Team.VIEW"] };
    expect(expectAnswer(await later, 200, "Role").role).toMatchObject(both);
  });
});

describe("the role owner", () => {
  test("is built in, holds everything that catalogues have, and counts those who have it", async () => {
    await join(team, "owner");
    const { role } = expectAnswer(await call("GET", `${roles}/owner`), 200, "Role");
    expect(role).toMatchObject({ id: "owner", built_in: true, members: 1 });
    expect(role.permissions).toEqual(role.permissions.toSorted());
    expect(role.permissions).toEqual(
      expect.arrayContaining(["EMM.DeviceCommands.WIPE", "MDMOnDemand.MDMUser.DELETE"]),
    );
  });

  test("can be neither changed nor deleted, not even by the operator: 409", async () => {
    for (const body of [{ name: "Boss" }, { permissions: [VIEW] }, {}]) {
      expectRefusal(await call("PATCH", `${roles}/owner`, { body }), 409, "COM0010");
    }
    expectRefusal(await call("DELETE", `${roles}/owner`), 409, "COM0010");
  });
});

describe("the list of roles", () => {
  test("has the built-in one first, then the team's own, newest first, in pages of any size", async () => {
    const { id } = await makeTeam();
    const made: string[] = [];
    for (let count = 0; count < 5; count += 1) made.unshift((await makeRole(id, [VIEW])).id);
    await makeRole(team, [VIEW]);
    for (const limit of [1, 2, 3, 5, 6, 100]) {
      const found: string[] = [];
      for (let cursor: string | null = "", pages = 0; cursor !== null; pages += 1) {
        expect(pages).toBeLessThan(10);
        const query: string = `?limit=${limit}${cursor && `&cursor=${cursor}`}`;
        const page = expectAnswer(await call("GET", `/v1/teams/${id}/roles${query}`), 200, "Roles");
        expect(page.roles.length).toBeLessThanOrEqual(limit);
        found.push(...page.roles.map((role) => role.id));
        cursor = page.next_cursor;
      }
      expect(found).toEqual(["owner", ...made]);
    }
  });

  test.each([
    "cursor=rol_x",
    "cursor=OWNER",
    "cursor=mem_01h00000000000000000000000",
    "limit=0",
    "cursor=owner&limit=101",
  ])("refuses ?%s", async (query) => {
    expectRefusal(await call("GET", `${roles}?${query}`), 400, "COM0003");
  });

  test("counts for each role those who have it in this team", async () => {
    const { id } = await makeTeam();
    const [busy, idle] = [await makeRole(id, [VIEW]), await makeRole(id, [VIEW])];
    await invite(id, busy.id);
    await join(id, busy.id);
    const listed = expectAnswer(await call("GET", `/v1/teams/${id}/roles`), 200, "Roles").roles;
    expect(listed.map((role) => [role.id, role.members])).toEqual([
      ["owner", 0],
      [idle.id, 0],
      [busy.id, 2],
    ]);
  });
});

describe("a team that does not exist", () => {
  test("is 404 for the operator", async () => {
    const path = "/v1/teams/team_0000000000000000000000000x/roles";
    expectRefusal(await call("GET", path), 404, "COM0008");
    expectRefusal(await call("POST", path, { body: { name: "x", permissions: [VIEW] } }), 404, "COM0008");
    expectRefusal(await call("GET", `${path}/owner`), 404, "COM0008");
    expectRefusal(await call("GET", `${path}/rol_x`), 404, "COM0008");
  });
});

describe("each change of a role", () => {
  test("leaves one audit event that says what was and what is", async () => {
    const role = await makeRole(team, ["EMM.Team.VIEW"], { description: "d" });
    await call("PATCH", `${roles}/${role.id}`, { body: { permissions: ["EMM.Reports.VIEW"] } });
    await call("DELETE", `${roles}/${role.id}`);
    const events = await rows<{ type: string; actor: string; detail: string }>(
      "SELECT type, actor, detail FROM audit_events WHERE subject = ? AND team_id = ? ORDER BY id",
      role.id,
      team,
    );
    const before = { name: role.name, description: "d", permissions: ["EMM.Team.VIEW"] };
    const permissions = ["EMM.Reports.VIEW", "EMM.Team.VIEW"];
    expect(events.map(({ type, actor, detail }) => [type, actor, JSON.parse(detail) as unknown])).toEqual([
      ["role.created", "operator", { after: before }],
      ["role.updated", "operator", { before: { permissions: before.permissions }, after: { permissions } }],
      ["role.deleted", "operator", { before: { ...before, permissions } }],
    ]);
  });
});
