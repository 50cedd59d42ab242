import { beforeAll, describe, expect, test } from "vitest";
import { accept, invite, join, signIn } from "../../people.ts";
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
  statusesOf,
  storeWith,
  unique,
  wholeStore,
} from "../../support.ts";

const clock = driveClock();
const BOUND_MS = 1_000;

let key = "";
beforeAll(async () => {
  ({ key } = await makeService());
});

function create(body: object) {
  return call("POST", "/v1/teams", { body });
}

function patch(id: string, body: object, headers: Record<string, string> = {}, as?: string) {
  return call("PATCH", `/v1/teams/${id}`, { body, headers, ...(as === undefined ? {} : { as }) });
}

async function etagOf(id: string): Promise<string> {
  return (await call("GET", `/v1/teams/${id}`)).headers.get("ETag") ?? "";
}

async function auditTypesOf(id: string): Promise<unknown[]> {
  return (await rows("SELECT type FROM audit_events WHERE subject = ? ORDER BY rowid", id)).map(
    ({ type }) => type,
  );
}

describe("a team", () => {
  test("is created active, on a plan, and shown as it was answered", async () => {
    const slug = unique("slug");
    const { team, owner } = expectAnswer(await create({ name: "Zoë & Söhne", slug }), 201, "CreatedTeam");
    expect(owner).toBeNull();
    expect(team).toMatchObject({
      id: expect.stringMatching(/^team_[0-9a-z]{26}$/) as string,
      name: "Zoë & Söhne",
      slug,
      status: "active",
      plan: "standard",
      preferences: {},
    });
    expect(expectAnswer(await call("GET", `/v1/teams/${team.id}`), 200, "Team").team).toEqual(team);
    expect(await auditTypesOf(team.id)).toEqual(["team.created"]);
  });

  test("cannot take the place of the console's own pages", async () => {
    expectRefusal(await create({ name: "x", slug: "me" }), 409, "COM0010");
    const { id } = await makeTeam();
    expectRefusal(await call("PATCH", `/v1/teams/${id}`, { body: { slug: "me" } }), 409, "COM0010");
  });

  test.each(["a", "0", "team-1", "a".repeat(63), "a-b-c"])("may have slug %s", async (slug) => {
    expectAnswer(await create({ name: "x", slug }), 201, "CreatedTeam");
  });

  test.each([
    ["slug", { name: "x" }],
    ["slug", { name: "x", slug: "" }],
    ["slug", { name: "x", slug: "A" }],
    ["slug", { name: "x", slug: "-a" }],
    ["slug", { name: "x", slug: "a-" }],
    ["slug", { name: "x", slug: "a--b" }],
    ["slug", { name: "x", slug: "a b" }],
    ["slug", { name: "x", slug: "a\n" }],
    ["slug", { name: "x", slug: "é" }],
    ["slug", { name: "x", slug: "../a" }],
    ["slug", { name: "x", slug: "a".repeat(64) }],
    ["name", { slug: "x" }],
    ["name", { name: "", slug: "x" }],
    ["plan", { name: "x", slug: "x", plan: "golden" }],
    ["owner.email", { name: "x", slug: "x", owner: { email: "nobody" } }],
    ["owner.email", { name: "x", slug: "x", owner: { email: `${"a".repeat(250)}@b.example` } }],
    ["owner.password", { name: "x", slug: "x", owner: { email: "a@b.example", password: "short" } }],
    ["owner.password", { name: "x", slug: "x", owner: { email: "a@b.example", password: "p".repeat(129) } }],
    ["the body", { name: "x", slug: "x", status: "suspended" }],
    ["the body", { name: "x", slug: "x", id: "team_mine" }],
  ])("is refused by the member that is wrong, %s: %j", async (member, body) => {
    expect(expectRefusal(await create(body), 400, "COM0005").error_description).toContain(member);
  });

  test("cannot have a slug that another has, and one of ten parallel ones wins", async () => {
    const { slug } = await makeTeam();
    expect(expectRefusal(await create({ name: "x", slug }), 409, "COM0010").error_description).toContain(
      "slug",
    );
    const wanted = unique("slug");
    const answers = await Promise.all(Array.from({ length: 10 }, () => create({ name: "x", slug: wanted })));
    expect(statusesOf(answers)).toEqual({ 201: 1, 409: 9 });
    expect(await rows("SELECT id FROM teams WHERE slug = ?", wanted)).toHaveLength(1);
  });

  test("is the operator's to create and list", async () => {
    const { token } = await issue((await makeTeam()).id, { permission_sets: ["emm-full"] });
    expectRefusal(
      await call("POST", "/v1/teams", { as: token, body: { name: "x", slug: "x" } }),
      403,
      "TOK0001",
    );
    expectRefusal(await call("GET", "/v1/teams", { as: token }), 403, "TOK0001");
  });
});

