import { beforeAll, describe, expect, test } from "vitest";
import { credentials, expectTokens, post } from "../oauth/support.ts";
import { check, expectAnswer, expectRefusal } from "../support.ts";
import { furnish, HIDDEN, VIEW, type Household } from "./household.ts";
import { beginAndCopy, does, moveTeam, play, readAll, show, type Move, type Place } from "./support.ts";

/*
 * A team with something of everything moves from us to eu. Each test looks at another part of it, there.
 */
let us: Place;
let eu: Place;
let house: Household;
let move: Move;
let path = "";
/** All pages that ever left, as one text. */
let pages = "";

beforeAll(async () => {
  us = await play("us");
  eu = await play("eu");
  house = await furnish(us);
  path = `/v1/teams/${house.team.id}`;
  const before = await beginAndCopy(house.team.id, { from: us, to: eu });
  pages = JSON.stringify(await readAll(before.id, us));
  move = await moveTeam(house.team.id, { from: us, to: eu });
});

function ask(token: string, more: object = {}) {
  return check(eu.key, { token, permissions: [VIEW], ...more }, { at: eu.at });
}

describe("what a credential could do before, it can do in the other region", () => {
  test("a team access token", async () => {
    expect(await ask(house.token.token, { team: house.team.id })).toMatchObject({
      allowed: true,
      token: { id: house.token.id, kind: "pat", team: house.team.id },
    });
    expect(await ask(house.token.token, { permissions: ["EMM.Members.VIEW"] })).toMatchObject({
      allowed: false,
      reason: "missing_permission",
    });
  });

  test("an OAuth access token, for the person who granted it", async () => {
    expect(await ask(house.accessToken)).toMatchObject({
      allowed: true,
      token: { kind: "at", team: house.team.id, client_id: house.client.id, user_id: house.owner.user },
    });
  });

  test("a refresh token: with the client's old secret it gives a new access token, made there", async () => {
    const given = expectTokens(
      await post(
        "/oauth/v2/token",
        { grant_type: "refresh_token", refresh_token: house.refreshToken, ...credentials(house.client) },
        { at: eu.at },
      ),
    );
    expect(given.access_token).toContain("_eu_");
    expect(await ask(given.access_token)).toMatchObject({
      allowed: true,
      token: { user_id: house.owner.user },
    });
  });

  test("a foreign key that was imported, by its text alone", async () => {
    expect(await ask(house.foreign.text)).toMatchObject({ allowed: true, token: { id: house.foreign.id } });
  });

  test("a team access token in the management API", async () => {
    const token = house.token.token;
    expectRefusal(await eu.call("GET", `${path}/members`, { as: token }), 403, "TOK0001");
    expectRefusal(await us.call("GET", `${path}/members`, { as: token }), 401, "TOK0003");
  });

  test("a revoked token cannot do a thing in either region", async () => {
    expect(await ask(house.revoked.token)).toMatchObject({ allowed: false, reason: "revoked_token" });
    const here = await check(us.key, { token: house.revoked.token }, { at: us.at });
    expect(here.allowed).toBe(false);
  });

  test("also in an isolate that keeps what it knows in memory, and in one that was just started", async () => {
    for (const at of [await eu.more({ FRESHNESS_MS: "1000" }), await eu.more()]) {
      for (const token of [house.token.token, house.accessToken, house.foreign.text]) {
        expect((await check(eu.key, { token }, { at })).allowed).toBe(true);
      }
    }
  });
});

describe("what a team is made of is in the other region as it was", () => {
  test("the team itself", async () => {
    const { team } = expectAnswer(await eu.call("GET", path), 200, "Team");
    expect(team).toMatchObject({
      id: house.team.id,
      name: house.team.name,
      slug: house.team.slug,
      plan: house.team.plan,
      status: "active",
      created_at: house.team.created_at,
    });
  });

  test("its roles and its members, by their ids", async () => {
    const { role } = expectAnswer(await eu.call("GET", `${path}/roles/${house.role.id}`), 200, "Role");
    expect(role).toMatchObject({ name: house.role.name, permissions: house.role.permissions });
    const { member } = expectAnswer(
      await eu.call("GET", `${path}/members/${house.member.id}`),
      200,
      "Member",
    );
    expect(member).toMatchObject({
      email: house.member.email,
      user: house.member.user,
      role: house.role.id,
      status: "active",
    });
  });

  test("its client, whose home is there by now, and in the old region is not any more", async () => {
    const { client } = expectAnswer(
      await eu.call("GET", `${path}/clients/${house.client.id}`),
      200,
      "Client",
    );
    expect(client).toMatchObject({ redirect_uris: ["https://app.example/callback"] });
    const home = "SELECT team_id, home_region FROM clients WHERE id = ?";
    expect(await eu.rows(home, house.client.id)).toEqual([{ team_id: house.team.id, home_region: null }]);
    expect(await us.rows(home, house.client.id)).toEqual([
      { team_id: `eu:${house.team.id}`, home_region: "eu" },
    ]);
  });

  test("its endpoint, paused and with a new secret, so that nothing is sent before somebody wants it", async () => {
    const { webhook } = expectAnswer(
      await eu.call("GET", `${path}/webhooks/${house.webhook.id}`),
      200,
      "Webhook",
    );
    expect(webhook).toMatchObject({
      url: "https://receiver.example/hook",
      events: ["access_token.created", "access_token.revoked"],
      status: "paused",
    });
    const query = "SELECT id, sealed FROM webhook_secrets WHERE webhook_id = ?";
    const [secret, ...more] = await eu.rows<{ id: string; sealed: string }>(query, house.webhook.id);
    const { vault } = await eu.deps();
    const text = vault.open(secret?.sealed ?? "", `webhook-secret:${secret?.id}`);
    expect(more).toEqual([]);
    expect(text).toMatch(/^whsec_/);
    expect(text).not.toBe(house.webhook.secret);
  });

  test("its domain, which has to be proven there once more", async () => {
    const { domain } = expectAnswer(
      await eu.call("GET", `${path}/domains/${house.domain.id}`),
      200,
      "Domain",
    );
    expect(domain).toMatchObject({ name: house.domain.name, verified_at: null });
    expect(domain.dns_record).toEqual(house.domain.dns_record);
  });
});

