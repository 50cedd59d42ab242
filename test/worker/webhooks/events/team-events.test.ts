import { describe, expect, test } from "vitest";
import { clientsPath, makeClient, rotate } from "../../clients.ts";
import { accept, invite, join, makeRole } from "../../people.ts";
import { call, expectAnswer, issue, unique } from "../../support.ts";
import { bodiesOf, expectTold, listen, teamThatWants } from "./told.ts";

describe("an access token's event", () => {
  test("access_token.created has what it may do, and who made it", async () => {
    const team = await teamThatWants("access_token.created");
    const { access_token, id } = await issue(team, {
      permissions: ["EMM.Devices.VIEW"],
      profile_id: "p-1",
      expires_in: 60,
      allowed_ips: ["203.0.113.0/24"],
      rate_limit: { limit: 5, window_seconds: 60 },
    });
    const { name, profile_id, permissions, expires_at, allowed_ips, rate_limit } = access_token;
    expect(await expectTold(team, "access_token.created", id)).toMatchObject({
      actor: { id: "operator", owner: "operator" },
      after: { name, profile_id, permissions, expires_at, allowed_ips, rate_limit },
    });
    await issue(team);
    expect((await bodiesOf(team)).map(({ data }) => data.sequence)).toEqual([1, 2]);
  });

  test("access_token.created of a key that was made elsewhere says so, and not its hash", async () => {
    const team = await teamThatWants("access_token.created");
    const hash = "ab".repeat(32);
    const keys = [{ name: "legacy", hash, permissions: ["EMM.Devices.VIEW"] }];
    expect((await call("POST", `/v1/teams/${team}/imported-keys`, { body: { keys } })).status).toBe(201);
    const [event] = await bodiesOf(team);
    expect(event?.data).toMatchObject({ after: { name: "legacy", imported: true } });
    expect(JSON.stringify(event)).not.toContain(hash);
  });

  test("access_token.revoked has what it might do, once however often it is revoked", async () => {
    const team = await teamThatWants("access_token.revoked");
    const { id, access_token } = await issue(team);
    for (let n = 0; n < 2; n += 1) await call("POST", `/v1/teams/${team}/access-tokens/${id}/revoke`);
    const { name, profile_id, permissions } = access_token;
    expect(await expectTold(team, "access_token.revoked", id)).toMatchObject({
      before: { name, profile_id, permissions },
    });
  });
});

describe("a client's event", () => {
  test("client.created has all of its registration, and no secret", async () => {
    const team = await teamThatWants("client.created");
    const { id, client } = await makeClient(team, "server", { homepage_url: "https://a.example" });
    expect(await expectTold(team, "client.created", id)).toMatchObject({
      after: { type: "server", name: client.name, homepage_url: "https://a.example", jwks: null },
    });
    for (const type of ["browser", "mobile", "device", "self"] as const) await makeClient(team, type);
    expect(await bodiesOf(team)).toHaveLength(5);
  });

  test("client.deleted has what it was", async () => {
    const team = await teamThatWants("client.deleted");
    const { id, client } = await makeClient(team, "self");
    await call("DELETE", clientsPath(team, id));
    expect(await expectTold(team, "client.deleted", id)).toMatchObject({ before: { name: client.name } });
  });

  test("client.secret_rotated names the regions whose secret it was", async () => {
    const team = await teamThatWants("client.secret_rotated");
    const { id } = await makeClient(team, "server", { regions: ["eu"] });
    const body = { overlap_seconds: 0, regions: ["eu"] };
    expect((await call("POST", clientsPath(team, id, "secrets"), { body })).status).toBe(201);
    expect(await expectTold(team, "client.secret_rotated", id)).toMatchObject({ after: { regions: ["eu"] } });
  });

  test("client.secret_rotated has the overlap", async () => {
    const team = await teamThatWants("client.secret_rotated");
    const { id } = await makeClient(team, "self");
    await rotate(team, id, 60);
    expect(await expectTold(team, "client.secret_rotated", id)).toMatchObject({
      after: { overlap_seconds: 60 },
    });
  });
});

