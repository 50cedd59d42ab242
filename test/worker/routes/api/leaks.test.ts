import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { hashCredential } from "../../../../src/operations/credentials.ts";
import {
  expectTokens,
  post,
  redeem,
  refresh,
  storeClient,
  storeCode,
  credentials,
} from "../../oauth/support.ts";
import { auditRows, isWritten, leaksOf, readReceipt, report, storeWebhook, waitingFor } from "../../leaks.ts";
import {
  call,
  check,
  driveClock,
  expectAnswer,
  expectRefusal,
  issue,
  makeService,
  makeTeam,
  rows,
  sealed,
  startWorker,
  statusesOf,
  storeToken,
  storeWith,
} from "../../support.ts";

const clock = driveClock();

let team = "";
let key = "";
beforeAll(async () => {
  team = (await makeTeam()).id;
  ({ key } = await makeService());
});

async function reported(token: string, url?: string) {
  const answer = await report(token, url === undefined ? {} : { url });
  return expectAnswer(answer, 200, "ReportedLeak");
}

describe("a team access token that was found somewhere", () => {
  test("is ended by whoever has it, within the freshness bound, with a receipt", async () => {
    const { id, token } = await issue(team);
    expect(await check(key, { token })).toMatchObject({ allowed: true });

    const { status, effective_by, receipt } = await reported(token);

    expect(status).toBe("revoked");
    expect(Date.parse(effective_by ?? "")).toBe(Date.now() + 1_000);
    expect(await readReceipt(receipt)).toMatchObject({ sub: id, kind: "pat", team, effective_by });
    clock.advance(1_001);
    expect(await check(key, { token })).toMatchObject({ reason: "revoked_token" });
  });

  test("is told of as a revocation and as a leak, with where it was found and without itself", async () => {
    const { id, token } = await issue(team);
    const headers = { "CF-Connecting-IP": "203.0.113.8" };
    const url = "https://me:secret@code.example/a/b.txt?q=1#L3";

    expectAnswer(await report(token, { url, headers }), 200, "ReportedLeak");

    const [revoked, ...others] = await auditRows("access_token.revoked", id);
    expect(others).toEqual([]);
    expect(revoked).toMatchObject({ team_id: team, actor: "anyone", ip: "203.0.113.8" });
    expect(await leaksOf(id)).toEqual([
      { kind: "pat", reported_by: "anyone", source: null, url: "https://code.example/a/b.txt" },
    ]);
    expect(await isWritten(token)).toBe(false);
    expect(await isWritten("me:secret")).toBe(false);
  });

  test.each([
    "no address",
    "javascript:alert(1)",
    "ftp://code.example/a",
    `https://code.example/${"a".repeat(500)}`,
    "https://code.example/jtn_pat_us_x",
    "https://code.example/jtn%5Fpat",
    "https://code.example/%256atn",
    "",
  ])("is ended all the same when it is said to have been found at %j", async (url) => {
    const { id, token } = await issue(team);
    expect((await reported(token, url)).status).toBe("revoked");
    expect(await leaksOf(id)).toMatchObject([{ url: null }]);
  });

  test("reaches the endpoints of its team that want to hear of leaks, and no others", async () => {
    const [wanting, other] = [
      await storeWebhook(team, ["token.leaked", "access_token.revoked"]),
      await storeWebhook((await makeTeam()).id, ["token.leaked"]),
    ];
    await reported((await issue(team)).token);
    expect(await waitingFor(wanting)).toEqual(["access_token.revoked", "token.leaked"]);
    expect(await waitingFor(other)).toEqual([]);
  });

  test("reported twenty times at once, by several isolates, is one leak and one answer", async () => {
    const { id, token } = await issue(team);
    const workers = await Promise.all([startWorker(), startWorker(), startWorker()]);
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const at = workers[index % 4];
        return report(token, at === undefined ? {} : { at });
      }),
    );
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(await leaksOf(id)).toHaveLength(1);
    expect(await auditRows("access_token.revoked", id)).toHaveLength(1);
    expect(await rows("SELECT seq FROM feed WHERE subject = ?", `token:${id}`)).toHaveLength(1);
  });

  test("that was revoked already is answered alike, and is no new event", async () => {
    const { id, token } = await issue(team);
    const path = `/v1/teams/${team}/access-tokens/${id}`;
    const { effective_by, receipt } = expectAnswer(await call("DELETE", path), 200, "RevokedAccessToken");
    clock.advance(60_000);
    expect(await reported(token)).toEqual({ status: "revoked", effective_by, receipt });
    expect(await leaksOf(id)).toEqual([]);
  });

  test("and is then revoked by its owner has one receipt", async () => {
    const { id, token } = await issue(team);
    const leak = await reported(token);
    const path = `/v1/teams/${team}/access-tokens/${id}`;
    const { effective_by, receipt } = expectAnswer(await call("DELETE", path), 200, "RevokedAccessToken");
    expect([effective_by, receipt]).toEqual([leak.effective_by, leak.receipt]);
  });

  test("is ended when it has expired, and when its team is suspended", async () => {
    const other = (await makeTeam()).id;
    const expired = await storeToken(team, { expires_at: Date.now() - 1 });
    const asleep = await storeToken(other);
    await env.DB.prepare("UPDATE teams SET status = 'suspended' WHERE id = ?").bind(other).run();
    expect((await reported(expired)).status).toBe("revoked");
    expect((await reported(asleep)).status).toBe("revoked");
  });
});

