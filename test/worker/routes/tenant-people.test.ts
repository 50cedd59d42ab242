import { beforeAll, describe, expect, test, vi } from "vitest";
import { SESSION_COOKIE, STEP_COOKIE } from "../../../src/routes/session-cookie.ts";
import { makeAccount, PASSWORD, setUpApp, signedIn, typePassword, type Account } from "../accounts.ts";
import { Browser, goBySso, claimsOf, makeKey, makeSsoTeam, openWorld, Provider } from "../openid-provider.ts";
import { accept, byCookie, invite } from "../people.ts";
import { call, expectAnswer, expectRefusal, issue, makeTeam, rows } from "../support.ts";
import { atHost, makeTenant, nameDomain, proveDomain, type TenantPlace } from "../tenant.ts";

let acme: TenantPlace;
/** A member of the team whose domain it is, and owner of another team. */
let member: Account;
/** Somebody of another team alone. */
let stranger: Account;

beforeAll(async () => {
  acme = await makeTenant();
  member = await makeAccount();
  stranger = await makeAccount();
  const { secret } = await invite(acme.team.id, "owner", { email: member.email });
  const browser = await signedIn(member);
  expectAnswer(await accept(secret, {}, byCookie(browser.session ?? "")), 200, "JoinedMember");
});

const typeAt = (account: Account, password = PASSWORD) =>
  typePassword(account, { browser: new Browser(acme.at), password });

describe("signing in on a team's own domain", () => {
  test("lets its members in, to that team alone", async () => {
    const { browser, answer } = await typeAt(member);
    expect([answer.status, answer.headers.get("Location")]).toEqual([303, "/console"]);
    const home = await (await browser.get("/console")).text();
    expect(home).toContain(`/console/${acme.team.slug}`);
    expect(home).not.toContain(member.slug);
    expect((await browser.get(`/console/${acme.team.slug}/domains`)).status).toBe(200);
    expect((await browser.get(`/console/${member.slug}/domains`)).status).toBe(404);
    const session = byCookie(browser.session ?? "");
    expectAnswer(await call("GET", `/v1/teams/${acme.team.id}`, { ...session, at: acme.at }), 200, "Team");
    expectRefusal(await call("GET", `/v1/teams/${member.team}`, { ...session, at: acme.at }), 403, "TOK0002");
  });

  test("answers a stranger's right password as a wrong one", async () => {
    const right = await typeAt(stranger);
    const wrong = await typeAt(stranger, "not the password");
    expect([right.answer.status, right.browser.session]).toEqual([401, undefined]);
    const shown = (html: string) => html.replace(/\s+/g, " ");
    expect(shown(await right.answer.text())).toBe(shown(await wrong.answer.text()));
    const opened = await rows("SELECT id FROM sessions WHERE user_id = ?", stranger.user);
    expect(opened).toEqual([]);
    expect((await typePassword(stranger)).answer.status).toBe(303);
  });

  test("asks a stranger for no code either, which would say that the password was right", async () => {
    const guarded = await makeAccount();
    await setUpApp(await signedIn(guarded));
    const { answer, browser } = await typeAt(guarded);
    expect([answer.status, browser.cookies.has(STEP_COOKIE)]).toEqual([401, false]);
  });

  test("a step that was begun elsewhere goes on nowhere else", async () => {
    const both = await makeAccount();
    const { secret } = await invite(acme.team.id, "owner", { email: both.email });
    const home = await signedIn(both);
    expectAnswer(await accept(secret, {}, byCookie(home.session ?? "")), 200, "JoinedMember");
    const { app } = await setUpApp(home);
    const { browser } = await typePassword(both);
    const carried = new Browser(acme.at);
    carried.cookies.set(STEP_COOKIE, browser.cookies.get(STEP_COOKIE) ?? "");
    const code = app.code();
    await carried.post("/signin/code", { code });
    expect(carried.session).toBeUndefined();
    await browser.post("/signin/code", { code });
    expect(browser.session).toBeDefined();
  });
});

describe("a session", () => {
  test("of the region's own host is nobody's on a team's domain, and the other way round", async () => {
    const { browser } = await typeAt(member);
    const theirs = byCookie(browser.session ?? "");
    const regions = byCookie((await signedIn(member)).session ?? "");
    const path = `/v1/teams/${acme.team.id}`;
    expectRefusal(await call("GET", path, { ...regions, at: acme.at }), 401, "COM0013");
    expectRefusal(await call("GET", path, theirs), 401, "COM0013");
    expectAnswer(await call("GET", path, regions), 200, "Team");
    const carried = new Browser();
    carried.cookies.set(SESSION_COOKIE, browser.session ?? "");
    expect((await carried.get("/console")).headers.get("Location")).toBe("/signin");
  });

  test("of one of a team's domains is nobody's on another of them", async () => {
    const second = await nameDomain(acme.team.id);
    await proveDomain(acme.team.id, second);
    const { browser } = await typeAt(member);
    const session = byCookie(browser.session ?? "");
    const at = atHost(second.name);
    await vi.waitFor(
      async () => expect((await call("GET", "/v1/errors", { as: null, at })).status).toBe(200),
      5000,
    );
    expectRefusal(await call("GET", `/v1/teams/${acme.team.id}`, { ...session, at }), 401, "COM0013");
  });

  test("ends by signing out there", async () => {
    const { browser } = await typeAt(member);
    const copy = new Browser(acme.at);
    copy.cookies.set(SESSION_COOKIE, browser.session ?? "");
    expect((await copy.get("/console")).status).toBe(200);
    await browser.post("/signout", {});
    expect(browser.session).toBeUndefined();
    expect((await copy.get("/console")).headers.get("Location")).toBe("/signin");
  });

  test("sees nothing of other teams among the person's own things", async () => {
    const { browser } = await typeAt(member);
    const page = await (await browser.get("/console/me/connected-apps")).text();
    expect(page).not.toContain(member.slug);
  });
});

