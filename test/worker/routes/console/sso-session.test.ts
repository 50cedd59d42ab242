import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
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
import { accept, byCookie, invite, join, signIn } from "../../people.ts";
import { call, expectAnswer, expectRefusal, makeTeam, rows } from "../../support.ts";

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
const show = (of: string, session: object) => call("GET", `/v1/teams/${of}`, session);

async function comeIn(more: object = {}) {
  const claims = { ...claimsOf(team.domain), ...more };
  await invite(team.id, "owner", { email: claims.email });
  const browser = new Browser();
  const response = await goBySso(browser, via(), claims);
  expect(response.status, await response.clone().text()).toBe(303);
  const [user] = await rows<{ id: string }>("SELECT id FROM users WHERE email = ?", claims.email);
  return { claims, browser, session: byCookie(browser.session ?? ""), user: user?.id ?? "" };
}

async function setSecurity(body: object): Promise<void> {
  expectAnswer(await call("PATCH", `/v1/teams/${team.id}/security`, { body }), 200, "Security");
}

describe("a session by single sign-on", () => {
  test("acts in the team whose provider let its person in, and in none of their other teams", async () => {
    const { session, user, browser } = await comeIn();
    const other = await makeTeam();
    await env.DB.prepare("UPDATE members SET user_id = ?, status = 'active' WHERE id = ?")
      .bind(user, (await invite(other.id, "owner")).member.id)
      .run();
    expectAnswer(await show(team.id, session), 200, "Team");
    expectRefusal(await show(other.id, session), 403, "TOK0001");
    const token = { name: "x", permissions: ["EMM.Team.VIEW"] };
    const issuing = { ...session, body: token };
    expectRefusal(await call("POST", `/v1/teams/${other.id}/access-tokens`, issuing), 403, "TOK0001");
    // By their password the same person reaches both.
    expectAnswer(await show(other.id, await signIn(user)), 200, "Team");
    const home = await (await browser.get("/console")).text();
    const [own] = await rows<{ name: string }>("SELECT name FROM teams WHERE id = ?", team.id);
    expect(home).toContain(own?.name);
    expect(home).not.toContain(other.name);
  });

  test("brings its person into no other team", async () => {
    const { session, claims } = await comeIn();
    const other = await makeTeam();
    const { secret } = await invite(other.id, "owner", { email: claims.email });
    expectRefusal(await accept(secret, {}, session), 401, "COM0013");
  });

  test("counts as opened with two factors only when the ID token says so", async () => {
    await setSecurity({ require_2fa: true });
    for (const amr of [undefined, ["pwd"], "mfa", ["MFA"], [["mfa"]]]) {
      const { session } = await comeIn({ amr });
      expectRefusal(await show(team.id, session), 403, "TOK0001");
    }
    const { session } = await comeIn({ amr: ["pwd", "mfa"] });
    expectAnswer(await show(team.id, session), 200, "Team");
  });

  test("stops at once when the team no longer allows it, and works again when it does", async () => {
    const { session } = await comeIn();
    await setSecurity({ sign_in_methods: ["password", "passkey"] });
    const refusal = expectRefusal(await show(team.id, session), 403, "TOK0001");
    expect(refusal.error_description).toMatch(/way in which you signed in/);
    await setSecurity({ sign_in_methods: ["sso"] });
    expectAnswer(await show(team.id, session), 200, "Team");
  });

  test("ends in a suspended team, and nobody gets a new one", async () => {
    const { session, claims } = await comeIn();
    await call("PATCH", `/v1/teams/${team.id}`, { body: { status: "suspended" } });
    expectRefusal(await show(team.id, session), 403, "TOK0007");
    const response = await new Browser().post("/signin/sso", { connection: team.connection });
    await expectProblem(response, 403, /suspended/);
    expect(claims.email).not.toBe("");
  });
});

describe("a team that does not let its members sign in", () => {
  test("by single sign-on refuses it at the start, and to those who are under way", async () => {
    const claims = claimsOf(team.domain);
    await invite(team.id, "owner", { email: claims.email });
    const browser = new Browser();
    const back = provider.authorize(await startSso(browser, team.connection), claims);
    await setSecurity({ sign_in_methods: ["password"] });
    await expectProblem(await finishSso(browser, back), 403, /does not let its members/);
    const response = await browser.post("/signin/sso", { connection: team.connection });
    await expectProblem(response, 403, /does not let its members/);
    expect(await rows("SELECT id FROM users WHERE email = ?", claims.email)).toEqual([]);
  });

  test("by password refuses sessions of that kind, and says why on the home page", async () => {
    const person = await join(team.id, "owner");
    expectAnswer(await show(team.id, person.session), 200, "Team");
    await setSecurity({ sign_in_methods: ["sso"] });
    expectRefusal(await show(team.id, person.session), 403, "TOK0001");
    const body = { name: "Renamed" };
    expectRefusal(await call("PATCH", `/v1/teams/${team.id}`, { ...person.session, body }), 403, "TOK0001");
    const browser = new Browser();
    browser.cookies.set("__Host-jeton_session", person.session.headers?.["Cookie"]?.split("=").at(-1) ?? "");
    expect(await (await browser.get("/console")).text()).toContain("sign in another way");
  });

  test("by password still refuses strangers as strangers", async () => {
    await setSecurity({ sign_in_methods: ["sso"] });
    const stranger = await join((await makeTeam()).id, "owner");
    expectRefusal(await show(team.id, stranger.session), 403, "TOK0002");
  });
});

