import { describe, expect, test, vi } from "vitest";
import {
  asServed,
  auditOf,
  isSignedIn,
  makeAccount,
  owingCode,
  PASSWORD,
  sessionOf,
  setUpApp,
  signedIn,
  typePassword,
  addPasskey,
  type Account,
} from "../../accounts.ts";
import { Browser } from "../../openid-provider.ts";
import { slowWriter } from "../../people.ts";
import { call, driveClock, expectAnswer, expectRefusal, issue, ORIGIN, rows } from "../../support.ts";

const clock = driveClock();

const NEW_PASSWORD = "another fine password";

describe("changing the password", () => {
  test("takes the new one from then on, and signs out everywhere else", async () => {
    const account = await makeAccount();
    const [browser, other] = [await signedIn(account), await signedIn(account)];
    const half = await owingCode(account);
    const form = { old: PASSWORD, new: NEW_PASSWORD };
    const answer = await browser.post("/console/me/password", form);
    expect(answer.headers.get("Location")).toBe("/console/me?done=password");
    expect([await isSignedIn(browser), await isSignedIn(other)]).toEqual([true, false]);
    expect((await half.get("/signin/code")).headers.get("Location")).toContain("/signin?");
    expect((await typePassword(account)).answer.status).toBe(401);
    expect((await typePassword(account, { password: NEW_PASSWORD })).answer.status).toBe(303);
    expect(await auditOf(account)).toEqual(
      expect.arrayContaining(["user.password_changed", "session.ended"]),
    );
  });

  test.each([
    ["the old one wrong", { old: "wrong wrong", new: NEW_PASSWORD }],
    ["a new one of 7 characters", { old: PASSWORD, new: "1234567" }],
    ["a new one of 129 characters", { old: PASSWORD, new: "x".repeat(129) }],
  ])("is refused with %s, and keeps none of them on the page", async (_, form) => {
    const account = await makeAccount();
    const [browser, other] = [await signedIn(account), await signedIn(account)];
    const answer = await browser.post("/console/me/password", form);
    expect(answer.status).toBe(400);
    const html = await answer.text();
    expect(html).not.toContain(form.new);
    expect(html).not.toContain(form.old);
    expect(await isSignedIn(other)).toBe(true);
  });

  test("by another site, or in a session that single sign-on opened, is refused", async () => {
    const account = await makeAccount();
    const form = { old: PASSWORD, new: NEW_PASSWORD };
    const browser = await signedIn(account);
    expect((await browser.post("/console/me/password", form, "cross-site")).status).toBe(403);
    const bySso = await signedIn(account, { method: "sso", sso_team_id: account.team });
    expect((await bySso.post("/console/me/password", form)).status).toBe(403);
    expect(await rows("SELECT password_set_at FROM users WHERE id = ?", account.user)).toEqual([
      { password_set_at: null },
    ]);
  });

  test("counts wrong old ones as attempts to sign in", async () => {
    const account = await makeAccount();
    const browser = await signedIn(account);
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 11; attempt += 1) {
      const form = { old: "wrong wrong", new: NEW_PASSWORD };
      statuses.push((await browser.post("/console/me/password", form)).status);
    }
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 400), 429]);
  });

  test("undoes a sign-in by the old one that is under way", async () => {
    const account = await makeAccount();
    const browser = await signedIn(account);
    const { late, finish } = await signInSlowly(account);
    await browser.post("/console/me/password", { old: PASSWORD, new: NEW_PASSWORD });
    expect((await finish()).status).toBe(401);
    expect([late.session, await liveSessions(account)]).toEqual([undefined, 1]);
  });
});

test("setting up an authenticator app undoes a sign-in without it that is under way", async () => {
  const account = await makeAccount();
  const browser = await signedIn(account);
  const { late, finish } = await signInSlowly(account);
  await setUpApp(browser);
  expect((await finish()).status).toBe(401);
  expect([late.session, await liveSessions(account)]).toEqual([undefined, 1]);
});

/** Types the right password, at a Worker that does not get to write before it is let. */
async function signInSlowly(account: Account) {
  const { at, reached, release } = await slowWriter();
  const late = new Browser(asServed(at));
  const typed = typePassword(account, { browser: late });
  await reached;
  const finish = async () => {
    release();
    return (await typed).answer;
  };
  return { late, finish };
}

