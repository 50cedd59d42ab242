import { text } from "node:stream/consumers";
import { TOTP } from "otpauth";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Api, joinTeam, type Cookie, type SignIn } from "./api.ts";
import { launch } from "./chromium.ts";
import { Hands, WAYS, type Way } from "./hands.ts";
import { SSO_EMAIL } from "./outside.ts";
import { giveAuthenticator } from "./passkey.ts";
import { authorizationUrl, PASSWORD } from "./world.ts";

/*
 * What people come to the pages for, each thing in every way: by mouse, by keyboard alone, and on a phone in the
 * dark without script. A task is told once; the hands differ.
 */

const world = inject("world");
const api = new Api(world.url);
const { base, team } = world;
const LOCK = "EMM.DeviceCommands.LOCK";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
}, 60_000);

afterAll(() => browser.close());

type Task = (hands: Hands) => Promise<void>;

/** @param who is signed in: the owner, nobody, or a member of their own whose account the task changes */
function task(
  sentence: string,
  who: "owner" | "nobody" | "member",
  does: (hands: Hands, who: SignIn) => Promise<void>,
) {
  test.for(WAYS)(`${sentence}: %s`, async (way) => {
    const person = who === "owner" ? world.owner : await member(way);
    const cookie = who === "nobody" ? null : who === "owner" ? world.owner.cookie : await api.session(person);
    await using(way, sentence, cookie, (hands) => does(hands, person));
  });
}

async function using(way: Way, name: string, cookie: Cookie | null, does: Task): Promise<void> {
  const hands = await Hands.of(browser, way, { url: world.url, name, cookie });
  try {
    await does(hands);
  } finally {
    await hands.close();
  }
}

let members = 0;

/** Somebody new in the team, who may do everything there. */
function member(way: Way) {
  members += 1;
  const email = `member-${members}-${way.replaceAll(" ", "-")}@acme.example`;
  return joinTeam(api, team, { email, password: PASSWORD });
}

async function signIn(hands: Hands, { email, password }: SignIn): Promise<void> {
  await hands.goTo("/signin");
  await hands.see("Sign in");
  await hands.write("Email", email);
  await hands.write("Password", password);
  await hands.press("Sign in");
}

task("signs in, after a wrong password, and out again", "nobody", async (hands, person) => {
  await signIn(hands, { ...person, password: "a wrong one" });
  await hands.seeText("do not belong together");
  expect(await hands.field("Email").inputValue()).toBe(person.email);
  expect(await hands.field("Password").inputValue()).toBe("");
  await hands.write("Password", person.password);
  await hands.press("Sign in");
  await hands.see("Your teams");
  await openMenu(hands);
  await hands.use(hands.page.getByRole("button", { name: "Sign out" }));
  await hands.see("Sign in");
});

/** On a phone it is folded up. */
async function openMenu(hands: Hands): Promise<void> {
  const menu = hands.page.locator("header summary");
  if (await menu.isVisible()) await hands.use(menu);
}

task("finds the way from the first page by the menu", "owner", async (hands) => {
  await hands.goTo("/console");
  await hands.follow("Access tokens");
  await hands.see("Access tokens");
  await openMenu(hands);
  await hands.look();
  await hands.use(hands.page.getByRole("link", { name: "Audit", exact: true }));
  await hands.see("Audit");
});