describe("a member's event", () => {
  test("member.invited has whom and as what; again, also the invitation that it replaces", async () => {
    const team = await teamThatWants("member.invited");
    const role = await makeRole(team, ["EMM.Team.VIEW"]);
    const { member } = await invite(team, "owner");
    const data = await expectTold(team, "member.invited", member.id);
    expect(data).toMatchObject({ after: { email: member.email, role: "owner" } });
    expect(data).not.toHaveProperty("before");
    await invite(team, role.id, { email: member.email });
    expect((await bodiesOf(team))[1]?.data).toMatchObject({
      id: member.id,
      before: { email: member.email, role: "owner" },
      after: { email: member.email, role: role.id },
    });
  });

  test("member.joined has who came by it, once however often the link is used", async () => {
    const team = await teamThatWants("member.joined");
    const { member, secret } = await invite(team, "owner");
    const answers = await Promise.all([accept(secret), accept(secret), accept(secret)]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const data = await expectTold(team, "member.joined", member.id);
    expect(data).toMatchObject({ after: { role: "owner", new_account: true } });
  });

  test("member.removed has who it was, or who was invited and is no more", async () => {
    const team = await teamThatWants("member.removed");
    const { member: invited } = await invite(team, "owner");
    await join(team, "owner");
    const person = await join(team, "owner");
    await call("DELETE", `/v1/teams/${team}/members/${person.id}`);
    expect(await expectTold(team, "member.removed", person.id)).toMatchObject({
      before: { email: person.email, role: "owner", status: "active", user: person.user },
    });
    await call("DELETE", `/v1/teams/${team}/members/${invited.id}`);
    expect((await bodiesOf(team))[1]?.data).toMatchObject({
      before: { email: invited.email, status: "invited", user: null },
    });
  });
});

describe("a role's event", () => {
  test("role.created, role.updated and role.deleted have what it was and is", async () => {
    const team = await teamThatWants("role.created", "role.updated", "role.deleted");
    const role = await makeRole(team, ["EMM.Team.VIEW"], { description: "first" });
    const path = `/v1/teams/${team}/roles/${role.id}`;
    expectAnswer(await call("PATCH", path, { body: { description: "second" } }), 200, "Role");
    expectAnswer(
      await call("PATCH", path, { body: { name: unique("r"), permissions: ["EMM.Roles.VIEW"] } }),
      200,
      "Role",
    );
    expectAnswer(await call("DELETE", path), 200, "Role");
    const bodies = await bodiesOf(team);
    expect(bodies.map(({ type, data }) => [type, data.id, data.sequence])).toEqual([
      ["role.created", role.id, 1],
      ["role.updated", role.id, 2],
      ["role.updated", role.id, 3],
      ["role.deleted", role.id, 4],
    ]);
    expect(bodies.map(({ data }) => data)).toMatchObject([
      { after: { name: role.name, description: "first", permissions: ["EMM.Team.VIEW"] } },
      { before: { description: "first" }, after: { description: "second" } },
      { before: { permissions: ["EMM.Team.VIEW"] } },
      { before: { description: "second" } },
    ]);
    expect(bodies[1]?.data).toHaveProperty("after", { description: "second" });
  });
});

describe("a team's event", () => {
  test("team.updated has what changed, before and after", async () => {
    const team = await teamThatWants("team.updated");
    const name = unique("New name");
    const body = { name, preferences: { theme: "dark", deep: { er: [1, null] } } };
    expectAnswer(await call("PATCH", `/v1/teams/${team}`, { body }), 200, "Team");
    expect(await expectTold(team, "team.updated", team)).toMatchObject({
      before: { preferences: {} },
      after: body,
    });
    // Of its security and billing, the trail tells by other types.
    await call("PATCH", `/v1/teams/${team}/security`, { body: { session_minutes: 5 } });
    expect(await bodiesOf(team)).toHaveLength(1);
  });

  test("team.suspended comes to the team that it is about", async () => {
    const team = await teamThatWants("team.updated", "team.suspended");
    await call("PATCH", `/v1/teams/${team}`, { body: { status: "suspended" } });
    expect(await expectTold(team, "team.suspended", team)).toMatchObject({
      actor: { id: "operator" },
      before: { status: "active" },
      after: { status: "suspended" },
    });
  });
});

describe("any event", () => {
  test("is told to no other team, and of what was before nobody hears", async () => {
    const [one, other] = [await teamThatWants("role.created"), await teamThatWants("role.created")];
    await makeRole(one, ["EMM.Team.VIEW"]);
    expect(await bodiesOf(other)).toEqual([]);
    const late = await listen(one, "role.created");
    const { length } = await bodiesOf(one);
    expect(length).toBe(1);
    const path = `/v1/teams/${one}/webhooks/${late}/deliveries`;
    expect(expectAnswer(await call("GET", path), 200, "Deliveries").deliveries).toEqual([]);
  });

  test("that is refused has told nobody", async () => {
    const team = await teamThatWants("role.created", "access_token.created");
    const body = { name: "x", permissions: ["EMM.Nothing.VIEW"] };
    expect((await call("POST", `/v1/teams/${team}/roles`, { body })).status).toBe(400);
    expect((await call("POST", `/v1/teams/${team}/access-tokens`, { body })).status).toBe(400);
    expect(await bodiesOf(team)).toEqual([]);
  });

  test("too long for one message goes without what changed, and says so", async () => {
    const team = await teamThatWants("team.updated");
    const body = { preferences: { long: "é".repeat(10_000) } };
    expectAnswer(await call("PATCH", `/v1/teams/${team}`, { body }), 200, "Team");
    expect(await expectTold(team, "team.updated", team)).toEqual({
      id: team,
      sequence: 1,
      actor: { id: "operator", owner: "operator" },
      truncated: true,
    });
  });
});
