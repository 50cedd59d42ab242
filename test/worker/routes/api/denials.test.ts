import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { actingFor, byCookie, invite, join, makeRole, signIn, type Person, type Role } from "../../people.ts";
import {
  call,
  expectRefusal,
  issue,
  makeTeam,
  rows,
  startWorker,
  wholeStore,
  type Sending,
} from "../../support.ts";

interface Denied {
  readonly team_id: string | null;
  readonly actor: string;
  readonly actor_owner: string;
  readonly subject: string;
  readonly ip: string | null;
  readonly detail: { permissions: string[]; reason: string; missing?: string[] };
}

/** What of denials a person, or a token's maker, has left, oldest first. */
async function denialsBy(owner: string): Promise<Denied[]> {
  const found = await rows<Denied & { detail: string }>(
    `SELECT team_id, actor, actor_owner, subject, ip, detail FROM audit_events
     WHERE type = 'access.denied' AND (actor_owner = ?1 OR actor = ?1) ORDER BY rowid`,
    owner,
  );
  return found.map((row) => ({ ...row, detail: JSON.parse(row.detail) as Denied["detail"] }));
}

async function countDenials(): Promise<number> {
  return (await rows("SELECT id FROM audit_events WHERE type = 'access.denied'")).length;
}

function withIp(sending: Sending): Sending {
  return { ...sending, headers: { ...sending.headers, "CF-Connecting-IP": "203.0.113.9" } };
}

let team = "";
let role: Role;
beforeAll(async () => {
  team = (await makeTeam()).id;
  role = await makeRole(team, ["EMM.Members.MANAGE", "EMM.Roles.MANAGE", "EMM.Team.VIEW"]);
});

describe("a session that is not let in", () => {
  let person: Person;
  beforeAll(async () => {
    person = await join(team, role.id);
  });

  test("leaves an event in the team's trail that says who, from where and for want of what", async () => {
    expectRefusal(await call("GET", `/v1/teams/${team}/reports`, withIp(person.session)), 403, "TOK0001");
    expect(await denialsBy(person.user)).toEqual([
      {
        team_id: team,
        actor: expect.stringMatching(/^ses_/) as string,
        actor_owner: person.user,
        subject: "api",
        ip: "203.0.113.9",
        detail: {
          permissions: ["EMM.Reports.VIEW"],
          reason: "missing_permission",
          missing: ["EMM.Reports.VIEW"],
        },
      },
    ]);
    const listed = await call(
      "GET",
      `/v1/teams/${team}/audit-events?type=access.denied&actor=${person.user}`,
    );
    expect((listed.body as { audit_events: unknown[] }).audit_events).toMatchObject([
      { type: "access.denied", actor: { owner: person.user }, chain: { hash: expect.any(String) as string } },
    ]);
  });

  test("leaves none when it is let in", async () => {
    const before = await countDenials();
    expect((await call("GET", `/v1/teams/${team}`, person.session)).status).toBe(200);
    expect(await countDenials()).toBe(before);
  });

  test.each([
    ["is over", { ended_at: 1 }, "unknown_credential"],
    ["has expired", { expires_at: 1 }, "unknown_credential"],
    ["was idle for too long", { last_seen_at: 1 }, "unknown_credential"],
  ])("leaves it there too when it %s", async (_, row, reason) => {
    const other = await join(team, role.id);
    expectRefusal(await call("GET", `/v1/teams/${team}`, await signIn(other.user, row)), 401, "COM0013");
    expect(await denialsBy(other.user)).toMatchObject([{ team_id: team, detail: { reason } }]);
  });

  test("leaves it there when the team is suspended or wants a second factor", async () => {
    const { id } = await makeTeam();
    const owner = await join(id, "owner");
    await call("PATCH", `/v1/teams/${id}/security`, { body: { require_2fa: true } });
    expectRefusal(await call("GET", `/v1/teams/${id}`, owner.session), 403, "TOK0001");
    await call("PATCH", `/v1/teams/${id}`, { body: { status: "suspended" } });
    expectRefusal(await call("GET", `/v1/teams/${id}`, owner.session), 403, "TOK0007");
    expect(await denialsBy(owner.user)).toMatchObject([
      { team_id: id, detail: { reason: "second_factor_required" } },
      { team_id: id, detail: { reason: "team_suspended" } },
    ]);
  });

  test("writes into no trail of a team that its person is not in, be it there or not", async () => {
    const other = await join(team, role.id);
    const foreign = (await makeTeam()).id;
    await invite(foreign, "owner", { email: other.email });
    const before = await rows("SELECT id FROM audit_events WHERE team_id = ?", foreign);
    for (const of of [foreign, "team_00000000000000000000000000", "a-secret-by-mistake"]) {
      expectRefusal(await call("GET", `/v1/teams/${of}`, other.session), 403, "TOK0002");
    }
    expect(await rows("SELECT id FROM audit_events WHERE team_id = ?", foreign)).toEqual(before);
    const denials = await denialsBy(other.user);
    expect(denials.map(({ team_id, detail }) => [team_id, detail.reason])).toEqual(
      Array.from({ length: 3 }, () => [null, "wrong_team"]),
    );
    expect(JSON.stringify(denials)).not.toMatch(/a-secret-by-mistake|team_0{26}/);
  });

  test("leaves nothing when it is nobody's: whoever invents cookies fills no store", async () => {
    const before = await countDenials();
    for (const cookie of ["invented", "", "'; DROP TABLE sessions; --"]) {
      expectRefusal(await call("GET", `/v1/teams/${team}`, byCookie(cookie)), 401, "COM0013");
    }
    expect(await countDenials()).toBe(before);
    expect(await wholeStore()).not.toContain("invented");
  });

  test("is not answered before the event is written: where that fails, it is told to come again", async () => {
    const DB = new Proxy(env.DB, {
      get: (db, name) => {
        if (name === "prepare") {
          return (text: string) => {
            if (/insert into "audit_events"/i.test(text)) throw new Error("down");
            return db.prepare(text);
          };
        }
        const member: unknown = Reflect.get(db, name);
        return typeof member === "function" ? (member.bind(db) as unknown) : member;
      },
    });
    const failing = await startWorker({ DB });
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const answer = await call("GET", `/v1/teams/${team}/reports`, { ...person.session, at: failing });
    expect(answer.status).toBeGreaterThanOrEqual(500);
    log.mockRestore();
  });
});

