import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { hashCredential } from "../../../src/operations/credentials.ts";
import { slowWriter } from "../people.ts";
import { call, check, driveClock, makeService, makeTeam, rows, send } from "../support.ts";
import {
  credentials,
  expectError,
  expectTokens,
  LOCK,
  LOCK_SCOPE,
  post,
  storeClient,
  VIEW,
  WIPE,
  type OAuthAnswer,
  type TestClient,
} from "./support.ts";

const clock = driveClock();

function ask(client: TestClient, more: Readonly<Record<string, string>> = {}): Promise<OAuthAnswer> {
  return post("/oauth/v2/token", { grant_type: "client_credentials", ...credentials(client), ...more });
}

const EVERYTHING = [...LOCK_SCOPE.split(" "), WIPE].sort().join(" ");

describe("a client's own credentials", () => {
  test.each(["server", "self"] as const)(
    "give a client of type %s an access token of its own team, and nothing else",
    async (type) => {
      const client = await storeClient(type);

      const tokens = expectTokens(await ask(client));

      expect(tokens).toEqual({
        access_token: expect.stringMatching(/^jtn_at_us_/) as unknown,
        api_domain: "https://tokens.example.com",
        token_type: "Bearer",
        expires_in: 3600,
        scope: EVERYTHING,
      });
      const { key } = await makeService();
      const question = { token: tokens.access_token, permissions: [LOCK] };
      expect(await check(key, { ...question, team: client.team })).toMatchObject({
        allowed: true,
        token: { client_id: client.id, user_id: null, team: client.team },
      });
      expect(await check(key, { ...question, team: (await makeTeam()).id })).toMatchObject({
        allowed: false,
        reason: "wrong_team",
      });
      const [row] = await rows("SELECT grant_id, user_id FROM access_tokens WHERE client_id = ?", client.id);
      expect(row).toEqual({ grant_id: null, user_id: null });
      expect(await rows("SELECT 1 FROM refresh_tokens WHERE client_id = ?", client.id)).toEqual([]);
      expect(
        await rows(
          "SELECT actor, team_id FROM audit_events WHERE type = 'client.token_issued' AND subject = ?",
          client.id,
        ),
      ).toEqual([{ actor: client.id, team_id: client.team }]);
    },
  );

  test("give what scope says of it, with what comes with that, and never more than the client may be granted", async () => {
    const client = await storeClient("server", { permissions: JSON.stringify(LOCK_SCOPE.split(" ")) });

    expect(expectTokens(await ask(client, { scope: VIEW })).scope.split(" ")).not.toContain(LOCK);
    expect(expectTokens(await ask(client, { scope: `${LOCK},${VIEW},EMM.Groups.VIEW` })).scope).toBe(
      LOCK_SCOPE,
    );
    expect(expectError(await ask(client, { scope: `${VIEW} ${WIPE}` }), 400, "invalid_scope")).toContain(
      WIPE,
    );
    expectError(await ask(client, { scope: "EMM.Team.MANAGE" }), 400, "invalid_scope");
    expectError(await ask(client, { scope: "EMM.Team.FLY" }), 400, "invalid_scope");
    expectError(await ask(client, { scope: LOCK }), 400, "invalid_scope");
  });

  test("of a client that may be granted nothing give nothing", async () => {
    const client = await storeClient("server", { permissions: "[]" });

    expectError(await ask(client), 400, "invalid_scope");
    expectError(await ask(client, { scope: VIEW }), 400, "invalid_scope");
  });

  test.each(["browser", "mobile", "device"] as const)(
    "are none of a client of type %s, whatever secret it sends",
    async (type) => {
      const client = await storeClient(type);

      expectError(await ask(client), 400, "unauthorized_client");
      expectError(await ask(client, { client_secret: client.secret }), 400, "unauthorized_client");
    },
  );

  test("have to be right, and sent in one way", async () => {
    const client = await storeClient();
    const other = await storeClient();
    const grant = { grant_type: "client_credentials" };

    expectError(await post("/oauth/v2/token", { ...grant, client_id: client.id }), 401, "invalid_client");
    expectError(await ask({ ...client, secret: other.secret }), 401, "invalid_client");
    expectError(await ask({ ...client, id: other.id }), 401, "invalid_client");
    const headers = { Authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` };
    expectTokens(await post("/oauth/v2/token", grant, { headers }));
    expectError(
      await post("/oauth/v2/token", { ...grant, ...credentials(client) }, { headers }),
      400,
      "invalid_request",
    );
  });

  test("are taken from the query and from multipart as well", async () => {
    const client = await storeClient();
    const parameters = { grant_type: "client_credentials", ...credentials(client) };
    const form = new FormData();
    for (const [name, value] of Object.entries(parameters)) form.append(name, value);
    const encoded = new Response(form);

    expectTokens(await post(`/oauth/v2/token?${new URLSearchParams(parameters).toString()}`, {}));
    const multipart = await send("POST", "/oauth/v2/token", {
      as: null,
      headers: { "Content-Type": encoded.headers.get("Content-Type") ?? "" },
      body: new Uint8Array(await encoded.arrayBuffer()),
    });
    expect(multipart.status).toBe(200);
  });

  test("give a token for the resources that are named", async () => {
    const client = await storeClient();
    const resource = "https://devices.example/api";

    const { access_token: token } = expectTokens(await ask(client, { resource }));

    const { key } = await makeService({ resource });
    const { key: other } = await makeService();
    expect(await check(key, { token })).toMatchObject({ allowed: true });
    expect(await check(other, { token })).toMatchObject({ reason: "wrong_audience" });
    expectError(await ask(client, { resource: "no uri" }), 400, "invalid_target");
  });

  test("give nothing while the team is suspended, and what they gave before is refused too", async () => {
    const client = await storeClient();
    const { access_token: token } = expectTokens(await ask(client));
    const { key } = await makeService();
    expect(await check(key, { token })).toMatchObject({ allowed: true });

    await call("PATCH", `/v1/teams/${client.team}`, { body: { status: "suspended" } });

    expect(expectError(await ask(client), 400, "invalid_grant")).toContain("suspended");
    clock.advance(2_000);
    expect(await check(key, { token })).toMatchObject({ allowed: false, reason: "team_suspended" });
  });

  test("give no more time and no more addresses than the token that registered the client has", async () => {
    const client = await storeClient("server", {
      not_after: Date.now() + 90_000,
      allowed_ips: JSON.stringify(["203.0.113.0/24"]),
    });

    const tokens = expectTokens(await ask(client));

    expect(tokens.expires_in).toBe(90);
    const { key } = await makeService();
    const { access_token: token } = tokens;
    expect(await check(key, { token, ip: "203.0.113.9" })).toMatchObject({ allowed: true });
    expect(await check(key, { token, ip: "198.51.100.9" })).toMatchObject({ reason: "ip_not_allowed" });
    clock.advance(90_000);
    expect(await check(key, { token, ip: "203.0.113.9" })).toMatchObject({ reason: "expired_token" });
    expectError(await ask(client), 400, "unauthorized_client");
  });

  test("of a deleted client give nothing, and all that they gave has ended", async () => {
    const client = await storeClient();
    const { access_token: token } = expectTokens(await ask(client));
    const { key } = await makeService();
    expect(await check(key, { token })).toMatchObject({ allowed: true });

    const deleted = await call("DELETE", `/v1/teams/${client.team}/clients/${client.id}`);

    expect(deleted.status, deleted.text).toBe(200);
    expectError(await ask(client), 401, "invalid_client");
    clock.advance(2_000);
    expect(await check(key, { token })).toMatchObject({ allowed: false, reason: "revoked_token" });
  });

  test("of a client that is deleted meanwhile give nothing", async () => {
    const client = await storeClient();
    const writer = await slowWriter();

    const answer = post(
      "/oauth/v2/token",
      { grant_type: "client_credentials", ...credentials(client) },
      { at: writer.at },
    );
    await writer.reached;
    await env.DB.prepare("UPDATE clients SET deleted_at = 1 WHERE id = ?").bind(client.id).run();
    writer.release();

    expectError(await answer, 401, "invalid_client");
    expect(await rows("SELECT 1 FROM access_tokens WHERE client_id = ?", client.id)).toEqual([]);
  });

  test("of a client whose team is in another region lead there", async () => {
    const home = { id: "cli_eu_elsewhere", team_id: "team_elsewhere" };
    const client = { ...(await storeClient("server", home)), id: home.id };
    await env.DB.prepare("UPDATE client_secrets SET client_id = ? WHERE hash = ?")
      .bind(home.id, hashCredential(client.secret))
      .run();

    expect(expectError(await ask(client), 401, "invalid_client")).toMatch(/region eu.*https:/);
  });
});
