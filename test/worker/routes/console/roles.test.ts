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
import { join, makeRole } from "../../people.ts";
import { call, expectAnswer } from "../../support.ts";

const rolesOf = async (team: string) =>
  expectAnswer(await call("GET", `/v1/teams/${team}/roles`), 200, "Roles").roles;

const readRole = async (team: string, id: string) =>
  expectAnswer(await call("GET", `/v1/teams/${team}/roles/${id}`), 200, "Role").role;

describe("the Roles page", () => {
  test("lists the built-in owner with what it is, and the team's own roles with their members", async () => {
    const { team, owner, base } = await consoleTeam();
    expect((await open(owner, `${base}/roles`)).html).toContain("So far there are only owners");
    const role = await makeRole(team.id, ["EMM.Devices.VIEW"], { name: "Viewers" });
    await join(team.id, role.id);
    const { html } = await open(owner, `${base}/roles`);
    expect(html).toContain("Owners hold everything");
    expect(html).toContain("Viewers");
    expect(html).toContain(`${base}/roles/${role.id}/delete`);
    expect(html).not.toContain(`${base}/roles/owner/delete`);
  });

  test("shows those who may only view no way to change anything", async () => {
    const { team, base, with: somebody } = await consoleTeam();
    const role = await makeRole(team.id, ["EMM.Devices.VIEW"], { description: "Just looking" });
    const viewer = await somebody("EMM.Roles.VIEW");
    const { html } = await open(viewer, `${base}/roles`);
    expect(html).not.toContain(`${base}/roles/new`);
    expect(html).not.toContain("/delete");
    const shown = await open(viewer, `${base}/roles/${role.id}`);
    expect(shown.html).toContain("Just looking");
    expect(shown.html).not.toContain('name="permission"');
    expectNotForRole(await open(viewer, `${base}/roles/new`), "EMM.Roles.MANAGE");
    expectNotForRole(await open(viewer, `${base}/roles/${role.id}/delete`), "EMM.Roles.DELETE");
  });

  test("is not for a role without it", async () => {
    const { base, with: somebody } = await consoleTeam();
    expectNotForRole(await open(await somebody("EMM.Team.VIEW"), `${base}/roles`), "EMM.Roles.VIEW");
  });

  test("escapes hostile names", async () => {
    const { team, owner, base } = await consoleTeam();
    const role = await makeRole(team.id, ["EMM.Devices.VIEW"], { name: HOSTILE, description: HOSTILE });
    for (const path of ["", `/${role.id}`, `/${role.id}/delete`]) {
      expectHarmless(await open(owner, `${base}/roles${path}`));
    }
  });
});

describe("a new role", () => {
  test("has the rights that the tree chose, with what they bring", async () => {
    const { team, owner, base } = await consoleTeam();
    const made = await submit(owner, `${base}/roles/new`, [
      ["name", "Operators"],
      ["description", "Lock what is lost"],
      ["grade:EMM.Roles", "EMM.Roles.MANAGE"],
      ["grade:EMM.Team", ""],
      ["grade:EMM.Devices", "EMM.Devices.VIEW"],
      ["permission", "EMM.DeviceCommands.LOCK"],
      ["do", "save"],
    ]);
    expect(made.status).toBe(303);
    const role = (await rolesOf(team.id)).find(({ name }) => name === "Operators");
    expect(role?.permissions).toContain("EMM.Roles.VIEW");
    expect(role?.permissions).toContain("EMM.DeviceCommands.LOCK");
    expect(role?.permissions).not.toContain("EMM.Roles.DELETE");
    expect((await open(owner, made.location ?? "")).html).toContain("The role Operators is added.");
  });

  test("keeps what was typed when the API refuses it", async () => {
    const { team, owner, base } = await consoleTeam();
    const shown = await submit(owner, `${base}/roles/new`, [
      ["name", HOSTILE],
      ["description", "Lock what is lost"],
      ["permission", "EMM.DeviceCommands.LOCK"],
    ]);
    expect(shown.status).toBe(400);
    expect(shown.html).toContain("EMM.Devices.VIEW");
    expect(fieldOf(shown, "description")).toBe("Lock what is lost");
    expect(shown.html).toMatch(/value="EMM.DeviceCommands.LOCK" checked/);
    expectHarmless(shown);
    expect(await rolesOf(team.id)).toHaveLength(1);
  });

  test("sums up without saving", async () => {
    const { team, owner, base } = await consoleTeam();
    const shown = await submit(owner, `${base}/roles/new`, [
      ["name", "Half"],
      ["grade:EMM.Roles", "EMM.Roles.DELETE"],
      ["do", "summary"],
    ]);
    expect([shown.status, fieldOf(shown, "name")]).toEqual([200, "Half"]);
    expect(shown.html).toContain("Members with this role can");
    expect(await rolesOf(team.id)).toHaveLength(1);
  });

  test("confers no more than its maker holds", async () => {
    const { team, base, with: somebody } = await consoleTeam();
    const maker = await somebody("EMM.Roles.MANAGE");
    const before = await rolesOf(team.id);
    const shown = await submit(maker, `${base}/roles/new`, [
      ["name", "More"],
      ["grade:EMM.Billing", "EMM.Billing.MANAGE"],
    ]);
    expect(shown.status).toBe(400);
    expect(shown.html).toContain("You cannot give permissions that you do not hold");
    expect(await rolesOf(team.id)).toEqual(before);
  });

  test("is not made by a form from elsewhere", async () => {
    const { team, owner, base } = await consoleTeam();
    const form = { name: "Evil", "grade:EMM.Roles": "EMM.Roles.VIEW" };
    expect((await submit(owner, `${base}/roles/new`, form, { "Sec-Fetch-Site": "cross-site" })).status).toBe(
      403,
    );
    expect(await rolesOf(team.id)).toHaveLength(1);
  });
});

