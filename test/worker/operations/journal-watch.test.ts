import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { call, check, issue, makeService, makeTeam, startWorker, type Worker } from "../support.ts";

/** What Time Travel does to the tables that matter here: they are as they were before. */
async function rememberDatabase(): Promise<() => Promise<void>> {
  const tables = ["access_tokens", "feed", "meta", "members", "services", "sessions"];
  const rows = await Promise.all(
    tables.map(async (table) => (await env.DB.prepare(`SELECT * FROM ${table}`).all()).results),
  );
  return async () => {
    await env.DB.batch(
      tables.flatMap((table, index) => [
        env.DB.prepare(`DELETE FROM ${table}`),
        ...(rows[index] ?? []).map((row) =>
          env.DB.prepare(
            `INSERT INTO ${table} (${Object.keys(row).join(", ")}) VALUES (${Object.keys(row)
              .map(() => "?")
              .join(", ")})`,
          ).bind(...Object.values(row)),
        ),
      ]),
    );
  };
}

const POLLING = { timeout: 5_000, interval: 20 };

async function revoke(team: string, id: string): Promise<void> {
  expect((await call("DELETE", `/v1/teams/${team}/access-tokens/${id}`)).status).toBe(200);
}

async function epoch(): Promise<unknown> {
  return env.DB.prepare("SELECT value FROM meta WHERE key = 'epoch'").first("value");
}

async function expectReason(at: Worker, key: string, token: string, reason: string | null): Promise<void> {
  expect((await check(key, { token }, { at })).reason).toBe(reason);
}

test("a token that a restored database brings back is ended again before a new isolate answers", async () => {
  const team = await makeTeam();
  const { key } = await makeService();
  const { id, token } = await issue(team.id);
  const restore = await rememberDatabase();
  await revoke(team.id, id);
  await restore();
  const before = await epoch();
  await expectReason(await startWorker(), key, token, "revoked_token");
  expect(await epoch()).not.toBe(before);
});

test("an isolate that lived through the restore forgets all, and refuses within the bound", async () => {
  const team = await makeTeam();
  const { key } = await makeService();
  const { id, token } = await issue(team.id);
  const old = await startWorker();
  await expectReason(old, key, token, null);
  const restore = await rememberDatabase();
  await revoke(team.id, id);
  await expect
    .poll(async () => (await check(key, { token }, { at: old })).reason, POLLING)
    .toBe("revoked_token");
  await restore();
  // Its own next look at the feed, a bound later at most, is what finds the restore out.
  await expect
    .poll(async () => {
      await expectReason(old, key, token, "revoked_token");
      return env.DB.prepare("SELECT revoked_at FROM access_tokens WHERE id = ?").bind(id).first("revoked_at");
    }, POLLING)
    .not.toBeNull();
});

test("a deleted service and everything of a team stay ended through a restore", async () => {
  const team = await makeTeam();
  const other = await makeTeam();
  const { key, service } = await makeService();
  const { key: kept } = await makeService();
  const [one, two, spared] = [await issue(team.id), await issue(team.id), await issue(other.id)];
  const restore = await rememberDatabase();
  expect((await call("DELETE", `/v1/services/${service.id}`)).status).toBe(200);
  expect((await call("POST", `/v1/teams/${team.id}/revoke-all`)).status).toBe(200);
  await restore();
  const fresh = await startWorker();
  await expectReason(fresh, kept, one.token, "revoked_token");
  await expectReason(fresh, kept, two.token, "revoked_token");
  await expectReason(fresh, kept, spared.token, null);
  expect((await call("POST", "/v1/check", { as: key, body: { token: one.token }, at: fresh })).status).toBe(
    401,
  );
});

test("what was made after the journal's entry is not ended by it", async () => {
  const team = await makeTeam();
  const { key } = await makeService();
  await issue(team.id);
  expect((await call("POST", `/v1/teams/${team.id}/revoke-all`)).status).toBe(200);
  await expect.poll(() => Date.now()).toBeGreaterThan(Date.now());
  const later = await issue(team.id);
  await env.DB.prepare("UPDATE meta SET value = '0' WHERE key = 'journal_mark'").run();
  await expectReason(await startWorker(), key, later.token, null);
});

test("nothing is revoked while the journal does not answer, and a retry then does it", async () => {
  const team = await makeTeam();
  const { key } = await makeService();
  const { id, token } = await issue(team.id);
  const journal = env.JOURNAL.get(env.JOURNAL.idFromName("region"));
  const down = new Proxy(journal, {
    get: (stub, name) =>
      name === "append" ? () => Promise.reject(new Error("down")) : (Reflect.get(stub, name) as unknown),
  });
  const namespace = new Proxy(env.JOURNAL, {
    get: (real, name) =>
      name === "get" ? () => down : (Reflect.get(real, name) as () => unknown).bind(real),
  });
  const broken = await startWorker({ JOURNAL: namespace });
  const answer = await call("DELETE", `/v1/teams/${team.id}/access-tokens/${id}`, { at: broken });
  expect([answer.status, answer.headers.get("Retry-After")]).toEqual([503, "1"]);
  await expectReason(await startWorker(), key, token, null);
  await revoke(team.id, id);
});

test("the journal forgets what no restore can reach, and goes on counting", async () => {
  const journal = env.JOURNAL.get(env.JOURNAL.idFromName("forgetful"));
  const long = 40 * 86_400_000;
  await journal.append({ kind: "access_token", id: "tok_old", at: Date.now() - long });
  await journal.append({ kind: "access_token", id: "tok_older", at: Date.now() - long });
  await runInDurableObject(journal, (object) => object.alarm());
  const { entries, complete } = await journal.after(0);
  expect(entries.map(({ seq }) => seq)).toEqual([2]);
  expect(complete).toBe(true);
  expect(await journal.append({ kind: "access_token", id: "tok_new", at: Date.now() })).toBe(3);
});
