import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { byCookie, invite, join, makeRole, signIn, type Person, type Role } from "../../people.ts";
import { call, expectAnswer, expectRefusal, issue, makeTeam, unique, wholeStore } from "../../support.ts";

const MINUTE_MS = 60_000;
const NOW = Date.now();

let team = "";
let role: Role;
let person: Person;
beforeAll(async () => {
  team = (await makeTeam()).id;
  role = await makeRole(team, ["EMM.Team.MANAGE", "EMM.Members.VIEW", "EMM.AccessTokens.ALL"]);
  person = await join(team, role.id);
});

describe("a member's session", () => {
  test("does on every verb what the role allows, and no more", async () => {
    const path = `/v1/teams/${team}`;
    expectAnswer(await call("GET", path, person.session), 200, "Team");
    const preferences = { theme: "dark" };
    expectAnswer(await call("PATCH", path, { ...person.session, body: { preferences } }), 200, "Team");
    const { id } = await issue(team, { permissions: ["EMM.Team.VIEW"] }, person.session);
    expectAnswer(
      await call("DELETE", `${path}/access-tokens/${id}`, person.session),
      200,
      "RevokedAccessToken",
    );
    const refused: [string, string, object?][] = [
      ["GET", "roles"],
      ["POST", "roles", { name: "x", permissions: ["EMM.Team.VIEW"] }],
      ["PATCH", `roles/${role.id}`, { name: "x" }],
      ["DELETE", `roles/${role.id}`],
      ["POST", "members", { email: "a@example.com", role: role.id }],
      ["PATCH", `members/${person.id}`, { role: role.id }],
      ["DELETE", `members/${person.id}`],
      ["PATCH", "security", { require_2fa: true }],
    ];
    for (const [method, rest, body] of refused) {
      const sending = body === undefined ? person.session : { ...person.session, body };
      expectRefusal(await call(method, `${path}/${rest}`, sending), 403, "TOK0001");
    }
  });

  test("gets and loses with the role, and with the member's place, from one request to the next", async () => {
    const other = await join(team, (await makeRole(team, ["EMM.Team.VIEW"])).id);
    const members = `/v1/teams/${team}/members`;
    expectRefusal(await call("GET", members, other.session), 403, "TOK0001");
    await call("PATCH", `${members}/${other.id}`, { body: { role: role.id } });
    expectAnswer(await call("GET", members, other.session), 200, "Members");
    await call("DELETE", `${members}/${other.id}`);
    expectRefusal(await call("GET", members, other.session), 401, "COM0013");
  });

  test("is nothing in a team that its person is not in: 403, whether that exists or not", async () => {
    for (const of of [(await makeTeam()).id, "team_0000000000000000000000000x", "nonsense"]) {
      expectRefusal(await call("GET", `/v1/teams/${of}`, person.session), 403, "TOK0002");
      expectRefusal(await call("GET", `/v1/teams/${of}/members`, person.session), 403, "TOK0002");
      const inviting = { ...person.session, body: { email: "a@example.com", role: "owner" } };
      expectRefusal(await call("POST", `/v1/teams/${of}/members`, inviting), 403, "TOK0002");
    }
  });

  test("of somebody who is only invited is nothing in that team yet", async () => {
    const other = (await makeTeam()).id;
    await invite(other, "owner", { email: person.email });
    expectRefusal(await call("GET", `/v1/teams/${other}`, person.session), 403, "TOK0002");
  });

  test("is no operator", async () => {
    expectRefusal(await call("GET", "/v1/teams", person.session), 401, "COM0013");
    expectRefusal(
      await call("POST", "/v1/services", { ...person.session, body: { name: "x" } }),
      401,
      "COM0013",
    );
  });

  test("does nothing in a suspended team", async () => {
    const { id } = await makeTeam();
    const boss = await join(id, "owner");
    await call("PATCH", `/v1/teams/${id}`, { body: { status: "suspended" } });
    expectRefusal(await call("GET", `/v1/teams/${id}/members`, boss.session), 403, "TOK0007");
  });

  test("ends in every team when its person is removed from one", async () => {
    const other = (await makeTeam()).id;
    const both = await join(team, role.id);
    await env.DB.prepare("UPDATE members SET user_id = ?, status = 'active' WHERE id = ?")
      .bind(both.user, (await invite(other, "owner")).member.id)
      .run();
    expectAnswer(await call("GET", `/v1/teams/${other}`, both.session), 200, "Team");
    await call("DELETE", `/v1/teams/${team}/members/${both.id}`);
    expectRefusal(await call("GET", `/v1/teams/${other}`, both.session), 401, "COM0013");
    expectAnswer(await call("GET", `/v1/teams/${other}`, await signIn(both.user)), 200, "Team");
  });

  test("stands in no table and no error by the secret in its cookie", async () => {
    const cookie = person.session.headers?.["Cookie"] ?? "";
    const secret = cookie.slice(cookie.lastIndexOf("=") + 1);
    expect(secret.length).toBeGreaterThan(30);
    expect(await wholeStore()).not.toContain(secret);
  });
});

