import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { depsOf } from "../../../src/wiring.ts";
import { openDatabase } from "../../../src/store/database.ts";
import { replayEntries } from "../../../src/store/journal-replay.ts";
import { markJournal } from "../../../src/operations/mark-journal.ts";
import { clientsPath, makeClient, makeGrantToken, rotate } from "../clients.ts";
import {
  expectError,
  expectTokens,
  post,
  redeem,
  refresh,
  storeClient,
  storeCode,
  type TestClient,
} from "../oauth/support.ts";
import { join } from "../people.ts";
import {
  call,
  check,
  expectAnswer,
  expectRefusal,
  makeService,
  makeTeam,
  rows,
  startWorker,
  type Worker,
} from "../support.ts";

/*
 * A database that was restored to an earlier moment (D1's Time Travel) must not bring back what a client
 * held, nor let what is used once be used twice.
 */

const TABLES = [
  "access_tokens",
  "client_secrets",
  "clients",
  "consents",
  "device_codes",
  "feed",
  "grant_tokens",
  "grants",
  "members",
  "meta",
  "refresh_tokens",
];

async function rememberDatabase(): Promise<() => Promise<void>> {
  const held = await Promise.all(TABLES.map((table) => rows(`SELECT * FROM ${table}`)));
  return async () => {
    await env.DB.batch(
      TABLES.flatMap((table, index) => [
        env.DB.prepare(`DELETE FROM ${table}`),
        ...(held[index] ?? []).map((row) => {
          const columns = Object.keys(row);
          const places = columns.map(() => "?").join(", ");
          const insert = `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places})`;
          return env.DB.prepare(insert).bind(...Object.values(row));
        }),
      ]),
    );
  };
}

let key = "";
beforeAll(async () => {
  ({ key } = await makeService());
});

/** Starts an isolate and has it hold the database against the journal, as any request that relies on it does. */
async function freshWorker(): Promise<Worker> {
  const at = await startWorker();
  await call("GET", `/v1/teams/team_nothing`, { as: "jtn_x", at });
  await check(key, { token: "jtn_x" }, { at });
  return at;
}

/** What the scheduled job does every few minutes. */
function passTime(): Promise<void> {
  return markJournal(depsOf(env));
}

async function tokensOf(client: TestClient) {
  const { code, user, grant } = await storeCode(client);
  const { access_token: accessToken, refresh_token: refreshToken = "" } = expectTokens(
    await redeem(client, code),
  );
  return { accessToken, refreshToken, user: user ?? "", grant };
}

describe("after a restore stays ended", () => {
  test("a client that was deleted, with all that it had been given", async () => {
    const client = await storeClient();
    const { accessToken, refreshToken } = await tokensOf(client);
    const restore = await rememberDatabase();
    expectAnswer(await call("DELETE", clientsPath(client.team, client.id)), 200, "DeletedClient");
    await restore();
    const at = await freshWorker();
    expect(await check(key, { token: accessToken }, { at })).toMatchObject({ reason: "revoked_token" });
    expectError(await refresh(client, refreshToken), 401, "invalid_client");
    expectRefusal(await call("GET", clientsPath(client.team, client.id), { at }), 404, "COM0008");
    expect(await rows("SELECT hash FROM client_secrets WHERE client_id = ?", client.id)).toEqual([]);
  });

  test("a secret that was rotated away", async () => {
    const { id: team } = await makeTeam();
    const made = await makeClient(team, "self");
    const client: TestClient = { id: made.id, secret: made.secret ?? "", team, type: "self" };
    const { code } = expectAnswer(await makeGrantToken(team, client.id), 201, "GrantToken");
    const restore = await rememberDatabase();
    expectAnswer(await rotate(team, client.id), 201, "CreatedClient");
    await restore();
    await freshWorker();
    expectError(await redeem(client, code ?? ""), 401, "invalid_client");
  });

  test("a grant that was revoked, though its client lives on", async () => {
    const client = await storeClient();
    const [revoked, kept] = [await tokensOf(client), await tokensOf(client)];
    const restore = await rememberDatabase();
    const form = { token: revoked.refreshToken, client_id: client.id, client_secret: client.secret };
    expect((await post("/oauth/v2/token/revoke", form)).status).toBe(200);
    await restore();
    const at = await freshWorker();
    expect(await check(key, { token: revoked.accessToken }, { at })).toMatchObject({
      reason: "revoked_token",
    });
    expectError(await refresh(client, revoked.refreshToken), 400, "invalid_grant");
    expect(await check(key, { token: kept.accessToken }, { at })).toMatchObject({ allowed: true });
    expectTokens(await refresh(client, kept.refreshToken));
  });

  test("what acted for a member who was removed, and what a team or a person lost altogether", async () => {
    const clients = [await storeClient(), await storeClient(), await storeClient()];
    const held = await Promise.all(clients.map((client) => tokensOf(client)));
    const [removed, team, person] = clients;
    await join(removed?.team ?? "", "owner");
    const members = await rows<{ id: string }>("SELECT id FROM members WHERE user_id = ?", held[0]?.user);
    const restore = await rememberDatabase();
    await call("DELETE", `/v1/teams/${removed?.team}/members/${members[0]?.id}`);
    await call("POST", `/v1/teams/${team?.team}/revoke-all`);
    await call("POST", `/v1/users/${held[2]?.user}/revoke-all`);
    await restore();
    const at = await freshWorker();
    for (const [index, client] of clients.entries()) {
      const { accessToken = "", refreshToken = "", grant } = held[index] ?? {};
      expect(await check(key, { token: accessToken }, { at })).toMatchObject({ reason: "revoked_token" });
      const refused = await refresh(client, refreshToken);
      // With everything of a team its clients' secrets go too.
      if (client === team) expectError(refused, 401, "invalid_client");
      else expectError(refused, 400, "invalid_grant");
      const [row] = await rows("SELECT revoked_at FROM grants WHERE id = ?", grant);
      expect(row?.["revoked_at"], String(index)).not.toBeNull();
    }
    expect(person?.id).toBeDefined();
  });
});

