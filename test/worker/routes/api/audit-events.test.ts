import { createHash } from "node:crypto";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { CHAIN_START, ChainVerifier, type ChainedEvent } from "../../../../src/domain/audit-chain.ts";
import { readUnsealed, sealEvents } from "../../../../src/store/audit-events.ts";
import { openDatabase } from "../../../../src/store/database.ts";
import {
  call,
  check,
  expectAnswer,
  expectRefusal,
  issue,
  makeService,
  makeTeam,
  rows,
  startWorker,
  unique,
  type AnswerBody,
} from "../../support.ts";

type Listed = AnswerBody<"AuditEvents">;

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

async function list(team: string, query = "", as?: string): Promise<Listed> {
  const answer = await call("GET", `/v1/teams/${team}/audit-events${query}`, as === undefined ? {} : { as });
  return expectAnswer(answer, 200, "AuditEvents");
}

async function types(team: string, query = ""): Promise<string[]> {
  return (await list(team, query)).audit_events.map(({ type }) => type);
}

/** What the verifier says of events, oldest first; null: they hold. */
function verify(team: string | null, events: readonly unknown[]): string | null {
  const verifier = new ChainVerifier(team, CHAIN_START, sha256);
  for (const event of events) {
    const fault = verifier.add(event as ChainedEvent);
    if (fault !== null) return fault;
  }
  return null;
}

async function patchTeam(team: string, body: object, headers = {}): Promise<void> {
  expectAnswer(await call("PATCH", `/v1/teams/${team}`, { body, headers }), 200, "Team");
}

