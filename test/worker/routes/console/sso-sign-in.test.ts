import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { SSO_COOKIE } from "../../../../src/routes/session-cookie.ts";
import {
  Browser,
  claimsOf,
  CLIENT_SECRET,
  connect,
  expectProblem,
  finishSso,
  goBySso,
  makeKey,
  makeSsoTeam,
  openWorld,
  proveDomain,
  Provider,
  startSso,
  type Key,
  type SsoTeam,
} from "../../openid-provider.ts";
import { byCookie, invite, join, makeRole, slowWriter } from "../../people.ts";
import { call, expectAnswer, expectRefusal, rows, unique, wholeStore } from "../../support.ts";

let key: Key;
let provider: Provider;
let team: SsoTeam;

beforeAll(async () => {
  key = await makeKey("ES256");
});

beforeEach(async () => {
  provider = new Provider(key);
  openWorld(provider);
  team = await makeSsoTeam(provider);
});

afterEach(() => vi.unstubAllGlobals());

const via = () => ({ provider, connection: team.connection });
const users = (email: string) => rows<{ id: string }>("SELECT id FROM users WHERE email = ?", email);

async function expectSession(browser: Browser, response: Response): Promise<void> {
  expect([response.status, response.headers.get("Location")], await response.clone().text()).toEqual([
    303,
    "/console",
  ]);
  expectAnswer(await call("GET", `/v1/teams/${team.id}`, byCookie(browser.session ?? "")), 200, "Team");
}

describe("somebody whom a team has invited", () => {
  test.each(["RS256", "ES256"] as const)(
    "gets an account by single sign-on, and the same one the next time (%s)",
    async (alg) => {
      provider = new Provider(await makeKey(alg));
      openWorld(provider);
      team = await makeSsoTeam(provider);
      const claims = claimsOf(team.domain);
      const { member } = await invite(team.id, "owner", { email: claims.email });
      const first = new Browser();
      await expectSession(first, await goBySso(first, via(), claims));
      const second = new Browser();
      // An address changes, a subject does not (OpenID Connect Core, section 2).
      const renamed = { ...claims, email: `new@${team.domain}` };
      await expectSession(second, await goBySso(second, via(), renamed));

      const [user] = await users(claims.email);
      const sessions = await rows(
        "SELECT user_id, method, sso_team_id, sso_connection_id, two_factor FROM sessions WHERE user_id = ?",
        user?.id,
      );
      expect(sessions).toEqual(
        Array.from({ length: 2 }, () => ({
          user_id: user?.id,
          method: "sso",
          sso_team_id: team.id,
          sso_connection_id: team.connection,
          two_factor: 0,
        })),
      );
      const events = await rows(
        "SELECT type, actor, actor_owner, subject FROM audit_events WHERE actor_owner = ? AND type <> 'session.opened' ORDER BY type",
        user?.id,
      );
      expect(events).toEqual([
        { type: "member.joined", actor: team.connection, actor_owner: user?.id, subject: member.id },
        { type: "user.sso_linked", actor: team.connection, actor_owner: user?.id, subject: user?.id },
      ]);
    },
  );

  test("becomes one member with one account, however many browsers come at once", async () => {
    const claims = claimsOf(team.domain);
    await invite(team.id, "owner", { email: claims.email });
    const browsers = Array.from({ length: 8 }, () => new Browser());
    const answers = await Promise.all(browsers.map((browser) => goBySso(browser, via(), claims)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 303));
    expect(await users(claims.email)).toHaveLength(1);
    const links = await rows(
      "SELECT id FROM audit_events WHERE team_id = ? AND type = 'user.sso_linked'",
      team.id,
    );
    expect(links).toHaveLength(1);
  });

  test("needs the invitation: without one there is no account, and a page that says whom to ask", async () => {
    const claims = claimsOf(team.domain);
    const html = await expectProblem(
      await goBySso(new Browser(), via(), claims),
      403,
      /Ask an administrator of the team for an invitation/,
    );
    expect(html).not.toContain(claims.email);
    expect(await users(claims.email)).toEqual([]);
  });

  test("needs one that still holds", async () => {
    const claims = claimsOf(team.domain);
    const { member } = await invite(team.id, "owner", { email: claims.email });
    await env.DB.prepare("UPDATE members SET invitation_expires_at = 1 WHERE id = ?").bind(member.id).run();
    await expectProblem(await goBySso(new Browser(), via(), claims), 403, /for an invitation/);
    expect(await users(claims.email)).toEqual([]);
  });

  test("needs one of that very team", async () => {
    const claims = claimsOf(team.domain);
    const other = await makeSsoTeam(provider);
    await invite(other.id, "owner", { email: claims.email });
    await expectProblem(await goBySso(new Browser(), via(), claims), 403, /for an invitation/);
  });

  test("gets no more by single sign-on than whoever chose the provider could give", async () => {
    const permissions = ["EMM.Members.MANAGE", "EMM.Members.VIEW"];
    const lesser = await join(team.id, (await makeRole(team.id, permissions)).id);
    const evil = new Provider(key);
    openWorld(provider, evil);
    const own = await connect(team.id, evil, { allowed_domains: [team.domain] }, lesser.session);
    const owner = claimsOf(team.domain);
    await invite(team.id, "owner", { email: owner.email });
    const through = { provider: evil, connection: own.id };
    await expectProblem(await goBySso(new Browser(), through, owner), 403, /Open the link/);
    expect(await users(owner.email)).toEqual([]);

    const peer = claimsOf(team.domain);
    await invite(team.id, (await makeRole(team.id, ["EMM.Members.VIEW"])).id, { email: peer.email });
    expect((await goBySso(new Browser(), through, peer)).status).toBe(303);

    // The same by a provider that was an owner's choice until now.
    const path = `/v1/teams/${team.id}/sso-connections/${team.connection}`;
    await call("PATCH", path, {
      ...lesser.session,
      body: { issuer: evil.issuer, client_secret: CLIENT_SECRET },
    });
    const taken = { provider: evil, connection: team.connection };
    await expectProblem(await goBySso(new Browser(), taken, owner), 403, /Open the link/);
  });
});

