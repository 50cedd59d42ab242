import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { SESSION_COOKIE } from "../../../../src/routes/session-cookie.ts";
import {
  Browser,
  claimsOf,
  expectProblem,
  finishSso,
  goBySso,
  makeKey,
  makeSsoTeam,
  openWorld,
  Provider,
  startSso,
  type Key,
  type SsoTeam,
} from "../../openid-provider.ts";
import { invite, join, signIn, type Person } from "../../people.ts";
import { call, expectAnswer, makeTeam, rows } from "../../support.ts";

const LINK = { link: "1" };

let key: Key;
let provider: Provider;
let team: SsoTeam;
let person: Person;

beforeAll(async () => {
  key = await makeKey("ES256");
});

beforeEach(async () => {
  provider = new Provider(key);
  openWorld(provider);
  team = await makeSsoTeam(provider);
  person = await join(team.id, "owner");
});

afterEach(() => vi.unstubAllGlobals());

const via = () => ({ provider, connection: team.connection });
const link = (browser: Browser, claims: object) =>
  goBySso(browser, via(), claims as Record<string, unknown>, { form: LINK });
const identities = () =>
  rows<{ user_id: string; subject: string }>(
    "SELECT user_id, subject FROM sso_identities WHERE connection_id = ? ORDER BY subject",
    team.connection,
  );

/** A browser in which the person is signed in, by password unless the row says otherwise. */
async function browserOf(user: string, row: Record<string, string | number | null> = {}): Promise<Browser> {
  const { headers } = await signIn(user, row);
  const browser = new Browser();
  const cookie = headers?.["Cookie"] ?? "";
  browser.cookies.set(SESSION_COOKIE, cookie.slice(cookie.lastIndexOf("=") + 1));
  return browser;
}

