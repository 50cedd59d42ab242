import { beforeAll, describe, expect, test } from "vitest";
import { actingFor, invite, join, makeRole, type Person } from "../../people.ts";
import {
  call,
  expectAnswer,
  expectRefusal,
  issue,
  makeTeam,
  rows,
  unique,
  type Sending,
} from "../../support.ts";

const VIEW = "EMM.Devices.VIEW";
const LOCK = "EMM.DeviceCommands.LOCK";
const SEEING_DEVICES = [VIEW, "EMM.EnrolmentTokens.VIEW", "EMM.Groups.VIEW", "EMM.Policies.VIEW"];
const MANAGING = ["EMM.Members.ALL", "EMM.Roles.ALL"];

let team = "";
let members = "";
let roles = "";
/** Holds all that managing takes, and nothing of devices. */
let managing = "";
/** Holds that, and may lock devices. */
let mighty = "";
let mightier: Person;
let owner: Person;
beforeAll(async () => {
  team = (await makeTeam()).id;
  members = `/v1/teams/${team}/members`;
  roles = `/v1/teams/${team}/roles`;
  managing = (await makeRole(team, MANAGING)).id;
  mighty = (await makeRole(team, [...MANAGING, LOCK, VIEW])).id;
  mightier = await join(team, mighty);
  owner = await join(team, "owner");
});

async function roleOf(person: Person): Promise<string> {
  return expectAnswer(await call("GET", `${members}/${person.id}`), 200, "Member").member.role;
}

/** Everybody who manages members and roles and holds nothing of devices, whatever they act by. */
const MANAGERS: readonly (readonly [string, () => Promise<Sending>])[] = [
  ["a team token", async () => ({ as: (await issue(team, { permissions: MANAGING })).token })],
  ["a session", async () => (await join(team, managing)).session],
  [
    "an OAuth access token",
    async () => {
      const all = ["DELETE", "MANAGE", "VIEW"].flatMap((grade) => [
        `EMM.Members.${grade}`,
        `EMM.Roles.${grade}`,
      ]);
      return { as: await actingFor(team, (await join(team, mighty)).user, ["EMM.Team.VIEW", ...all]) };
    },
  ],
];

