import { beforeAll, describe, expect, test } from "vitest";
import { hashCredential } from "../../../../src/operations/credentials.ts";
import { auditRows, leaksOf, report } from "../../leaks.ts";
import {
  call,
  check,
  expectAnswer,
  expectRefusal,
  issue,
  makeService,
  makeTeam,
  OPERATOR_KEY,
  rows,
  sealed,
  send,
  startWorker,
  statusesOf,
  storeToken,
  storeWith,
  unique,
  type Sending,
  type Worker,
} from "../../support.ts";

const VIEW = "EMM.Devices.VIEW";

let team = "";
let key = "";
/** Imports wait for the freshness bound: in this isolate it is short. */
let quick: Worker;
beforeAll(async () => {
  team = (await makeTeam({ plan: "standard" })).id;
  ({ key } = await makeService());
  quick = await startWorker({ FRESHNESS_MS: "20" });
});

/** A key as another issuer may have made it. */
function foreignKey(): string {
  return `sk_live_${unique("key")}_${crypto.randomUUID()}`;
}

function entryOf(text: string, more: object = {}) {
  return { name: unique("imported"), hash: hashCredential(text), permissions: [VIEW], ...more };
}

function post(keys: readonly object[], { of = team, ...sending }: Sending & { readonly of?: string } = {}) {
  return call("POST", `/v1/teams/${of}/imported-keys`, { at: quick, ...sending, body: { keys } });
}

async function importOne(text: string, more: object = {}, sending: Sending = {}): Promise<string> {
  const answer = expectAnswer(await post([entryOf(text, more)], sending), 201, "ImportedKeys");
  return answer.imported_keys[0]?.id ?? "";
}

async function storedHashes(): Promise<number> {
  const [row] = await rows<{ n: number }>("SELECT count(*) AS n FROM access_tokens");
  return row?.n ?? 0;
}