describe("a refresh token", () => {
  test("ends with its grant and access tokens, and only once however often it is reported", async () => {
    const client = await storeClient();
    const { code, grant } = await storeCode(client);
    const { access_token, refresh_token = "" } = expectTokens(await redeem(client, code));
    const wanting = await storeWebhook(client.team, ["token.leaked", "grant.revoked"]);

    const answers = await Promise.all(Array.from({ length: 5 }, async () => report(refresh_token)));

    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    const { receipt } = expectAnswer(answers[0]!, 200, "ReportedLeak");
    const claims = await readReceipt(receipt);
    expect(claims).toMatchObject({ kind: "rt", grant, team: client.team });
    expect(await auditRows("grant.revoked", grant)).toHaveLength(1);
    expect(await leaksOf(claims.sub ?? "")).toMatchObject([{ kind: "rt" }]);
    expect(await waitingFor(wanting)).toEqual(["grant.revoked", "token.leaked"]);
    clock.advance(1_001);
    expect(await check(key, { token: access_token })).toMatchObject({ reason: "revoked_token" });
    expect((await refresh(client, refresh_token)).body).toMatchObject({ error: "invalid_grant" });
  });
});

test("what was reported is in the journal: a database that is restored does not bring it back", async () => {
  const client = await storeClient();
  const { code, grant } = await storeCode(client);
  const { refresh_token = "" } = expectTokens(await redeem(client, code));
  const { id, token } = await issue(team);
  const [mark] = await rows<{ value: string }>("SELECT value FROM meta WHERE key = 'journal_mark'");
  for (const leaked of [refresh_token, token, client.secret]) await reported(leaked);

  const hash = hashCredential(client.secret);
  await env.DB.batch([
    env.DB.prepare("UPDATE grants SET revoked_at = NULL, revoked_by = NULL WHERE id = ?").bind(grant),
    env.DB.prepare("UPDATE refresh_tokens SET revoked_at = NULL WHERE grant_id = ?").bind(grant),
    env.DB.prepare("UPDATE access_tokens SET revoked_at = NULL, revoked_by = NULL WHERE id = ?").bind(id),
    env.DB.prepare("UPDATE client_secrets SET expires_at = NULL, revoked_by = NULL WHERE hash = ?").bind(
      hash,
    ),
    env.DB.prepare("UPDATE meta SET value = ? WHERE key = 'journal_mark'").bind(mark?.value),
  ]);
  const at = await startWorker();
  expect(await check(key, { token }, { at })).toMatchObject({ reason: "revoked_token" });
  const form = { grant_type: "client_credentials", scope: "EMM.Devices.VIEW", ...credentials(client) };
  expect((await post("/oauth/v2/token", form, { at })).body).toMatchObject({ error: "invalid_client" });
  const [ended] = await rows("SELECT revoked_at FROM grants WHERE id = ?", grant);
  expect(ended).not.toEqual({ revoked_at: null });
});

