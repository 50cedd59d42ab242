import { beforeAll, describe, expect, test } from "vitest";
import { expectTokens, post, credentials, refresh, storeCode } from "../oauth/support.ts";
import { clientBody } from "../clients.ts";
import { invite, makeRole } from "../people.ts";
import { check, driveClock, expectAnswer, expectRefusal, issue, makeTeam, type Answer } from "../support.ts";
import { webhookBody } from "../webhooks/api.ts";
import { furnish, VIEW, type Household } from "./household.ts";
import {
  begin,
  beginAndCopy,
  copy,
  digestOf,
  does,
  expectObstacle,
  play,
  show,
  step,
  type Place,
} from "./support.ts";

/*
 * While its last rows are copied, a team stands still: nothing changes but what ends.
 */

// Before the first request: the Worker keeps the clock that it finds then.
const clock = driveClock();

let us: Place;
let eu: Place;
beforeAll(async () => {
  us = await play("us");
  eu = await play("eu");
});

async function frozen(): Promise<{ house: Household; id: string; path: string }> {
  const house = await furnish(us);
  const { id } = await beginAndCopy(house.team.id, { from: us, to: eu });
  return { house, id, path: `/v1/teams/${house.team.id}` };
}

/** All that the store has of a team but records of checks. */
function everythingOf(team: string): Promise<unknown> {
  const tables = ["members", "roles", "access_tokens", "webhooks", "domains", "grants", "refresh_tokens"];
  return Promise.all([
    ...tables.map((table) => us.rows(`SELECT * FROM ${table} WHERE team_id = ? ORDER BY id`, team)),
    us.rows("SELECT * FROM clients WHERE team_id = ?", team),
    us.rows("SELECT * FROM teams WHERE id = ?", team),
    us.rows("SELECT id FROM audit_events WHERE team_id = ?", team),
  ]);
}

function expectStill(answer: Answer): void {
  expectRefusal(answer, 503, "COM0004");
  expect(answer.headers.get("Retry-After")).toBe("5");
}

describe("a change of a team that stands still", () => {
  let still: Awaited<ReturnType<typeof frozen>>;
  let before: unknown;
  beforeAll(async () => {
    still = await frozen();
    before = await everythingOf(still.house.team.id);
  });

  const CHANGES: readonly (readonly [string, string, string, object])[] = [
    ["a new token", "POST", "/access-tokens", { name: "t", permissions: [VIEW] }],
    ["the team's name", "PATCH", "", { name: "Other" }],
    ["a new role", "POST", "/roles", { name: "r", permissions: [VIEW] }],
    ["a new member", "POST", "/members", { email: "new@example.com", role: "owner" }],
    ["a new webhook", "POST", "/webhooks", webhookBody()],
    ["a new domain", "POST", "/domains", { name: "new.example.org" }],
    ["a new client", "POST", "/clients", clientBody("server")],
    [
      "an imported key",
      "POST",
      "/imported-keys",
      { keys: [{ name: "k", hash: "0".repeat(64), permissions: [VIEW] }] },
    ],
  ];

  test.each(CHANGES)("%s: is to be asked for again soon", async (_, method, path, body) => {
    expectStill(await us.call(method, still.path + path, { body }));
  });

  test("what a person wants by their session, too", async () => {
    const { house, path } = still;
    const role = `${path}/roles/${house.role.id}`;
    expectStill(await us.call("PATCH", role, { ...house.owner.session, body: { description: "d" } }));
    expectStill(await us.call("DELETE", `${path}/webhooks/${house.webhook.id}`, house.owner.session));
  });

  test("and a refresh token gives nothing, and is not used up by that", async () => {
    const { client, refreshToken } = still.house;
    const refused = await post(
      "/oauth/v2/token",
      { grant_type: "refresh_token", refresh_token: refreshToken, ...credentials(client) },
      { at: us.at },
    );
    expect([refused.status, refused.body.error]).toEqual([503, "temporarily_unavailable"]);
    expect(refused.headers.get("Retry-After")).toBe("5");
  });

  test("and nothing of all that was written", async () => {
    expect(await everythingOf(still.house.team.id)).toEqual(before);
  });
});

