import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { accept, actingFor, invite, join, makeRole, signIn, type Role } from "../../people.ts";
import {
  call,
  check,
  driveClock,
  expectAnswer,
  expectRefusal,
  issue,
  makeService,
  makeTeam,
  rows,
  startWorker,
  type Worker,
} from "../../support.ts";

const VIEW = "EMM.Devices.VIEW";

const clock = driveClock();

let team = "";
let members = "";
beforeAll(async () => {
  team = (await makeTeam()).id;
  members = `/v1/teams/${team}/members`;
});

describe("what relies on a member", () => {
  const REPORTS = "EMM.Reports.VIEW";
  const WIPE = "EMM.DeviceCommands.WIPE";
  const MIGHTY = [REPORTS, WIPE, VIEW, "EMM.Team.VIEW"];
  let key = "";
  let weak: Role;
  beforeAll(async () => {
    ({ key } = await makeService());
    weak = await makeRole(team, ["EMM.Team.VIEW"]);
  });

  /**
   * A member with a role of their own, and two OAuth access tokens that the checking isolate knows: a
   * strict check reads the store, and would bring the other one's copy up to date.
   */
  async function acting() {
    const own = await makeRole(team, MIGHTY);
    const person = await join(team, own.id);
    const [token, strict] = [
      await actingFor(team, person.user, MIGHTY),
      await actingFor(team, person.user, MIGHTY),
    ];
    const ask = (permission: string, at?: Worker) => {
      const question = { token: permission === WIPE ? strict : token, permissions: [permission] };
      return check(key, question, at === undefined ? {} : { at });
    };
    expect(await ask(REPORTS)).toMatchObject({ allowed: true, token: { user_id: person.user } });
    expect((await ask(WIPE)).allowed).toBe(true);
    return { own, person, ask };
  }

  test("shrinks within the bound when the member gets a lesser role, at once where it is strict, and grows back", async () => {
    const { own, person, ask } = await acting();
    const path = `${members}/${person.id}`;
    expectAnswer(await call("PATCH", path, { body: { role: weak.id } }), 200, "Member");
    expect(await ask(WIPE)).toMatchObject({ allowed: false, reason: "missing_permission", missing: [WIPE] });
    clock.advance(1_000);
    expect(await ask(REPORTS)).toMatchObject({
      allowed: false,
      reason: "missing_permission",
      missing: [REPORTS],
    });
    expect(await ask("EMM.Team.VIEW")).toMatchObject({
      allowed: true,
      token: { permissions: ["EMM.Team.VIEW"] },
    });
    expectAnswer(await call("PATCH", path, { body: { role: own.id } }), 200, "Member");
    expect((await ask(WIPE)).allowed).toBe(true);
  });

  test("shrinks with the role itself, and with no more than the role", async () => {
    const { own, ask } = await acting();
    const path = `/v1/teams/${team}/roles/${own.id}`;
    expectAnswer(await call("PATCH", path, { body: { permissions: [VIEW] } }), 200, "Role");
    expect(await ask(WIPE)).toMatchObject({ allowed: false, reason: "missing_permission" });
    clock.advance(1_000);
    expect(await ask(REPORTS)).toMatchObject({ allowed: false, reason: "missing_permission" });
    expect((await ask(VIEW)).allowed).toBe(true);
  });

  test("never grows beyond what was granted when the role does", async () => {
    const { own, ask } = await acting();
    const path = `/v1/teams/${team}/roles/${own.id}`;
    expectAnswer(await call("PATCH", path, { body: { permission_sets: ["emm-full"] } }), 200, "Role");
    clock.advance(1_000);
    expect(await ask("EMM.DeviceCommands.LOCK")).toMatchObject({
      allowed: false,
      reason: "missing_permission",
    });
  });

  test("ends by the moment that the removal names, at once where it is strict, and says that it was revoked", async () => {
    const { person, ask } = await acting();
    const before = Date.now();
    const { effective_by } = expectAnswer(
      await call("DELETE", `${members}/${person.id}`),
      200,
      "RemovedMember",
    );
    expect(Date.parse(effective_by)).toBe(before + 1_000);
    expect(await ask(WIPE)).toMatchObject({ allowed: false, reason: "revoked_token" });
    clock.advance(1_000);
    expect(await ask(REPORTS)).toMatchObject({ allowed: false, reason: "revoked_token" });
  });

  test("does not live again when the person comes back", async () => {
    const { own, person, ask } = await acting();
    await call("DELETE", `${members}/${person.id}`);
    const { secret } = await invite(team, own.id, { email: person.email });
    // The sessions ended too: the person signs in anew.
    expectRefusal(await accept(secret, {}, person.session), 401, "COM0013");
    expectAnswer(await accept(secret, {}, await signIn(person.user)), 200, "JoinedMember");
    clock.advance(1_000);
    expect(await ask(REPORTS)).toMatchObject({ allowed: false, reason: "revoked_token" });
    const renewed = await actingFor(team, person.user, MIGHTY);
    expect((await check(key, { token: renewed, permissions: [WIPE] })).allowed).toBe(true);
  });

  test("stays ended when the database is restored to a moment before the removal", async () => {
    const { person, ask } = await acting();
    const [member] = await rows<Record<string, string | number | null>>(
      "SELECT * FROM members WHERE id = ?",
      person.id,
    );
    await call("DELETE", `${members}/${person.id}`);
    const columns = Object.keys(member ?? {});
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO members (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
      ).bind(...Object.values(member ?? {})),
      env.DB.prepare("UPDATE access_tokens SET revoked_at = NULL, revoked_by = NULL WHERE user_id = ?").bind(
        person.user,
      ),
      env.DB.prepare("UPDATE meta SET value = '0' WHERE key = 'journal_mark'"),
    ]);
    expect(await ask(REPORTS, await startWorker())).toMatchObject({
      allowed: false,
      reason: "revoked_token",
    });
    expectRefusal(await call("GET", `${members}/${person.id}`), 404, "COM0008");
  });

  test("in another team is left alone", async () => {
    const { own, person } = await acting();
    const other = (await makeTeam()).id;
    const there = await makeRole(other, [VIEW]);
    const { secret } = await invite(other, there.id, { email: person.email });
    expectAnswer(await accept(secret, {}, person.session), 200, "JoinedMember");
    const abroad = await actingFor(other, person.user, [VIEW]);
    await call("DELETE", `${members}/${person.id}`);
    clock.advance(1_000);
    expect((await check(key, { token: abroad, permissions: [VIEW] })).allowed).toBe(true);
    expect(own.id).not.toBe(there.id);
  });

  test("but is a token of the team survives its maker's demotion and removal", async () => {
    const makers = await makeRole(team, ["EMM.AccessTokens.CREATE", REPORTS]);
    const person = await join(team, makers.id);
    const made = await issue(team, { permissions: [REPORTS] }, person.session);
    expect(made.access_token.created_by).toBe(person.user);
    await call("PATCH", `${members}/${person.id}`, { body: { role: weak.id } });
    await call("DELETE", `${members}/${person.id}`);
    clock.advance(1_000);
    expect((await check(key, { token: made.token, permissions: [REPORTS] })).allowed).toBe(true);
  });
});
