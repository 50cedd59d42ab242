import { env } from "cloudflare:workers";
import { Secret, TOTP } from "otpauth";
import { expect } from "vitest";
import { defaultOrigin } from "../../src/deployments.ts";
import { hashCredential } from "../../src/operations/credentials.ts";
import { userHandleOf } from "../../src/operations/account/verify-passkey.ts";
import { hashPassword } from "../../src/operations/password.ts";
import { SESSION_COOKIE, STEP_COOKIE } from "../../src/routes/session-cookie.ts";
import { Authenticator, type Asked } from "../authenticator.ts";
import { Browser } from "./openid-provider.ts";
import { signIn } from "./people.ts";
import { makeTeam, rows, unique, type Worker } from "./support.ts";

export const PASSWORD = "correct horse battery";

/** A person with a password, who owns a team. */
export interface Account {
  readonly team: string;
  readonly slug: string;
  readonly email: string;
  readonly user: string;
}

/** Takes a second to make; all accounts of a file have the same. */
let passwordHash: Promise<string> | null = null;

export async function makeAccount(): Promise<Account> {
  const email = `${unique("account")}@example.com`;
  const team = await makeTeam({ owner: { email } });
  passwordHash ??= hashPassword(PASSWORD, (length) => crypto.getRandomValues(new Uint8Array(length)));
  await run("UPDATE users SET password_hash = ? WHERE email = ?", await passwordHash, email);
  const [row] = await rows("SELECT id FROM users WHERE email = ?", email);
  return { team: team.id, slug: team.slug, email, user: String(row?.["id"]) };
}

async function run(sql: string, ...values: (string | number | null)[]): Promise<void> {
  await env.DB.prepare(sql)
    .bind(...values)
    .run();
}

/** Types address and password, in a browser that has just been opened if none is given. */
export async function typePassword(
  { email }: Account,
  { browser = new Browser(), password = PASSWORD }: { browser?: Browser; password?: string } = {},
): Promise<{ browser: Browser; answer: Response }> {
  return { browser, answer: await browser.post("/signin", { email, password }) };
}

/** A browser that is signed in by password alone; the sign-in itself is passed over. */
export async function signedIn({ user }: Account, row: Parameters<typeof signIn>[1] = {}): Promise<Browser> {
  const browser = new Browser();
  const { headers } = await signIn(user, row);
  const [, secret = ""] = new RegExp(`${SESSION_COOKIE}=(.*)$`).exec(headers?.["Cookie"] ?? "") ?? [];
  browser.cookies.set(SESSION_COOKIE, secret);
  return browser;
}

/** A browser that has shown a password, and owes a code; the password itself is passed over. */
export async function owingCode({ user }: Account, at?: Worker): Promise<Browser> {
  const browser = new Browser(at);
  const secret = unique("step-secret");
  browser.cookies.set(STEP_COOKIE, secret);
  const sql =
    "INSERT INTO sign_in_steps (hash, kind, user_id, tries, expires_at) VALUES (?, 'code', ?, 0, ?)";
  await run(sql, hashCredential(secret), user, Date.now() + 300_000);
  return browser;
}

export async function isSignedIn(browser: Browser): Promise<boolean> {
  return (await browser.get("/console/me")).status === 200;
}

/** What an authenticator app knows. */
export interface App {
  /** @param steps of 30 s from now */
  code(steps?: number): string;
}

function appOf(key: string): App {
  const totp = new TOTP({ secret: Secret.fromBase32(key) });
  return { code: (steps = 0) => totp.generate({ timestamp: Date.now() + steps * 30_000 }) };
}

/** Asks for a key on the account page. */
export async function beginApp(browser: Browser, password = PASSWORD): Promise<{ app: App; html: string }> {
  const html = await (await browser.post("/console/me/second-factor", { password })).text();
  const [, key = ""] = /value="([A-Z2-7]{32})"/.exec(html) ?? [];
  expect(html).toContain(`secret=${key}`);
  return { app: appOf(key), html };
}

/** Sets an authenticator app up, with the last code that still holds, so that those from now on are unused. */
export async function setUpApp(browser: Browser): Promise<{ app: App; recoveryCodes: string[] }> {
  const { app } = await beginApp(browser);
  const answer = await browser.post("/console/me/second-factor", { do: "confirm", code: app.code(-1) });
  expect(answer.status).toBe(200);
  const recoveryCodes = codesIn(await answer.text());
  expect(recoveryCodes).toHaveLength(10);
  return { app, recoveryCodes };
}

export function codesIn(html: string): string[] {
  return [...html.matchAll(/<code>([a-z2-7]{5}-[a-z2-7]{5})<\/code>/g)].map(([, code = ""]) => code);
}

/** Types a code, in a browser that owes one. */
export async function typeCode(account: Account, code: string): Promise<Response> {
  return (await owingCode(account)).post("/signin/code", { code });
}

/** The region's own place, where passkeys are for. */
export const PLACE = defaultOrigin("us");

export function makeAuthenticator({ user }: Account): Promise<Authenticator> {
  return Authenticator.make({ origin: PLACE, userHandle: userHandleOf(user) });
}

/** What a page asks of an authenticator. */
export async function askedIn(response: Response): Promise<Asked> {
  const html = await response.text();
  const [, json = ""] = /data-passkey="([^"]*)"/.exec(html) ?? [];
  return JSON.parse(json.replaceAll("&quot;", '"').replaceAll("&amp;", "&")) as Asked;
}

export async function addPasskey(
  account: Account,
  browser: Browser,
  name = "Laptop",
): Promise<Authenticator> {
  const authenticator = await makeAuthenticator(account);
  const begun = await browser.post("/console/me/passkeys/new", { name, password: PASSWORD });
  const answer = await authenticator.create(await askedIn(begun));
  const added = await sendNewPasskey(browser, answer, name);
  expect(added.headers.get("Location")).toBe("/console/me?done=passkey");
  return authenticator;
}

export function sendNewPasskey(browser: Browser, answer: object | null, name = "Laptop"): Promise<Response> {
  return browser.post("/console/me/passkeys/new", {
    do: "finish",
    name,
    credential: JSON.stringify(answer),
  });
}

export async function askForPasskey(browser: Browser): Promise<Asked> {
  return askedIn(await browser.post("/signin/passkey", {}));
}

export function sendPasskey(browser: Browser, answer: object | null): Promise<Response> {
  return browser.post("/signin/passkey/answer", { credential: JSON.stringify(answer) });
}

/** The row of the session that a browser has. */
export async function sessionOf(browser: Browser): Promise<Record<string, unknown> | undefined> {
  const [row] = await rows("SELECT * FROM sessions WHERE hash = ?", hashCredential(browser.session ?? ""));
  return row;
}

/** Another browser with the same cookies: one that somebody has copied. */
export function copyOf(browser: Browser): Browser {
  const copy = new Browser(browser.at);
  for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
  return copy;
}

/** Types of the audit events of a person, oldest first. */
export async function auditOf({ user }: Account): Promise<unknown[]> {
  const found = await rows("SELECT type FROM audit_events WHERE actor_owner = ? ORDER BY rowid", user);
  return found.map(({ type }) => type);
}

/** A Worker that is called without the server before it, which says how long a body is. */
export function asServed(worker: Worker): Worker {
  return async (request) => {
    if (request.method !== "POST") return worker(request);
    const body = await request.text();
    const headers = new Headers(request.headers);
    headers.set("Content-Length", String(body.length));
    return worker(new Request(request.url, { method: "POST", headers, body, redirect: "manual" }));
  };
}