test("an OAuth access token ends alone", async () => {
  const client = await storeClient();
  const { code } = await storeCode(client);
  const { access_token, refresh_token = "" } = expectTokens(await redeem(client, code));
  expect(await readReceipt((await reported(access_token)).receipt)).toMatchObject({ kind: "at" });
  clock.advance(1_001);
  expect(await check(key, { token: access_token })).toMatchObject({ reason: "revoked_token" });
  expectTokens(await refresh(client, refresh_token));
});

describe("a client secret", () => {
  test("ends with what its client got by a secret alone; another secret and grants live on", async () => {
    const client = await storeClient();
    const { code } = await storeCode(client);
    const { refresh_token = "" } = expectTokens(await redeem(client, code));
    const wanting = await storeWebhook(client.team, ["token.leaked"]);
    const byItself = { grant_type: "client_credentials", scope: "EMM.Devices.VIEW", ...credentials(client) };
    const { access_token } = expectTokens(await post("/oauth/v2/token", byItself));
    const other = sealed("cs");
    await env.DB.prepare("INSERT INTO client_secrets (hash, client_id, created_at) VALUES (?, ?, ?)")
      .bind(hashCredential(other), client.id, Date.now())
      .run();

    const answers = await Promise.all(Array.from({ length: 5 }, async () => report(client.secret)));

    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    const { receipt } = expectAnswer(answers[0]!, 200, "ReportedLeak");
    expect(await readReceipt(receipt)).toMatchObject({ kind: "cs", sub: client.id });
    expect(await leaksOf(client.id)).toMatchObject([{ kind: "cs" }]);
    expect(await waitingFor(wanting)).toEqual(["token.leaked"]);
    expect((await post("/oauth/v2/token", byItself)).body).toMatchObject({ error: "invalid_client" });
    clock.advance(1_001);
    expect(await check(key, { token: access_token })).toMatchObject({ reason: "revoked_token" });
    expectTokens(await refresh({ ...client, secret: other }, refresh_token));
  });

  test("stays known after the next rotation", async () => {
    const client = await storeClient();
    const first = await reported(client.secret);
    const path = `/v1/teams/${client.team}/clients/${client.id}/secrets`;
    expect((await call("POST", path, { body: { overlap_seconds: 0 } })).status).toBe(201);
    clock.advance(1_000);
    expect(await reported(client.secret)).toEqual(first);
  });
});

test("a service key stays in force, and the operator is told once a day", async () => {
  const { service, key: leaked } = await makeService();
  const answer = await reported(leaked, "https://code.example/deploy.sh");
  await reported(leaked);
  expect(answer).toEqual({ status: "reported", effective_by: null, receipt: null });
  expect(await leaksOf(service.id)).toEqual([
    { kind: "sk", reported_by: "anyone", source: null, url: "https://code.example/deploy.sh" },
  ]);
  expect((await auditRows("token.leaked", service.id))[0]?.team_id).toBeNull();
  expect(await check(leaked, { token: "x" })).toMatchObject({ reason: "malformed_token" });
  clock.advance(86_400_001);
  await reported(leaked);
  expect(await leaksOf(service.id)).toHaveLength(2);
});