describe("an imported key", () => {
  test("is checked from then on as a team access token, by its hash in hex or base64", async () => {
    const [one, other] = [foreignKey(), foreignKey()];
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(other));
    const answer = await post([
      entryOf(one, { name: "Old CI", profile_id: "p9", expires_at: "2090-01-01T00:00:00Z" }),
      {
        name: "Old cron",
        hash: btoa(String.fromCharCode(...new Uint8Array(digest))),
        hash_format: "sha256-base64",
        permissions: ["EMM.Devices.ALL"],
      },
    ]);
    const { imported_keys } = expectAnswer(answer, 201, "ImportedKeys");
    expect(imported_keys.map(({ name }) => name)).toEqual(["Old CI", "Old cron"]);

    const verdict = await check(key, { token: one, permissions: [VIEW], team }, { at: quick });
    expect(verdict).toMatchObject({
      allowed: true,
      token: { id: imported_keys[0]?.id, kind: "pat", team, profile_id: "p9" },
    });
    expect(verdict.token?.expires_at).toBe("2090-01-01T00:00:00.000Z");
    expect(await check(key, { token: other, permissions: [VIEW] }, { at: quick })).toMatchObject({
      allowed: true,
      token: { id: imported_keys[1]?.id, permissions: expect.arrayContaining([VIEW]) as string[] },
    });
  });

  test("is shown, listed and told of as one that was imported; a token of ours is not", async () => {
    const text = foreignKey();
    const id = await importOne(text);
    const shown = await call("GET", `/v1/teams/${team}/access-tokens/${id}`);
    expect(expectAnswer(shown, 200, "AccessToken").access_token).toMatchObject({ id, imported: true });
    expect((await issue(team)).access_token).not.toHaveProperty("imported");
    const listed = await call("GET", `/v1/teams/${team}/access-tokens?limit=100`);
    expect(
      expectAnswer(listed, 200, "AccessTokens").access_tokens.find((token) => token.id === id),
    ).toMatchObject({ imported: true });
    const [created, ...others] = await auditRows("access_token.created", id);
    expect(others).toEqual([]);
    expect(JSON.stringify(created)).toContain("imported");
    expect(JSON.stringify(created)).not.toContain(hashCredential(text));
  });

  test("is taken at forward-auth, the management API and introspection, under either scheme", async () => {
    const text = foreignKey();
    const id = await importOne(text, { permissions: ["EMM.AccessTokens.VIEW"] });
    const at = await startWorker();
    const forward = await send("GET", `/v1/forward-auth?team=${team}`, {
      at,
      as: null,
      headers: { Authorization: `zoho-oauthtoken ${text}`, "X-Jeton-Service-Key": key },
    });
    expect([forward.status, forward.headers.get("X-Jeton-Token")]).toEqual([200, id]);
    const listed = await call("GET", `/v1/teams/${team}/access-tokens`, { at, as: text });
    expect(listed.status).toBe(200);
    expectRefusal(await post([entryOf(foreignKey())], { at, as: text }), 403, "TOK0001");
    const introspected = await send("POST", "/oauth/v2/introspect", {
      at,
      as: key,
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ token: text }).toString(),
    });
    expect(await introspected.json()).toMatchObject({ active: true, jti: id });
  });

  test("is refused as revoked once it was revoked, and can never be imported again", async () => {
    const text = foreignKey();
    const id = await importOne(text);
    expect((await check(key, { token: text }, { at: quick })).allowed).toBe(true);
    const revoked = await call("DELETE", `/v1/teams/${team}/access-tokens/${id}`, { at: quick });
    expectAnswer(revoked, 200, "RevokedAccessToken");
    const fresh = await startWorker();
    expect(await check(key, { token: text }, { at: fresh })).toMatchObject({ reason: "revoked_token" });
    expectRefusal(await post([entryOf(text)]), 409, "COM0010");
  });

  test("is refused as expired, at the wrong team and from the wrong address, as any token", async () => {
    const text = foreignKey();
    await importOne(text, { allowed_ips: ["203.0.113.0/24"], rate_limit: { limit: 1, window_seconds: 60 } });
    const ask = (more: object) => check(key, { token: text, ...more }, { at: quick });
    expect((await ask({ team: "team_other" })).reason).toBe("wrong_team");
    expect((await ask({ ip: "198.51.100.1" })).reason).toBe("ip_not_allowed");
    expect((await ask({ ip: "203.0.113.1" })).allowed).toBe(true);
    expect((await ask({ ip: "203.0.113.1" })).reason).toBe("rate_limited");
    const over = foreignKey();
    await importOne(over, { expires_at: "2001-01-01" });
    expect((await check(key, { token: over }, { at: quick })).reason).toBe("expired_token");
  });

  test("is ended by whoever found it; a text that nobody imported stays what it was", async () => {
    const text = foreignKey();
    const id = await importOne(text);
    const url = `https://code.example/keys/%${text.charCodeAt(0).toString(16)}${text.slice(1)}`;
    expect(expectAnswer(await report(text, { at: quick, url }), 200, "ReportedLeak").status).toBe("revoked");
    const fresh = await startWorker();
    expect((await check(key, { token: text }, { at: fresh })).reason).toBe("revoked_token");
    expect(await leaksOf(id)).toEqual([{ kind: "pat", reported_by: "anyone", source: null, url: null }]);
    expectRefusal(await report(foreignKey(), { at: quick }), 400, "COM0005");
  });
});