describe("other ways in on a team's own domain", () => {
  test("another team's invitation leads to nothing there, and is not used up", async () => {
    const other = await makeTeam();
    const { secret } = await invite(other.id, "owner");
    expectRefusal(await accept(secret, {}, { at: acme.at }), 404, "COM0008");
    const page = await new Browser(acme.at).get(`/invitations/${secret}`);
    expect([page.status, (await page.text()).includes(other.name)]).toEqual([404, false]);
    expectAnswer(await accept(secret), 200, "JoinedMember");
  });

  test("its own invitation makes a member, by a link of that domain when written there", async () => {
    const manager = await issue(acme.team.id, { permissions: ["EMM.Members.MANAGE", "EMM.Team.VIEW"] });
    const roles = await call("POST", `/v1/teams/${acme.team.id}/roles`, {
      body: { name: "Viewers", permissions: ["EMM.Team.VIEW"] },
    });
    const { role } = expectAnswer(roles, 201, "CreatedRole");
    const { link, secret } = await invite(acme.team.id, role.id, {}, { as: manager.token, at: acme.at });
    expect(link).toBe(`${acme.issuer}/invitations/${secret}`);
    expectAnswer(await accept(secret, {}, { at: acme.at }), 200, "JoinedMember");
  });

  test("a reset link of a stranger's leads to nothing there", async () => {
    const linkOf = async ({ user }: Account) => {
      const answer = await call("POST", `/v1/users/${user}/reset-links`);
      expect(answer.status, answer.text).toBe(201);
      return /\/reset\/(\w+)/.exec(answer.text)?.[1] ?? "";
    };
    const [theirs, own] = [await linkOf(stranger), await linkOf(member)];
    const browser = new Browser(acme.at);
    expect((await browser.get(`/reset/${theirs}`)).status).toBe(404);
    await browser.post(`/reset/${theirs}`, { password: "another password" });
    expect((await typePassword(stranger)).answer.status).toBe(303);
    expect((await browser.get(`/reset/${own}`)).status).toBe(200);
  });

  test("another team's identity provider opens nothing, and its own opens that team", async () => {
    const provider = new Provider(await makeKey("ES256"));
    openWorld(provider);
    const team = await makeSsoTeam(provider);
    vi.unstubAllGlobals();
    const domain = await nameDomain(team.id);
    await proveDomain(team.id, domain);
    openWorld(provider);
    try {
      const foreign = new Browser(acme.at);
      const refused = await foreign.post("/signin/sso", { connection: team.connection });
      expect([refused.status, refused.headers.get("Location")]).toEqual([400, null]);

      const claims = claimsOf(team.domain);
      await invite(team.id, "owner", { email: claims.email });
      const at = atHost(domain.name);
      await vi.waitFor(
        async () => expect((await call("GET", "/v1/errors", { as: null, at })).status).toBe(200),
        5000,
      );
      const page = await (await new Browser(at).get("/signin")).text();
      expect(page).toContain(team.connection);
      const browser = new Browser(at);
      provider.redirectUri = `https://${domain.name}/signin/sso/callback`;
      const back = await goBySso(browser, { provider, connection: team.connection }, claims);
      expect([back.status, back.headers.get("Location")]).toEqual([303, "/console"]);
      const session = byCookie(browser.session ?? "");
      expectAnswer(await call("GET", `/v1/teams/${team.id}`, { ...session, at }), 200, "Team");
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe("pages on a team's own domain", () => {
  test("show the team's name, and the brand that its preferences name", async () => {
    const place = await makeTenant();
    const title = async () =>
      /<title>([^<]*)</.exec(await (await new Browser(place.at).get("/signin")).text())?.[1];
    await vi.waitFor(async () => expect(await title()).toBe(`Sign in · ${place.team.name}`), 5000);
    const preferences = { theme: "dark", brand: { name: "Kayak & <b>Co", color: "#FFDD00" } };
    const changed = await call("PATCH", `/v1/teams/${place.team.id}`, { body: { preferences } });
    expectAnswer(changed, 200, "Team");
    await vi.waitFor(async () => expect(await title()).toBe("Sign in · Kayak &amp; &lt;b&gt;Co"), 5000);
    const browser = new Browser(place.at);
    const page = await browser.get("/signin");
    expect(page.headers.get("Content-Security-Policy")).toContain("style-src 'self'");
    const html = await page.text();
    expect(html).toContain('href="/console/brand.css"');
    expect(html).toContain("<bdi>Kayak &amp; &lt;b&gt;Co</bdi>");
    const style = await (await browser.get("/console/brand.css")).text();
    expect(style).toContain("--brand: #ffdd00; --on-brand: #000000;");
    // The region's own pages are nobody's.
    const plain = await (await new Browser().get("/signin")).text();
    expect(plain).not.toContain("brand.css");
    expect(plain).toContain("<title>Sign in · Jeton</title>");
    expect(await (await new Browser().get("/console/brand.css")).text()).toBe("");
  });

  test.each([{ color: "red; } * { display: none" }, { name: "a\u202eb" }, { logo: "x" }, "Kayak"])(
    "take no brand such as %j",
    async (brand) => {
      const answer = await call("PATCH", `/v1/teams/${acme.team.id}`, { body: { preferences: { brand } } });
      expectRefusal(answer, 400, "COM0005");
    },
  );
});