describe("the owner", () => {
  const password = "correct horse battery";

  test("becomes a user and a member, by a lower-case address, with the password as a slow hash only", async () => {
    const slug = unique("slug");
    const owner = { email: "Ada@Owner.Example", password };
    const made = expectAnswer(await create({ name: "x", slug, owner }), 201, "CreatedTeam");
    expect(made.owner).toEqual({ id: expect.stringMatching(/^usr_/) as string, email: "ada@owner.example" });
    const [member] = await rows("SELECT * FROM members WHERE team_id = ?", made.team.id);
    expect(member).toMatchObject({ user_id: made.owner?.id, role: "owner" });
    const [user] = await rows("SELECT password_hash FROM users WHERE id = ?", made.owner?.id);
    expect(user?.["password_hash"]).toMatch(/^scrypt\$16384\$8\$5\$[\w+/=]+\$[\w+/=]+$/);
    expect(await wholeStore()).not.toContain(password);
  });

  test("who has an account already gets the team, and keeps their own password", async () => {
    const email = "bea@owner.example";
    const first = expectAnswer(
      await create({ name: "x", slug: unique("slug"), owner: { email, password } }),
      201,
      "CreatedTeam",
    );
    const before = await rows("SELECT * FROM users WHERE email = ?", email);
    const taken = await create({
      name: "x",
      slug: unique("slug"),
      owner: { email, password: "another password" },
    });
    expectRefusal(taken, 409, "COM0010");
    const second = expectAnswer(
      await create({ name: "x", slug: unique("slug"), owner: { email: "BEA@owner.example" } }),
      201,
      "CreatedTeam",
    );
    expect(second.owner?.id).toBe(first.owner?.id);
    expect(await rows("SELECT * FROM users WHERE email = ?", email)).toEqual(before);
  });

  test("whose account anybody could have made for the address is only invited, and owns by accepting", async () => {
    const elsewhere = await makeTeam();
    const person = await join(elsewhere.id, "owner");
    const slug = unique("slug");
    const made = expectAnswer(
      await create({ name: "x", slug, owner: { email: person.email } }),
      201,
      "CreatedTeam",
    );
    expect(made.owner).toBeNull();
    const path = `/v1/teams/${made.team.id}`;
    expectRefusal(await call("GET", path, person.session), 403, "TOK0002");
    const link = made.invitation_link ?? "";
    const secret = link.slice(link.lastIndexOf("/") + 1);
    expectRefusal(await accept(secret, { password: "attacker's own" }), 401, "COM0013");
    expectRefusal(await accept(secret, {}, (await join(elsewhere.id, "owner")).session), 401, "COM0013");
    const joined = expectAnswer(await accept(secret, {}, person.session), 200, "JoinedMember");
    expect(joined.member).toMatchObject({ user: person.user, role: "owner" });
    expectAnswer(await call("GET", path, person.session), 200, "Team");
    expect(await wholeStore()).not.toContain(secret);
    const types = await rows("SELECT type FROM audit_events WHERE team_id = ? ORDER BY rowid", made.team.id);
    expect(types.map(({ type }) => type).filter((type) => type !== "access.denied")).toEqual([
      "team.created",
      "member.invited",
      "member.joined",
    ]);
  });

  test("does not lose the team to whoever invited the owner's address and accepted by themselves", async () => {
    const email = "ceo@victim.example";
    const { secret } = await invite((await makeTeam()).id, "owner", { email });
    const squatted = expectAnswer(await accept(secret, { password: "attacker's own" }), 200, "JoinedMember");
    const attacker = await signIn(squatted.member.user ?? "");
    const made = expectAnswer(
      await create({ name: "x", slug: unique("slug"), owner: { email: "CEO@victim.example" } }),
      201,
      "CreatedTeam",
    );
    expect(made.owner).toBeNull();
    expectRefusal(await call("GET", `/v1/teams/${made.team.id}`, attacker), 403, "TOK0002");
    expect(await rows("SELECT user_id, status FROM members WHERE team_id = ?", made.team.id)).toEqual([
      { user_id: null, status: "invited" },
    ]);
  });

  test("is invited once with an Idempotency-Key, and the link is not shown again", async () => {
    const person = await join((await makeTeam()).id, "owner");
    const body = { name: "x", slug: unique("slug"), owner: { email: person.email } };
    const headers = { "Idempotency-Key": unique("key") };
    const [first, again] = [
      expectAnswer(await call("POST", "/v1/teams", { body, headers }), 201, "CreatedTeam"),
      expectAnswer(await call("POST", "/v1/teams", { body, headers }), 201, "CreatedTeam"),
    ];
    expect(first.invitation_link).toMatch(/\/invitations\/\w{43}$/);
    expect(again).toEqual({ ...first, invitation_link: null, replayed: true });
  });

  test("is not created when the team is refused", async () => {
    const { slug } = await makeTeam();
    const owner = { email: "nobody@owner.example", password };
    expectRefusal(await create({ name: "x", slug, owner }), 409, "COM0010");
    expect(await rows("SELECT id FROM users WHERE email = ?", owner.email)).toEqual([]);
    expect(await rows("SELECT user_id FROM members WHERE team_id NOT IN (SELECT id FROM teams)")).toEqual([]);
  });
});