describe("a call that was let in and is refused for what its caller holds", () => {
  test.each<[string, (member: Person) => [string, string, object], string, "member" | "team"]>([
    [
      "confers more",
      () => ["POST", "roles", { name: "x", permissions: ["EMM.Roles.DELETE"] }],
      "exceeds_maker",
      "team",
    ],
    [
      "invites an owner",
      () => ["POST", "members", { email: "a@example.com", role: "owner" }],
      "owner_only",
      "team",
    ],
  ])("%s", async (_, request, reason) => {
    const member = await join(team, role.id);
    const [method, path, body] = request(member);
    const sending = withIp({ ...member.session, body });
    expectRefusal(await call(method, `/v1/teams/${team}/${path}`, sending), 403, "TOK0001");
    expect(await denialsBy(member.user)).toMatchObject([
      { team_id: team, subject: team, ip: "203.0.113.9", detail: { reason } },
    ]);
  });

  test("names whom or what it was about, what was needed, and what was missing", async () => {
    const mighty = await makeRole(team, ["EMM.Webhooks.DELETE"]);
    const [weak, strong] = [await join(team, role.id), await join(team, mighty.id)];
    const demote = { ...weak.session, body: { role: role.id } };
    expectRefusal(await call("PATCH", `/v1/teams/${team}/members/${strong.id}`, demote), 403, "TOK0001");
    const rename = { ...weak.session, body: { name: "mine" } };
    expectRefusal(await call("PATCH", `/v1/teams/${team}/roles/${mighty.id}`, rename), 403, "TOK0001");
    const missing = ["EMM.Webhooks.DELETE", "EMM.Webhooks.MANAGE", "EMM.Webhooks.VIEW"];
    expect(await denialsBy(weak.user)).toMatchObject([
      {
        subject: strong.id,
        detail: { permissions: ["EMM.Members.MANAGE"], reason: "beyond_caller", missing },
      },
      { subject: mighty.id, detail: { permissions: ["EMM.Roles.MANAGE"], reason: "beyond_caller", missing } },
    ]);
  });

  test("is written of a token as of a session, and names its maker", async () => {
    const maker = await join(team, (await makeRole(team, ["EMM.AccessTokens.CREATE", "EMM.Team.MANAGE"])).id);
    const { token, id } = await issue(
      team,
      { permissions: ["EMM.AccessTokens.CREATE", "EMM.Team.MANAGE"] },
      maker.session,
    );
    const wish = { as: token, body: { name: "more", permissions: ["EMM.Billing.MANAGE"] } };
    expectRefusal(await call("POST", `/v1/teams/${team}/access-tokens`, wish), 403, "TOK0001");
    const suspend = { as: token, body: { status: "suspended" } };
    expectRefusal(await call("PATCH", `/v1/teams/${team}`, suspend), 403, "TOK0001");
    expectRefusal(await call("GET", "/v1/teams", { as: token }), 403, "TOK0001");
    expect(await denialsBy(id)).toMatchObject([
      {
        team_id: team,
        actor_owner: maker.user,
        subject: team,
        detail: { reason: "exceeds_maker", missing: ["EMM.Billing.MANAGE"] },
      },
      { team_id: team, subject: team, detail: { permissions: ["EMM.Team.MANAGE"], reason: "operator_only" } },
      { team_id: team, subject: "api", detail: { permissions: [], reason: "operator_only" } },
    ]);
  });

  test("is written once with an Idempotency-Key too, each time that it is refused", async () => {
    const member = await join(team, role.id);
    const acting = await actingFor(team, member.user, ["EMM.Roles.MANAGE", "EMM.Team.VIEW"]);
    const wish = {
      as: acting,
      body: { name: "x", permissions: ["EMM.Billing.MANAGE"] },
      headers: { "Idempotency-Key": "the same" },
    };
    for (const times of [1, 2]) {
      expectRefusal(await call("POST", `/v1/teams/${team}/roles`, wish), 403, "TOK0001");
      expect(await denialsBy(member.user)).toHaveLength(times);
    }
  });

  test("holds nothing that was sent, and no other refusal leaves any", async () => {
    const member = await join(team, role.id);
    const body = { name: "my-own-words", permissions: ["EMM.Roles.DELETE"] };
    await call("POST", `/v1/teams/${team}/roles`, { ...member.session, body });
    const before = await countDenials();
    const others: [string, string, object?][] = [
      ["POST", "roles", { name: "x", permissions: ["No.Such.THING"] }],
      ["PATCH", "roles/rol_my-own-words", { name: "x" }],
      ["PATCH", "roles/owner", { name: "x" }],
      ["POST", "members", { email: "a@example.com", role: "rol_my-own-words" }],
    ];
    for (const [method, path, sent] of others) {
      const answer = await call(method, `/v1/teams/${team}/${path}`, { ...member.session, body: sent ?? {} });
      expect(answer.status).toBeGreaterThanOrEqual(400);
    }
    expect(await countDenials()).toBe(before);
    expect(JSON.stringify(await rows("SELECT * FROM audit_events"))).not.toContain("my-own-words");
  });
});