describe("a restore that was found out, though nothing was ended since", () => {
  test("leaves no code to be redeemed a second time", async () => {
    const client = await storeClient();
    const { code } = await storeCode(client);
    const restore = await rememberDatabase();
    expectTokens(await redeem(client, code));
    await passTime();
    await restore();
    await freshWorker();
    expect(expectError(await redeem(client, code, { state: "again" }), 400, "invalid_grant")).not.toBe("");
  });

  test("ends the refresh tokens of public clients, because a rotated one would hold again, and of no others", async () => {
    const [app, server] = [await storeClient("mobile"), await storeClient("server")];
    const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const { code } = await storeCode(app, { token: { code_challenge: challenge } });
    const first = expectTokens(await redeem(app, code, { code_verifier: verifier }));
    const kept = await tokensOf(server);
    const restore = await rememberDatabase();
    const second = expectTokens(await refresh(app, first.refresh_token ?? ""));
    await passTime();
    await restore();
    const at = await freshWorker();
    expectError(await refresh(app, first.refresh_token ?? "", { state: "x" }), 400, "invalid_grant");
    expectError(await refresh(app, second.refresh_token ?? ""), 400, "invalid_grant");
    expect(await check(key, { token: first.access_token }, { at })).toMatchObject({
      reason: "revoked_token",
    });
    expectTokens(await refresh(server, kept.refreshToken));
  });

  test("is found out by an isolate that lived through it, too", async () => {
    const client = await storeClient();
    const { code, grant } = await storeCode(client);
    // It reads the feed at every check, and so knows of the time that passed.
    const at = await startWorker({ FRESHNESS_MS: "0" });
    const asks = () => check(key, { token: "jtn_x" }, { at });
    await asks();
    const restore = await rememberDatabase();
    expectTokens(await redeem(client, code));
    await passTime();
    await asks();
    await restore();
    await asks();
    const [token] = await rows("SELECT used_at, used_by FROM grant_tokens WHERE grant_id = ?", grant);
    expect(token).toEqual({ used_at: expect.any(Number), used_by: "journal" });
  });
});

describe("a database that was not restored", () => {
  test("keeps its codes and refresh tokens, however far it lags behind the journal", async () => {
    const client = await storeClient("mobile");
    const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const { code } = await storeCode(client, { token: { code_challenge: challenge } });
    const spare = await storeCode(client, { token: { code_challenge: challenge } });
    const tokens = expectTokens(await redeem(client, code, { code_verifier: verifier }));
    await passTime();
    // Somebody has written into the journal and not yet into the database.
    const journal = env.JOURNAL.get(env.JOURNAL.idFromName("region"));
    await journal.append({ kind: "grant", id: "grt_of_nobody", at: Date.now() });
    await Promise.all([freshWorker(), freshWorker(), passTime(), freshWorker(), passTime()]);
    expectTokens(await refresh(client, tokens.refresh_token ?? ""));
    expectTokens(await redeem(client, spare.code, { code_verifier: verifier }));
  });

  test("nor one that another isolate has put right already: what was made since is left alone", async () => {
    const client = await storeClient();
    const { code } = await storeCode(client);
    await passTime();
    const journal = env.JOURNAL.get(env.JOURNAL.idFromName("region"));
    const { entries, known } = await journal.after(0);
    expect(known).toBeGreaterThan(0);
    // As an isolate does that read the mark before the other one raised it.
    await replayEntries(openDatabase(env.DB), { entries, from: 0, known });
    expectTokens(await redeem(client, code));
  });
});