task("adds an access token by the permission tree, and revokes it", "owner", async (hands) => {
  const name = `By ${hands.way}`;
  await hands.goTo(`${base}/access-tokens`);
  await hands.follow("Add token");
  await hands.see("Access token");
  await hands.write("Name", name);
  await hands.unfold("Advanced options");
  const lock = hands.box(/^Lock a device's screen at once/);
  if (hands.hasScript) {
    expect(await lock.isDisabled()).toBe(true);
    await hands.seeText("Nothing yet: choose a right.");
  }
  await hands.choose("Roles", "Create roles and change what existing ones allow.");
  await hands.choose("Devices", "See the devices, with their groups, policies and enrolment tokens.");
  await hands.use(lock);
  expect(await lock.isChecked()).toBe(true);
  if (!hands.hasScript) await hands.press("Update the summary");
  const can = hands.main.locator("[data-summary=can]");
  await can.getByText("Lock a device's screen at once.").waitFor();
  // The lower grade comes with the higher one.
  await can.getByText("See the team's roles and what each of them allows.").waitFor();
  expect(await can.textContent()).not.toContain("Delete roles");
  await hands.press("Add");
  await hands.see("Token added");
  const token = await hands.field("Access token").inputValue();
  expect(token).toMatch(/^jtn_/);
  if (hands.hasScript) {
    await hands.press("Copy");
    await hands.main.getByRole("button", { name: "Copied" }).waitFor();
    expect(await hands.page.evaluate("navigator.clipboard.readText()")).toBe(token);
  }
  const question = { token, permissions: [LOCK, "EMM.Roles.VIEW"] };
  expect(await api.post("/v1/check", question, world.serviceKey)).toMatchObject({ allowed: true });
  await hands.follow("Back");
  await hands.see("Access tokens");
  expect(await hands.main.innerHTML()).not.toContain(token);
  await hands.follow(`Revoke ${name}`);
  await hands.see(`Revoke ${name}?`);
  await hands.seeText("This cannot be undone.");
  await hands.press("Yes, revoke it!");
  await hands.seeText(`${name} is revoked.`);
  await expect
    .poll(() => api.post("/v1/check", question, world.serviceKey))
    .toMatchObject({ reason: "revoked_token" });
});

task(
  "fills a token's rights in by a set, and is told what is wrong with the rest",
  "owner",
  async (hands) => {
    await hands.goTo(`${base}/access-tokens/new`);
    await hands.write("Name", "Everything");
    await hands.use(hands.box(/^emm-full/));
    await hands.write("Allowed addresses", "nowhere");
    await hands.press("Fill in");
    expect(await hands.box(/^Erase everything on a device/).isChecked()).toBe(true);
    expect(await hands.field("Name").inputValue()).toBe("Everything");
    await hands.press("Add");
    await hands.see("Access token");
    await hands.main.getByRole("alert").waitFor();
    expect(await hands.field("Allowed addresses").inputValue()).toBe("nowhere");
    expect(await hands.box(/^Erase everything on a device/).isChecked()).toBe(true);
  },
);

task("registers a client, generates a code and downloads it", "owner", async (hands) => {
  await hands.goTo(`${base}/clients`);
  await hands.follow("Register client");
  await hands.see("Which kind of application?");
  await hands.follow("Register: Self client");
  await hands.write("Name", `Robot by ${hands.way}`);
  await hands.choose("Devices", "See the devices, with their groups, policies and enrolment tokens.");
  await hands.press("Register");
  await hands.see("Client registered");
  expect(await hands.field("Client secret").inputValue()).not.toBe("");
  await hands.follow("Generate code");
  await hands.see("Generate code");
  await hands.write("Scope", "EMM.Devices.VIEW");
  await hands.choose("Time duration", "10 minutes");
  await hands.write("Scope description", "For a test");
  await hands.press("Create");
  await hands.see("Code created");
  const code = await hands.field("Code").inputValue();
  const [download] = await Promise.all([hands.page.waitForEvent("download"), hands.press("Download")]);
  expect(JSON.parse(await text(await download.createReadStream()))).toMatchObject({ code });
  await hands.follow("To the client");
  await hands.see(`Robot by ${hands.way}`);
  await hands.follow("New secret");
  await hands.choose("The old secret works for", "one hour more");
  await hands.press("Make a new secret");
  await hands.see("New secret made");
});

task("adds a webhook, tests it, sees the attempt and sends it again", "owner", async (hands) => {
  const path = `/hook/${hands.mark}`;
  await fetch(world.outside + path, { method: "PUT", body: "503" });
  await hands.goTo(`${base}/webhooks`);
  await hands.follow("Add webhook");
  await hands.see("Add webhook");
  await hands.write("URL", world.outside + path);
  await hands.use(hands.box(/^access_token\.created/));
  await hands.press("Add");
  await hands.see("Webhook added");
  await hands.press("Send a test");
  await hands.see("Delivery");
  await reload(hands, "503");
  await fetch(world.outside + path, { method: "PUT", body: "204" });
  await hands.press("Send again");
  await reload(hands, "204");
  await hands.look();
});

/** Looks at a page again until something stands there that happens elsewhere. */
async function reload(hands: Hands, text: string): Promise<void> {
  await expect
    .poll(
      async () => {
        await hands.page.reload();
        return hands.main.textContent();
      },
      { timeout: 20_000, interval: 200 },
    )
    .toContain(text);
}

task("invites a person, who joins", "owner", async (hands) => {
  const email = `invited-${hands.mark}@acme.example`;
  await hands.goTo(`${base}/members`);
  await hands.follow("Invite");
  await hands.see("Invite somebody");
  await hands.write("Email", email);
  await hands.choose("Role", "Viewer");
  await hands.press("Make the link");
  await hands.see("Send this link");
  const link = await hands.field("Invitation link").inputValue();
  await using(hands.way, "joins", null, async (invited) => {
    await invited.goTo(link);
    await invited.see("Join Acme");
    await invited.write("Choose a password", PASSWORD);
    await invited.press("Join");
    await invited.see("Your teams");
    await invited.seeText("Role: Viewer");
  });
});

task("makes a role, changes it, gives it to a member and takes it back", "owner", async (hands) => {
  const person = await member(hands.way);
  const role = `Helpers by ${hands.way}`;
  await hands.goTo(`${base}/roles`);
  await hands.follow("Add role");
  await hands.see("New role");
  await hands.write("Name", role);
  await hands.choose("Members", "See who is in the team and which single sign-on connections it has.");
  await hands.press("Add");
  await hands.seeText(`The role ${role} is added.`);
  await hands.follow(`Edit the role ${role}`);
  await hands.see(role);
  await hands.write("Description", "Changed");
  await hands.press("Save");
  await hands.seeText(`The role ${role} is saved.`);
  await hands.goTo(`${base}/members`);
  await hands.follow(`Manage ${person.email}`);
  await hands.see(person.email);
  await hands.choose("Role", role);
  await hands.press("Save");
  await hands.seeText(`The role of ${person.email} is changed.`);
  await hands.follow(`Manage ${person.email}`);
  await hands.follow("Remove");
  await hands.see(`Remove ${person.email}?`);
  await hands.press("Yes, remove");
  await hands.seeText("Done: removed.");
  await hands.goTo(`${base}/roles`);
  await hands.follow(`Delete the role ${role}`);
  await hands.press("Yes, delete it");
  await hands.seeText("The role is deleted.");
});

task("orders a report and downloads it", "owner", async (hands) => {
  await hands.goTo(`${base}/reports`);
  await hands.follow("New report");
  await hands.see("Which report?");
  await hands.follow("Make this report: Stale tokens");
  await hands.see("Stale tokens");
  await hands.choose("Format", "CSV: for a spreadsheet");
  await hands.press("Make the report");
  const ready = hands.main.getByRole("link", { name: /^Download/ });
  await ready.waitFor();
  await hands.look();
  const [download] = await Promise.all([hands.page.waitForEvent("download"), hands.use(ready)]);
  expect(download.suggestedFilename()).toMatch(/\.csv$/);
  await hands.follow("Delete");
  await hands.press(/^Yes/);
  await hands.see("Reports");
});

task("sets up an authenticator app and signs in with it", "member", async (hands, person) => {
  await hands.goTo("/console/me");
  await hands.see("My account");
  await hands.follow("Set up an authenticator app");
  await hands.write("Password", person.password);
  await hands.press("Continue");
  const app = new TOTP({ secret: await hands.field("Key").inputValue() });
  await hands.look();
  await hands.write("Code", app.generate());
  await hands.press("Turn it on");
  await hands.see("Your recovery codes");
  const [recovery = ""] = await hands.main.locator(".codes code").allTextContents();
  await hands.follow("I have kept them");
  await hands.see("My account");
  await hands.seeText("An authenticator app, since");

  await hands.context.clearCookies();
  await signIn(hands, person);
  await hands.see("One more step");
  // Each code counts once, so it is the next one.
  await hands.write("Code", app.generate({ timestamp: Date.now() + 30_000 }));
  await hands.press("Continue");
  await hands.see("Your teams");

  await hands.goTo("/console/me");
  await hands.follow("Turn off the authenticator app");
  await hands.write("Code", recovery);
  await hands.press("Turn off the authenticator app");
  await hands.seeText("The authenticator app is no longer asked for.");
});

task("adds a passkey and signs in with it", "member", async (hands, person) => {
  await giveAuthenticator(hands.page);
  await hands.goTo("/console/me");
  await hands.follow("Add a passkey");
  await hands.see("Add a passkey");
  if (!hands.hasScript) {
    // It is shown; but by its text nothing is found that scripts would have to show.
    expect(await hands.main.locator("noscript").innerHTML()).toContain("Passkeys need JavaScript.");
    return;
  }
  await hands.write("Name", "Laptop");
  await hands.write("Password", person.password);
  await hands.press("Continue");
  await hands.seeText("The passkey is added.");
  await hands.context.clearCookies();
  await hands.goTo("/signin");
  await hands.press("Sign in with a passkey");
  await hands.see("Your teams");
  await hands.goTo("/console/me");
  await hands.follow("Remove the passkey Laptop");
  await hands.press("Yes, remove it");
  await hands.seeText("The passkey is removed.");
});

task("changes the password and ends another session", "member", async (hands, person) => {
  await api.session(person);
  await hands.goTo("/console/me");
  await hands.press("Sign out everywhere else");
  await hands.seeText("Every other session has ended.");
  await hands.follow("Change the password");
  await hands.write("Present password", person.password);
  await hands.write("New password", "another password of some length");
  await hands.press("Change the password");
  await hands.seeText("Your password is changed");
});

task("lets an application in and disconnects it", "member", async (hands) => {
  const callback = `${world.outside}/callback`;
  await hands.goTo(authorizationUrl(world.url, world.clients.server.id, callback, "EMM.Devices.VIEW"));
  await hands.see("Allow access?");
  await hands.press("Accept");
  await hands.page.waitForURL((url) => url.href.startsWith(callback));
  await hands.goTo("/console/me/connected-apps");
  await hands.see("Connected apps");
  await hands.follow("Revoke what Planner may do in Acme");
  await hands.see("Revoke what Planner may do?");
  await hands.press("Yes, revoke it");
  await hands.seeText("You have allowed no application anything.");
});

task("signs in by single sign-on", "nobody", async (hands) => {
  if (hands.way === "mouse") await api.post(`/v1/teams/${team}/members`, { email: SSO_EMAIL, role: "owner" });
  await hands.goTo("/signin?team=acme");
  await hands.press("Continue with Acme login");
  await hands.see("Your teams");
});

task("proves a domain", "owner", async (hands) => {
  await hands.goTo(`${base}/domains`);
  await hands.write("Domain", `${hands.mark}.acme.example.org`);
  await hands.press("Add domain");
  await hands.press("Look for it now");
  await hands.seeText("The record was not found.");
  const record = await hands.field("Value").inputValue();
  await fetch(`${world.outside}/dns`, { method: "PUT", body: record });
  await hands.press("Look for it now");
  await hands.seeText("Found: the domain is proven.");
  await hands.look();
});

task("sets single sign-on up and takes it away", "owner", async (hands) => {
  const name = `Login by ${hands.way}`;
  await hands.goTo(`${base}/sso-connections`);
  await hands.follow("Add connection");
  await hands.see("New connection");
  await hands.write("Name", name);
  await hands.write("Issuer", world.outside);
  await hands.write("Client ID", "jeton");
  await hands.write("Client secret", "a-secret-of-the-provider");
  await hands.use(hands.box("acme.example.org"));
  await hands.press("Test and add");
  await hands.seeText(`${name} is connected.`);
  await hands.follow(`Remove ${name}`);
  await hands.press("Yes, remove it");
  await hands.seeText("The connection is removed.");
});

task("changes the team's information, security and billing", "owner", async (hands) => {
  const { team: other } = await api.post<{ team: { id: string } }>("/v1/teams", {
    name: "Others",
    slug: `others-${hands.mark}`,
  });
  const person = await joinTeam(api, other.id, {
    email: `others-${hands.mark}@acme.example`,
    password: PASSWORD,
  });
  await using(hands.way, "settings", await api.session(person), async (owner) => {
    await owner.goTo(`/console/others-${hands.mark}/team`);
    await owner.write("Name", "Renamed");
    await owner.press("Save");
    await owner.seeText("Saved.");
    await owner.goTo(`/console/others-${hands.mark}/security`);
    await owner.write("Sign out after idle minutes", "60");
    await owner.press("Save");
    await owner.seeText("Saved.");
    await owner.use(owner.box(/^Require a second factor/));
    await owner.press("Save");
    await owner.see("Change how everybody signs in?");
    await owner.follow("Cancel");
    await owner.goTo(`/console/others-${hands.mark}/billing`);
    await owner.write("Name", "Ada");
    await owner.write("Email", "ada@acme.example");
    await owner.press("Save");
    await owner.seeText("Saved.");
    await owner.look();
  });
});

task("finds an event in the audit trail", "owner", async (hands) => {
  await hands.goTo(`${base}/audit`);
  await hands.unfold("Filter");
  await hands.choose("What", "Access token revoked");
  await hands.press("Show");
  await hands.see("Audit");
  expect(await hands.main.locator("tbody tr").count()).toBeGreaterThan(0);
  expect(await hands.main.locator("tbody").innerText()).not.toContain("Access token added");
});

task("reads the pages in another language", "nobody", async (hands) => {
  await hands.goTo("/signin");
  await hands.choose(hands.page.getByLabel("Language"), "Deutsch");
  await hands.use(hands.page.getByRole("button", { name: "Change", exact: true }));
  await hands.page.getByRole("button", { name: "Anmelden", exact: true }).waitFor();
  expect(await hands.page.locator("html").getAttribute("lang")).toBe("de");
});

task("sets a new password by a link", "nobody", async (hands) => {
  const person = await member(hands.way);
  const { reset_link: link } = await api.post<{ reset_link: string }>(
    `/v1/users/${person.user}/reset-links`,
    {},
  );
  await hands.goTo(link);
  await hands.see("Set a new password");
  await hands.write("New password", "another password of some length");
  await hands.press("Set the password");
  await hands.seeText("Your new password is set.");
});