describe("an account that exists", () => {
  test("is not taken over by its address", async () => {
    const claims = claimsOf(team.domain);
    const email = claims.email;
    const { secret } = await invite(team.id, "owner", { email });
    await call("POST", "/v1/invitations/accept", {
      as: null,
      body: { invitation: secret, password: "correct horse battery" },
    });
    await expectProblem(await goBySso(new Browser(), via(), claims), 403, /Sign in to it as usual/);
    const upper = { ...claims, email: email.toUpperCase() };
    await expectProblem(await goBySso(new Browser(), via(), upper), 403, /Sign in to it as usual/);
    expect(await rows("SELECT * FROM sso_identities WHERE connection_id = ?", team.connection)).toEqual([]);
  });

  test("is not taken over by an invitation to it either", async () => {
    const claims = claimsOf(team.domain);
    const other = await makeSsoTeam(provider);
    const { secret } = await invite(other.id, "owner", { email: claims.email });
    await call("POST", "/v1/invitations/accept", { as: null, body: { invitation: secret } });
    const { member } = await invite(team.id, "owner", { email: claims.email });
    await expectProblem(await goBySso(new Browser(), via(), claims), 403, /Sign in to it as usual/);
    expect(await rows("SELECT status FROM members WHERE id = ?", member.id)).toEqual([{ status: "invited" }]);
  });
});

