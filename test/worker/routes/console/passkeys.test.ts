import { describe, expect, test } from "vitest";
import { userHandleOf } from "../../../../src/operations/account/verify-passkey.ts";
import type { Slips } from "../../../authenticator.ts";
import {
  addPasskey,
  askedIn,
  askForPasskey,
  auditOf,
  copyOf,
  isSignedIn,
  makeAccount,
  makeAuthenticator,
  PASSWORD,
  sendNewPasskey,
  sendPasskey,
  sessionOf,
  signedIn,
} from "../../accounts.ts";
import { Browser } from "../../openid-provider.ts";
import { call, driveClock, rows } from "../../support.ts";

const clock = driveClock();

const ADD = "/console/me/passkeys/new";

describe("adding a passkey", () => {
  test("asks for the password, and lists it by its name, escaped", async () => {
    const account = await makeAccount();
    const browser = await signedIn(account);
    await addPasskey(account, browser, "<b>Laptop</b>");
    const html = await (await browser.get("/console/me")).text();
    expect(html).toContain("&lt;b&gt;Laptop&lt;/b&gt;");
    expect(html).not.toContain("<b>Laptop");
    expect(await auditOf(account)).toContain("user.passkey_added");
  });

  test("asks for a key that verifies its owner, is found without an address, and is not there yet", async () => {
    const account = await makeAccount();
    const browser = await signedIn(account);
    const first = await addPasskey(account, browser);
    const asked = await askedIn(await browser.post(ADD, { name: "Phone", password: PASSWORD }));
    expect(asked).toMatchObject({
      rp: { id: "tokens.example.com" },
      user: { id: userHandleOf(account.user), name: account.email },
      excludeCredentials: [{ id: first.id }],
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
      attestation: "none",
    });
  });

  test.each([
    ["a wrong password", { name: "Laptop", password: "wrong wrong" }],
    ["no name", { name: " ", password: PASSWORD }],
    ["a name of 61 characters", { name: "x".repeat(61), password: PASSWORD }],
  ])("is refused with %s", async (_, form) => {
    const browser = await signedIn(await makeAccount());
    const answer = await browser.post(ADD, form);
    expect(answer.status).toBe(400);
    expect(await answer.text()).not.toContain("data-passkey=");
  });

  test.each<[string, Slips]>([
    ["from another origin", { origin: "https://evil.example" }],
    ["for another relying party", { rpId: "evil.example" }],
    ["to another challenge", { challenge: "AAAA" }],
    ["without verification of its owner", { flags: 0x41 }],
  ])("%s is refused", async (_, slips) => {
    const account = await makeAccount();
    const browser = await signedIn(account);
    const asked = await askedIn(await browser.post(ADD, { name: "Laptop", password: PASSWORD }));
    const authenticator = await makeAuthenticator(account);
    expect((await sendNewPasskey(browser, await authenticator.create(asked, slips))).status).toBe(401);
    // The challenge is over with that.
    expect((await sendNewPasskey(browser, await authenticator.create(asked))).status).toBe(401);
    expect(await rows("SELECT * FROM passkeys WHERE user_id = ?", account.user)).toEqual([]);
  });

  test("is answered once, by the person and the browser that were asked, and within five minutes", async () => {
    const [account, other] = [await makeAccount(), await makeAccount()];
    const browser = await signedIn(account);
    const answer = async (asking: Browser) => {
      const asked = await askedIn(await asking.post(ADD, { name: "Laptop", password: PASSWORD }));
      return (await makeAuthenticator(account)).create(asked);
    };
    expect((await sendNewPasskey(await signedIn(account), await answer(browser))).status).toBe(401);
    const others = await signedIn(other);
    const mine = await answer(browser);
    others.cookies.set("__Host-jeton_step", browser.cookies.get("__Host-jeton_step") ?? "");
    expect((await sendNewPasskey(others, mine)).status).toBe(401);
    const late = await answer(browser);
    clock.advance(301_000);
    expect((await sendNewPasskey(browser, late)).status).toBe(401);
    const good = await answer(browser);
    const copy = copyOf(browser);
    expect((await sendNewPasskey(browser, good)).status).toBe(303);
    expect((await sendNewPasskey(copy, good)).status).toBe(401);
  });

  test("that another account has already is refused", async () => {
    const [account, other] = [await makeAccount(), await makeAccount()];
    const authenticator = await addPasskey(account, await signedIn(account));
    const browser = await signedIn(other);
    const asked = await askedIn(await browser.post(ADD, { name: "Mine", password: PASSWORD }));
    const answer = await sendNewPasskey(browser, await authenticator.create(asked));
    expect(answer.status).toBe(400);
    expect(await rows("SELECT user_id FROM passkeys WHERE credential_id = ?", authenticator.id)).toEqual([
      { user_id: account.user },
    ]);
  });

  test("is not possible in a session that single sign-on opened", async () => {
    const account = await makeAccount();
    const browser = await signedIn(account, { method: "sso", sso_team_id: account.team });
    expect((await browser.post(ADD, { name: "Theirs", password: PASSWORD })).status).toBe(403);
    expect((await sendNewPasskey(browser, {})).status).toBe(403);
  });
});