describe("what is no credential of this region", () => {
  test("is refused by its text alone, and by what is in memory: nothing is read, nothing counted, nothing written", async () => {
    let reads = 0;
    const at = await startWorker({
      DB: storeWith(
        (run) => {
          reads += 1;
          return run();
        },
        () => (reads += 1),
      ),
      LIMITER: null as never,
    });
    // Which credentials have come here with their teams is in memory from now on.
    expectRefusal(await report(sealed("rt", { region: "jp" }), { at }), 401, "TOK0003");
    reads = 0;
    const forged = sealed("pat", { key: "another key" });
    const mistyped = `${sealed("pat").slice(0, -1)}!`;
    expectRefusal(await report(forged, { at }), 404, "COM0008");
    for (const token of [
      mistyped,
      "",
      "x",
      sealed("gc"),
      sealed("dc"),
      sealed("et"),
      env.OPERATOR_KEY ?? "",
    ]) {
      expectRefusal(await report(token, { at }), 400, "COM0005");
    }
    const elsewhere = expectRefusal(await report(sealed("rt", { region: "jp" }), { at }), 401, "TOK0003");
    expect(elsewhere.region).toEqual({ code: "jp", base_url: "https://tokens.example.jp" });
    expect(reads).toBe(0);
  });

  test("but names another region as a client secret, which may hold in several, is looked for here first", async () => {
    const client = await storeClient();
    const secret = sealed("cs", { region: "eu" });
    const unknown = expectRefusal(await report(secret), 401, "TOK0003");
    expect(unknown.region?.code).toBe("eu");
    await env.DB.prepare("INSERT INTO client_secrets (hash, client_id, created_at) VALUES (?, ?, ?)")
      .bind(hashCredential(secret), client.id, Date.now())
      .run();
    expect((await report(secret)).status).toBe(200);
    expect(await leaksOf(client.id)).toMatchObject([{ kind: "cs" }]);
  });

  test("as a secret of a client that has moved with its team ends where that is now", async () => {
    const client = await storeClient();
    const id = "cli_us_0000000000000000000000000m";
    await env.DB.batch([
      env.DB.prepare("UPDATE clients SET id = ?, home_region = 'eu' WHERE id = ?").bind(id, client.id),
      env.DB.prepare("UPDATE client_secrets SET client_id = ? WHERE client_id = ?").bind(id, client.id),
    ]);
    const refused = expectRefusal(await report(client.secret), 401, "TOK0003");
    expect(refused.region).toEqual({ code: "eu", base_url: "https://tokens.example.eu" });
    expect(await leaksOf(id)).toEqual([]);
  });

  test("and what never was look the same, for every kind", async () => {
    const never = await report(sealed("pat"));
    expectRefusal(never, 404, "COM0008");
    for (const kind of ["at", "rt", "cs", "sk"] as const) {
      expect((await report(sealed(kind))).text).toBe(never.text);
    }
    expect((await report(sealed("pat", { key: "another key" }))).text).toBe(never.text);
  });

  test("is not repeated, nor is what it was reported with", async () => {
    const token = sealed("pat");
    const answer = await report(token, { url: "https://code.example/marked" });
    expect(answer.text).not.toContain(token);
    expect(answer.text).not.toContain("marked");
  });

  test("leaves a body with members of its own refused", async () => {
    for (const body of [{}, { token: 1 }, { token: "x", url: 1 }, { token: "x", more: 1 }, []]) {
      expectRefusal(await call("POST", "/v1/leaks", { as: null, body }), 400, "COM0005");
    }
  });
});

describe("reports from one address", () => {
  const from = (last: number) => ({ headers: { "CF-Connecting-IP": `198.51.100.${last}` } });

  test("are taken up to a hundred a minute; then it is told when to go on, and nobody else is kept waiting", async () => {
    const { token } = await issue(team);
    const answers = await Promise.all(Array.from({ length: 105 }, async () => report(token, from(1))));
    expect(statusesOf(answers)).toEqual({ 200: 100, 429: 5 });
    const refused = answers.find(({ status }) => status === 429);
    expect(Number(refused?.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect((await report((await issue(team)).token, from(2))).status).toBe(200);
    clock.advance(60_001);
    expect((await report((await issue(team)).token, from(1))).status).toBe(200);
  });

  test("are taken when the limiter does not answer", async () => {
    const at = await startWorker({
      LIMITER: {
        idFromName: () => ({}),
        get: () => ({ take: () => Promise.reject(new Error("down")) }),
      } as never,
    });
    const { id, token } = await issue(team);
    expect((await report(token, { at })).status).toBe(200);
    expect(await leaksOf(id)).toHaveLength(1);
  });
});

test("when the journal does not answer nothing is ended, and a later report ends it", async () => {
  const { id, token } = await issue(team);
  const at = await startWorker({
    JOURNAL: {
      idFromName: () => ({}),
      get: () => ({
        append: () => Promise.reject(new Error("down")),
        after: () => Promise.resolve({ entries: [], known: 0, complete: true }),
      }),
    } as never,
  });
  expectRefusal(await report(token, { at }), 503, "COM0004");
  expect(await leaksOf(id)).toEqual([]);
  expect((await report(token)).status).toBe(200);
  expect(await leaksOf(id)).toHaveLength(1);
});