describe("what is known of a person", () => {
  async function known() {
    const claims = claimsOf(team.domain);
    const { member } = await invite(team.id, "owner", { email: claims.email });
    const browser = new Browser();
    await expectSession(browser, await goBySso(browser, via(), claims));
    return { claims, browser, member: member.id };
  }

  test.each<[string, object]>([
    ["is not verified", { email_verified: false }],
    ["is verified in words alone", { email_verified: "true" }],
    ["may be verified or not", { email_verified: undefined }],
    ["is missing", { email: undefined }],
    ["is in a domain that the connection does not have", { email: "a@elsewhere.example.org" }],
    ["is in a subdomain", { email: "a@sub.DOMAIN" }],
    ["has two domains", { email: "a@DOMAIN@elsewhere.example.org" }],
    ["has a domain within quotes", { email: '"@DOMAIN"@elsewhere.example.org' }],
    ["becomes the domain in lower case only", { email: "a@KELVIN" }],
  ])("lets nobody in whose address %s: neither a new person nor a known one", async (_what, change) => {
    const text = JSON.stringify(change, (_name, value: unknown) => value ?? null);
    const lie = JSON.parse(
      text.replaceAll("DOMAIN", team.domain).replace("KELVIN", team.domain.replace("k", "\u212A")),
    ) as Record<string, unknown>;
    const lies = { claims: Object.fromEntries(Object.entries(lie).map(([n, v]) => [n, v ?? undefined])) };
    const claims = claimsOf(team.domain);
    await invite(team.id, "owner", { email: claims.email });
    await expectProblem(await goBySso(new Browser(), via(), claims, { lies }), 403, /no verified e-mail/);
    expect(await users(claims.email)).toEqual([]);
    const { claims: theirs } = await known();
    await expectProblem(await goBySso(new Browser(), via(), theirs, { lies }), 403, /no verified e-mail/);
  });

  test("does not count once the team has lost the domain", async () => {
    const { claims } = await known();
    await env.DB.prepare("UPDATE domains SET verified_at = NULL WHERE team_id = ?").bind(team.id).run();
    await expectProblem(await goBySso(new Browser(), via(), claims), 403, /no verified e-mail/);
    await env.DB.prepare("UPDATE domains SET team_id = 'other', verified_at = 1 WHERE team_id = ?")
      .bind(team.id)
      .run();
    await expectProblem(await goBySso(new Browser(), via(), claims), 403, /no verified e-mail/);
  });

  test("does not count once the connection no longer admits the domain, and sessions end then", async () => {
    const { claims, browser } = await known();
    const other = `${unique("other")}.example.org`;
    await proveDomain(team.id, other);
    const path = `/v1/teams/${team.id}/sso-connections/${team.connection}`;
    await call("PATCH", path, { body: { allowed_domains: [other, team.domain] } });
    const own = byCookie(browser.session ?? "");
    expectAnswer(await call("GET", `/v1/teams/${team.id}`, own), 200, "Team");
    await call("PATCH", path, { body: { allowed_domains: [other] } });
    expectRefusal(await call("GET", `/v1/teams/${team.id}`, own), 401, "COM0013");
    await expectProblem(await goBySso(new Browser(), via(), claims), 403, /no verified e-mail/);
  });

  test("is of one issuer: another that the connection gets later means somebody else by the same word", async () => {
    const { claims, browser } = await known();
    const evil = new Provider(key);
    openWorld(provider, evil);
    const path = `/v1/teams/${team.id}/sso-connections/${team.connection}`;
    expectAnswer(
      await call("PATCH", path, { body: { issuer: evil.issuer, client_secret: CLIENT_SECRET } }),
      200,
      "SsoConnection",
    );
    const own = byCookie(browser.session ?? "");
    expectRefusal(await call("GET", `/v1/teams/${team.id}`, own), 401, "COM0013");
    const through = { provider: evil, connection: team.connection };
    await expectProblem(await goBySso(new Browser(), through, claims), 403, /Sign in to it as usual/);
  });

  test("lets a member in who was removed only with a new invitation", async () => {
    const { claims, browser, member } = await known();
    await join(team.id, "owner");
    await call("DELETE", `/v1/teams/${team.id}/members/${member}`);
    const own = byCookie(browser.session ?? "");
    expectRefusal(await call("GET", `/v1/teams/${team.id}`, own), 401, "COM0013");
    await expectProblem(await goBySso(new Browser(), via(), claims), 403, /not a member of this team/);
    await invite(team.id, "owner", { email: claims.email });
    // Whom it means may come back; whoever has the address there by now is somebody else.
    const renamed = { ...claims, email: `new@${team.domain}` };
    await expectProblem(await goBySso(new Browser(), via(), renamed), 403, /not a member of this team/);
    const again = new Browser();
    await expectSession(again, await goBySso(again, via(), claims));
    expect(await users(claims.email)).toHaveLength(1);
  });

  test("dies with the connection, and the sessions that it let in end", async () => {
    const { claims, browser } = await known();
    const started = new Browser();
    const url = await startSso(started, team.connection);
    const back = provider.authorize(url, claims);
    await call("DELETE", `/v1/teams/${team.id}/sso-connections/${team.connection}`);
    const own = byCookie(browser.session ?? "");
    expectRefusal(await call("GET", `/v1/teams/${team.id}`, own), 401, "COM0013");
    await expectProblem(await finishSso(started, back), 400, /no such single sign-on connection/);
    expect(await rows("SELECT * FROM sso_identities WHERE connection_id = ?", team.connection)).toEqual([]);
    const response = await started.post("/signin/sso", { connection: team.connection });
    await expectProblem(response, 400, /no such single sign-on connection/);
  });

  test.each<[string, (member: string) => Promise<unknown>, number, RegExp]>([
    [
      "the member is removed",
      (member) => call("DELETE", `/v1/teams/${team.id}/members/${member}`),
      403,
      /not a member of this team/,
    ],
    [
      "the connection is removed",
      () => call("DELETE", `/v1/teams/${team.id}/sso-connections/${team.connection}`),
      400,
      /no such single sign-on connection/,
    ],
    [
      "the domain is lost",
      () => env.DB.prepare("UPDATE domains SET verified_at = NULL WHERE team_id = ?").bind(team.id).run(),
      403,
      /no verified e-mail/,
    ],
  ])("is read again when %s between the look and the write", async (_what, change, status, text) => {
    const { claims, member } = await known();
    await join(team.id, "owner");
    const starting = new Browser();
    const url = await startSso(starting, team.connection);
    const { at, reached, release } = await slowWriter();
    const slow = new Browser(at);
    slow.cookies.set(SSO_COOKIE, starting.cookies.get(SSO_COOKIE) ?? "");
    const finishing = finishSso(slow, provider.authorize(url, claims));
    await reached;
    await change(member);
    release();
    await expectProblem(await finishing, status, text);
  });
});