describe("the audit trail", () => {
  test("tells who did what on what, from where and when, with before and after", async () => {
    const team = await makeTeam({ owner: { email: "audit@who.example", password: "correct horse" } });
    const maker = await issue(team.id, { permissions: ["EMM.Team.MANAGE"] });
    const answer = await call("PATCH", `/v1/teams/${team.id}`, {
      as: maker.token,
      body: { name: "Renamed" },
      headers: { "CF-Connecting-IP": "203.0.113.9" },
    });
    expectAnswer(answer, 200, "Team");
    const [event] = (await list(team.id)).audit_events;
    expect(event).toMatchObject({
      team: team.id,
      type: "team.updated",
      actor: { id: maker.id, owner: "operator" },
      subject: team.id,
      ip: "203.0.113.9",
      detail: { before: { name: team.name }, after: { name: "Renamed" } },
    });
    expect(Math.abs(Date.parse(event!.at) - Date.now())).toBeLessThan(60_000);
  });

  test("is newest first, and every event that is answered has its link", async () => {
    const team = await makeTeam();
    for (const name of ["one", "two", "three"]) await patchTeam(team.id, { name });
    const { audit_events, next_cursor, head } = await list(team.id);
    const names = audit_events.map(
      ({ detail }) => (detail?.["after"] as { name?: string } | undefined)?.name,
    );
    expect(names).toEqual(["three", "two", "one", team.name]);
    expect(audit_events.map(({ chain }) => chain?.number)).toEqual([4, 3, 2, 1]);
    expect(head).toEqual(audit_events[0]?.chain);
    expect(next_cursor).toBeNull();
  });

  test("has each denied and each strict check, and no plain one", async () => {
    const team = await makeTeam();
    const { key, service } = await makeService();
    const token = await issue(team.id, { permissions: ["EMM.DeviceCommands.WIPE", "EMM.Devices.VIEW"] });
    await check(key, { token: token.token, permissions: ["EMM.Devices.VIEW"] });
    await check(key, { token: token.token, permissions: ["EMM.DeviceCommands.WIPE"], ip: "203.0.113.7" });
    await check(key, { token: token.token, permissions: ["EMM.Team.MANAGE"] });
    const [denied, strict, ...others] = (await list(team.id)).audit_events;
    expect(others.map(({ type }) => type)).toEqual(["access_token.created", "team.created"]);
    expect(strict).toMatchObject({
      type: "check.strict",
      actor: { id: token.id },
      subject: service.id,
      ip: "203.0.113.7",
    });
    expect(denied).toMatchObject({
      type: "check.denied",
      detail: { permissions: ["EMM.Team.MANAGE"], reason: "missing_permission" },
    });
  });

  test("of what belongs to no team is the operator's alone, and a chain of its own", async () => {
    const { service } = await makeService();
    const answer = await call("GET", `/v1/audit-events?subject=${service.id}`);
    const { audit_events } = expectAnswer(answer, 200, "AuditEvents");
    expect(audit_events).toMatchObject([
      { type: "service.created", team: null, chain: { hash: expect.any(String) } },
    ]);
    const { token } = await issue((await makeTeam()).id, { permission_sets: ["emm-full"] });
    expectRefusal(await call("GET", "/v1/audit-events", { as: token }), 403, "TOK0001");
  });

  test("tells what was there before and what is there after, whatever was done", async () => {
    const team = await makeTeam();
    const token = await issue(team.id, {
      name: "CI",
      profile_id: "p1",
      permissions: ["EMM.Team.VIEW"],
      expires_in: 3600,
      allowed_ips: ["203.0.113.0/24"],
      rate_limit: { limit: 5, window_seconds: 60 },
    });
    await call("DELETE", `/v1/teams/${team.id}/access-tokens/${token.id}`);
    const { name, profile_id, permissions, expires_at, allowed_ips, rate_limit } = token.access_token;
    const after = { name, profile_id, permissions, expires_at, allowed_ips, rate_limit };
    const [revoked, created, made] = (await list(team.id)).audit_events;
    expect(revoked?.detail).toEqual({ before: { name, profile_id, permissions } });
    expect(created?.detail).toEqual({ after });
    expect(made?.detail).toEqual({
      after: { name: team.name, slug: team.slug, plan: team.plan, owner: null },
    });

    const { service } = await makeService({ catalogues: ["EMM"] });
    await call("POST", `/v1/services/${service.id}/keys`, { body: { overlap_seconds: 9 } });
    await call("DELETE", `/v1/services/${service.id}`);
    const answer = await call("GET", `/v1/audit-events?subject=${service.id}`);
    const { audit_events } = expectAnswer(answer, 200, "AuditEvents");
    const state = { name: service.name, catalogues: ["EMM"], resource: null };
    expect(audit_events.map(({ type, detail }) => [type, detail])).toEqual([
      ["service.deleted", { before: state }],
      ["service.key_rotated", { after: { overlap_seconds: 9 } }],
      ["service.created", { after: state }],
    ]);
  });

  test("holds no secret", async () => {
    const team = await makeTeam({
      owner: { email: "audit@secret.example", password: "correct horse battery" },
    });
    const { token } = await issue(team.id);
    const text = JSON.stringify(await list(team.id));
    for (const secret of [token, token.slice(-36), "correct horse", "audit@secret.example"]) {
      expect(text).not.toContain(secret);
    }
  });

  test("needs EMM.Reports.VIEW, of this team", async () => {
    const [team, other] = [await makeTeam(), await makeTeam()];
    const viewer = await issue(team.id, { permissions: ["EMM.Reports.VIEW"] });
    const stranger = await issue(team.id, { permissions: ["EMM.Webhooks.DELETE"] });
    expect((await list(team.id, "", viewer.token)).audit_events.length).toBeGreaterThan(0);
    const path = `/v1/teams/${team.id}/audit-events`;
    expectRefusal(await call("GET", path, { as: stranger.token }), 403, "TOK0001");
    expectRefusal(
      await call("GET", `/v1/teams/${other.id}/audit-events`, { as: viewer.token }),
      403,
      "TOK0002",
    );
    expectRefusal(await call("GET", path, { as: null }), 401, "COM0013");
    expectRefusal(await call("GET", "/v1/teams/team_none/audit-events"), 404, "COM0008");
  });
});