describe("signing in with a passkey", () => {
  test("opens a session of two factors, without an address or a code", async () => {
    const account = await makeAccount();
    const authenticator = await addPasskey(account, await signedIn(account));
    await call("PATCH", `/v1/teams/${account.team}/security`, {
      body: { require_2fa: true, sign_in_methods: ["passkey"] },
    });
    const browser = new Browser();
    const answer = await sendPasskey(browser, await authenticator.get(await askForPasskey(browser)));
    expect([answer.status, answer.headers.get("Location")]).toEqual([303, "/console"]);
    expect(await sessionOf(browser)).toMatchObject({
      user_id: account.user,
      method: "passkey",
      two_factor: 1,
    });
    expect((await browser.get(`/console/${account.slug}/access-tokens`)).status).toBe(200);
  });

  test("is refused by a team that does not allow it", async () => {
    const account = await makeAccount();
    const authenticator = await addPasskey(account, await signedIn(account));
    await call("PATCH", `/v1/teams/${account.team}/security`, { body: { sign_in_methods: ["password"] } });
    const browser = new Browser();
    await sendPasskey(browser, await authenticator.get(await askForPasskey(browser)));
    expect((await browser.get(`/console/${account.slug}/access-tokens`)).status).toBe(403);
  });

  test.each<[string, Slips]>([
    ["from another origin", { origin: "https://evil.example" }],
    ["for another relying party", { rpId: "evil.example" }],
    ["to another challenge", { challenge: "AAAA" }],
    ["of the other ceremony", { type: "webauthn.create" }],
    ["without verification of its owner", { flags: 0x01 }],
    ["for another person", { userHandle: userHandleOf("usr_other") }],
  ])("%s is refused", async (_, slips) => {
    const account = await makeAccount();
    const authenticator = await addPasskey(account, await signedIn(account));
    const browser = new Browser();
    const answer = await sendPasskey(browser, await authenticator.get(await askForPasskey(browser), slips));
    expect([answer.status, browser.session]).toEqual([401, undefined]);
  });

  test("by one's own key in another's name is refused", async () => {
    const [account, victim] = [await makeAccount(), await makeAccount()];
    const own = await addPasskey(account, await signedIn(account));
    const theirs = await addPasskey(victim, await signedIn(victim));
    for (const slips of [
      { credentialId: theirs.id, userHandle: theirs.userHandle },
      { credentialId: theirs.id },
      { userHandle: theirs.userHandle },
    ]) {
      const browser = new Browser();
      const answer = await sendPasskey(browser, await own.get(await askForPasskey(browser), slips));
      expect([answer.status, browser.session]).toEqual([401, undefined]);
    }
  });

  test("is answered once, by the browser that was asked, and within five minutes", async () => {
    const account = await makeAccount();
    const authenticator = await addPasskey(account, await signedIn(account));
    const browser = new Browser();
    const first = await authenticator.get(await askForPasskey(browser));
    const thief = new Browser();
    expect((await sendPasskey(thief, first)).status).toBe(401);
    await askForPasskey(thief);
    expect((await sendPasskey(thief, first)).status).toBe(401);
    const copy = copyOf(browser);
    expect((await sendPasskey(browser, first)).status).toBe(303);
    expect((await sendPasskey(copy, first)).status).toBe(401);
    const late = await authenticator.get(await askForPasskey(browser));
    clock.advance(301_000);
    expect((await sendPasskey(browser, late)).status).toBe(401);
  });

  test("with many copies of one answer at once lets one in", async () => {
    const account = await makeAccount();
    const authenticator = await addPasskey(account, await signedIn(account));
    const browser = new Browser();
    const answer = await authenticator.get(await askForPasskey(browser));
    const sent = await Promise.all(Array.from({ length: 6 }, () => sendPasskey(copyOf(browser), answer)));
    expect(sent.filter(({ status }) => status === 303)).toHaveLength(1);
  });

  test("with a counter that does not grow is refused: somebody has copied the key", async () => {
    const account = await makeAccount();
    const authenticator = await addPasskey(account, await signedIn(account));
    const attempt = async (counter: number) => {
      const browser = new Browser();
      const answer = await authenticator.get(await askForPasskey(browser), { counter });
      return (await sendPasskey(browser, answer)).status;
    };
    expect([await attempt(5), await attempt(5), await attempt(4), await attempt(6)]).toEqual([
      303, 401, 401, 303,
    ]);
  });

  test.each([null, "text", {}, { id: "AAAA" }])("with %j is refused", async (answer) => {
    const browser = new Browser();
    await askForPasskey(browser);
    const sent = await sendPasskey(browser, answer as object | null);
    expect(sent.status).toBe(401);
  });

  test("is slowed down after sixty attempts from one address", async () => {
    const browser = new Browser();
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 62; attempt += 1) {
      statuses.push((await browser.post("/signin/passkey", {})).status);
    }
    expect(statuses.filter((status) => status === 200)).toHaveLength(60);
    expect(statuses.at(-1)).toBe(429);
  });

  test("sent by another site is refused", async () => {
    const browser = new Browser();
    expect((await browser.post("/signin/passkey", {}, "cross-site")).status).toBe(400);
    expect(browser.cookies.size).toBe(0);
  });
});