describe("a flow", () => {
  async function invited() {
    const claims = claimsOf(team.domain);
    await invite(team.id, "owner", { email: claims.email });
    return claims;
  }

  test("ends once: of 20 callbacks at the same moment one signs in", async () => {
    const claims = await invited();
    const browser = new Browser();
    const back = provider.authorize(await startSso(browser, team.connection), claims);
    const copies = Array.from({ length: 20 }, () => {
      const copy = new Browser();
      for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
      return copy;
    });
    const answers = await Promise.all(copies.map((copy) => finishSso(copy, back)));
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([303, ...Array.from({ length: 19 }, () => 400)]);
    await expectProblem(await finishSso(browser, back), 400, /finished already/);
  });

  test("ends in the browser that began it, and another one does not spoil it", async () => {
    const claims = await invited();
    const browser = new Browser();
    const back = provider.authorize(await startSso(browser, team.connection), claims);
    const stranger = new Browser();
    await expectProblem(await finishSso(stranger, back), 400, /another browser/);
    await startSso(stranger, team.connection);
    await expectProblem(await finishSso(stranger, back), 400, /another browser/);
    await expectSession(browser, await finishSso(browser, back));
  });

  test.each<[string, (query: URLSearchParams) => void]>([
    ["another state", (query) => query.set("state", "A".repeat(43))],
    ["no state", (query) => query.delete("state")],
  ])("does not end by %s", async (_what, change) => {
    const browser = new Browser();
    const back = provider.authorize(await startSso(browser, team.connection), await invited());
    change(back);
    await expectProblem(await finishSso(browser, back), 400, /Start again/);
  });

  test("does not end after ten minutes", async () => {
    const browser = new Browser();
    const back = provider.authorize(await startSso(browser, team.connection), await invited());
    await env.DB.prepare("UPDATE sso_flows SET expires_at = expires_at - 600000").run();
    await expectProblem(await finishSso(browser, back), 400, /took too long/);
    await startSso(browser, team.connection);
    expect(await rows("SELECT * FROM sso_flows WHERE expires_at <= ?", Date.now())).toEqual([]);
  });

  test("does not end by the code of another flow", async () => {
    const claims = await invited();
    const own = new Browser();
    const other = new Browser();
    const back = provider.authorize(await startSso(own, team.connection), claims);
    const theirs = provider.authorize(await startSso(other, team.connection), claims);
    back.set("code", theirs.get("code") ?? "");
    // The nonce is the other one's, and so is the verifier: the provider itself would refuse.
    const response = await finishSso(own, back);
    await expectProblem(response, 503, /did not answer properly/);
  });

  test("leaves none of its secrets in the store, nor the provider's", async () => {
    const browser = new Browser();
    const url = new URL(await startSso(browser, team.connection));
    const secrets = ["state", "nonce", "code_challenge"].map((name) => url.searchParams.get(name) ?? "");
    const store = await wholeStore();
    for (const secret of [...secrets, browser.cookies.get(SSO_COOKIE) ?? "", CLIENT_SECRET]) {
      expect(secret.length).toBeGreaterThan(15);
      expect(store).not.toContain(secret);
    }
  });

  test("keeps what it needs in a cookie for this host alone, out of the reach of scripts, for ten minutes", async () => {
    const response = await new Browser().post("/signin/sso", { connection: team.connection });
    expect(response.headers.get("Set-Cookie")).toMatch(
      /^__Host-jeton_sso=[0-9A-Za-z]{43}; Max-Age=600; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
    );
    expect(response.headers.get("Cache-Control")).toBe("no-store");
  });

  test.each(["cross-site", "same-site", "none"])("is not begun by another site (%s)", async (site) => {
    const response = await new Browser().post("/signin/sso", { connection: team.connection }, site);
    await expectProblem(response, 400, /Start again/);
    expect(response.headers.get("Set-Cookie")).toBeNull();
  });

  test("is begun sixty times in ten minutes from one address, and not more often", async () => {
    const browser = new Browser();
    const answers = await Promise.all(
      Array.from({ length: 62 }, () => browser.post("/signin/sso", { connection: "sso_unknown" })),
    );
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(60);
    const [late] = answers.filter(({ status }) => status === 429);
    expect(Number(late?.headers.get("Retry-After"))).toBeGreaterThan(0);
    const back = new URLSearchParams({ code: "x", state: "y" });
    expect((await finishSso(browser, back)).status).toBe(429);
  });

  test("leads where the page was that it began on, and to no other host", async () => {
    const claims = await invited();
    const to = async (next: string) => {
      const response = await goBySso(new Browser(), via(), claims, { form: { next } });
      return response.headers.get("Location");
    };
    expect(await to("/oauth/v2/auth?client_id=a&state=b")).toBe("/oauth/v2/auth?client_id=a&state=b");
    expect(await to("//evil.example/console")).toBe("/console");
    expect(await to("https://evil.example/console")).toBe("/console");
  });
});