describe("the filters", () => {
  let team = "";
  let token = { id: "" };
  beforeAll(async () => {
    team = (await makeTeam()).id;
    token = await issue(team);
    await call("DELETE", `/v1/teams/${team}/access-tokens/${token.id}`);
    await patchTeam(team, { name: "Filtered" });
    await issue(team);
  });

  test.each([
    ["?type=access_token.revoked", ["access_token.revoked"]],
    ["?type=access_token.*", ["access_token.created", "access_token.revoked", "access_token.created"]],
    ["?type=access_token", []],
    ["?type=team.*", ["team.updated", "team.created"]],
    ["?type=check.*", []],
    ["?type=access_token.*&limit=2", ["access_token.created", "access_token.revoked"]],
  ])("by type: %s", async (query, expected) => {
    expect(await types(team, query)).toEqual(expected);
  });

  test("by subject and by actor, alone and together", async () => {
    expect(await types(team, `?subject=${token.id}`)).toEqual([
      "access_token.revoked",
      "access_token.created",
    ]);
    expect(await types(team, `?subject=${token.id}&type=access_token.created&actor=operator`)).toEqual([
      "access_token.created",
    ]);
    expect(await types(team, "?actor=tok_nobody")).toEqual([]);
  });

  test("by actor finds what somebody did by any credential of theirs", async () => {
    const of = (await makeTeam()).id;
    const maker = await issue(of, { permissions: ["EMM.AccessTokens.CREATE"] });
    const made = await issue(of, { permissions: ["EMM.AccessTokens.CREATE"] }, { as: maker.token });
    const last = await issue(of, { permissions: ["EMM.AccessTokens.VIEW"] }, { as: made.token });
    const found = (await list(of, `?actor=${maker.id}`)).audit_events;
    expect(found.map(({ actor, subject }) => [actor.id, actor.owner, subject])).toEqual([
      [made.id, maker.id, last.id],
      [maker.id, "operator", made.id],
    ]);
  });

  test("by time: from since on, and before until", async () => {
    const all = (await list(team)).audit_events.toReversed();
    const at = all[2]!.at;
    const later = all.filter((event) => event.at >= at).length;
    expect((await list(team, `?since=${at}`)).audit_events).toHaveLength(later);
    expect((await list(team, `?until=${at}`)).audit_events).toHaveLength(all.length - later);
    expect((await list(team, `?since=${at}&until=${at}`)).audit_events).toEqual([]);
    expect((await list(team, "?since=2020-01-01&until=2999-12-31")).audit_events).toHaveLength(all.length);
    const withOffset = encodeURIComponent("2020-01-01T00:00:00+01:00");
    expect((await list(team, `?since=${withOffset}`)).audit_events).toHaveLength(all.length);
  });

  test.each([
    "since=yesterday",
    "since=",
    "since=2026-02-30",
    "since=2026-13-01T00:00:00Z",
    "since=2026-01-01T00:00:00",
    "since=2026-01-01T25:00:00Z",
    "until=1700000000",
    "until=2026-01-01T00:00:00Z'--",
    "type=",
    "type=*",
    "type=access_token.**",
    "type=%25",
    "type=access_token' OR '1'='1",
    "actor=",
    "subject=",
    `subject=${"x".repeat(201)}`,
  ])("refuse %s with COM0005 and do not repeat it", async (query) => {
    const [name = "", value = ""] = query.split("=");
    const answer = await call(
      "GET",
      `/v1/teams/${team}/audit-events?${name}=${encodeURIComponent(decodeURIComponent(value))}`,
    );
    const { error_description } = expectRefusal(answer, 400, "COM0005");
    expect(error_description).toContain(name);
    if (value.length > 2) expect(error_description).not.toContain(value);
  });
});

