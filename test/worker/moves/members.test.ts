import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { hashCredential } from "../../../src/operations/credentials.ts";
import { credentials, expectTokens, post } from "../oauth/support.ts";
import { accept, byCookie } from "../people.ts";
import { check, expectAnswer, expectRefusal, sealed, unique, type Sending } from "../support.ts";
import { furnish, HIDDEN, VIEW, type Household } from "./household.ts";
import { expectObstacle, moveTeam, play, type Place } from "./support.ts";

/*
 * Accounts do not move: each member comes in again by a link, and keeps what acts for them.
 */

let us: Place;
let eu: Place;
beforeAll(async () => {
  us = await play("us");
  eu = await play("eu");
});

let house: Household;
let path = "";
let id = "";
beforeEach(async () => {
  house = await furnish(us);
  path = `/v1/teams/${house.team.id}`;
  ({ id } = await moveTeam(house.team.id, { from: us, to: eu }));
});

/** The secrets of the links that go out now, by member. */
async function invitations(): Promise<Map<string, string>> {
  const answer = await eu.call("POST", `/v1/moves/${id}/invitations`);
  const page = expectAnswer(answer, 200, "ArrivedMembers");
  expect(page.next_cursor).toBeNull();
  for (const { link } of page.invitations)
    expect(link).toMatch(/^https:\/\/tokens\.example\.eu\/invitations\//);
  return new Map(page.invitations.map(({ member, link }) => [member, link.slice(link.lastIndexOf("/") + 1)]));
}

const claim = (secret: string | undefined, more: object = {}, sending: Sending = {}) =>
  accept(secret ?? "", more, { at: eu.at, ...sending });

/** Somebody with an account in eu, in a team of their own there. */
async function resident(email: string): Promise<{ user: string; session: Sending }> {
  const slug = unique("resident");
  const team = await eu.call("POST", "/v1/teams", { body: { name: slug, slug, owner: { email } } });
  expectAnswer(team, 201, "CreatedTeam");
  const [row] = await eu.rows<{ id: string }>("SELECT id FROM users WHERE email = ?", email);
  const user = row?.id ?? "";
  return { user, session: await signInThere(user) };
}

async function signInThere(user: string): Promise<Sending> {
  const secret = sealed("cs").slice(7);
  const now = Date.now();
  await eu.db
    .prepare(
      `INSERT INTO sessions (hash, id, user_id, created_at, last_seen_at, expires_at, two_factor)
        VALUES (?, ?, ?, ?, ?, ?, 0)`,
    )
    .bind(hashCredential(secret), unique("ses_eu"), user, now, now, now + 3_600_000)
    .run();
  return byCookie(secret);
}

const ask = (token: string) => check(eu.key, { token, permissions: [VIEW] }, { at: eu.at });

describe("a member without an account in the new region", () => {
  test("comes in by the link, with an account there, and keeps their place and what acts for them", async () => {
    const links = await invitations();
    expect([...links.keys()].toSorted()).toEqual([house.owner.id, house.member.id].toSorted());
    const { member } = expectAnswer(await claim(links.get(house.owner.id)), 200, "JoinedMember");
    expect(member).toMatchObject({ id: house.owner.id, role: "owner", status: "active" });
    const user = member.user ?? "";
    expect(await eu.rows("SELECT email FROM users WHERE id = ?", user)).toEqual([
      { email: house.owner.email },
    ]);
    expect(await ask(house.accessToken)).toMatchObject({ allowed: true, token: { user_id: user } });
    expectAnswer(await eu.call("GET", path, await signInThere(user)), 200, "Team");
  });

  test("chooses a password there: the old one is not known", async () => {
    const links = await invitations();
    const body = { password: "a password of the new region" };
    expectAnswer(await claim(links.get(house.owner.id), body), 200, "JoinedMember");
    const [row] = await eu.rows("SELECT password_hash FROM users WHERE email = ?", house.owner.email);
    expect(row?.["password_hash"]).toBeTypeOf("string");
    expect(row?.["password_hash"]).not.toBe(HIDDEN.password);
  });

  test("uses a link once", async () => {
    const links = await invitations();
    const secret = links.get(house.member.id);
    const answers = await Promise.all([claim(secret), claim(secret), claim(secret)]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await eu.rows("SELECT id FROM users WHERE email = ?", house.member.email)).toHaveLength(1);
  });

  test("gets another link when it is asked for again, and the old one dies", async () => {
    const first = await invitations();
    const second = await invitations();
    expectRefusal(await claim(first.get(house.owner.id)), 404, "COM0008");
    expectAnswer(await claim(second.get(house.owner.id)), 200, "JoinedMember");
    expect([...(await invitations()).keys()]).toEqual([house.member.id]);
  });
});

describe("a member whose address has an account in the new region", () => {
  test("has to sign in, and then acts by that account, with what acted for them before", async () => {
    const { user, session } = await resident(house.owner.email);
    const links = await invitations();
    expectRefusal(await claim(links.get(house.owner.id)), 401, "COM0013");
    const { member } = expectAnswer(await claim(links.get(house.owner.id), {}, session), 200, "JoinedMember");
    expect(member).toMatchObject({ id: house.owner.id, user, role: "owner" });
    expect(await ask(house.accessToken)).toMatchObject({ allowed: true, token: { user_id: user } });
    expectAnswer(await eu.call("GET", path, session), 200, "Team");
    const fields = { grant_type: "refresh_token", refresh_token: house.refreshToken };
    const given = expectTokens(
      await post("/oauth/v2/token", { ...fields, ...credentials(house.client) }, { at: eu.at }),
    );
    expect(await ask(given.access_token)).toMatchObject({ allowed: true, token: { user_id: user } });
    for (const table of ["grants", "access_tokens", "refresh_tokens", "consents", "members"]) {
      expect(await eu.rows(`SELECT 1 FROM ${table} WHERE user_id = ?`, house.owner.user)).toEqual([]);
    }
  });

  test("is not taken over by whoever has the link: no password, and no other account", async () => {
    await resident(house.owner.email);
    const { session } = await resident(`${unique("other")}@example.com`);
    const links = await invitations();
    const before = await eu.rows("SELECT * FROM users");
    const secret = links.get(house.owner.id);
    expectRefusal(await claim(secret, { password: "a password of mine" }), 401, "COM0013");
    expectRefusal(await claim(secret, {}, session), 401, "COM0013");
    expectRefusal(await claim(secret, {}, house.owner.session), 401, "COM0013");
    expect(await eu.rows("SELECT * FROM users")).toEqual(before);
    expectRefusal(await eu.call("GET", path, session), 403, "TOK0002");
  });
});

describe("the links", () => {
  test("are made where the team is, not where it was", async () => {
    expectObstacle(await us.call("POST", `/v1/moves/${id}/invitations`), "state_handed_over");
  });

  test("are in no store: only their hashes are", async () => {
    const links = await invitations();
    const held = JSON.stringify([
      await eu.rows("SELECT * FROM members"),
      await eu.rows("SELECT * FROM audit_events"),
    ]);
    for (const secret of links.values()) expect(held).not.toContain(secret);
  });

  test("lead nowhere once the team has moved on", async () => {
    const links = await invitations();
    await moveTeam(house.team.id, { from: eu, to: us });
    expectRefusal(await claim(links.get(house.owner.id)), 401, "TOK0003");
  });
});