describe.each(MANAGERS)("%s that manages members", (_name, manager) => {
  let by: Sending;
  beforeAll(async () => {
    by = await manager();
  });

  test("invites, moves and removes those who hold no more than it does", async () => {
    const less = (await makeRole(team, ["EMM.Members.VIEW"], {})).id;
    const { member } = await invite(team, less, {}, by);
    const path = `${members}/${member.id}`;
    expectAnswer(await call("PATCH", path, { ...by, body: { role: managing } }), 200, "Member");
    expectAnswer(await call("PATCH", path, { ...by, body: { role: less } }), 200, "Member");
    expectAnswer(await call("DELETE", path, by), 200, "RemovedMember");
  });

  test("cannot invite somebody mightier: 403 that names each permission, and nobody is invited", async () => {
    const email = `${unique("mighty")}@example.com`;
    const refused = await call("POST", members, { ...by, body: { email, role: mighty } });
    expect(expectRefusal(refused, 403, "TOK0001").missing).toEqual([LOCK, ...SEEING_DEVICES]);
    expectRefusal(await call("POST", members, { ...by, body: { email, role: "owner" } }), 403, "TOK0001");
    expect(await rows("SELECT id FROM members WHERE email = ?", email)).toEqual([]);
  });

  test("cannot promote anybody beyond itself", async () => {
    const { member } = await invite(team, managing);
    for (const role of [mighty, "owner"]) {
      expectRefusal(
        await call("PATCH", `${members}/${member.id}`, { ...by, body: { role } }),
        403,
        "TOK0001",
      );
    }
    expect(expectAnswer(await call("GET", `${members}/${member.id}`), 200, "Member").member).toEqual(member);
  });

  test("cannot demote or remove a mightier member, nor an owner", async () => {
    const refused = await call("PATCH", `${members}/${mightier.id}`, { ...by, body: { role: managing } });
    expect(expectRefusal(refused, 403, "TOK0001").missing).toEqual([LOCK, ...SEEING_DEVICES]);
    expectRefusal(await call("DELETE", `${members}/${mightier.id}`, by), 403, "TOK0001");
    expectRefusal(
      await call("PATCH", `${members}/${owner.id}`, { ...by, body: { role: managing } }),
      403,
      "TOK0001",
    );
    expectRefusal(
      await call("PATCH", `${members}/${owner.id}`, { ...by, body: { role: "owner" } }),
      403,
      "TOK0001",
    );
    expectRefusal(await call("DELETE", `${members}/${owner.id}`, by), 403, "TOK0001");
    expect([await roleOf(mightier), await roleOf(owner)]).toEqual([mighty, "owner"]);
    expectAnswer(await call("GET", members, mightier.session), 200, "Members");
  });

  test("cannot take over a mightier invitation, nor kill it", async () => {
    for (const role of [mighty, "owner"]) {
      const { member } = await invite(team, role);
      const again = { email: member.email, role: managing };
      expectRefusal(await call("POST", members, { ...by, body: again }), 403, "TOK0001");
      expectRefusal(
        await call("PATCH", `${members}/${member.id}`, { ...by, body: { role: managing } }),
        403,
        "TOK0001",
      );
      expectRefusal(await call("DELETE", `${members}/${member.id}`, by), 403, "TOK0001");
      expect(expectAnswer(await call("GET", `${members}/${member.id}`), 200, "Member").member).toEqual(
        member,
      );
    }
  });

  test("cannot make a role that holds more than it does", async () => {
    const body = { name: unique("role"), permissions: [VIEW, "EMM.Roles.VIEW"] };
    expect(expectRefusal(await call("POST", roles, { ...by, body }), 403, "TOK0001").missing).toEqual(
      SEEING_DEVICES,
    );
    expect(await rows("SELECT id FROM roles WHERE name = ?", body.name)).toEqual([]);
  });

  test("cannot let a role gain what it does not hold, its own least of all", async () => {
    for (const id of [managing, (await makeRole(team, ["EMM.Members.VIEW"])).id]) {
      const before = (await call("GET", `${roles}/${id}`)).text;
      const refused = await call("PATCH", `${roles}/${id}`, {
        ...by,
        body: { permissions: [...MANAGING, VIEW] },
      });
      expect(expectRefusal(refused, 403, "TOK0001").missing).toEqual(SEEING_DEVICES);
      const sets = await call("PATCH", `${roles}/${id}`, { ...by, body: { permission_sets: ["emm-full"] } });
      expectRefusal(sets, 403, "TOK0001");
      expect((await call("GET", `${roles}/${id}`)).text).toBe(before);
    }
  });

  test("cannot touch a role that holds more than it does: neither weaken nor rename it", async () => {
    const before = (await call("GET", `${roles}/${mighty}`)).text;
    for (const body of [
      { permissions: MANAGING },
      { permissions: [VIEW] },
      { name: "Harmless" },
      { description: "x" },
    ]) {
      const refused = await call("PATCH", `${roles}/${mighty}`, { ...by, body });
      expect(expectRefusal(refused, 403, "TOK0001").missing).toEqual([LOCK, ...SEEING_DEVICES]);
    }
    expectRefusal(
      await call("PATCH", `${roles}/owner`, { ...by, body: { permissions: MANAGING } }),
      409,
      "COM0010",
    );
    expect((await call("GET", `${roles}/${mighty}`)).text).toBe(before);
  });

  test("reaches nothing of another team: 403, whether it exists or not", async () => {
    const other = (await makeTeam()).id;
    const stranger = await join(other, (await makeRole(other, ["EMM.Members.VIEW"])).id);
    for (const of of [other, "team_0000000000000000000000000x"]) {
      const calls: [string, string, object?][] = [
        ["GET", "members"],
        ["POST", "members", { email: "a@example.com", role: "owner" }],
        ["GET", `members/${stranger.id}`],
        ["PATCH", `members/${stranger.id}`, { role: "owner" }],
        ["DELETE", `members/${stranger.id}`],
        ["GET", "roles"],
        ["POST", "roles", { name: "x", permissions: ["EMM.Team.VIEW"] }],
        ["GET", "roles/owner"],
        ["PATCH", "roles/owner", { name: "x" }],
        ["DELETE", "roles/owner"],
      ];
      for (const [method, path, body] of calls) {
        const sending = body === undefined ? by : { ...by, body };
        expectRefusal(await call(method, `/v1/teams/${of}/${path}`, sending), 403, "TOK0002");
      }
    }
    expectRefusal(await call("DELETE", `${members}/${stranger.id}`, by), 404, "COM0008");
  });
});

