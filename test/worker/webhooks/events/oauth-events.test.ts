import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { makeClient, makeGrantToken } from "../../clients.ts";
import { call, driveClock, expectAnswer, issue } from "../../support.ts";
import {
  DEVICE_GRANT,
  decide as decideDevice,
  enter,
  holderIn,
  letIn,
  poll,
  waiting,
} from "../../oauth/device-support.ts";
import {
  credentials,
  expectError,
  expectTokens,
  LOCK_SCOPE,
  ownerPerson,
  post,
  redeem,
  refresh,
  storeClient,
  storeCode,
  WIPE,
  type TestClient,
} from "../../oauth/support.ts";
import { acceptedCode, decide, linkOf, visitor } from "../../oauth/visitor.ts";
import type { ClientType } from "../../../../src/domain/client.ts";
import { bodiesOf, expectTold, listen } from "./told.ts";

const clock = driveClock();

async function clientThatIsWatched(type: ClientType, ...types: readonly string[]) {
  const client = await storeClient(type);
  const person = await ownerPerson(client.team);
  await listen(client.team, ...types);
  return { client, person, team: client.team, by: visitor(person) };
}

const grantOf = async (team: string): Promise<string> => {
  const found = await env.DB.prepare("SELECT id FROM grants WHERE team_id = ? ORDER BY rowid DESC")
    .bind(team)
    .first<{ id: string }>();
  return found?.id ?? "";
};

/** Through `scopeenhance` to the decision about one scope more. */
async function enhance(client: TestClient, by: ReturnType<typeof visitor>, decision: "accept" | "deny") {
  const { code } = await storeCode(client);
  const { refresh_token = "" } = expectTokens(await redeem(client, code));
  const asked = await post("/oauth/v2/token/scopeenhance", {
    ...credentials(client),
    grant_type: "update_scopes_token",
    refresh_token,
  });
  const query = new URLSearchParams({
    response_type: "update_scopes",
    client_id: client.id,
    scope: WIPE,
    redirect_uri: "https://app.example/callback",
    enhance_token: asked.body.access_token ?? "",
  });
  return decide(by, `/oauth/v2/token/addextrascope?${query.toString()}`, decision);
}

describe("grant.accepted", () => {
  test("comes of the consent page", async () => {
    const { client, person, team, by } = await clientThatIsWatched("server", "grant.accepted");
    await acceptedCode(by, linkOf(client, { access_type: "offline" }));
    expect(await expectTold(team, "grant.accepted", await grantOf(team))).toMatchObject({
      client: client.id,
      user: person.user,
      permissions: LOCK_SCOPE.split(" "),
      access_type: "offline",
      actor: { owner: person.user },
    });
    // Given earlier, it is not asked again, and told of by another type.
    await by.get(linkOf(client));
    expect(await bodiesOf(team)).toHaveLength(1);
  });

  test("comes of a device that is let in", async () => {
    const { client, team } = await clientThatIsWatched("device", "grant.accepted", "grant.denied");
    const person = await holderIn(team);
    const { user_code } = await waiting(client);
    await letIn(person, user_code, team);
    expect(await expectTold(team, "grant.accepted", await grantOf(team))).toMatchObject({
      client: client.id,
      user: person.user,
      access_type: "offline",
    });
  });

  test("comes of a self client's grant token", async () => {
    const { team } = await clientThatIsWatched("server", "grant.accepted");
    const { id } = await makeClient(team, "self");
    expectAnswer(await makeGrantToken(team, id, { duration_minutes: 3 }), 201, "GrantToken");
    const data = await expectTold(team, "grant.accepted", await grantOf(team));
    expect(data).toMatchObject({ client: id, duration_minutes: 3, description: "for a test" });
    expect(data).not.toHaveProperty("user");
  });

  test("comes of incremental authorization, and has what is new alone", async () => {
    const { client, person, team, by } = await clientThatIsWatched("server", "grant.accepted");
    await enhance(client, by, "accept");
    const [body, ...more] = await bodiesOf(team);
    expect(more).toEqual([]);
    expect(body).toMatchObject({
      type: "grant.accepted",
      data: { client: client.id, user: person.user, permissions: [WIPE], incremental: true },
    });
  });
});

describe("grant.denied", () => {
  test("comes of the consent page", async () => {
    const { client, person, team, by } = await clientThatIsWatched("server", "grant.denied");
    await decide(by, linkOf(client), "deny");
    expect(await expectTold(team, "grant.denied", client.id)).toMatchObject({
      client: client.id,
      user: person.user,
      permissions: LOCK_SCOPE.split(" "),
    });
  });

  test("comes of a device that is turned away", async () => {
    const { client, team } = await clientThatIsWatched("device", "grant.denied");
    const person = await holderIn(team);
    const { user_code, device_code } = await waiting(client);
    await enter(person, user_code);
    await decideDevice(person, user_code, "deny", team);
    expectError(await poll(client, device_code), 400, "access_denied");
    expect(DEVICE_GRANT).toContain("device_code");
    expect(await expectTold(team, "grant.denied", client.id)).toMatchObject({ user: person.user });
  });

  test("comes of incremental authorization", async () => {
    const { client, team, by } = await clientThatIsWatched("server", "grant.denied");
    await enhance(client, by, "deny");
    const [body, ...more] = await bodiesOf(team);
    expect(more).toEqual([]);
    expect(body).toMatchObject({ data: { client: client.id, permissions: [WIPE], incremental: true } });
  });
});

