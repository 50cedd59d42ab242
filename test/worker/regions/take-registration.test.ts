import { describe, expect, test } from "vitest";
import { hashCredential } from "../../../src/operations/credentials.ts";
import {
  storeCode,
  expectError,
  expectTokens,
  LOCK_SCOPE,
  post as postForm,
  redeem,
  refresh,
  REDIRECT,
  type TestClient,
} from "../oauth/support.ts";
import {
  call,
  check,
  expectAnswer,
  expectRefusal,
  makeService,
  makeTeam,
  rows,
  sealed,
  send,
  wholeStore,
} from "../support.ts";
import { claimsOf, foreignId, playRegion, post, Regions, type Message } from "./support.ts";

const regions = new Regions();
const eu = await playRegion("eu");
const india = await playRegion("in");
regions.publish(eu);
regions.publish(india);

async function register(message: Message): Promise<number> {
  return expectAnswer(await post(await eu.sign(claimsOf("eu", message))), 200, "TakenRegistration").version;
}

function secretOf(text: string, expiresAt: number | null = null) {
  return { hash: hashCredential(text), createdAt: 1_000, expiresAt };
}

async function registered(more: Message["enabled"] = {}): Promise<TestClient> {
  const id = foreignId("eu");
  const secret = sealed("cs");
  await register({ id, enabled: { secrets: [secretOf(secret)], ...more } });
  return { id, secret, team: (await makeTeam()).id, type: "server" };
}

const view = { grant: { permissions: JSON.stringify(LOCK_SCOPE.split(" ").slice(1)) } };

describe("a client that its home region registers", () => {
  test("acts here by its own secret, for a team that is here", async () => {
    const client = await registered();
    const { code } = await storeCode(client, view);

    const given = expectTokens(await redeem(client, code));

    const { key } = await makeService();
    expect(await check(key, { token: given.access_token, team: client.team })).toMatchObject({
      allowed: true,
    });
    const [row] = await rows("SELECT home_region, team_id FROM clients WHERE id = ?", client.id);
    expect(row).toEqual({ home_region: "eu", team_id: "eu:team_of_elsewhere" });
  });

  test("has its redirect URIs and secrets replaced by a later version", async () => {
    const client = await registered();
    const next = sealed("cs");
    await register({
      id: client.id,
      version: 2,
      enabled: { redirectUris: ["https://new.example/cb"], secrets: [secretOf(next)] },
    });

    const old = await postForm("/oauth/v2/token", {
      grant_type: "refresh_token",
      refresh_token: "x",
      client_id: client.id,
      client_secret: client.secret,
    });
    expectError(old, 401, "invalid_client");
    const [row] = await rows("SELECT redirect_uris FROM clients WHERE id = ?", client.id);
    expect(row).toEqual({ redirect_uris: '["https://new.example/cb"]' });
    expect(await rows("SELECT hash FROM client_secrets WHERE client_id = ?", client.id)).toEqual([
      { hash: hashCredential(next) },
    ]);
  });

  test("is told once: the same version again, and an older one, change nothing", async () => {
    const client = await registered();
    await register({ id: client.id, version: 7, enabled: { name: "Seven" } });
    const before = await rows("SELECT * FROM clients WHERE id = ?", client.id);

    expect(await register({ id: client.id, version: 7, enabled: { name: "Seven again" } })).toBe(7);
    expect(await register({ id: client.id, version: 3, enabled: { name: "Three" } })).toBe(7);

    expect(await rows("SELECT * FROM clients WHERE id = ?", client.id)).toEqual(before);
  });

  test("of ten messages at once, the newest is in force whatever their order", async () => {
    const id = foreignId("eu");
    const versions = [4, 9, 1, 10, 3, 7, 2, 8, 5, 6];
    await Promise.all(versions.map((version) => register({ id, version, enabled: { name: `v${version}` } })));
    const [row] = await rows("SELECT name, registered_version FROM clients WHERE id = ?", id);
    expect(row).toEqual({ name: "v10", registered_version: 10 });
  });

  test("loses all that it holds here when it is disabled, and can be enabled again", async () => {
    const client = await registered();
    const given = expectTokens(await redeem(client, (await storeCode(client, view)).code));
    const { key } = await makeService();

    await register({ id: client.id, version: 2, enabled: null });

    expect(await check(key, { token: given.access_token })).toMatchObject({
      allowed: false,
      reason: "revoked_token",
    });
    expectError(await refresh(client, given.refresh_token ?? ""), 401, "invalid_client");
    const [event] = await rows(
      "SELECT type, actor, team_id FROM audit_events WHERE subject = ? AND type = 'client.disabled'",
      client.id,
    );
    expect(event).toEqual({ type: "client.disabled", actor: "region:eu", team_id: null });

    await register({ id: client.id, version: 3, enabled: { secrets: [secretOf(client.secret)] } });
    expectError(await refresh(client, given.refresh_token ?? ""), 400, "invalid_grant");
    expectTokens(await redeem(client, (await storeCode(client, view)).code));
  });

  test("that was disabled before this region heard of it is not enabled by a late message", async () => {
    const id = foreignId("eu");
    expect(await register({ id, version: 5, enabled: null })).toBe(5);
    expect(await register({ id, version: 4 })).toBe(5);
    const [row] = await rows("SELECT deleted_at IS NULL AS live FROM clients WHERE id = ?", id);
    expect(row).toEqual({ live: 0 });
  });

  test("gets nothing for itself alone: its team is at home", async () => {
    const client = await registered();
    const asked = await postForm("/oauth/v2/token", {
      grant_type: "client_credentials",
      client_id: client.id,
      client_secret: client.secret,
    });
    expect(asked.status).toBeGreaterThanOrEqual(400);
    expect(asked.body.error_description).toContain("https://tokens.example.eu");
  });

  test("waits while its team is suspended at home", async () => {
    const client = await registered({ teamStatus: "suspended" });
    const query = new URLSearchParams({
      client_id: client.id,
      redirect_uri: REDIRECT,
      response_type: "code",
      scope: "EMM.Devices.VIEW",
    });
    const page = await send("GET", `/oauth/v2/auth?${query.toString()}`, { as: null });
    expect(page.status).toBe(400);
  });
});

