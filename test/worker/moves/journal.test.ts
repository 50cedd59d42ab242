import { beforeAll, describe, expect, test } from "vitest";
import { check, expectAnswer, expectRefusal } from "../support.ts";
import { furnish, VIEW, type Household } from "./household.ts";
import { beginAndCopy, digestOf, does, handOver, moveTeam, play, type Place } from "./support.ts";

/*
 * A database that is restored to an earlier moment knows nothing of a move since; the journal does.
 */
const TABLES = [
  "access_tokens",
  "clients",
  "feed",
  "grants",
  "members",
  "meta",
  "refresh_tokens",
  "roles",
  "teams",
  // A trigger writes into it with each client.
  "registrations_out",
];

let us: Place;
let eu: Place;
beforeAll(async () => {
  us = await play("us");
  eu = await play("eu");
});

/** What Time Travel does to the tables that matter here: they are as they were before. */
async function remember({ db, rows }: Place, tables = TABLES): Promise<() => Promise<void>> {
  const before = await Promise.all(tables.map((table) => rows(`SELECT * FROM ${table}`)));
  return async () => {
    await db.batch([
      db.prepare("DELETE FROM registrations_out"),
      ...tables.flatMap((table, index) => [
        db.prepare(`DELETE FROM ${table}`),
        ...(before[index] ?? []).map((row) => {
          const columns = Object.keys(row);
          const insert = `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`;
          return db.prepare(insert).bind(...Object.values(row));
        }),
      ]),
    ]);
  };
}

/** With how far each move was. */
const MOVES_TOO = [...TABLES, "client_secrets", "team_moves", "team_arrivals"];

const ask = async ({ token }: Household, { key, more }: Place) =>
  check(key, { token: token.token, permissions: [VIEW] }, { at: await more() });

describe("after a restore to a moment before the hand-over", () => {
  test("the team still lives elsewhere: for checks, in the management API, and for the operator", async () => {
    const house = await furnish(us);
    const restore = await remember(us);
    await moveTeam(house.team.id, { from: us, to: eu });
    await restore();
    expect(await us.rows("SELECT lives_in FROM teams WHERE id = ?", house.team.id)).toEqual([
      { lives_in: null },
    ]);

    const verdict = await ask(house, us);
    expect(verdict).toMatchObject({ allowed: false, reason: "wrong_region", region: { code: "eu" } });
    const at = await us.more();
    const path = `/v1/teams/${house.team.id}`;
    expectRefusal(await us.call("GET", path, { at, as: house.token.token }), 401, "TOK0003");
    expectRefusal(await us.call("GET", path, { at }), 401, "TOK0003");
    const body = { name: "late", permissions: [VIEW] };
    expect((await us.call("POST", `${path}/access-tokens`, { at, body })).status).toBe(401);
    expect((await ask(house, eu)).allowed).toBe(true);
  });

  test("also where nobody has taken it yet", async () => {
    const house = await furnish(us);
    const restore = await remember(us);
    const { id, statement } = await handOver(house.team.id, { from: us, to: eu });
    await restore();
    expect((await ask(house, us)).allowed).toBe(false);
    await does(eu, id, "take", { statement });
    expect([(await ask(house, us)).allowed, (await ask(house, eu)).allowed]).toEqual([false, true]);
  });
});

describe("what the journal says of a place is its last one", () => {
  test("a team that was called back is alive after a restore to a moment when it was away", async () => {
    const house = await furnish(us);
    const { id } = await handOver(house.team.id, { from: us, to: eu });
    const restore = await remember(us);
    const { statement } = await does(eu, id, "decline");
    await does(us, id, "cancel", { statement });
    await restore();
    expect((await ask(house, us)).allowed).toBe(true);
  });

  test("a team that has come back by a move of its own, too", async () => {
    const house = await furnish(us);
    await moveTeam(house.team.id, { from: us, to: eu });
    await moveTeam(house.team.id, { from: eu, to: us });
    const restore = await remember(us);
    await moveTeam(house.team.id, { from: us, to: eu });
    await moveTeam(house.team.id, { from: eu, to: us });
    await restore();
    expect((await ask(house, us)).allowed).toBe(true);
    expect((await ask(house, eu)).allowed).toBe(false);
    expectAnswer(await us.call("GET", `/v1/teams/${house.team.id}`), 200, "Team");
  });

  test("a restore of the region that took it, to a moment when it had it, does not bring it back to life there", async () => {
    const house = await furnish(us);
    await moveTeam(house.team.id, { from: us, to: eu });
    const restore = await remember(eu);
    await moveTeam(house.team.id, { from: eu, to: us });
    await restore();
    expect((await ask(house, eu)).allowed).toBe(false);
    expect((await ask(house, us)).allowed).toBe(true);
  });
});

describe("with how far the move was", () => {
  test("a region that takes a team once more ends what it had revoked when it had the team before", async () => {
    const house = await furnish(us);
    const { id, statement } = await handOver(house.team.id, { from: us, to: eu });
    const restore = await remember(eu, MOVES_TOO);
    await does(eu, id, "take", { statement });
    const path = `/v1/teams/${house.team.id}/access-tokens/${house.token.access_token.id}`;
    expectAnswer(await eu.call("DELETE", path, { at: await eu.more() }), 200, "RevokedAccessToken");
    await restore();
    // The journal is known again before anything is there that it could end.
    expect(await ask(house, eu)).toMatchObject({ reason: "wrong_region" });

    await does(eu, id, "take", { statement });
    expect(await ask(house, eu)).toMatchObject({ allowed: false, reason: "revoked_token" });
    expect((await ask(house, us)).allowed).toBe(false);
  });

  test("a region that gave a team up, and forgot it, gets the team back once the other one declines", async () => {
    const house = await furnish(us);
    const { id } = await beginAndCopy(house.team.id, { from: us, to: eu });
    const restore = await remember(us, MOVES_TOO);
    const { sha256 } = await digestOf(eu, id);
    await does(us, id, "freeze");
    await does(us, id, "hand-over", { sha256 });
    await restore();

    expect((await ask(house, us)).allowed).toBe(false);
    const { statement } = await does(eu, id, "decline");
    await does(us, id, "cancel", { statement });
    expect((await ask(house, us)).allowed).toBe(true);
  });

  test("the clients of a team that has moved are not taken back", async () => {
    const house = await furnish(us);
    const restore = await remember(us, MOVES_TOO);
    await moveTeam(house.team.id, { from: us, to: eu });
    await restore();
    expect((await ask(house, us)).allowed).toBe(false);
    const [client] = await eu.rows<{ id: string }>("SELECT id FROM clients WHERE team_id = ?", house.team.id);
    const said = await us.call("GET", `/v1/regions/clients/${client?.id}`, { at: await us.more() });
    expect(said.body).toEqual({ client: client?.id, home: "eu" });
  });
});