describe("a change of a team", () => {
  test("changes what it names and nothing else", async () => {
    const team = await makeTeam();
    clock.advance(5);
    const slug = unique("renamed");
    const changed = expectAnswer(
      await patch(team.id, { name: "New", slug, preferences: { theme: "dark" } }),
      200,
      "Team",
    );
    const expected = {
      ...team,
      name: "New",
      slug,
      preferences: { theme: "dark" },
      updated_at: new Date().toISOString(),
    };
    expect(changed.team).toEqual(expected);
    expect(expectAnswer(await patch(team.id, {}), 200, "Team").team).toEqual(expected);
  });

  test("is refused by the member that is wrong", async () => {
    const { id } = await makeTeam();
    const wrong: [string, object][] = [
      ["name", { name: "" }],
      ["slug", { slug: "A" }],
      ["status", { status: "deleted" }],
      ["preferences", { preferences: [1, 2] }],
      ["preferences", { preferences: "dark" }],
      ["preferences", { preferences: null }],
      ["the body", { plan: "enterprise" }],
      ["the body", { id: "team_x" }],
      ["the body", { version: 1 }],
    ];
    for (const [member, body] of wrong) {
      expect(expectRefusal(await patch(id, body), 400, "COM0005").error_description).toContain(member);
    }
  });

  test("cannot take another team's slug", async () => {
    const [one, two] = [await makeTeam(), await makeTeam()];
    expectRefusal(await patch(one.id, { slug: two.slug }), 409, "COM0010");
    expectAnswer(await patch(one.id, { slug: one.slug }), 200, "Team");
  });

  test("of one that does not exist is 404 for the operator", async () => {
    expectRefusal(await patch("team_0000000000000000000000000x", { name: "x" }), 404, "COM0008");
  });

  test("leaves one audit event that tells before and after", async () => {
    const { id, name } = await makeTeam();
    await patch(id, { name: "After" });
    const [, event] = await rows("SELECT * FROM audit_events WHERE subject = ? ORDER BY rowid", id);
    expect(event).toMatchObject({ type: "team.updated", actor: "operator", team_id: id });
    expect(JSON.parse(String(event?.["detail"]))).toEqual({ before: { name }, after: { name: "After" } });
  });
});

describe("If-Match", () => {
  test("lets a change through that knows the team as it is, and answers the next ETag", async () => {
    const { id } = await makeTeam();
    const etag = await etagOf(id);
    expect(etag).toMatch(/^"[\x21\x23-\x7e]+"$/);
    const answer = await patch(id, { name: "x" }, { "If-Match": etag });
    expectAnswer(answer, 200, "Team");
    expect(answer.headers.get("ETag")).not.toBe(etag);
    expect(answer.headers.get("ETag")).toBe(await etagOf(id));
  });

  test.each(["*", "LIST"])("%s is understood", async (form) => {
    const { id } = await makeTeam();
    const header = form === "*" ? "*" : `"other", ${await etagOf(id)}`;
    expectAnswer(await patch(id, { name: "x" }, { "If-Match": header }), 200, "Team");
  });

  test.each(["STALE", "WEAK", '"v999"', "v1", "garbage", '""', "W/*"])(
    "%s is 412, and changes nothing",
    async (form) => {
      const { id, name } = await makeTeam();
      const stale = await etagOf(id);
      await patch(id, { preferences: { changed: true } });
      const header = form === "STALE" ? stale : form === "WEAK" ? `W/${await etagOf(id)}` : form;
      expectRefusal(await patch(id, { name: "lost" }, { "If-Match": header }), 412, "COM0015");
      expect(expectAnswer(await call("GET", `/v1/teams/${id}`), 200, "Team").team.name).toBe(name);
    },
  );

  test("of ten parallel changes lets exactly one through", async () => {
    const { id } = await makeTeam();
    const etag = await etagOf(id);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => patch(id, { name: `n${n}` }, { "If-Match": etag })),
    );
    expect(statusesOf(answers)).toEqual({ 200: 1, 412: 9 });
    expect(await auditTypesOf(id)).toEqual(["team.created", "team.updated"]);
  });
});