describe("connecting an account", () => {
  test("lets its person in by single sign-on from then on, and stands in the team's audit trail", async () => {
    const browser = await browserOf(person.user);
    const before = browser.session;
    expect(await (await browser.get("/console")).text()).toContain("Connect Login");
    // Whatever the person's address is here: the provider says who they are there.
    const claims = claimsOf(team.domain);
    const response = await link(browser, claims);
    expect([response.status, response.headers.get("Location")]).toEqual([303, "/console"]);
    expect(browser.session).toBe(before);
    expect(await (await browser.get("/console")).text()).toContain("connected");
    expect(await identities()).toEqual([{ user_id: person.user, subject: claims.sub }]);
    const [event] = await rows<{ actor: string }>(
      "SELECT actor_owner, subject, actor FROM audit_events WHERE team_id = ? AND type = 'user.sso_linked'",
      team.id,
    );
    expect(event).toMatchObject({ actor_owner: person.user, subject: person.user });
    expect(event?.actor).toMatch(/^ses_/);

    const fresh = new Browser();
    expect((await goBySso(fresh, via(), claims)).status).toBe(303);
    const [session] = await rows(
      "SELECT user_id FROM sessions WHERE method = 'sso' AND sso_team_id = ?",
      team.id,
    );
    expect(session).toEqual({ user_id: person.user });
  });

  test("again changes nothing", async () => {
    const browser = await browserOf(person.user);
    const claims = claimsOf(team.domain);
    await link(browser, claims);
    expect((await link(browser, claims)).status).toBe(303);
    expect(await identities()).toHaveLength(1);
    const events = await rows(
      "SELECT id FROM audit_events WHERE team_id = ? AND type = 'user.sso_linked'",
      team.id,
    );
    expect(events).toHaveLength(1);
  });

  test("needs a session", async () => {
    const response = await new Browser().post("/signin/sso", { connection: team.connection, ...LINK });
    await expectProblem(response, 401, /sign in to it first/);
  });

  test.each(["cross-site", "same-site", "none"])("is not begun by another site (%s)", async (site) => {
    const browser = await browserOf(person.user);
    const response = await browser.post("/signin/sso", { connection: team.connection, ...LINK }, site);
    await expectProblem(response, 400, /Start again/);
  });

  test("needs a session that single sign-on did not open", async () => {
    const sso = { method: "sso", sso_team_id: team.id, sso_connection_id: team.connection };
    const browser = await browserOf(person.user, sso);
    const response = await browser.post("/signin/sso", { connection: team.connection, ...LINK });
    await expectProblem(response, 401, /not by single sign-on/);
    expect(await (await browser.get("/console")).text()).not.toContain("Connect Login");
  });

  test("needs the session still at the end", async () => {
    const browser = await browserOf(person.user);
    const url = await startSso(browser, team.connection, LINK);
    await browser.post("/signout", {});
    const back = provider.authorize(url, claimsOf(team.domain));
    await expectProblem(await finishSso(browser, back), 401, /sign in to it first/);
    expect(await identities()).toEqual([]);
  });

  test("is for the person who began it, not for whoever sits there at the end", async () => {
    const other = await join(team.id, "owner");
    const browser = await browserOf(person.user);
    const url = await startSso(browser, team.connection, LINK);
    browser.cookies.set(SESSION_COOKIE, (await browserOf(other.user)).session ?? "");
    const back = provider.authorize(url, claimsOf(team.domain));
    await expectProblem(await finishSso(browser, back), 401, /sign in to it first/);
    expect(await identities()).toEqual([]);
  });

  test("is for members of the team alone", async () => {
    const stranger = await join((await makeTeam()).id, "owner");
    await expectProblem(
      await link(await browserOf(stranger.user), claimsOf(team.domain)),
      403,
      /not a member/,
    );
    expect(await identities()).toEqual([]);
  });

  test("takes nobody's account at the provider away, and a person has one there", async () => {
    const claims = claimsOf(team.domain);
    const other = await join(team.id, "owner");
    await link(await browserOf(person.user), claims);
    await expectProblem(await link(await browserOf(other.user), claims), 409, /connected to another/);
    const second = claimsOf(team.domain);
    await expectProblem(await link(await browserOf(person.user), second), 409, /connected to another/);
    expect(await identities()).toEqual([{ user_id: person.user, subject: claims.sub }]);
  });

  test("gives one provider's account to one person, however many ask at once", async () => {
    const claims = claimsOf(team.domain);
    const people = await Promise.all(Array.from({ length: 4 }, () => join(team.id, "owner")));
    const browsers = await Promise.all(people.map(({ user }) => browserOf(user)));
    const answers = await Promise.all(browsers.map((browser) => link(browser, claims)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([303, 409, 409, 409]);
    expect(await identities()).toHaveLength(1);
  });

  test.each([{ email_verified: false }, { email: "a@elsewhere.example.org" }])(
    "needs an address that the team's provider may vouch for: %o",
    async (change) => {
      const claims = { ...claimsOf(team.domain), ...change };
      await expectProblem(await link(await browserOf(person.user), claims), 403, /no verified e-mail/);
      expect(await identities()).toEqual([]);
    },
  );

  test("does not accept an invitation on the way, nor does signing in connect whoever is signed in", async () => {
    const claims = claimsOf(team.domain);
    const { member } = await invite(team.id, "owner", { email: claims.email });
    await link(await browserOf(person.user), claims);
    expect(await rows("SELECT status FROM members WHERE id = ?", member.id)).toEqual([{ status: "invited" }]);
    const unknown = claimsOf(team.domain);
    const browser = await browserOf(person.user);
    await expectProblem(await goBySso(browser, via(), unknown), 403, /for an invitation/);
    expect(await identities()).toHaveLength(1);
  });

  test("is possible where a team lets its members sign in by nothing else", async () => {
    const only = { body: { sign_in_methods: ["sso"] } };
    expectAnswer(await call("PATCH", `/v1/teams/${team.id}/security`, only), 200, "Security");
    const claims = claimsOf(team.domain);
    expect((await link(await browserOf(person.user), claims)).status).toBe(303);
    expect((await goBySso(new Browser(), via(), claims)).status).toBe(303);
  });
});
