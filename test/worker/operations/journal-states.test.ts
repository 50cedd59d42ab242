import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { hashCredential } from "../../../src/operations/credentials.ts";
import { SESSION_COOKIE } from "../../../src/routes/session-cookie.ts";
import { accept, actingFor, invite, join, makeRole, signIn, type Person } from "../people.ts";
import {
  call,
  check,
  expectAnswer,
  expectRefusal,
  issue,
  makeService,
  makeTeam,
  ORIGIN,
  rows,
  send,
  startWorker,
  unique,
} from "../support.ts";

const TABLES = ["access_tokens", "feed", "members", "meta", "roles", "services", "sessions", "teams"];

/** What Time Travel does to the tables that matter here: they are as they were before. */
async function rememberDatabase(): Promise<() => Promise<void>> {
  const held = await Promise.all(TABLES.map((table) => rows(`SELECT * FROM ${table}`)));
  return async () => {
    await env.DB.batch(
      TABLES.flatMap((table, index) => [
        env.DB.prepare(`DELETE FROM ${table}`),
        ...(held[index] ?? []).map((row) => {
          const columns = Object.keys(row);
          const places = columns.map(() => "?").join(", ");
          const insert = `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places})`;
          return env.DB.prepare(insert).bind(...Object.values(row));
        }),
      ]),
    );
  };
}

function memberPath(team: string, { id }: { readonly id: string }): string {
  return `/v1/teams/${team}/members/${id}`;
}

async function setRole(team: string, person: { readonly id: string }, role: string): Promise<void> {
  expectAnswer(await call("PATCH", memberPath(team, person), { body: { role } }), 200, "Member");
}

async function roleOf(team: string, { id }: { readonly id: string }): Promise<unknown> {
  const [row] = await rows("SELECT role FROM members WHERE team_id = ? AND id = ?", team, id);
  return row?.["role"];
}

/** Signs out in the browser, at a Worker that answers what it says: redirects are not followed. */
async function signOut(session: Person["session"]): Promise<void> {
  const headers = { ...session.headers, Origin: ORIGIN };
  const answer = await send("POST", "/signout", { ...session, headers, at: await startWorker() });
  expect([answer.status, answer.headers.get("Location")]).toEqual([303, "/signin"]);
}

describe("after a restore, what was taken away is not there for a new isolate", () => {
  test("a session that was signed out, though its isolate never asks about a token", async () => {
    const { id: team } = await makeTeam();
    const person = await join(team, "owner");
    const other = await signIn(person.user);
    const restore = await rememberDatabase();
    await signOut(person.session);
    await restore();
    const at = await startWorker();
    expectRefusal(await call("GET", `/v1/teams/${team}`, { ...person.session, at }), 401, "COM0013");
    expectAnswer(await call("GET", `/v1/teams/${team}`, { ...other, at }), 200, "Team");
  });

  test("nor in the console", async () => {
    const { id: team } = await makeTeam();
    const person = await join(team, "owner");
    const restore = await rememberDatabase();
    await signOut(person.session);
    await restore();
    const answer = await send("GET", "/console", { ...person.session, at: await startWorker() });
    expect([answer.status, answer.headers.get("Location")]).toEqual([303, "/signin"]);
  });

  test("the sessions of somebody who was removed, and of a team whose credentials were all revoked", async () => {
    const [first, second] = [(await makeTeam()).id, (await makeTeam()).id];
    const [removed, revoked] = [await join(first, "owner"), await join(second, "owner")];
    await join(first, "owner");
    const restore = await rememberDatabase();
    await call("DELETE", memberPath(first, removed));
    await call("POST", `/v1/teams/${second}/revoke-all`);
    await restore();
    const at = await startWorker();
    expectRefusal(await call("GET", `/v1/teams/${first}`, { ...removed.session, at }), 401, "COM0013");
    expectRefusal(await call("GET", `/v1/teams/${second}`, { ...revoked.session, at }), 401, "COM0013");
    const later = await signIn(revoked.user, { created_at: Date.now() + 1 });
    expectAnswer(await call("GET", `/v1/teams/${second}`, { ...later, at }), 200, "Team");
  });

  test("what a demoted member held, by session and by OAuth access token", async () => {
    const { id: team } = await makeTeam();
    const { key } = await makeService();
    const [strong, weak] = [
      await makeRole(team, ["EMM.Members.VIEW", "EMM.Devices.VIEW"]),
      await makeRole(team, ["EMM.Devices.VIEW"]),
    ];
    const person = await join(team, strong.id);
    const token = await actingFor(team, person.user, ["EMM.Devices.VIEW", "EMM.Members.VIEW"]);
    const restore = await rememberDatabase();
    await setRole(team, person, weak.id);
    await restore();
    const at = await startWorker();
    const verdict = await check(key, { token, permissions: ["EMM.Members.VIEW"] }, { at });
    expect(verdict.reason).toBe("missing_permission");
    expectRefusal(await call("GET", `/v1/teams/${team}/members`, { ...person.session, at }), 403, "TOK0001");
  });

  test("what a role lost, for everybody who has it", async () => {
    const { id: team } = await makeTeam();
    const role = await makeRole(team, ["EMM.Members.VIEW", "EMM.Team.VIEW"]);
    const person = await join(team, role.id);
    const restore = await rememberDatabase();
    const body = { permissions: ["EMM.Team.VIEW"] };
    expectAnswer(await call("PATCH", `/v1/teams/${team}/roles/${role.id}`, { body }), 200, "Role");
    await restore();
    const at = await startWorker();
    expectRefusal(await call("GET", `/v1/teams/${team}/members`, { ...person.session, at }), 403, "TOK0001");
    expectAnswer(await call("GET", `/v1/teams/${team}`, { ...person.session, at }), 200, "Team");
  });

  test("an invitation that was withdrawn, and one whose role or link was replaced", async () => {
    const { id: team } = await makeTeam();
    const weak = await makeRole(team, ["EMM.Team.VIEW"]);
    const [withdrawn, replaced, moved] = [
      await invite(team, "owner"),
      await invite(team, "owner"),
      await invite(team, "owner"),
    ];
    const restore = await rememberDatabase();
    await call("DELETE", memberPath(team, withdrawn.member));
    await invite(team, weak.id, { email: replaced.member.email });
    await setRole(team, moved.member, weak.id);
    await restore();
    const at = await startWorker();
    for (const { secret } of [withdrawn, replaced]) {
      expectRefusal(await accept(secret, {}, { at }), 404, "COM0008");
    }
    const joined = expectAnswer(await accept(moved.secret, {}, { at }), 200, "JoinedMember");
    expect(joined.member.role).toBe(weak.id);
  });

  test("the invitation by which somebody came who was removed since", async () => {
    const { id: team } = await makeTeam();
    await join(team, "owner");
    const { secret } = await invite(team, "owner");
    const restore = await rememberDatabase();
    const { member } = expectAnswer(await accept(secret), 200, "JoinedMember");
    await call("DELETE", memberPath(team, member));
    await restore();
    expectRefusal(await accept(secret, {}, { at: await startWorker() }), 404, "COM0008");
  });

  test("a suspended team: it stays suspended", async () => {
    const { id: team } = await makeTeam();
    const { key } = await makeService();
    const { token } = await issue(team);
    const restore = await rememberDatabase();
    await call("PATCH", `/v1/teams/${team}`, { body: { status: "suspended" } });
    await restore();
    expect((await check(key, { token }, { at: await startWorker() })).reason).toBe("team_suspended");
  });
});