describe("a role's own page", () => {
  test("shows what it holds, and saves what is changed", async () => {
    const { team, owner, base } = await consoleTeam();
    const role = await makeRole(team.id, ["EMM.Roles.MANAGE"]);
    const shown = await open(owner, `${base}/roles/${role.id}`);
    expect(shown.html).toMatch(/<option value="EMM.Roles.MANAGE" selected/);
    const saved = await submit(owner, `${base}/roles/${role.id}`, [
      ["name", "Fewer"],
      ["description", ""],
      ["grade:EMM.Roles", "EMM.Roles.VIEW"],
      ["etag", fieldOf(shown, "etag")],
    ]);
    expect(saved.status).toBe(303);
    const after = await readRole(team.id, role.id);
    expect([after.name, after.permissions]).toEqual(["Fewer", ["EMM.Roles.VIEW", "EMM.Team.VIEW"]]);
  });

  test("tells of somebody else's change, also to one who asked for the summary in between", async () => {
    const { team, owner, base } = await consoleTeam();
    const role = await makeRole(team.id, ["EMM.Roles.VIEW"]);
    const path = `${base}/roles/${role.id}`;
    const etag = fieldOf(await open(owner, path), "etag");
    await call("PATCH", `/v1/teams/${team.id}/roles/${role.id}`, { body: { name: "Theirs" } });
    const form = { name: "Mine", description: "", "grade:EMM.Roles": "EMM.Roles.VIEW" };
    const summed = await submit(owner, path, { ...form, etag, do: "summary" });
    const shown = await submit(owner, path, { ...form, etag: fieldOf(summed, "etag") });
    expect(shown.status).toBe(412);
    expect(shown.html).toContain("<dd>Theirs</dd>");
    expect((await readRole(team.id, role.id)).name).toBe("Theirs");
    expect((await submit(owner, path, { ...form, etag: fieldOf(shown, "etag") })).status).toBe(303);
  });

  test("warns who changes their own role", async () => {
    const { team, base } = await consoleTeam();
    const role = await makeRole(team.id, ["EMM.Roles.MANAGE"]);
    const manager = await join(team.id, role.id);
    expect((await open(manager, `${base}/roles/${role.id}`)).html).toContain("This is your own role");
  });

  test("of the owner cannot be changed", async () => {
    const { owner, base } = await consoleTeam();
    const { status, html } = await open(owner, `${base}/roles/owner`);
    expect(status).toBe(200);
    expect(html).toContain("Owners hold everything");
    expect(html).not.toContain('name="permission"');
  });

  test("of another team is not found", async () => {
    const { owner, base } = await consoleTeam();
    const other = await consoleTeam();
    const role = await makeRole(other.team.id, ["EMM.Roles.VIEW"]);
    expect((await open(owner, `${base}/roles/${role.id}`)).status).toBe(404);
  });
});

describe("deleting a role", () => {
  test("asks, and deletes", async () => {
    const { team, owner, base } = await consoleTeam();
    const role = await makeRole(team.id, ["EMM.Roles.VIEW"]);
    const path = `${base}/roles/${role.id}/delete`;
    expect((await open(owner, path)).html).toContain("Yes, delete it");
    const deleted = await submit(owner, path);
    expect(deleted.location).toBe(`${base}/roles?deleted=1`);
    expect(await rolesOf(team.id)).toHaveLength(1);
  });

  test("offers nothing while somebody has it, and a form that is sent all the same deletes nothing", async () => {
    const { team, owner, base } = await consoleTeam();
    const role = await makeRole(team.id, ["EMM.Roles.VIEW"]);
    await join(team.id, role.id);
    const path = `${base}/roles/${role.id}/delete`;
    const { html } = await open(owner, path);
    expect(html).toContain("Give them another role first");
    expect(html).not.toContain("Yes, delete it");
    expect((await submit(owner, path)).status).toBe(409);
    expect(await rolesOf(team.id)).toHaveLength(2);
  });

  test("is not done by a form from elsewhere", async () => {
    const { team, owner, base } = await consoleTeam();
    const role = await makeRole(team.id, ["EMM.Roles.VIEW"]);
    expect((await submit(owner, `${base}/roles/${role.id}/delete`, {}, {})).status).toBe(403);
    expect(await rolesOf(team.id)).toHaveLength(2);
  });
});