describe("pages", () => {
  let team = "";
  beforeAll(async () => {
    team = (await makeTeam()).id;
    for (let change = 0; change < 6; change += 1) await patchTeam(team, { name: `n${change}` });
  });

  test("hold each event once, in one order, though others are added between", async () => {
    const found: number[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: Listed = await list(team, `?limit=3${cursor && `&cursor=${cursor}`}`);
      found.push(...page.audit_events.map(({ chain }) => chain!.number));
      cursor = page.next_cursor;
      if (found.length === 3) await patchTeam(team, { name: "between" });
    }
    expect(found).toEqual([7, 6, 5, 4, 3, 2, 1]);
  });

  test("of a filter hold each match once", async () => {
    const found: string[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: Listed = await list(team, `?limit=2&type=team.updated${cursor && `&cursor=${cursor}`}`);
      found.push(...page.audit_events.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    expect(new Set(found).size).toBe(found.length);
    expect(found.length).toBeGreaterThanOrEqual(6);
  });

  test("take no cursor that is not one of this chain's", async () => {
    const other = await makeTeam();
    const foreign = (await list(other.id)).audit_events[0]!.id;
    const { next_cursor } = await list(team, "?limit=1");
    const bad = [
      "",
      "x",
      "aud_",
      foreign,
      `${next_cursor}0`,
      next_cursor!.slice(0, -1),
      next_cursor!.replace("aud_", "tok_"),
    ];
    for (const cursor of bad) {
      const answer = await call("GET", `/v1/teams/${team}/audit-events?cursor=${cursor}`);
      expect(expectRefusal(answer, 400, "COM0003").error_description).toContain("cursor");
    }
    expectRefusal(await call("GET", `/v1/audit-events?cursor=${next_cursor}`), 400, "COM0003");
    expectRefusal(await call("GET", `/v1/teams/${team}/audit-events?limit=0`), 400, "COM0003");
  });
});

describe("the chain", () => {
  test("of what a list answers verifies, and head is its last link", async () => {
    const team = (await makeTeam()).id;
    for (let change = 0; change < 5; change += 1)
      await patchTeam(team, { preferences: { z: 1, a: { é: [null, -0.5, "\u2028"] } } });
    const { audit_events, head } = await list(team);
    const oldestFirst = audit_events.toReversed();
    expect(verify(team, oldestFirst)).toBeNull();
    expect(oldestFirst.at(-1)?.chain).toEqual(head);
  });

  test("is the same whoever seals it: three isolates at once leave no gap, no twin and no other order", async () => {
    const team = (await makeTeam()).id;
    const workers = await Promise.all([startWorker(), startWorker(), startWorker()]);
    const path = `/v1/teams/${team}/audit-events`;
    await Promise.all(
      workers.flatMap((at) => [
        ...Array.from({ length: 8 }, () => issue(team, undefined, { at })),
        call("GET", path, { at }),
        call("GET", `${path}?limit=1`, { at }),
        call("GET", `${path}?limit=2`, { at }),
      ]),
    );
    const { audit_events } = await list(team);
    expect(audit_events).toHaveLength(25);
    expect(verify(team, audit_events.toReversed())).toBeNull();
    const stored = await rows<{ chain_number: number }>(
      "SELECT chain_number FROM audit_events WHERE team_id = ? ORDER BY rowid",
      team,
    );
    expect(stored.map(({ chain_number }) => chain_number)).toEqual(
      Array.from({ length: 25 }, (_, index) => index + 1),
    );
  }, 30_000);

  test("is not gone on with from a link that is no longer the last", async () => {
    const team = (await makeTeam()).id;
    const db = openDatabase(env.DB);
    const { head } = await list(team);
    await patchTeam(team, { name: "Second" });
    const { rows: waiting } = await readUnsealed(db, { teamId: team, limit: 10 });
    expect(waiting).toHaveLength(1);
    const links = waiting.map(({ id }) => ({ id, number: 2, hash: "f".repeat(64) }));
    expect(await sealEvents(db, { teamId: team, after: null, links })).toBe(false);
    expect(await sealEvents(db, { teamId: team, after: "0".repeat(64), links })).toBe(false);
    const after = await list(team);
    expect([after.head?.number, after.audit_events[1]?.chain]).toEqual([2, head]);
    expect(await sealEvents(db, { teamId: team, after: after.head?.hash ?? null, links })).toBe(false);
    expect(await list(team)).toEqual(after);
  });

  test("grows, and what was sealed keeps its link", async () => {
    const team = (await makeTeam()).id;
    const before = (await list(team)).audit_events;
    await patchTeam(team, { name: "Later" });
    const after = (await list(team)).audit_events;
    expect(after.slice(1)).toEqual(before);
    expect(after[0]?.chain?.number).toBe(2);
  });

  test("is sealed in the background after a change, without anybody asking", async () => {
    const team = (await makeTeam()).id;
    await patchTeam(team, { name: "Background" });
    await vi.waitFor(
      async () => {
        const [row] = await rows(
          "SELECT count(*) AS waiting FROM audit_events WHERE team_id = ? AND chain_number IS NULL",
          team,
        );
        expect(row?.["waiting"]).toBe(0);
      },
      { timeout: 10_000, interval: 100 },
    );
  });

  test("of a team with 2,500 unsealed events is sealed in order before the first answer", async () => {
    const team = (await makeTeam()).id;
    // Ids and times that run against the order in which they are committed.
    await env.DB.prepare(
      `WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 2500)
       INSERT INTO audit_events (id, team_id, at, type, actor, actor_owner, subject, ip, detail)
       SELECT 'aud_' || (9999 - value), ?1, 9999 - value, 'check.denied', 'tok_x', 'operator', 'svc_x', NULL, '{"n":' || value || '}'
       FROM n`,
    )
      .bind(team)
      .run();
    const { head, audit_events } = await list(team, "?limit=1");
    expect(head?.number).toBe(2501);
    expect(audit_events[0]).toMatchObject({ detail: { n: 2500 }, chain: { number: 2501 } });
  });

  test("is not jammed by details as large as the API takes", async () => {
    const team = (await makeTeam()).id;
    const text = "x".repeat(60_000);
    for (let change = 0; change < 30; change += 1) await patchTeam(team, { preferences: { text, change } });
    expect((await list(team, "?limit=1")).head?.number).toBe(31);
  });

  test("is not jammed by a detail that nests deeper than anybody can follow", async () => {
    const team = (await makeTeam()).id;
    for (const depth of [90, 1_000, 3_000, 6_000, 20_000]) {
      const nested = `${"[".repeat(depth)}${"]".repeat(depth)}`;
      const answer = await call("PATCH", `/v1/teams/${team}`, { body: `{"preferences":{"a":${nested}}}` });
      if (depth < 100) expectAnswer(answer, 200, "Team");
      else expectRefusal(answer, 400, "COM0014");
    }
    expect((await list(team)).head?.number).toBe(2);
  });

  test.each([
    ["changed", "UPDATE audit_events SET detail = '{}' WHERE team_id = ? AND chain_number = 3", "changed"],
    ["dropped", "DELETE FROM audit_events WHERE team_id = ? AND chain_number = 3", "gap"],
    [
      "given to another actor",
      "UPDATE audit_events SET actor = 'tok_other' WHERE team_id = ? AND chain_number = 3",
      "changed",
    ],
    [
      "given another time",
      "UPDATE audit_events SET at = at + 1 WHERE team_id = ? AND chain_number = 3",
      "changed",
    ],
  ])("shows an event that was %s in the store", async (_what, statement, fault) => {
    const team = (await makeTeam()).id;
    for (let change = 0; change < 4; change += 1) await patchTeam(team, { name: unique("name") });
    const { audit_events } = await list(team);
    expect(verify(team, audit_events.toReversed())).toBeNull();
    await env.DB.prepare(statement).bind(team).run();
    expect(verify(team, (await list(team)).audit_events.toReversed())).toBe(fault);
  });
});
