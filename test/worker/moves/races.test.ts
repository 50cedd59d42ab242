import { beforeAll, describe, expect, test } from "vitest";
import { check, driveClock, issue, makeTeam, statusesOf, type Answer, type IssuedToken } from "../support.ts";
import { credentials, post } from "../oauth/support.ts";
import { connect, VIEW } from "./household.ts";
import {
  begin,
  beginAndCopy,
  digestOf,
  does,
  expectObstacle,
  handOver,
  held,
  play,
  show,
  step,
  type Place,
} from "./support.ts";

/*
 * Whatever happens at once, a team is alive in exactly one region, or for a moment in none; and what was answered
 * with success holds wherever that is.
 */

const clock = driveClock();

let us: Place;
let eu: Place;
beforeAll(async () => {
  us = await play("us");
  eu = await play("eu");
});

interface Small {
  readonly team: string;
  readonly token: IssuedToken;
}

async function small(): Promise<Small> {
  const { id: team } = await makeTeam();
  return { team, token: await issue(team) };
}

/** The regions in which a token counts. */
async function aliveIn({ token }: Small): Promise<string[]> {
  const verdicts = await Promise.all(
    [us, eu].map(
      async ({ code, key, at }) => [code, await check(key, { token: token.token }, { at })] as const,
    ),
  );
  return verdicts.filter(([, { allowed }]) => allowed).map(([code]) => code);
}

async function events(place: Place, team: string, type: string): Promise<number> {
  const sql = "SELECT id FROM audit_events WHERE team_id = ? AND type = ?";
  return (await place.rows(sql, team, type)).length;
}

function many(times: number, ask: () => Promise<Answer>): Promise<Answer[]> {
  return Promise.all(Array.from({ length: times }, ask));
}

/** Asks in an isolate that comes to its writing, and goes on only when something else has happened. */
async function during(
  place: Place,
  path: string,
  body: object,
  other: () => Promise<unknown>,
): Promise<Answer> {
  const slow = await held(place);
  const answering = place.call("POST", path, { body, at: slow.at });
  await slow.reached;
  await other();
  slow.release();
  return answering;
}

describe("the same step, many times at once, is one", () => {
  test("to begin: there is one move", async () => {
    const { team } = await small();
    const answers = await many(8, () => us.call("POST", `/v1/teams/${team}/moves`, { body: { to: "eu" } }));
    const open = await us.rows<{ id: string }>("SELECT id FROM team_moves WHERE team_id = ?", team);
    expect(open).toHaveLength(1);
    expect(await events(us, team, "team.move_begun")).toBe(1);
    const begun = answers.filter(({ status }) => status === 201);
    for (const { body } of begun) expect(body).toMatchObject({ move: { id: open[0]?.id } });
    expect(begun.length).toBeGreaterThan(0);
    expect(Object.keys(statusesOf(answers)).every((status) => ["201", "409"].includes(status))).toBe(true);
  });

  test("to begin towards two regions: one of them", async () => {
    const { team } = await small();
    const answers = await Promise.all(
      ["eu", "in", "eu", "in"].map((to) => us.call("POST", `/v1/teams/${team}/moves`, { body: { to } })),
    );
    const [open, ...more] = await us.rows<{ region: string }>(
      "SELECT region FROM team_moves WHERE team_id = ?",
      team,
    );
    expect(more).toEqual([]);
    for (const { status, body } of answers) {
      if (status === 201) expect(body).toMatchObject({ move: { to: open?.region } });
      else expect(status).toBe(409);
    }
  });

  test("to hand over: once, under one statement", async () => {
    const one = await small();
    const { id } = await beginAndCopy(one.team, { from: us, to: eu });
    const { sha256 } = await digestOf(eu, id);
    const answers = await many(8, () => step(us, id, "hand-over", { sha256 }));
    expect(answers.some(({ status }) => status === 200)).toBe(true);
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
    expect(await events(us, one.team, "team.move_handed_over")).toBe(1);
    expect(await us.rows("SELECT lives_in FROM teams WHERE id = ?", one.team)).toEqual([{ lives_in: "eu" }]);
    expect(await aliveIn(one)).toEqual([]);
  });

  test("to take: once, with one endpoint of a secret each", async () => {
    const one = await small();
    const { id, statement } = await handOver(one.team, { from: us, to: eu });
    const answers = await many(6, () => step(eu, id, "take", { statement }));
    expect(answers.some(({ status }) => status === 200)).toBe(true);
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
    expect(await events(eu, one.team, "team.move_taken")).toBe(1);
    expect(await aliveIn(one)).toEqual(["eu"]);
  });
});