describe("an import", () => {
  test("takes 500 keys at once, gives each an id in the order of the request, and audits each", async () => {
    const keys = Array.from({ length: 500 }, () => foreignKey());
    const short = (text: string, index: number) => ({
      name: String(index),
      hash: hashCredential(text),
      permissions: [VIEW],
    });
    const answer = expectAnswer(await post(keys.map(short)), 201, "ImportedKeys");
    expect(answer.imported_keys.map(({ name }) => name)).toEqual(keys.map((_, index) => String(index)));
    const [first, last] = [keys[0] ?? "", keys.at(-1) ?? ""];
    expect((await check(key, { token: first }, { at: quick })).token?.id).toBe(answer.imported_keys[0]?.id);
    expect((await check(key, { token: last }, { at: quick })).token?.id).toBe(
      answer.imported_keys.at(-1)?.id,
    );
    const ids = JSON.stringify(answer.imported_keys.map(({ id }) => id));
    const [audited] = await rows<{ n: number }>(
      `SELECT count(*) AS n FROM audit_events WHERE type = 'access_token.created'
        AND subject IN (SELECT value FROM json_each(?)) AND detail->>'$.after.imported' = 1`,
      ids,
    );
    expect(audited?.n).toBe(500);
    const tooMany = [...keys, foreignKey()].map(() => ({ ...short(foreignKey(), 0) }));
    expectRefusal(await post(tooMany), 400, "COM0005");
  });

  test.each([
    ["a hash of another length", { hash: "ab" }, "keys[1].hash"],
    ["a hash that is not in the format it names", { hash_format: "sha256-base64" }, "keys[1].hash"],
    ["an unknown permission", { permissions: ["EMM.Devices.FLY"] }, "keys[1].permissions[0]"],
    ["no permission", { permissions: [] }, "keys[1].permissions"],
    ["an address that is none", { allowed_ips: ["nowhere"] }, "keys[1].allowed_ips[0]"],
    ["a time that is none", { expires_at: "tomorrow" }, "keys[1].expires_at"],
  ])("with %s among its keys imports none, and names the place", async (_, more, place) => {
    const before = await storedHashes();
    const hash = hashCredential(foreignKey());
    const answer = await post([entryOf(foreignKey()), { name: "x", hash, permissions: [VIEW], ...more }]);
    expect(expectRefusal(answer, 400, "COM0005").error_description).toContain(place);
    expect(answer.text).not.toContain(hash);
    expect(await storedHashes()).toBe(before);
  });

  test("of a hash that is there already, or twice in it, names its place and never the hash", async () => {
    const [text, token] = [foreignKey(), await storeToken(team)];
    await importOne(text);
    const before = await storedHashes();
    const twice = entryOf(foreignKey());
    const cases = [
      [entryOf(foreignKey()), entryOf(text)],
      [entryOf(foreignKey()), { ...twice }, { ...twice, name: "again" }],
      [entryOf(token)],
      [entryOf(OPERATOR_KEY)],
    ];
    for (const keys of cases) {
      const answer = await post(keys);
      const said = expectRefusal(answer, 409, "COM0010").error_description;
      expect(said).toContain(`keys[${keys.length - 1}].hash`);
      for (const { hash } of keys) expect(answer.text).not.toContain(hash);
    }
    expect(await storedHashes()).toBe(before);
  });

  test("confers no more than its importer holds: permissions, expiry and addresses", async () => {
    const maker = await issue(team, {
      permissions: ["EMM.AccessTokens.CREATE", VIEW],
      expires_in: 3600,
      allowed_ips: ["203.0.113.0/24"],
    });
    const headers = { "CF-Connecting-IP": "203.0.113.9" };
    const as = maker.token;
    const beyond = await post([entryOf(foreignKey(), { permissions: ["EMM.Team.SECURITY"] })], {
      as,
      headers,
    });
    expect(expectRefusal(beyond, 403, "TOK0001").missing).toContain("EMM.Team.SECURITY");
    const elsewhere = entryOf(foreignKey(), { allowed_ips: ["198.51.100.0/24"] });
    expectRefusal(await post([elsewhere], { as, headers }), 422, "COM0009");

    const id = await importOne(foreignKey(), { expires_at: "2090-01-01" }, { as, headers });
    const shown = await call("GET", `/v1/teams/${team}/access-tokens/${id}`);
    expect(expectAnswer(shown, 200, "AccessToken").access_token).toMatchObject({
      expires_at: maker.access_token.expires_at,
      allowed_ips: ["203.0.113.0/24"],
      created_by: maker.id,
    });
  });

  test("into another team is refused, as is one beyond the plan's quota of access tokens", async () => {
    const { token } = await issue(team, { permissions: ["EMM.AccessTokens.CREATE", VIEW] });
    const small = (await makeTeam({ plan: "free" })).id;
    expectRefusal(await post([entryOf(foreignKey())], { as: token, of: small }), 403, "TOK0002");
    expectRefusal(await post([entryOf(foreignKey())], { of: "team_none" }), 404, "COM0008");
    const keys = Array.from({ length: 21 }, () => entryOf(foreignKey()));
    const answer = await post(keys, { of: small });
    expect(expectRefusal(answer, 409, "COM0010").quota).toEqual({ name: "access_tokens", limit: 20 });
    expectAnswer(await post(keys.slice(1), { of: small }), 201, "ImportedKeys");
  });

  test("that runs several times at once for one key has one winner, and the others leave no trace", async () => {
    const text = foreignKey();
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => post([entryOf(foreignKey()), entryOf(text)])),
    );
    expect(statusesOf(answers)).toEqual({ 201: 1, 409: 5 });
    for (const answer of answers.filter(({ status }) => status === 409)) {
      expect(expectRefusal(answer, 409, "COM0010").error_description).toContain("keys[1].hash");
    }
    const stored = await rows("SELECT id FROM access_tokens WHERE hash = ?", hashCredential(text));
    expect(stored).toHaveLength(1);
    expect((await check(key, { token: text }, { at: quick })).allowed).toBe(true);
  });

  test("is repeated by its Idempotency-Key with the same ids, and stores nothing again", async () => {
    const keys = [entryOf(foreignKey()), entryOf(foreignKey())];
    const headers = { "Idempotency-Key": unique("import") };
    const first = expectAnswer(await post(keys, { headers }), 201, "ImportedKeys");
    const before = await storedHashes();
    const again = expectAnswer(await post(keys, { headers }), 201, "ImportedKeys");
    expect(again).toEqual({ ...first, replayed: true });
    expect(await storedHashes()).toBe(before);
  });
});