describe("a session that does not hold", () => {
  test.each<[string, Readonly<Record<string, number>>]>([
    ["ended", { ended_at: NOW }],
    ["expired", { expires_at: NOW }],
    ["idle for longer than the team allows", { last_seen_at: NOW - 720 * MINUTE_MS - 1 }],
  ])("because it is %s is refused: 401", async (_why, row) => {
    const session = await signIn(person.user, row);
    expectRefusal(await call("GET", `/v1/teams/${team}`, session), 401, "COM0013");
    expectRefusal(
      await call("PATCH", `/v1/teams/${team}`, { ...session, body: { name: "Mine" } }),
      401,
      "COM0013",
    );
  });

  test.each(["invented", "", "null", "' OR 1=1 --", "%00", "x".repeat(4_000)])(
    "with the cookie %j is refused: 401",
    async (secret) => {
      expectRefusal(await call("GET", `/v1/teams/${team}`, byCookie(secret)), 401, "COM0013");
    },
  );

  test("because it is idle elsewhere holds where sessions may be longer", async () => {
    const { id } = await makeTeam();
    await env.DB.prepare("UPDATE teams SET session_minutes = 5 WHERE id = ?").bind(id).run();
    const boss = await join(id, "owner");
    const resting = await signIn(boss.user, { last_seen_at: Date.now() - 6 * MINUTE_MS });
    expectRefusal(await call("GET", `/v1/teams/${id}`, resting), 401, "COM0013");
    await env.DB.prepare("UPDATE teams SET session_minutes = 10 WHERE id = ?").bind(id).run();
    expectAnswer(await call("GET", `/v1/teams/${id}`, resting), 200, "Team");
  });

  test("because it lacks the second factor that the team requires is refused: 403, and holds with one", async () => {
    const { id } = await makeTeam();
    const boss = await join(id, "owner");
    await env.DB.prepare("UPDATE teams SET require_two_factor = 1 WHERE id = ?").bind(id).run();
    expectRefusal(await call("GET", `/v1/teams/${id}`, boss.session), 403, "TOK0001");
    expectAnswer(
      await call("GET", `/v1/teams/${id}`, await signIn(boss.user, { two_factor: 1 })),
      200,
      "Team",
    );
    expectAnswer(await call("GET", `/v1/teams/${id}`), 200, "Team");
  });
});

describe("a request that another site causes", () => {
  const body = { preferences: { stolen: true } };
  const OWN: Readonly<Record<string, string | null>>[] = [
    { "Sec-Fetch-Site": "same-origin" },
    { "Sec-Fetch-Site": null, Origin: "https://jeton.test" },
  ];
  const FOREIGN: Readonly<Record<string, string | null>>[] = [
    { "Sec-Fetch-Site": null },
    { "Sec-Fetch-Site": "cross-site" },
    { "Sec-Fetch-Site": "same-site" },
    { "Sec-Fetch-Site": "none" },
    { "Sec-Fetch-Site": "" },
    { "Sec-Fetch-Site": "cross-site", Origin: "https://jeton.test" },
    { "Sec-Fetch-Site": null, Origin: "null" },
    { "Sec-Fetch-Site": null, Origin: "https://evil.example" },
    { "Sec-Fetch-Site": null, Origin: "http://jeton.test" },
    { "Sec-Fetch-Site": null, Origin: "https://jeton.test.evil.example" },
    { "Sec-Fetch-Site": null, Origin: "https://sub.jeton.test" },
  ];
  const asBrowser = (more: Readonly<Record<string, string | null>>) => ({
    as: null,
    headers: { ...person.session.headers, ...more },
  });

  test.each(OWN)("with %j is the console's own, and changes something", async (more) => {
    expectAnswer(await call("PATCH", `/v1/teams/${team}`, { ...asBrowser(more), body }), 200, "Team");
  });

  test.each(FOREIGN)("with %j changes nothing: 401, on every verb", async (more) => {
    const path = `/v1/teams/${team}`;
    const by = asBrowser(more);
    expectRefusal(await call("PATCH", path, { ...by, body }), 401, "COM0013");
    const token = { name: unique("x"), permissions: ["EMM.Team.VIEW"] };
    expectRefusal(await call("POST", `${path}/access-tokens`, { ...by, body: token }), 401, "COM0013");
    expectRefusal(await call("DELETE", `${path}/members/${person.id}`, by), 401, "COM0013");
    expectAnswer(await call("GET", path, by), 200, "Team");
  });

  test("cannot ride along with a credential of its own: the bearer decides, and its lack of one too", async () => {
    const { token } = await issue(team, { permissions: ["EMM.Members.VIEW"] });
    const by = { as: token, headers: { ...person.session.headers } };
    expectRefusal(await call("PATCH", `/v1/teams/${team}`, { ...by, body }), 403, "TOK0001");
    expectRefusal(
      await call("GET", `/v1/teams/${team}`, { as: "garbage", headers: by.headers }),
      401,
      "COM0013",
    );
  });
});