describe("grant.revoked", () => {
  async function granted(type: ClientType = "server") {
    const watched = await clientThatIsWatched(type, "grant.revoked", "refresh_token.reuse_detected");
    const { code, grant } = await storeCode(watched.client);
    const { refresh_token: token = "" } = expectTokens(await redeem(watched.client, code));
    return { ...watched, code, grant, token };
  }

  test("comes of a refresh token that its client revokes, once", async () => {
    const { client, person, team, grant, token } = await granted();
    for (let n = 0; n < 2; n += 1) {
      const answer = await post("/oauth/v2/token/revoke", { token, ...credentials(client) });
      expect(answer.status).toBe(200);
    }
    expect(await expectTold(team, "grant.revoked", grant)).toMatchObject({
      client: client.id,
      user: person.user,
      cause: "revoked by the client",
    });
  });

  test("comes of a code that is used again, of what the first use gave", async () => {
    const { client, team, grant, code } = await granted();
    clock.advance(11_000);
    expectError(await redeem(client, code), 400, "invalid_grant");
    expect(await expectTold(team, "grant.revoked", grant)).toMatchObject({ cause: "replay" });
  });

  test("comes of a person who disconnects an app, for each of its grants", async () => {
    const { client, person, team, by, grant } = await granted();
    const { grant: another } = await storeCode(client);
    await by.post("/console/me/connected-apps", { client: client.id, team });
    const bodies = await bodiesOf(team);
    expect(bodies.map(({ data }) => data.id).toSorted()).toEqual([grant, another].toSorted());
    for (const { data } of bodies) {
      expect(data).toMatchObject({
        client: client.id,
        user: person.user,
        actor: { owner: person.user },
      });
    }
  });
});

describe("a refresh token's event", () => {
  test("refresh_token.reuse_detected comes of one that was rotated and is used again, once", async () => {
    const { client, person, team } = await clientThatIsWatched(
      "mobile",
      "refresh_token.reuse_detected",
      "grant.revoked",
    );
    const { code, grant } = await storeCode(client);
    const { refresh_token: first = "" } = expectTokens(await redeem(client, code));
    expectTokens(await refresh(client, first));
    clock.advance(11_000);
    await Promise.all([refresh(client, first), refresh(client, first), refresh(client, first)]);
    expect(await expectTold(team, "refresh_token.reuse_detected", grant)).toMatchObject({
      client: client.id,
      user: person.user,
      cause: "replay",
    });
  });

  test("refresh_token.evicted comes of the twenty-first, and has when the oldest was made", async () => {
    const { client, person, team } = await clientThatIsWatched("server", "refresh_token.evicted");
    const madeAt: string[] = [];
    for (let n = 0; n < 21; n += 1) {
      madeAt.push(new Date().toISOString());
      const { code } = await storeCode(client);
      expectTokens(await redeem(client, code));
      clock.advance(61_007);
    }
    const oldest = await env.DB.prepare(
      "SELECT id, grant_id FROM refresh_tokens WHERE client_id = ? ORDER BY created_at LIMIT 1",
    )
      .bind(client.id)
      .first<{ id: string; grant_id: string }>();
    expect(await expectTold(team, "refresh_token.evicted", oldest?.id ?? "")).toMatchObject({
      client: client.id,
      grant: oldest?.grant_id,
      user: person.user,
      made_at: madeAt[0],
      ended: 1,
    });
  });
});

test("access_token.revoked comes of an OAuth access token that its client revokes", async () => {
  const { client, team } = await clientThatIsWatched("server", "access_token.revoked");
  const { code } = await storeCode(client);
  const { access_token: token } = expectTokens(await redeem(client, code));
  const row = await env.DB.prepare("SELECT id FROM access_tokens WHERE client_id = ?")
    .bind(client.id)
    .first<{ id: string }>();
  await post("/oauth/v2/token/revoke", { token, ...credentials(client) });
  expect(await expectTold(team, "access_token.revoked", row?.id ?? "")).toMatchObject({
    before: { permissions: LOCK_SCOPE.split(" ") },
  });
  const { id } = await issue(team);
  await call("DELETE", `/v1/teams/${team}/access-tokens/${id}`);
  expect((await bodiesOf(team)).map(({ data }) => data.id)).toEqual([row?.id, id]);
});