async function liveSessions({ user }: Account): Promise<number> {
  return (await rows("SELECT id FROM sessions WHERE user_id = ? AND ended_at IS NULL", user)).length;
}

async function makeLink(account: Account): Promise<string> {
  const made = await call("POST", `/v1/users/${account.user}/reset-links`);
  const { reset_link: link } = expectAnswer(made, 201, "ResetLink");
  return new URL(link).pathname;
}

describe("a reset link", () => {
  test("sets a new password once, signs out everywhere, and signs nobody in", async () => {
    const account = await makeAccount();
    const browser = await signedIn(account);
    const path = await makeLink(account);
    const visitor = new Browser();
    // Programs look at links that pass by.
    for (let look = 0; look < 2; look += 1) expect((await visitor.get(path)).status).toBe(200);
    const answer = await visitor.post(path, { password: NEW_PASSWORD });
    expect([answer.status, answer.headers.get("Location")]).toEqual([303, "/signin?reset"]);
    expect([visitor.session, await isSignedIn(browser)]).toEqual([undefined, false]);
    expect((await typePassword(account, { password: NEW_PASSWORD })).answer.status).toBe(303);
    expect((await visitor.post(path, { password: "yet another one" })).status).toBe(404);
    expect((await visitor.get(path)).status).toBe(404);
    expect(await auditOf(account)).toEqual(expect.arrayContaining(["user.password_reset", "session.ended"]));
  });

  test("leaves the authenticator app in force", async () => {
    const account = await makeAccount();
    await setUpApp(await signedIn(account));
    await new Browser().post(await makeLink(account), { password: NEW_PASSWORD });
    const { answer } = await typePassword(account, { password: NEW_PASSWORD });
    expect(answer.headers.get("Location")).toContain("/signin/code");
  });

  test("works for 30 minutes, and until there is a newer one", async () => {
    const account = await makeAccount();
    const [first, second] = [await makeLink(account), await makeLink(account)];
    expect((await new Browser().post(first, { password: NEW_PASSWORD })).status).toBe(404);
    clock.advance(30 * 60_000 + 1);
    expect((await new Browser().post(second, { password: NEW_PASSWORD })).status).toBe(404);
    expect((await typePassword(account)).answer.status).toBe(303);
  });

  test("ends when the password is changed otherwise", async () => {
    const account = await makeAccount();
    const path = await makeLink(account);
    const browser = await signedIn(account);
    await browser.post("/console/me/password", { old: PASSWORD, new: NEW_PASSWORD });
    expect((await new Browser().post(path, { password: "taken over" })).status).toBe(404);
  });

  test("used by many at once sets one password", async () => {
    const account = await makeAccount();
    const path = await makeLink(account);
    const passwords = Array.from({ length: 4 }, (_, index) => `password number ${index}`);
    const answers = await Promise.all(passwords.map((password) => new Browser().post(path, { password })));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
  });

  test("is used up neither by a bad password nor by another site", async () => {
    const account = await makeAccount();
    const path = await makeLink(account);
    expect((await new Browser().post(path, { password: "short" })).status).toBe(400);
    expect((await new Browser().post(path, { password: NEW_PASSWORD }, "cross-site")).status).toBe(400);
    expect((await new Browser().post(path, { password: NEW_PASSWORD })).status).toBe(303);
  });

  test("is made by the operator alone, of people that there are, and stored as a hash", async () => {
    const account = await makeAccount();
    const path = `/v1/users/${account.user}/reset-links`;
    const { token } = await issue(account.team, { permissions: ["EMM.Members.MANAGE"] });
    expectRefusal(await call("POST", path, { as: token }), 403, "TOK0001");
    const browser = await signedIn(account);
    const headers = { Cookie: `__Host-jeton_session=${browser.session ?? ""}`, Origin: ORIGIN };
    expectRefusal(await call("POST", path, { as: null, headers }), 401, "COM0013");
    expectRefusal(await call("POST", "/v1/users/usr_nobody/reset-links"), 404, "COM0008");
    const link = await makeLink(account);
    const stored = JSON.stringify([
      await rows("SELECT * FROM reset_links"),
      await rows("SELECT * FROM audit_events"),
    ]);
    expect(stored).not.toContain(link.slice("/reset/".length));
  });
});

