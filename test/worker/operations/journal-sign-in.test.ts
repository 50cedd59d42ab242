import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import {
  addPasskey,
  askForPasskey,
  asServed,
  isSignedIn,
  makeAccount,
  owingCode,
  PASSWORD,
  sendPasskey,
  sessionOf,
  setUpApp,
  signedIn,
  typePassword,
} from "../accounts.ts";
import { Browser } from "../openid-provider.ts";
import { call, driveClock, expectAnswer, rows, startWorker, type Worker } from "../support.ts";

const clock = driveClock();

const SIGN_IN_TABLES = ["passkeys", "recovery_codes", "totp_secrets", "sign_in_steps", "reset_links"];
const TABLES = ["meta", "feed", "users", "sessions", ...SIGN_IN_TABLES];

/** What Time Travel does to the tables that matter here: they are as they were before. */
async function rememberDatabase(): Promise<() => Promise<void>> {
  const held = await Promise.all(TABLES.map((table) => rows(`SELECT * FROM ${table}`)));
  return async () => {
    await env.DB.batch(
      TABLES.flatMap((table, index) => [
        env.DB.prepare(`DELETE FROM ${table}`),
        ...(held[index] ?? []).map((row) => {
          const columns = Object.keys(row);
          const insert = `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`;
          return env.DB.prepare(insert).bind(...Object.values(row));
        }),
      ]),
    );
  };
}

async function restart(): Promise<Worker> {
  return asServed(await startWorker());
}

describe("after a restore of the database", () => {
  test("a password that was changed since then opens nothing", async () => {
    const account = await makeAccount();
    const browser = await signedIn(account);
    clock.advance(1_000);
    const restore = await rememberDatabase();
    await browser.post("/console/me/password", { old: PASSWORD, new: "another fine password" });
    await restore();
    const restarted = new Browser(await restart());
    expect((await typePassword(account, { browser: restarted })).answer.status).toBe(401);
  });

  test("a passkey that was removed since then opens nothing", async () => {
    const account = await makeAccount();
    const browser = await signedIn(account);
    const authenticator = await addPasskey(account, browser);
    const [row] = await rows("SELECT id FROM passkeys WHERE user_id = ?", account.user);
    const restore = await rememberDatabase();
    await browser.post(`/console/me/passkeys/${String(row?.["id"])}/remove`, {});
    await restore();
    const restarted = new Browser(await restart());
    const answer = await authenticator.get(await askForPasskey(restarted));
    expect((await sendPasskey(restarted, answer)).status).toBe(401);
  });

  test("a recovery code that was used since then is used", async () => {
    const account = await makeAccount();
    const { recoveryCodes } = await setUpApp(await signedIn(account));
    const restore = await rememberDatabase();
    const code = recoveryCodes[0] ?? "";
    expect((await (await owingCode(account)).post("/signin/code", { code })).status).toBe(303);
    await restore();
    // Whatever is half done is over too.
    const at = await restart();
    await new Browser(at).get("/console/me");
    expect((await (await owingCode(account, at)).post("/signin/code", { code })).status).toBe(401);
  });

  test("a reset link that was used since then is used", async () => {
    const account = await makeAccount();
    const made = await call("POST", `/v1/users/${account.user}/reset-links`);
    const path = new URL(expectAnswer(made, 201, "ResetLink").reset_link).pathname;
    const restore = await rememberDatabase();
    expect((await new Browser().post(path, { password: "another fine password" })).status).toBe(303);
    await restore();
    const restarted = new Browser(await restart());
    expect((await restarted.post(path, { password: "taken over by it" })).status).toBe(404);
  });

  test("sessions that a person ended since then stay ended", async () => {
    const account = await makeAccount();
    const [browser, other] = [await signedIn(account), await signedIn(account)];
    const restore = await rememberDatabase();
    await browser.post("/console/me", { do: "end-others" });
    await restore();
    const restarted = new Browser(await restart());
    for (const [name, value] of other.cookies) restarted.cookies.set(name, value);
    expect(await isSignedIn(restarted)).toBe(false);
    expect((await sessionOf(browser))?.["ended_at"]).toBeNull();
  });
});