describe("a message is refused", () => {
  test("when another region signed it: the id of the client says whose word counts", async () => {
    const client = await registered();
    const forged = { id: client.id, version: 99, enabled: { redirectUris: ["https://evil.example/cb"] } };
    // As itself, and in the name of the home region.
    for (const iss of ["in", "eu"] as const) {
      expectRefusal(await post(await india.sign(claimsOf(iss, forged))), 401, "COM0013");
    }
    const [kid] = (eu.jwks as { keys: { kid: string }[] }).keys.map((key) => key.kid);
    expectRefusal(await post(await india.sign(claimsOf("eu", forged), { kid })), 401, "COM0013");
    const [row] = await rows("SELECT redirect_uris FROM clients WHERE id = ?", client.id);
    expect(row).toEqual({ redirect_uris: '["https://app.example/callback"]' });
  });

  test("when it speaks of a client of this very region", async () => {
    expectRefusal(await post(await eu.sign(claimsOf("eu", { id: foreignId("us") }))), 401, "COM0013");
  });

  test.each([
    ["for another region", { aud: "https://tokens.example.in" }],
    ["of another issuer", { iss: "https://tokens.example.in" }],
    ["of an hour ago", { iat: Math.floor(Date.now() / 1000) - 3600 }],
    ["of the future", { iat: Math.floor(Date.now() / 1000) + 3600 }],
    ["without a time", { iat: undefined }],
  ])("when it is %s", async (_, more) => {
    const jws = await eu.sign({ ...claimsOf("eu", { id: foreignId("eu") }), ...more });
    expectRefusal(await post(jws), 401, "COM0013");
  });

  test("when it is another kind of JWT of the region", async () => {
    const jws = await eu.sign(claimsOf("eu", { id: foreignId("eu") }), { typ: "JWT" });
    expectRefusal(await post(jws), 401, "COM0013");
  });

  test("when a client is to become one of another type", async () => {
    const client = await registered();
    const jws = await eu.sign(claimsOf("eu", { id: client.id, version: 2, type: "browser" }));
    expectRefusal(await post(jws), 400, "COM0005");
  });

  test.each([
    ["a redirect URI that no client may have", { redirectUris: ["javascript:alert(1)"] }],
    ["more secrets than anybody has", { secrets: Array.from({ length: 11 }, () => secretOf(sealed("cs"))) }],
    ["no name", { name: "" }],
  ])("when it names %s", async (_, enabled) => {
    const jws = await eu.sign(claimsOf("eu", { id: foreignId("eu"), enabled }));
    expectRefusal(await post(jws), 400, "COM0005");
  });

  test("when it is no JWT, or of no media type", async () => {
    expectRefusal(await post("nonsense"), 400, "COM0005");
    const sent = { as: null, body: "{}" };
    expectRefusal(await call("POST", "/v1/regions/clients", sent), 415, "COM0014");
  });

  test("when its region's keys cannot be had, and then it is to be sent again", async () => {
    const jp = await playRegion("jp");
    const jws = await jp.sign({ ...claimsOf("jp", { id: foreignId("jp") }) });
    const answer = await post(jws);
    expectRefusal(answer, 503, "COM0004");
    expect(answer.headers.get("Retry-After")).not.toBeNull();
  });
});

test("a bad region cannot make a client act for a team that is here", async () => {
  const victim = await makeTeam();
  const client = await registered({ team: victim.id });
  const asked = await postForm("/oauth/v2/token", {
    grant_type: "client_credentials",
    client_id: client.id,
    client_secret: client.secret,
  });
  expect(asked.status).toBeGreaterThanOrEqual(400);
  const listed = expectAnswer(await call("GET", `/v1/teams/${victim.id}/clients`), 200, "Clients");
  expect(listed.clients).toEqual([]);
});

test("a bad region cannot end another client's secret by naming its hash", async () => {
  const victim = await registered();
  const other = await registered({ secrets: [secretOf(victim.secret, 1)] });

  const [row] = await rows(
    "SELECT client_id, expires_at FROM client_secrets WHERE hash = ?",
    hashCredential(victim.secret),
  );
  expect(row).toEqual({ client_id: victim.id, expires_at: null });
  expectTokens(await redeem(victim, (await storeCode(victim, view)).code));
  const stolen = await redeem({ ...other, secret: victim.secret }, (await storeCode(other, view)).code);
  expectError(stolen, 401, "invalid_client");
});

test("a secret that was reported as leaked here does not come back with the next version", async () => {
  const client = await registered();
  await call("POST", "/v1/leaks", { as: null, body: { token: client.secret } });
  await register({ id: client.id, version: 2, enabled: { secrets: [secretOf(client.secret)] } });
  expectError(await redeem(client, (await storeCode(client, view)).code), 401, "invalid_client");
});

test("nothing of a message is stored but what it registers", async () => {
  const client = await registered();
  expect(await wholeStore()).not.toContain(client.secret);
});