describe("a change that is overtaken by another before it is answered", () => {
  test("is answered as done, once: neither 412 nor done again", async () => {
    const { id } = await makeTeam();
    let overtake: (() => Promise<unknown>) | null = () => patch(id, { name: "second" });
    const DB = storeWith(async (run) => {
      const done = await run();
      const [next] = [overtake];
      overtake = null;
      await next?.();
      return done;
    });
    const headers = { "If-Match": await etagOf(id) };
    const answer = await call("PATCH", `/v1/teams/${id}`, {
      body: { name: "first" },
      headers,
      at: await startWorker({ DB }),
    });
    expectAnswer(answer, 200, "Team");
    expect(expectAnswer(await call("GET", `/v1/teams/${id}`), 200, "Team").team.name).toBe("second");
    expect(await auditTypesOf(id)).toEqual(["team.created", "team.updated", "team.updated"]);
  });
});

describe("parallel changes without If-Match", () => {
  test("lose nothing: each member that one of them named has its value", async () => {
    const { id } = await makeTeam();
    const slug = unique("raced");
    const changes = [{ name: "Raced" }, { slug }, { preferences: { raced: true } }];
    for (const answer of await Promise.all(changes.map((change) => patch(id, change)))) {
      expectAnswer(answer, 200, "Team");
    }
    const { team } = expectAnswer(await call("GET", `/v1/teams/${id}`), 200, "Team");
    expect(team).toMatchObject({ name: "Raced", slug, preferences: { raced: true } });
  });

  test("leave one audit event each, though they had to be tried again", async () => {
    const { id } = await makeTeam();
    await Promise.all(Array.from({ length: 5 }, (_, n) => patch(id, { name: `n${n}` })));
    expect(await auditTypesOf(id)).toHaveLength(6);
  });
});

describe("a suspended team", () => {
  test("has its tokens refused within the bound, everywhere, until it is restored", async () => {
    const { id } = await makeTeam();
    const { token } = await issue(id, { permission_sets: ["emm-full"] });
    const question = { token, permissions: ["EMM.Devices.VIEW"] };
    expect((await check(key, question)).allowed).toBe(true);
    expect(expectAnswer(await patch(id, { status: "suspended" }), 200, "Team").team.status).toBe("suspended");
    clock.advance(BOUND_MS);
    expect(await check(key, question)).toMatchObject({
      reason: "team_suspended",
      error: { status: 403, error_code: "TOK0007" },
    });
    expectRefusal(await call("GET", `/v1/teams/${id}`, { as: token }), 403, "TOK0007");
    await patch(id, { status: "active" });
    clock.advance(BOUND_MS);
    expect((await check(key, question)).allowed).toBe(true);
    expect(await auditTypesOf(id)).toEqual(["team.created", "team.suspended", "team.restored"]);
  });

  test("is refused at once for a strict permission", async () => {
    const { id } = await makeTeam();
    const { token } = await issue(id, { permission_sets: ["emm-full"] });
    const question = { token, permissions: ["EMM.DeviceCommands.WIPE"] };
    expect((await check(key, question)).allowed).toBe(true);
    await patch(id, { status: "suspended" });
    expect((await check(key, question)).reason).toBe("team_suspended");
  });

  test("is suspended and restored by the operator alone: a token that manages its team may not", async () => {
    const { id } = await makeTeam();
    const { token } = await issue(id, { permission_sets: ["emm-full"] });
    for (const status of ["suspended", "active"]) {
      expectRefusal(await patch(id, { status, name: "x" }, {}, token), 403, "TOK0001");
    }
    expectAnswer(await patch(id, { name: "x" }, {}, token), 200, "Team");
    expect(expectAnswer(await call("GET", `/v1/teams/${id}`), 200, "Team").team.status).toBe("active");
  });

  test("is still the operator's to see and to manage", async () => {
    const { id } = await makeTeam();
    await patch(id, { status: "suspended" });
    expectAnswer(await call("GET", `/v1/teams/${id}`), 200, "Team");
    const { token } = await issue(id);
    expect((await check(key, { token })).reason).toBe("team_suspended");
  });
});
