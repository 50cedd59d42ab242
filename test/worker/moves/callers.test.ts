import { beforeAll, describe, expect, test } from "vitest";
import { apiRoutes } from "../../../src/routes/api/table.ts";
import { credentials, post } from "../oauth/support.ts";
import { check, expectRefusal, issue, sealed, send } from "../support.ts";
import { furnish, VIEW, type Household } from "./household.ts";
import { begin, moveTeam, play, show, type Move, type Place } from "./support.ts";

let us: Place;
let eu: Place;
beforeAll(async () => {
  us = await play("us");
  eu = await play("eu");
});

describe("who moves a team is its operator, and nobody of the team", () => {
  const ROUTES = apiRoutes
    .filter(({ path }) => /\/moves(\/|$)/.test(path))
    .map(({ method, path }) => [method, path] as const);
  let house: Household;
  let move: Move;
  let all = "";
  beforeAll(async () => {
    house = await furnish(us);
    move = await begin(house.team.id, { from: us, to: eu });
    all = (await issue(house.team.id, { permissions: ["EMM.Team.ALL", "EMM.Members.ALL"] })).token;
  });

  test("all of the routes are asked below", () => {
    expect(ROUTES.length).toBeGreaterThanOrEqual(14);
  });

  test.each(ROUTES)("%s %s", async (method, path) => {
    const at = path.replace("{team}", house.team.id).replace("{id}", move.id);
    const body = method === "GET" ? {} : { body: { to: "in" } };
    const callers = [all, house.accessToken, house.foreign.text, null, us.key, sealed("pat")];
    for (const sending of [...callers.map((as) => ({ as })), house.owner.session]) {
      const { status } = await us.call(method, at, { ...sending, ...body });
      expect([401, 403]).toContain(status);
    }
    expect(await show(us, move.id)).toEqual(move);
  });
});

describe("a token that is made up in the name of the old region", () => {
  /** Reads of the store since the last time that it was asked. */
  let reads = 0;
  let at: Place["at"];
  let house: Household;
  beforeAll(async () => {
    house = await furnish(us);
    await moveTeam(house.team.id, { from: us, to: eu });
    const DB = new Proxy(eu.db, {
      get: (target, name) => {
        if (name === "prepare" || name === "batch") reads += 1;
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? (member.bind(target) as unknown) : member;
      },
    });
    // Long enough that nothing has to be read again while the test runs.
    at = await eu.more({ FRESHNESS_MS: "60000", DB });
    await check(eu.key, { token: house.token.token, permissions: [VIEW] }, { at });
  });

  test.each(["pat", "at"] as const)(
    "does not reach the store, however many of them come: %s",
    async (kind) => {
      reads = 0;
      for (let count = 0; count < 50; count += 1) {
        const verdict = await check(eu.key, { token: sealed(kind) }, { at });
        expect(verdict).toMatchObject({ allowed: false, reason: "wrong_region", region: { code: "us" } });
      }
      expect(reads).toBe(0);
    },
  );

  test("nor by the token endpoint", async () => {
    reads = 0;
    for (let count = 0; count < 20; count += 1) {
      const fields = {
        grant_type: "refresh_token",
        refresh_token: sealed("rt"),
        ...credentials(house.client),
      };
      const { status, body } = await post("/oauth/v2/token", fields, { at });
      expect([status, body.error_description]).toEqual([400, expect.stringContaining("region us")]);
    }
    expect(reads).toBe(0);
  });

  test("nor in the management API", async () => {
    reads = 0;
    const token = sealed("pat");
    const managed = await eu.call("GET", `/v1/teams/${house.team.id}`, { as: token, at });
    expectRefusal(managed, 401, "TOK0003");
    expect(reads).toBe(0);
  });

  test("while the one that has moved is known, and one of a third region is not", async () => {
    expect((await check(eu.key, { token: house.token.token }, { at })).allowed).toBe(true);
    const third = sealed("pat", { region: "in" });
    expect(await check(eu.key, { token: third }, { at })).toMatchObject({ region: { code: "in" } });
    expect((await send("GET", "/v1/teams/x", { as: third, at })).status).toBe(401);
  });
});