describe("where one region takes a team and sends it back", () => {
  test("what was declined meanwhile is not taken, and goes on where it was", async () => {
    const one = await small();
    const { id, statement } = await handOver(one.team, { from: us, to: eu });
    const taken = await during(eu, `/v1/moves/${id}/take`, { statement }, () => does(eu, id, "decline"));
    expectObstacle(taken, "changed");
    expect(await aliveIn(one)).toEqual([]);
    await does(us, id, "cancel", { statement: (await show(eu, id)).statement });
    expect(await aliveIn(one)).toEqual(["us"]);
  });

  test("what was taken meanwhile is not declined, and nothing is said by which it could be taken back", async () => {
    const one = await small();
    const { id, statement } = await handOver(one.team, { from: us, to: eu });
    const declined = await during(eu, `/v1/moves/${id}/decline`, {}, () =>
      does(eu, id, "take", { statement }),
    );
    expectObstacle(declined, "changed");
    const { statement: said } = await show(eu, id);
    expectObstacle(await step(us, id, "cancel", { statement: said }), "statement");
    expect(await aliveIn(one)).toEqual(["eu"]);
  });

  test("both at once: one of them, over and over", async () => {
    for (let round = 0; round < 4; round += 1) {
      const one = await small();
      const { id, statement } = await handOver(one.team, { from: us, to: eu });
      const [taken, declined] = await Promise.all([
        step(eu, id, "take", { statement }),
        step(eu, id, "decline"),
      ]);
      expect(statusesOf([taken, declined])).toEqual({ 200: 1, 409: 1 });
      const said = (await show(eu, id)).statement;
      const back = await step(us, id, "cancel", { statement: said });
      expect(back.status).toBe(declined.status);
      expect(await aliveIn(one)).toEqual([declined.status === 200 ? "us" : "eu"]);
    }
  });

  test("rows that were taken away while it was being taken: nothing is taken, or all of it", async () => {
    const one = await small();
    const { id, statement } = await handOver(one.team, { from: us, to: eu });
    const none = { kind: "team_tokens", after: "", until: null, rows: [] };
    const taken = await during(eu, `/v1/moves/${id}/take`, { statement }, () =>
      eu.call("PUT", `/v1/moves/${id}/rows`, { body: none }),
    );
    expect([taken.status, await aliveIn(one)]).toEqual([409, []]);
  });
});