describe("whoever imports the hash of a token with our shape", () => {
  test("cannot bring an ended one back, nor make one that Jeton never issued", async () => {
    // As if the row of an expired OAuth access token had been forgotten, and one that was never stored.
    for (const token of [sealed("at"), sealed("pat")]) {
      await importOne(token);
      const fresh = await startWorker();
      expect((await check(key, { token }, { at: fresh })).reason).toBe("unknown_token");
      // Now that its row is in memory, still so.
      expect((await check(key, { token }, { at: fresh })).reason).toBe("unknown_token");
      expectRefusal(await call("GET", `/v1/teams/${team}`, { as: token, at: fresh }), 401, "COM0013");
    }
    const altered = `${sealed("pat").slice(0, -1)}!`;
    await importOne(altered);
    expect((await check(key, { token: altered }, { at: quick })).reason).toBe("malformed_token");
  });
});

test("an imported key that becomes an operator key is no team's token any more", async () => {
  const text = foreignKey();
  await importOne(text);
  const later = await startWorker({ OPERATOR_KEY: `${OPERATOR_KEY},${text}` });
  expect((await check(key, { token: text }, { at: later })).reason).toBe("malformed_token");
  expect((await call("GET", "/v1/totals", { as: text, at: later })).status).toBe(200);
});

describe("texts that somebody made up", () => {
  test("do not reach the store, however many and whatever was imported", async () => {
    const text = foreignKey();
    await importOne(text);
    let statements = 0;
    const DB = storeWith(
      (run) => run(),
      () => (statements += 1),
    );
    const counting = await startWorker({ DB, FRESHNESS_MS: "60000" });
    expect((await check(key, { token: text }, { at: counting })).allowed).toBe(true);
    const before = statements;
    for (let sent = 0; sent < 200; sent += 1) {
      const { reason } = await check(key, { token: foreignKey(), permissions: [VIEW] }, { at: counting });
      expect(reason).toBe("malformed_token");
    }
    expect(statements - before).toBe(0);
    // Nor does the one that is known, once it was read.
    expect((await check(key, { token: text }, { at: counting })).allowed).toBe(true);
    expect(statements - before).toBe(0);
  });

  test("and sent all at once to an isolate that knows nothing read what was imported once", async () => {
    let reads = 0;
    const DB = storeWith((run) => {
      reads += 1;
      return run();
    });
    const cold = await startWorker({ DB, FRESHNESS_MS: "60000" });
    // The service and the catalogues are there already, as they are in any isolate that serves.
    await check(key, { token: sealed("pat") }, { at: cold });
    const before = reads;
    const asked = Array.from({ length: 50 }, () => check(key, { token: foreignKey() }, { at: cold }));
    const reasons = new Set((await Promise.all(asked)).map(({ reason }) => reason));
    expect([...reasons]).toEqual(["malformed_token"]);
    expect(reads - before).toBeLessThanOrEqual(3);
  });

  test.each([
    ["too short", "short"],
    ["too long", "x".repeat(513)],
    ["as ours", "jtn_pat_us_x"],
    ["with a space", "two words here"],
  ])("and cannot be a key, being %s, cost not even that", async (_, token) => {
    let reads = 0;
    const DB = storeWith((run) => {
      reads += 1;
      return run();
    });
    const cold = await startWorker({ DB });
    await call("GET", "/v1/teams", { as: token, at: cold });
    expect(reads).toBe(0);
  });
});

test("the hash of a key stands in no answer and no audit event", async () => {
  const text = foreignKey();
  const id = await importOne(text);
  const hash = hashCredential(text);
  const shown = await call("GET", `/v1/teams/${team}/access-tokens/${id}`);
  expect(shown.text).not.toContain(hash);
  expect(await rows("SELECT id FROM audit_events WHERE instr(detail, ?) > 0", hash)).toEqual([]);
});
