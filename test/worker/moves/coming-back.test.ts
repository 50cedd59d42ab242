import { beforeAll, describe, expect, test } from "vitest";
import { credentials, expectTokens, post, storeCode } from "../oauth/support.ts";
import { check, expectAnswer, expectRefusal, issue } from "../support.ts";
import { furnish, VIEW, type Household } from "./household.ts";
import { expectObstacle, moveTeam, play, show, step, type Move, type Place } from "./support.ts";

/*
 * A team that comes back brings all that has happened to it meanwhile; what it had left behind is not what it is.
 */

let us: Place;
let eu: Place;
let house: Household;
let path = "";
let away: Move;
let back: Move;
/** What was made in eu. */
let made: { readonly token: string; readonly accessToken: string; readonly refreshToken: string };
/** An OAuth token pair of another grant, whose grant was ended in eu. */
let ended: { readonly accessToken: string; readonly refreshToken: string };
let unused = "";

const refreshed = (refreshToken: string, { at }: Place) =>
  post(
    "/oauth/v2/token",
    { grant_type: "refresh_token", refresh_token: refreshToken, ...credentials(house.client) },
    { at },
  );

beforeAll(async () => {
  us = await play("us");
  eu = await play("eu");
  house = await furnish(us);
  path = `/v1/teams/${house.team.id}`;
  const redeem = async (code: string) => {
    const fields = { grant_type: "authorization_code", code, redirect_uri: "https://app.example/callback" };
    const given = expectTokens(await post("/oauth/v2/token", { ...fields, ...credentials(house.client) }));
    return { accessToken: given.access_token, refreshToken: given.refresh_token ?? "" };
  };
  ended = await redeem((await storeCode(house.client)).code);
  unused = (await storeCode(house.client)).code;
  away = await moveTeam(house.team.id, { from: us, to: eu });

  const { token } = await issue(house.team.id, undefined, { at: eu.at });
  const given = expectTokens(await refreshed(house.refreshToken, eu));
  made = { token, accessToken: given.access_token, refreshToken: given.refresh_token ?? house.refreshToken };
  // The role comes last: it goes when nobody has it any more.
  for (const [method, rest] of [
    ["POST", `/access-tokens/${house.token.id}/revoke`],
    ["DELETE", `/members/${house.member.id}`],
    ["DELETE", `/roles/${house.role.id}`],
    ["DELETE", `/webhooks/${house.webhook.id}`],
    ["DELETE", `/domains/${house.domain.id}`],
  ] as const) {
    const answer = await eu.call(method, path + rest);
    if (answer.status !== 200) throw new Error(answer.text);
  }
  await post(
    "/oauth/v2/token/revoke",
    { token: ended.refreshToken, ...credentials(house.client) },
    { at: eu.at },
  );
  expectAnswer(await eu.call("PATCH", path, { body: { name: "Renamed in eu" } }), 200, "Team");
  back = await moveTeam(house.team.id, { from: eu, to: us });
});

function here(token: string) {
  return check(us.key, { token, permissions: [VIEW] }, { at: us.at });
}

describe("a team that has come back", () => {
  test("lives here, and the region that it was in sends everybody here", async () => {
    const { team } = expectAnswer(await us.call("GET", path), 200, "Team");
    expect(team.name).toBe("Renamed in eu");
    expectRefusal(await eu.call("GET", path), 401, "TOK0003");
    const verdict = await check(eu.key, { token: made.token }, { at: eu.at });
    expect(verdict).toMatchObject({ allowed: false, reason: "wrong_region", region: { code: "us" } });
  });

  test("has the tokens that were made there, with that region's code in them", async () => {
    expect(made.token).toContain("_eu_");
    expect(await here(made.token)).toMatchObject({ allowed: true, token: { team: house.team.id } });
    expect(await here(made.accessToken)).toMatchObject({
      allowed: true,
      token: { user_id: house.owner.user },
    });
    expect((await here(house.foreign.text)).allowed).toBe(true);
    expect((await here(house.accessToken)).allowed).toBe(true);
  });

  test("goes on with the refresh token that it had last, wherever that was made", async () => {
    const given = expectTokens(await refreshed(made.refreshToken, us));
    expect(given.access_token).toContain("_us_");
    expect((await here(given.access_token)).allowed).toBe(true);
  });

  test("has lost what was revoked there", async () => {
    expect((await here(house.token.token)).reason).toBe("revoked_token");
    expect((await here(house.revoked.token)).reason).toBe("revoked_token");
    expect((await here(ended.accessToken)).reason).toBe("revoked_token");
    expect((await refreshed(ended.refreshToken, us)).body.error).toBe("invalid_grant");
  });

  test("has lost what was deleted there, and whoever was removed", async () => {
    for (const rest of [
      `/roles/${house.role.id}`,
      `/members/${house.member.id}`,
      `/webhooks/${house.webhook.id}`,
      `/domains/${house.domain.id}`,
    ]) {
      expectRefusal(await us.call("GET", path + rest), 404, "COM0008");
    }
    expectRefusal(await us.call("GET", path, house.member.session), 403, "TOK0002");
  });

  test("has its members who stayed, with the sessions and accounts that they have here", async () => {
    expectAnswer(await us.call("GET", path, house.owner.session), 200, "Team");
  });

  test("has its client, which is at home here again", async () => {
    const rows = "SELECT team_id, home_region, deleted_at FROM clients WHERE id = ?";
    expect(await us.rows(rows, house.client.id)).toEqual([
      { team_id: house.team.id, home_region: null, deleted_at: null },
    ]);
  });

  test("takes a code that nobody has used since it left: its grant came back with it", async () => {
    const fields = {
      grant_type: "authorization_code",
      code: unused,
      redirect_uri: "https://app.example/callback",
    };
    const again = { ...fields, ...credentials(house.client) };
    const given = expectTokens(await post("/oauth/v2/token", again, { at: us.at }));
    expect((await here(given.access_token)).allowed).toBe(true);
  });
});

describe("the move that brought it away", () => {
  test("is `returned`, has nothing more to say, and can be neither confirmed nor called off", async () => {
    expect(await show(us, away.id)).toMatchObject({ state: "returned", statement: null });
    const { statement } = await show(eu, away.id);
    expectObstacle(await step(us, away.id, "confirm", { statement }), "state_returned");
    expectObstacle(await step(us, away.id, "cancel", { statement }), "state_returned");
  });

  test("cannot be taken a second time at its old word", async () => {
    expect((await step(eu, away.id, "take", { statement: away.statement })).status).toBe(200);
    expectRefusal(await eu.call("GET", path), 401, "TOK0003");
    expect((await check(eu.key, { token: made.token }, { at: eu.at })).allowed).toBe(false);
  });

  test("is told of in both trails, as is the way back", async () => {
    expect(await show(us, back.id)).toMatchObject({ state: "taken" });
    expect(await show(eu, back.id)).toMatchObject({ state: "handed_over" });
  });
});