describe("one's sessions", () => {
  test("are listed with where and when, this one marked", async () => {
    const account = await makeAccount();
    const userAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    const browser = await signedIn(account);
    await signedIn(account, { ip: "203.0.113.9", user_agent: userAgent });
    const html = await (await browser.get("/console/me")).text();
    expect(html).toContain("Firefox on Linux");
    expect(html).toContain("203.0.113.9");
    expect(html.match(/this one/g)).toHaveLength(1);
  });

  test("end one by one, and all others at once, each with its audit event", async () => {
    const account = await makeAccount();
    const [browser, second, third, fourth] = await Promise.all([1, 2, 3, 4].map(() => signedIn(account)));
    if (!browser || !second || !third || !fourth) throw new Error("four browsers");
    const id = String((await sessionOf(second))?.["id"]);
    await browser.post("/console/me", { do: "end", session: id });
    const states = async () => Promise.all([browser, second, third, fourth].map(isSignedIn));
    expect(await states()).toEqual([true, false, true, true]);
    await browser.post("/console/me", { do: "end-others" });
    expect(await states()).toEqual([true, false, false, false]);
    expect((await auditOf(account)).filter((type) => type === "session.ended")).toHaveLength(3);
  });

  test("of another person do not end, nor one's own by another site", async () => {
    const [account, other] = [await makeAccount(), await makeAccount()];
    const [browser, theirs, mine] = [await signedIn(account), await signedIn(other), await signedIn(account)];
    const id = String((await sessionOf(theirs))?.["id"]);
    await browser.post("/console/me", { do: "end", session: id });
    const foreign = await browser.post("/console/me", { do: "end-others" }, "cross-site");
    expect(foreign.status).toBe(403);
    expect([await isSignedIn(theirs), await isSignedIn(mine)]).toEqual([true, true]);
  });

  test("that single sign-on opened see and end no others", async () => {
    const account = await makeAccount();
    const own = await signedIn(account, { ip: "203.0.113.77" });
    const bySso = await signedIn(account, { method: "sso", sso_team_id: account.team });
    const html = await (await bySso.get("/console/me")).text();
    expect(html).not.toContain("203.0.113.77");
    await bySso.post("/console/me", { do: "end-others" });
    await bySso.post("/console/me", { do: "end", session: String((await sessionOf(own))?.["id"]) });
    expect(await isSignedIn(own)).toBe(true);
  });

  test("end after a week without use, whatever a team allows, and not while they are used", async () => {
    const account = await makeAccount();
    const day = 86_400_000;
    await call("PATCH", `/v1/teams/${account.team}/security`, { body: { session_minutes: 30 * 24 * 60 } });
    const until = { expires_at: Date.now() + 30 * day };
    const [browser, idle] = [await signedIn(account, until), await signedIn(account, until)];
    clock.advance(6 * day);
    const seenAt = Date.now();
    await browser.get(`/console/${account.slug}/access-tokens`);
    // Noted in the background.
    await vi.waitFor(async () => expect(await sessionOf(browser)).toMatchObject({ last_seen_at: seenAt }));
    clock.advance(2 * day);
    expect([await isSignedIn(browser), await isSignedIn(idle)]).toEqual([true, false]);
  });
});

describe("the account page", () => {
  test("leads whoever is not signed in to sign-in and back", async () => {
    const answer = await new Browser().get("/console/me");
    expect(answer.headers.get("Location")).toBe("/signin?next=%2Fconsole%2Fme");
  });

  test("shows no secret of what it lists", async () => {
    const account = await makeAccount();
    const browser = await signedIn(account);
    const authenticator = await addPasskey(account, browser);
    const html = await (await browser.get("/console/me")).text();
    expect(html).toContain(account.email);
    expect(html).not.toContain(authenticator.id);
    expect(html).not.toContain(browser.session ?? "?");
  });
});