describe("a replay takes away no more than that", () => {
  test("whoever was demoted and promoted again is what they were last, whichever entry came first", async () => {
    const { id: team } = await makeTeam();
    const [low, high] = [await makeRole(team, ["EMM.Team.VIEW"]), await makeRole(team, ["EMM.Team.MANAGE"])];
    const person = await join(team, high.id);
    const restore = await rememberDatabase();
    for (const role of [low, high, low, high]) await setRole(team, person, role.id);
    await restore();
    const at = await startWorker();
    expectAnswer(await call("GET", `/v1/teams/${team}`, { ...person.session, at }), 200, "Team");
    expect(await roleOf(team, person)).toBe(high.id);
  });

  test("a database that was not restored is left as it is, though it knows nothing of the journal", async () => {
    const { id: team } = await makeTeam();
    const [low, high] = [await makeRole(team, ["EMM.Team.VIEW"]), await makeRole(team, ["EMM.Team.MANAGE"])];
    const person = await join(team, high.id);
    await setRole(team, person, low.id);
    await setRole(team, person, high.id);
    const first = await invite(team, low.id);
    const again = await invite(team, high.id, { email: first.member.email });
    await call("PATCH", `/v1/teams/${team}`, { body: { status: "suspended" } });
    await call("PATCH", `/v1/teams/${team}`, { body: { status: "active" } });
    const read = () =>
      Promise.all(["members", "roles", "teams", "sessions"].map((table) => rows(`SELECT * FROM ${table}`)));
    const before = await read();
    await env.DB.prepare("UPDATE meta SET value = '0' WHERE key = 'journal_mark'").run();
    const { key } = await makeService();
    await check(key, { token: (await issue(team)).token }, { at: await startWorker() });
    expect(await read()).toEqual(before);
    expectAnswer(await accept(again.secret), 200, "JoinedMember");
  });

  test("whoever was removed and is back stays", async () => {
    const { id: team } = await makeTeam();
    await join(team, "owner");
    const person = await join(team, "owner");
    await call("DELETE", memberPath(team, person));
    await expect.poll(() => Date.now()).toBeGreaterThan(Date.now());
    const { secret } = await invite(team, "owner", { email: person.email });
    const session = await signIn(person.user, { created_at: Date.now() + 1 });
    expectAnswer(await accept(secret, {}, session), 200, "JoinedMember");
    await env.DB.prepare("UPDATE meta SET value = '0' WHERE key = 'journal_mark'").run();
    const at = await startWorker();
    expectAnswer(await call("GET", `/v1/teams/${team}`, { ...session, at }), 200, "Team");
  });
});

test("signing out ends the session once, is in the audit trail, and needs a session to end", async () => {
  const { id: team } = await makeTeam();
  const person = await join(team, "owner");
  const cookie = person.session.headers?.["Cookie"]?.split(`${SESSION_COOKIE}=`)[1] ?? "";
  const [{ id } = { id: "" }] = await rows<{ id: string }>(
    "SELECT id FROM sessions WHERE hash = ?",
    hashCredential(cookie),
  );
  await Promise.all(Array.from({ length: 5 }, () => signOut(person.session)));
  await signOut({ as: null, headers: { Cookie: `${SESSION_COOKIE}=${unique("nobody")}` } });
  const events = await rows(
    "SELECT actor, actor_owner, subject FROM audit_events WHERE type = 'session.ended'",
  );
  expect(events.filter(({ subject }) => subject === id)).toEqual([
    { actor: id, actor_owner: person.user, subject: id },
  ]);
  expectRefusal(await call("GET", `/v1/teams/${team}`, person.session), 401, "COM0013");
});