describe("the sign-in page", () => {
  const offered = (html: string) => [...html.matchAll(/Continue with ([^<]*)</g)].map(([, name]) => name);
  const typed = async (email: string, password = "") => {
    const response = await new Browser().post("/signin", { email, password });
    return { status: response.status, html: await response.text(), headers: response.headers };
  };

  test("offers a domain's connections to whoever types an address in it, with or without a password", async () => {
    const without = await typed(` someone@${team.domain.toUpperCase()} `);
    expect([without.status, offered(without.html)]).toEqual([200, ["Login"]]);
    expect(without.html).not.toContain('role="alert"');
    const wrong = await typed(`someone@${team.domain}`, "wrong");
    expect([wrong.status, offered(wrong.html)]).toEqual([401, ["Login"]]);
    // The form leads to a provider that nobody knows beforehand; a page without offers stays here.
    expect(without.headers.get("Content-Security-Policy")).toContain("form-action 'self' https:");
    const elsewhere = await typed("a@elsewhere.example.org");
    expect(elsewhere.headers.get("Content-Security-Policy")).toContain("form-action 'self';");
    expect([elsewhere.status, offered(elsewhere.html)]).toEqual([401, []]);
  });

  test("says the same of an account in the domain and of none", async () => {
    const claims = claimsOf(team.domain);
    await accept((await invite(team.id, "owner", { email: claims.email })).secret);
    const known = await typed(claims.email);
    const unknown = await typed(`${"x".repeat(claims.email.indexOf("@"))}@${team.domain}`);
    const bare = (html: string) => html.replaceAll(/value="[^"]*@[^"]*"/g, "");
    expect(bare(known.html)).toBe(bare(unknown.html));
  });

  test.each<[string, () => Promise<unknown>]>([
    ["does not let members sign in so", () => setSecurity({ sign_in_methods: ["password"] })],
    ["is suspended", () => call("PATCH", `/v1/teams/${team.id}`, { body: { status: "suspended" } })],
    [
      "has lost the domain",
      () => env.DB.prepare("UPDATE domains SET verified_at = NULL WHERE team_id = ?").bind(team.id).run(),
    ],
  ])("offers nothing of a team that %s", async (_what, change) => {
    await change();
    expect(offered((await typed(`someone@${team.domain}`)).html)).toEqual([]);
  });

  test("offers a team's connections to those who come by its link, and nobody else's", async () => {
    const page = async (slug: string) => (await new Browser().get(`/signin?team=${slug}`)).text();
    expect(offered(await page(team.slug))).toEqual(["Login"]);
    expect(offered(await page("no-such-team"))).toEqual([]);
    expect(offered(await (await new Browser().get("/signin")).text())).toEqual([]);
  });

  test("shows a connection's name as text", async () => {
    const named = await makeSsoTeam(provider, { name: "<script>alert(1)</script>" });
    const html = await (await new Browser().get(`/signin?team=${named.slug}`)).text();
    expect(html).toContain("Continue with &lt;script");
    expect(html).not.toContain("<script>");
  });

  test("leads on to where somebody wanted to go, and to no other host", async () => {
    const email = `${claimsOf(team.domain).sub}@example.com`;
    const password = "correct horse battery";
    await makeTeam({ owner: { email, password } });
    const to = async (next: string) =>
      (await new Browser().post("/signin", { email, password, next })).headers.get("Location");
    expect(await to("/oauth/v2/auth?scope=a")).toBe("/oauth/v2/auth?scope=a");
    expect(await to("//evil.example/console")).toBe("/console");
    const page = await (await new Browser().get("/signin?next=%2Fdevice%3Fuser_code%3DA")).text();
    expect(page).toContain('name="next" value="/device?user_code=A"');
    const evil = await (await new Browser().get("/signin?next=https%3A%2F%2Fevil.example")).text();
    expect(evil).not.toContain("evil.example");
  });
});
