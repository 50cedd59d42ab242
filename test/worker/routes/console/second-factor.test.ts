import { describe, expect, test } from "vitest";
import {
  auditOf,
  beginApp,
  codesIn,
  copyOf,
  isSignedIn,
  makeAccount,
  owingCode,
  PASSWORD,
  sessionOf,
  setUpApp,
  signedIn,
  typeCode,
  typePassword,
} from "../../accounts.ts";
import { Browser } from "../../openid-provider.ts";
import { call, driveClock, rows } from "../../support.ts";

const clock = driveClock();

const STEP_COOKIE = "__Host-jeton_step";
const SETUP = "/console/me/second-factor";

describe("setting up an authenticator app", () => {
  test("asks for the password, shows a key once, and asks for the app from its first right code on", async () => {
    const account = await makeAccount();
    const browser = await signedIn(account);
    const { app, html } = await beginApp(browser);
    expect(html).toContain(`otpauth://totp/Jeton%20us:${encodeURIComponent(account.email)}?secret=`);
    // Nothing is asked for yet.
    expect((await typePassword(account)).answer.headers.get("Location")).toBe("/console");
    const answer = await browser.post(SETUP, { do: "confirm", code: app.code() });
    expect(codesIn(await answer.text())).toHaveLength(10);
    const again = await browser.get("/console/me");
    expect(await again.text()).toContain("Recovery codes left: 10");
    expect((await typePassword(account)).answer.headers.get("Location")).toContain("/signin/code");
  });

  test("stores the key sealed and the codes as hashes", async () => {
    const account = await makeAccount();
    const browser = await signedIn(account);
    const { html } = await beginApp(browser);
    const { recoveryCodes } = await setUpApp(browser);
    const stored = JSON.stringify([
      await rows("SELECT * FROM totp_secrets"),
      await rows("SELECT * FROM recovery_codes"),
    ]);
    expect(stored).not.toContain(/secret=([A-Z2-7]+)/.exec(html)?.[1] ?? "?");
    for (const code of recoveryCodes) expect(stored).not.toContain(code.replace("-", ""));
  });

  test("puts another session in the place of the one that it was done in, and ends all others", async () => {
    const account = await makeAccount();
    const [browser, other] = [await signedIn(account), await signedIn(account)];
    const copied = copyOf(browser);
    expect(await sessionOf(browser)).toMatchObject({ two_factor: 0 });
    await setUpApp(browser);
    expect(await sessionOf(browser)).toMatchObject({ two_factor: 1, method: "password" });
    expect([await isSignedIn(browser), await isSignedIn(copied), await isSignedIn(other)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test("opens teams that require it", async () => {
    const account = await makeAccount();
    const browser = await signedIn(account);
    await call("PATCH", `/v1/teams/${account.team}/security`, { body: { require_2fa: true } });
    const refused = await browser.get(`/console/${account.slug}/access-tokens`);
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain('href="/console/me"');
    await setUpApp(browser);
    expect((await browser.get(`/console/${account.slug}/access-tokens`)).status).toBe(200);
  });

  test.each([
    ["a wrong password", { password: "wrong wrong" }],
    ["none", {}],
  ])("is refused with %s", async (_, form) => {
    const browser = await signedIn(await makeAccount());
    const answer = await browser.post(SETUP, form);
    expect(answer.status).toBe(400);
    expect(await answer.text()).not.toContain("otpauth:");
  });

  test("is refused with a wrong code, and the key is not shown again", async () => {
    const account = await makeAccount();
    const browser = await signedIn(account);
    const { app } = await beginApp(browser);
    const answer = await browser.post(SETUP, { do: "confirm", code: app.code(3) });
    expect(answer.status).toBe(401);
    expect(await answer.text()).not.toContain("otpauth:");
    expect((await typePassword(account)).answer.headers.get("Location")).toBe("/console");
  });

  test("cannot put another app in the place of one that is asked for", async () => {
    const account = await makeAccount();
    const browser = await signedIn(account);
    const { app } = await setUpApp(browser);
    const answer = await browser.post(SETUP, { password: PASSWORD });
    expect(answer.status).toBe(400);
    expect((await typeCode(account, app.code())).status).toBe(303);
  });

  test("is not possible by another site, nor in a session that single sign-on opened", async () => {
    const account = await makeAccount();
    const browser = await signedIn(account);
    expect((await browser.post(SETUP, { password: PASSWORD }, "cross-site")).status).toBe(403);
    const bySso = await signedIn(account, { method: "sso", sso_team_id: account.team });
    expect((await bySso.post(SETUP, { password: PASSWORD })).status).toBe(403);
    expect(await rows("SELECT * FROM totp_secrets WHERE user_id = ?", account.user)).toEqual([]);
  });
});

describe("a code at sign-in", () => {
  test("opens a session of two factors, which nothing does before", async () => {
    const account = await makeAccount();
    const { app } = await setUpApp(await signedIn(account));
    const { browser } = await typePassword(account);
    expect(browser.session).toBeUndefined();
    expect(browser.cookies.get(STEP_COOKIE)).toMatch(/^[0-9A-Za-z]{43}$/);
    expect(await isSignedIn(browser)).toBe(false);
    // What it keeps is no session's cookie either.
    const disguised = new Browser();
    disguised.cookies.set("__Host-jeton_session", browser.cookies.get(STEP_COOKIE) ?? "");
    expect(await isSignedIn(disguised)).toBe(false);
    const answer = await browser.post("/signin/code", { code: app.code(), next: "/console/me" });
    expect([answer.status, answer.headers.get("Location")]).toEqual([303, "/console/me"]);
    expect(await sessionOf(browser)).toMatchObject({ two_factor: 1, user_id: account.user });
    expect(browser.cookies.has(STEP_COOKIE)).toBe(false);
  });

  test("is taken one step early and one late, and no further", async () => {
    const account = await makeAccount();
    const { app } = await setUpApp(await signedIn(account));
    expect((await typeCode(account, app.code(-2))).status).toBe(401);
    expect((await typeCode(account, app.code(2))).status).toBe(401);
    expect((await typeCode(account, app.code(0))).status).toBe(303);
    expect((await typeCode(account, app.code(1))).status).toBe(303);
    clock.advance(90_000);
    const late = app.code(-1);
    expect((await typeCode(account, late)).status).toBe(303);
  });

  test("works once, also for whoever looks over a shoulder and has the password", async () => {
    const account = await makeAccount();
    const { app } = await setUpApp(await signedIn(account));
    const code = app.code(1);
    expect((await typeCode(account, code)).status).toBe(303);
    expect((await typeCode(account, code)).status).toBe(401);
    // A later one was used: those before it are over too.
    expect((await typeCode(account, app.code(0))).status).toBe(401);
  });

  test("of many at once lets one in", async () => {
    const account = await makeAccount();
    const { app } = await setUpApp(await signedIn(account));
    const steps = await Promise.all(Array.from({ length: 6 }, () => owingCode(account)));
    const code = app.code();
    const answers = await Promise.all(steps.map((browser) => browser.post("/signin/code", { code })));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
  });

  test("belongs to the browser that typed the password, for five minutes, and to one sign-in", async () => {
    const account = await makeAccount();
    const { app } = await setUpApp(await signedIn(account));
    expect((await new Browser().post("/signin/code", { code: app.code() })).status).toBe(401);
    const browser = await owingCode(account);
    const used = copyOf(browser);
    expect((await browser.post("/signin/code", { code: app.code() })).status).toBe(303);
    expect((await used.post("/signin/code", { code: app.code(1) })).status).toBe(401);
    const slow = await owingCode(account);
    clock.advance(301_000);
    expect((await slow.get("/signin/code")).headers.get("Location")).toBe("/signin?next=%2Fconsole");
    expect((await slow.post("/signin/code", { code: app.code() })).status).toBe(401);
  });

  test("can be typed wrong five times, then the password is asked for again", async () => {
    const account = await makeAccount();
    const { app } = await setUpApp(await signedIn(account));
    const browser = await owingCode(account);
    for (let wrong = 0; wrong < 5; wrong += 1) await browser.post("/signin/code", { code: app.code(5) });
    const answer = await browser.post("/signin/code", { code: app.code() });
    expect(answer.status).toBe(401);
    expect(await answer.text()).toContain('name="password"');
  });

  test("cannot be tried from many addresses, and a recovery code still lets the owner in", async () => {
    const account = await makeAccount();
    const { app, recoveryCodes } = await setUpApp(await signedIn(account));
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 35; attempt += 1) {
      statuses.push((await typeCode(account, app.code(5))).status);
    }
    // One was used to set the app up.
    expect(statuses.filter((status) => status === 401)).toHaveLength(29);
    expect((await typeCode(account, app.code())).status).toBe(429);
    expect((await typeCode(account, recoveryCodes[0] ?? "")).status).toBe(303);
    clock.advance(3_600_000);
  });

  test("sent by another site is refused", async () => {
    const account = await makeAccount();
    const { app } = await setUpApp(await signedIn(account));
    const browser = await owingCode(account);
    const answer = await browser.post("/signin/code", { code: app.code() }, "cross-site");
    expect([answer.status, browser.session]).toEqual([400, undefined]);
  });

  test("leads to no other site afterwards", async () => {
    const account = await makeAccount();
    const { app } = await setUpApp(await signedIn(account));
    const browser = await owingCode(account);
    const answer = await browser.post("/signin/code", { code: app.code(), next: "//evil.example" });
    expect(answer.headers.get("Location")).toBe("/console");
  });
});

describe("a recovery code", () => {
  test("signs in once, however it is typed, and leaves an audit event", async () => {
    const account = await makeAccount();
    const { recoveryCodes } = await setUpApp(await signedIn(account));
    const [code = ""] = recoveryCodes;
    expect((await typeCode(account, ` ${code.toUpperCase().replace("-", " ")}`)).status).toBe(303);
    expect((await typeCode(account, code)).status).toBe(401);
    expect(await auditOf(account)).toContain("user.recovery_code_used");
  });

  test("of another person is none", async () => {
    const [account, other] = [await makeAccount(), await makeAccount()];
    await setUpApp(await signedIn(account));
    const { recoveryCodes } = await setUpApp(await signedIn(other));
    expect((await typeCode(account, recoveryCodes[0] ?? "")).status).toBe(401);
    expect((await typeCode(other, recoveryCodes[0] ?? "")).status).toBe(303);
  });

  test("of many at once lets one in", async () => {
    const account = await makeAccount();
    const { recoveryCodes } = await setUpApp(await signedIn(account));
    const steps = await Promise.all(Array.from({ length: 6 }, () => owingCode(account)));
    const code = recoveryCodes[3] ?? "";
    const answers = await Promise.all(steps.map((browser) => browser.post("/signin/code", { code })));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
  });

  test("is replaced by new ones, for a code", async () => {
    const account = await makeAccount();
    const browser = await signedIn(account);
    const { app, recoveryCodes } = await setUpApp(browser);
    const page = "/console/me/second-factor/codes";
    expect((await browser.post(page, { code: app.code(5) })).status).toBe(401);
    const renewed = codesIn(await (await browser.post(page, { code: app.code() })).text());
    expect(renewed).toHaveLength(10);
    expect((await typeCode(account, recoveryCodes[0] ?? "")).status).toBe(401);
    expect((await typeCode(account, renewed[0] ?? "")).status).toBe(303);
  });
});

describe("turning the app off", () => {
  test("asks for a code, and takes two factors away from sessions that had them by it", async () => {
    const account = await makeAccount();
    const browser = await signedIn(account);
    const { app } = await setUpApp(browser);
    const page = "/console/me/second-factor/off";
    expect((await browser.post(page, { code: "" })).status).toBe(401);
    expect((await browser.post(page, { code: app.code() }, "cross-site")).status).toBe(403);
    expect((await browser.post(page, { code: app.code() })).status).toBe(303);
    expect(await sessionOf(browser)).toMatchObject({ two_factor: 0, ended_at: null });
    expect((await typePassword(account)).answer.headers.get("Location")).toBe("/console");
    expect(await rows("SELECT * FROM recovery_codes WHERE user_id = ?", account.user)).toEqual([]);
    expect(await auditOf(account)).toContain("user.totp_disabled");
  });

  test("works with a recovery code, for whoever has lost the app", async () => {
    const account = await makeAccount();
    const browser = await signedIn(account);
    const { recoveryCodes } = await setUpApp(browser);
    const code = recoveryCodes[9] ?? "";
    expect((await browser.post("/console/me/second-factor/off", { code })).status).toBe(303);
  });
});