describe("both regions say the same of it", () => {
  test("so many rows of each kind, and the same SHA-256 over all of them", async () => {
    const [left, taken] = [await show(us, move.id), await show(eu, move.id)];
    expect([left.state, taken.state]).toEqual(["handed_over", "taken"]);
    expect(taken.sha256).toBe(left.sha256);
    expect(taken.rows).toEqual(left.rows);
    expect(left.rows).toEqual({
      team: 1,
      roles: 1,
      members: 2,
      domains: 1,
      webhooks: 1,
      clients: 1,
      client_secrets: 1,
      grants: 1,
      consents: 0,
      refresh_tokens: 1,
      team_tokens: 3,
      access_tokens: 1,
    });
  });

  test("the audit trail of each tells its own part of the move", async () => {
    const types = (place: Place) =>
      place.rows("SELECT type FROM audit_events WHERE team_id = ? AND type LIKE 'team.move%'", house.team.id);
    expect((await types(us)).map(({ type }) => type)).toEqual([
      "team.move_begun",
      "team.move_frozen",
      "team.move_frozen",
      "team.move_handed_over",
    ]);
    expect((await types(eu)).map(({ type }) => type)).toEqual(["team.move_awaited", "team.move_taken"]);
  });

  test("nothing of it waits on either side any more", async () => {
    expect(await eu.rows("SELECT count(*) AS n FROM team_arrivals")).toEqual([{ n: 0 }]);
  });

  test("each step that is asked for again says what was done, and does nothing", async () => {
    const events = () => us.rows("SELECT count(*) AS n FROM audit_events WHERE type LIKE 'team.move%'");
    const before = [await events(), await eu.rows("SELECT count(*) AS n FROM audit_events")];
    const sha256 = "0".repeat(64);
    expect(await does(us, move.id, "hand-over", { sha256 })).toMatchObject({ state: "handed_over" });
    expect(await does(eu, move.id, "take", { statement: "x" })).toMatchObject({ state: "taken" });
    expect([await events(), await eu.rows("SELECT count(*) AS n FROM audit_events")]).toEqual(before);
  });
});

describe("no page of rows has a secret in it", () => {
  test.each(Object.entries(HIDDEN))("no %s", (_, text) => {
    expect(pages).not.toContain(text);
  });

  test("no credential as it is sent, no sealed text, and nothing of a session", async () => {
    const { token, accessToken, refreshToken, foreign, client, webhook } = house;
    const sealed = await us.rows<{ text: string }>("SELECT sealed AS text FROM webhook_secrets");
    const sessions = await us.rows<{ text: string }>("SELECT hash AS text FROM sessions");
    const links = await us.rows<{ text: string }>(
      "SELECT invitation_hash AS text FROM members WHERE invitation_hash IS NOT NULL",
    );
    const texts = [
      token.token,
      accessToken,
      refreshToken,
      foreign.text,
      client.secret,
      webhook.secret,
      ...[...sealed, ...sessions, ...links].map(({ text }) => text),
    ];
    expect(sealed.length).toBeGreaterThan(0);
    expect(sessions.length).toBeGreaterThan(0);
    for (const text of texts) expect(pages).not.toContain(text);
  });

  test("and the session of a member is none in the other region", async () => {
    expectRefusal(await eu.call("GET", path, house.owner.session), 401, "COM0013");
    expect(await eu.rows("SELECT count(*) AS n FROM users")).toEqual([{ n: 0 }]);
    expect(await eu.rows("SELECT count(*) AS n FROM sso_connections")).toEqual([{ n: 0 }]);
  });
});