describe("a member", () => {
  test("cannot promote themselves, nor invite themselves anew", async () => {
    const person = await join(team, managing);
    for (const role of [mighty, "owner"]) {
      const refused = await call("PATCH", `${members}/${person.id}`, { ...person.session, body: { role } });
      expectRefusal(refused, 403, "TOK0001");
      const again = await call("POST", members, { ...person.session, body: { email: person.email, role } });
      expectRefusal(again, 403, "TOK0001");
    }
    expect(await roleOf(person)).toBe(managing);
  });

  test("may give up what they hold, and leave", async () => {
    const person = await join(team, managing);
    const path = `${members}/${person.id}`;
    const less = (await makeRole(team, ["EMM.Members.DELETE"])).id;
    expectAnswer(await call("PATCH", path, { ...person.session, body: { role: less } }), 200, "Member");
    expectRefusal(await call("PATCH", path, { ...person.session, body: { role: managing } }), 403, "TOK0001");
    expectAnswer(await call("DELETE", path, person.session), 200, "RemovedMember");
    expectRefusal(await call("GET", members, person.session), 401, "COM0013");
  });

  test("who holds every permission there is, is still no owner, and makes none", async () => {
    const everything = { permission_sets: ["emm-full"], permissions: [...EVERYTHING_ELSE] };
    const person = await join(team, (await makeRole(team, [], everything)).id);
    const shown = expectAnswer(await call("GET", `${roles}/owner`, person.session), 200, "Role").role
      .permissions;
    const own = expectAnswer(await call("GET", `${roles}/${await roleOf(person)}`), 200, "Role").role
      .permissions;
    expect(own).toEqual(shown);
    const body = { email: `${unique("x")}@example.com`, role: "owner" };
    expectRefusal(await call("POST", members, { ...person.session, body }), 403, "TOK0001");
    expectRefusal(await call("DELETE", `${members}/${owner.id}`, person.session), 403, "TOK0001");
  });
});

const EVERYTHING_ELSE = ["MDMInventory", "MDMDeviceMgmt", "MDMUser"]
  .map((name) => `MDMOnDemand.${name}.ALL`)
  .concat(
    [
      "Messages",
      "Branch",
      "Profiles",
      "Content",
      "Templates",
      "Facebook",
      "AppMessaging",
      "Channels",
      "ApiSpaces",
      "Webhooks",
    ].map((name) => `EnterpriseCommunications.${name}.ALL`),
  );