describe("where a team is handed over and the move called off", () => {
  async function ready(): Promise<{ one: Small; id: string; sha256: string }> {
    const one = await small();
    const { id } = await beginAndCopy(one.team, { from: us, to: eu });
    return { one, id, sha256: (await digestOf(eu, id)).sha256 };
  }

  test("what was called off meanwhile is not handed over", async () => {
    const { one, id, sha256 } = await ready();
    const left = await during(us, `/v1/moves/${id}/hand-over`, { sha256 }, () => does(us, id, "cancel"));
    expectObstacle(left, "changed");
    expect(await aliveIn(one)).toEqual(["us"]);
    expect((await show(us, id)).statement).toBeNull();
  });

  test("what was handed over meanwhile is not called off without the other region's word", async () => {
    const { one, id, sha256 } = await ready();
    const off = await during(us, `/v1/moves/${id}/cancel`, {}, () => does(us, id, "hand-over", { sha256 }));
    expectObstacle(off, "changed");
    expect(await aliveIn(one)).toEqual([]);
    await does(eu, id, "take", { statement: (await show(us, id)).statement });
    expect(await aliveIn(one)).toEqual(["eu"]);
  });

  test("a new token that was being written is refused, and was never there", async () => {
    const { one, id, sha256 } = await ready();
    const body = { name: "late", permissions: [VIEW] };
    const issued = await during(us, `/v1/teams/${one.team}/access-tokens`, body, () =>
      does(us, id, "hand-over", { sha256 }),
    );
    expect(issued.status).toBe(503);
    expect(await us.rows("SELECT id FROM access_tokens WHERE name = 'late'")).toEqual([]);
  });

  test("a new token that slipped in once the freeze had lapsed: the team is not handed over without it", async () => {
    const { one, id, sha256 } = await ready();
    let late: IssuedToken | null = null;
    const left = await during(us, `/v1/moves/${id}/hand-over`, { sha256 }, async () => {
      clock.advance(300_001);
      late = await issue(one.team, undefined, { at: us.at });
    });
    expectObstacle(left, "changed");
    expect(await aliveIn(one)).toEqual(["us"]);
    expect(late).not.toBeNull();
  });

  test("a revocation that was answered before: the team is not handed over as it was", async () => {
    const { one, id, sha256 } = await ready();
    const left = await during(us, `/v1/moves/${id}/hand-over`, { sha256 }, () =>
      us.call("POST", `/v1/teams/${one.team}/access-tokens/${one.token.id}/revoke`),
    );
    expectObstacle(left, "changed");
    expect(await aliveIn(one)).toEqual([]);
    expect((await check(us.key, { token: one.token.token }, { at: us.at })).reason).toBe("revoked_token");
  });
});

describe("a revocation that comes a moment too late says so, and does not claim what does not hold elsewhere", () => {
  type Revoke = (one: Small, at: Place["at"]) => Promise<{ readonly status: number }>;
  const REVOCATIONS: readonly (readonly [string, Revoke])[] = [
    [
      "of a token",
      ({ team, token }, at) => us.call("POST", `/v1/teams/${team}/access-tokens/${token.id}/revoke`, { at }),
    ],
    ["of all that a team has", ({ team }, at) => us.call("POST", `/v1/teams/${team}/revoke-all`, { at })],
    [
      "by a report of a leak",
      ({ token }, at) => us.call("POST", "/v1/leaks", { as: null, at, body: { token: token.token } }),
    ],
  ];

  test.each(REVOCATIONS)("%s", async (_, revoke) => {
    const one = await small();
    const { id } = await beginAndCopy(one.team, { from: us, to: eu });
    const { sha256 } = await digestOf(eu, id);
    const slow = await held(us);
    const revoking = revoke(one, slow.at);
    await slow.reached;
    const { statement } = await does(us, id, "hand-over", { sha256 });
    slow.release();
    expect((await revoking).status).toBe(503);
    await does(eu, id, "take", { statement });
    expect(await aliveIn(one)).toEqual(["eu"]);
    expect((await revoke(one, us.at)).status).toBe(401);
  });

  test("of a refresh token by its client", async () => {
    const one = await small();
    const { client, refreshToken } = await connect(one.team);
    const { id } = await beginAndCopy(one.team, { from: us, to: eu });
    const { sha256 } = await digestOf(eu, id);
    const slow = await held(us);
    const fields = { token: refreshToken, ...credentials(client) };
    const revoking = post("/oauth/v2/token/revoke", fields, { at: slow.at });
    await slow.reached;
    await does(us, id, "hand-over", { sha256 });
    slow.release();
    expect((await revoking).status).toBe(503);
  });

  test("and a move that has just begun is in nobody's way", async () => {
    const one = await small();
    await begin(one.team, { from: us, to: eu });
    const answer = await us.call("POST", `/v1/teams/${one.team}/access-tokens/${one.token.id}/revoke`);
    expect(answer.status).toBe(200);
  });
});