describe("removing a passkey", () => {
  test("ends what it can open, and nothing else", async () => {
    const account = await makeAccount();
    const browser = await signedIn(account);
    const authenticator = await addPasskey(account, browser);
    const [row] = await rows("SELECT id FROM passkeys WHERE user_id = ?", account.user);
    const page = `/console/me/passkeys/${String(row?.["id"])}/remove`;
    expect((await browser.post(page, {}, "cross-site")).status).toBe(403);
    expect((await browser.get(page)).status).toBe(200);
    expect((await browser.post(page, {})).status).toBe(303);
    const later = new Browser();
    const answer = await authenticator.get(await askForPasskey(later));
    expect((await sendPasskey(later, answer)).status).toBe(401);
    expect(await isSignedIn(browser)).toBe(true);
    expect(await auditOf(account)).toContain("user.passkey_removed");
  });

  test("of somebody else is not found", async () => {
    const [account, other] = [await makeAccount(), await makeAccount()];
    await addPasskey(other, await signedIn(other));
    const [row] = await rows("SELECT id FROM passkeys WHERE user_id = ?", other.user);
    const browser = await signedIn(account);
    const page = `/console/me/passkeys/${String(row?.["id"])}/remove`;
    expect((await browser.get(page)).status).toBe(404);
    expect((await browser.post(page, {})).status).toBe(404);
    expect(await rows("SELECT id FROM passkeys WHERE user_id = ?", other.user)).toHaveLength(1);
  });
});

test("the page of sign-in allows no script but its own file, and works without", async () => {
  const page = await new Browser().get("/signin");
  expect(page.headers.get("Content-Security-Policy")).toContain("script-src 'self';");
  const html = await page.text();
  expect(html).toContain('<script src="/console/passkey.js" defer');
  expect(html).not.toMatch(/<script(?![^>]*src=)/);
  expect(html).toMatch(/<form [^>]*action="\/signin\/passkey"[^>]* hidden/);
  const script = await new Browser().get("/console/passkey.js");
  expect(script.headers.get("Content-Type")).toBe("text/javascript;charset=UTF-8");
});