describe("an owner", () => {
  test("by their session makes, demotes and removes owners and whoever else", async () => {
    const { member } = await invite(team, "owner", {}, owner.session);
    expect(member.invited_by).toBe(owner.user);
    const other = await join(team, "owner");
    const demoted = await call("PATCH", `${members}/${other.id}`, {
      ...owner.session,
      body: { role: mighty },
    });
    expect(expectAnswer(demoted, 200, "Member").member.role).toBe(mighty);
    const leaving = await join(team, mighty);
    expectAnswer(await call("DELETE", `${members}/${leaving.id}`, owner.session), 200, "RemovedMember");
    const promoted = await call("PATCH", `${members}/${other.id}`, {
      ...owner.session,
      body: { role: "owner" },
    });
    expect(expectAnswer(promoted, 200, "Member").member.role).toBe("owner");
  });

  test("by an OAuth access token does what the token was granted, and makes no owner", async () => {
    const granted = ["EMM.Members.DELETE", "EMM.Members.MANAGE", "EMM.Members.VIEW", "EMM.Team.VIEW"];
    const by = { as: await actingFor(team, owner.user, granted) };
    const body = { email: `${unique("x")}@example.com`, role: "owner" };
    expectRefusal(await call("POST", members, { ...by, body }), 403, "TOK0001");
    expectRefusal(await call("POST", members, { ...by, body: { ...body, role: mighty } }), 403, "TOK0001");
    expectRefusal(await call("DELETE", `${members}/${mightier.id}`, by), 403, "TOK0001");
    expectRefusal(await call("GET", roles, by), 403, "TOK0001");
    expectAnswer(await call("GET", members, by), 200, "Members");
  });
});

describe("each call needs the permission that it names, and the grade below does not do", () => {
  let empty = "";
  beforeAll(async () => {
    empty = (await makeRole(team, ["EMM.Team.VIEW"])).id;
  });

  const list = (path: string) => async () => `/v1/teams/${team}/${path}`;
  const spareRole = async () => `${roles}/${(await makeRole(team, ["EMM.Team.VIEW"])).id}`;
  const guest = async () => `${members}/${(await invite(team, empty)).member.id}`;
  const someRole = () => ({ name: unique("x"), permissions: ["EMM.Team.VIEW"] });
  const somebody = () => ({ email: `${unique("x")}@example.com`, role: empty });

  test.each<[string, string, () => Promise<string>, (() => object) | null, string, string]>([
    ["listing roles", "GET", list("roles"), null, "EMM.Roles.VIEW", "EMM.Team.VIEW"],
    ["showing a role", "GET", list("roles/owner"), null, "EMM.Roles.VIEW", "EMM.Members.DELETE"],
    ["creating a role", "POST", list("roles"), someRole, "EMM.Roles.MANAGE", "EMM.Roles.VIEW"],
    [
      "changing a role",
      "PATCH",
      spareRole,
      () => ({ description: "x" }),
      "EMM.Roles.MANAGE",
      "EMM.Roles.VIEW",
    ],
    ["deleting a role", "DELETE", spareRole, null, "EMM.Roles.DELETE", "EMM.Roles.MANAGE"],
    ["listing members", "GET", list("members"), null, "EMM.Members.VIEW", "EMM.Roles.DELETE"],
    ["showing a member", "GET", guest, null, "EMM.Members.VIEW", "EMM.Team.VIEW"],
    ["inviting", "POST", list("members"), somebody, "EMM.Members.MANAGE", "EMM.Members.VIEW"],
    ["moving a member", "PATCH", guest, () => ({ role: empty }), "EMM.Members.MANAGE", "EMM.Members.VIEW"],
    ["removing a member", "DELETE", guest, null, "EMM.Members.DELETE", "EMM.Members.MANAGE"],
  ])("%s", async (_what, method, pathOf, bodyOf, enough, tooLittle) => {
    const ask = async (by: Sending) =>
      call(method, await pathOf(), bodyOf === null ? by : { ...by, body: bodyOf() });
    const holding = async (held: string): Promise<Sending[]> => [
      { as: (await issue(team, { permissions: [held] })).token },
      (await join(team, (await makeRole(team, [held])).id)).session,
    ];
    for (const by of await holding(tooLittle))
      expect(expectRefusal(await ask(by), 403, "TOK0001").missing).toEqual([enough]);
    for (const by of await holding(enough)) {
      const answer = await ask(by);
      expect(answer.status, answer.text).toBe(method === "POST" ? 201 : 200);
    }
  });
});