describe("while a team stands still", () => {
  test("its credentials are checked as ever", async () => {
    const { house } = await frozen();
    for (const token of [house.token.token, house.accessToken, house.foreign.text]) {
      expect((await check(us.key, { token, permissions: [VIEW] }, { at: us.at })).allowed).toBe(true);
    }
    expect((await check(us.key, { token: house.revoked.token }, { at: us.at })).reason).toBe("revoked_token");
  });

  test("other teams do not", async () => {
    await frozen();
    const { id } = await makeTeam();
    const { token } = await issue(id, undefined, { at: us.at });
    expect((await check(us.key, { token }, { at: us.at })).allowed).toBe(true);
  });

  const REVOCATIONS: readonly (readonly [
    string,
    (house: Household, path: string) => Promise<{ status: number; body: unknown }>,
  ])[] = [
    [
      "of a team access token",
      async ({ token }, path) => us.call("POST", `${path}/access-tokens/${token.id}/revoke`),
    ],
    ["of all that the team has", async (_, path) => us.call("POST", `${path}/revoke-all`)],
    ["of all that a person has", async ({ owner }) => us.call("POST", `/v1/users/${owner.user}/revoke-all`)],
    [
      "by a report of a leak",
      async ({ token: { token } }) => us.call("POST", "/v1/leaks", { as: null, body: { token } }),
    ],
    [
      "of a refresh token by its client",
      async ({ refreshToken, client }) =>
        post("/oauth/v2/token/revoke", { token: refreshToken, ...credentials(client) }, { at: us.at }),
    ],
    [
      "of an access token by its client",
      async ({ accessToken, client }) =>
        post("/oauth/v2/token/revoke", { token: accessToken, ...credentials(client) }, { at: us.at }),
    ],
    ["of a member's place", async ({ member }, path) => us.call("DELETE", `${path}/members/${member.id}`)],
    ["of a client", async ({ client }, path) => us.call("DELETE", `${path}/clients/${client.id}`)],
  ];

  test.each(REVOCATIONS)("a revocation goes through: %s", async (_, revoke) => {
    const { house, id, path } = await frozen();
    const { sha256 } = await digestOf(eu, id);
    const said = await revoke(house, path);
    expect(said.status, JSON.stringify(said.body)).toBeLessThan(300);
    // What was copied before is not what the team is now.
    expectObstacle(await step(us, id, "hand-over", { sha256 }), "differs");
    expect((await show(us, id)).state).toBe("copying");
    await copy(id, { from: us, to: eu });
    const now = await digestOf(eu, id);
    expect(now.sha256).not.toBe(sha256);
    expect((await does(us, id, "hand-over", { sha256: now.sha256 })).state).toBe("handed_over");
  });
});

describe("the freeze", () => {
  test("lapses by the clock, and the team goes on as if nothing had been", async () => {
    const { house, path } = await frozen();
    const body = { name: "t", permissions: [VIEW] };
    clock.advance(299_999);
    expectStill(await us.call("POST", `${path}/access-tokens`, { body }));
    clock.advance(1);
    expectAnswer(await us.call("POST", `${path}/access-tokens`, { body }), 201, "CreatedAccessToken");
    expectTokens(await refresh(house.client, house.refreshToken));
  });

  test("has lapsed: the team is not handed over, though the other side has all of it", async () => {
    const { id } = await frozen();
    const { sha256 } = await digestOf(eu, id);
    clock.advance(300_000);
    expectObstacle(await step(us, id, "hand-over", { sha256 }), "not_frozen");
    await does(us, id, "freeze");
    expect((await does(us, id, "hand-over", { sha256 })).state).toBe("handed_over");
  });

  test("was never: the team is not handed over", async () => {
    const house = await furnish(us);
    const { id } = await begin(house.team.id, { from: us, to: eu });
    await copy(id, { from: us, to: eu });
    const { sha256 } = await digestOf(eu, id);
    expectObstacle(await step(us, id, "hand-over", { sha256 }), "not_frozen");
  });

  test("ends with the move that is called off", async () => {
    const { id, path } = await frozen();
    await does(us, id, "cancel");
    await makeRole(path.slice("/v1/teams/".length), [VIEW]);
    await invite(path.slice("/v1/teams/".length), "owner");
    expectObstacle(await step(us, id, "freeze"), "state_cancelled");
    expectObstacle(await step(us, id, "hand-over", { sha256: "0".repeat(64) }), "state_cancelled");
  });

  test("keeps an unused grant token from being used, until it is over", async () => {
    const house = await furnish(us);
    const { code } = await storeCode(house.client);
    const { id } = await beginAndCopy(house.team.id, { from: us, to: eu });
    const fields = {
      grant_type: "authorization_code",
      code,
      redirect_uri: "https://app.example/callback",
      ...credentials(house.client),
    };
    expect((await post("/oauth/v2/token", fields, { at: us.at })).status).toBe(503);
    await does(us, id, "cancel");
    expectTokens(await post("/oauth/v2/token", fields, { at: us.at }));
  });
});
