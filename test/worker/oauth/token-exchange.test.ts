import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hashCredential } from "../../../src/operations/credentials.ts";
import { join, makeRole, slowWriter } from "../people.ts";
import { call, check, driveClock, issue, makeService, rows, sealed, send, storeToken } from "../support.ts";
import { makeProver, prove } from "./proofs.ts";
import {
  credentials,
  expectError,
  expectTokens,
  LOCK,
  LOCK_SCOPE,
  ownerOf,
  post,
  redeem,
  refresh,
  storeClient,
  storeCode,
  VIEW,
  WIPE,
  type OAuthAnswer,
  type TestClient,
} from "./support.ts";

const clock = driveClock();

const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
const API = "https://devices.example/api";
const OTHER_API = "https://phones.example/api";

function exchange(
  client: TestClient,
  token: string,
  more: Readonly<Record<string, string>> | readonly (readonly [string, string])[] = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<OAuthAnswer> {
  const parameters = {
    grant_type: EXCHANGE,
    subject_token: token,
    subject_token_type: ACCESS_TOKEN,
    ...credentials(client),
  };
  const extra = Array.isArray(more) ? (more as [string, string][]) : Object.entries(more);
  return post("/oauth/v2/token", [...Object.entries(parameters), ...extra], { headers });
}

interface Given {
  readonly client: TestClient;
  readonly token: string;
  readonly refreshToken: string;
  readonly grant: string;
  readonly user: string | null;
}

/** An access token as a code gives it. */
async function given(
  client: TestClient,
  grant: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Given> {
  const { code, grant: id, user } = await storeCode(client, { grant });
  const answer =
    Object.keys(headers).length === 0
      ? await redeem(client, code)
      : await post(
          "/oauth/v2/token",
          {
            grant_type: "authorization_code",
            code,
            redirect_uri: "https://app.example/callback",
            ...credentials(client),
          },
          { headers },
        );
  const { access_token: token, refresh_token: refreshToken = "" } = expectTokens(answer);
  return { client, token, refreshToken, grant: id, user };
}

function rowOf(token: string) {
  return rows<{
    id: string;
    user_id: string | null;
    team_id: string;
    grant_id: string | null;
    client_id: string;
    audience: string | null;
    allowed_ips: string | null;
    expires_at: number;
    proof_key: string | null;
    permissions: string;
  }>("SELECT * FROM access_tokens WHERE hash = ?", hashCredential(token)).then(([row]) => row);
}

describe("a client's own access token", () => {
  test.each(["server", "browser", "mobile", "self"] as const)(
    "is exchanged by a client of type %s for one of the same person, team and grant",
    async (type) => {
      const client = await storeClient(type);
      const { token, grant, user } = await given(client, {});

      const tokens = expectTokens(await exchange(client, token, { state: "s" }));

      expect(tokens).toEqual({
        access_token: expect.stringMatching(/^jtn_at_us_/) as unknown,
        issued_token_type: ACCESS_TOKEN,
        api_domain: "https://tokens.example.com",
        token_type: "Bearer",
        expires_in: 3600,
        scope: LOCK_SCOPE,
        state: "s",
      });
      expect(tokens.access_token).not.toBe(token);
      expect(await rowOf(tokens.access_token)).toMatchObject({
        user_id: user,
        team_id: client.team,
        grant_id: grant,
        client_id: client.id,
      });
      const { key } = await makeService();
      expect(await check(key, { token, permissions: [LOCK] })).toMatchObject({ allowed: true });
      expect(
        await check(key, { token: tokens.access_token, permissions: [LOCK], team: client.team }),
      ).toMatchObject({ allowed: true, token: { user_id: user, client_id: client.id } });
      expect(
        await rows(
          "SELECT actor, team_id FROM audit_events WHERE type = 'access_token.exchanged' AND subject = ?",
          (await rowOf(tokens.access_token))?.id,
        ),
      ).toEqual([{ actor: client.id, team_id: client.team }]);
    },
  );

  test("of the client itself gives another one of the client itself", async () => {
    const client = await storeClient("self");
    const first = expectTokens(
      await post("/oauth/v2/token", { grant_type: "client_credentials", ...credentials(client) }),
    );

    const next = expectTokens(await exchange(client, first.access_token, { scope: VIEW }));

    expect(await rowOf(next.access_token)).toMatchObject({
      user_id: null,
      grant_id: null,
      client_id: client.id,
    });
    expect(next.scope.split(" ")).not.toContain(LOCK);
  });

  test("gives no more than it has: a wider scope and one that nobody knows are refused", async () => {
    const client = await storeClient();
    const { token } = await given(client);

    const narrow = expectTokens(await exchange(client, token, { scope: VIEW }));

    expect(narrow.scope.split(" ")).toEqual(
      LOCK_SCOPE.split(" ").filter((permission) => permission !== LOCK),
    );
    expect(
      expectError(
        await exchange(client, narrow.access_token, { scope: `${LOCK} ${VIEW} EMM.Groups.VIEW` }),
        400,
        "invalid_scope",
      ),
    ).toContain(LOCK);
    // The client may be granted it, the grant has not got it.
    expectError(await exchange(client, token, { scope: `${WIPE} ${VIEW}` }), 400, "invalid_scope");
    expectError(await exchange(client, token, { scope: "EMM.Devices.FLY" }), 400, "invalid_scope");
  });

  test("gives fewer resources at most", async () => {
    const client = await storeClient();
    const { token: free } = await given(client);
    const { token: bound } = await given(client, { audience: `${API} ${OTHER_API}` });

    const narrow = expectTokens(await exchange(client, bound, { resource: API })).access_token;

    expect(await rowOf(narrow)).toMatchObject({ audience: API });
    // Without a word of it the resources stay as they are, and do not become all.
    expect(await rowOf(expectTokens(await exchange(client, narrow)).access_token)).toMatchObject({
      audience: API,
    });
    expectError(await exchange(client, narrow, { resource: OTHER_API }), 400, "invalid_target");
    const both = [
      ["resource", API],
      ["resource", OTHER_API],
    ] as const;
    expectError(await exchange(client, narrow, both), 400, "invalid_target");
    expect(await rowOf(expectTokens(await exchange(client, free, both)).access_token)).toMatchObject({
      audience: `${API} ${OTHER_API}`,
    });
    expectError(await exchange(client, free, { resource: "no uri" }), 400, "invalid_target");
    expectError(await exchange(client, free, { audience: "phones" }), 400, "invalid_target");
  });

  test("gives no more time than is left of it", async () => {
    const client = await storeClient();
    const { token } = await given(client);
    clock.advance(3_000_000);

    const next = expectTokens(await exchange(client, token));

    expect(next.expires_in).toBe(600);
    expect((await rowOf(next.access_token))?.expires_at).toBe((await rowOf(token))?.expires_at);
    clock.advance(600_000);
    expect(expectError(await exchange(client, token), 400, "invalid_request")).toContain("expired");
    expect(expectError(await exchange(client, next.access_token), 400, "invalid_request")).toContain(
      "expired",
    );
  });

  test("passes its allowed addresses on", async () => {
    const client = await storeClient("self");
    const { token } = await given(client, { allowed_ips: '["203.0.113.0/24"]', user_id: null });

    const { access_token: next } = expectTokens(await exchange(client, token));

    const { key } = await makeService();
    expect(await check(key, { token: next, ip: "203.0.113.1" })).toMatchObject({ allowed: true });
    expect(await check(key, { token: next, ip: "198.51.100.1" })).toMatchObject({ reason: "ip_not_allowed" });
    expect(await check(key, { token: next })).toMatchObject({ reason: "ip_not_allowed" });
  });

  test("that is bound to a key needs its proof, and gives one that is bound to the same", async () => {
    const client = await storeClient("browser");
    const [prover, other] = [await makeProver(), await makeProver()];
    const { token } = await given(client, {}, { DPoP: await prove(prover) });

    expect(expectError(await exchange(client, token), 400, "invalid_request")).toContain("bound to a key");
    expectError(await exchange(client, token, {}, { DPoP: await prove(other) }), 400, "invalid_request");

    const next = expectTokens(await exchange(client, token, {}, { DPoP: await prove(prover) }));
    expect(next.token_type).toBe("DPoP");
    expect(await rowOf(next.access_token)).toMatchObject({ proof_key: prover.key });
    expectError(await exchange(client, next.access_token), 400, "invalid_request");
  });

  test("that is bound to no key can give one that is", async () => {
    const client = await storeClient();
    const prover = await makeProver();
    const { token } = await given(client);

    const next = expectTokens(await exchange(client, token, {}, { DPoP: await prove(prover) }));

    expect(await rowOf(next.access_token)).toMatchObject({ proof_key: prover.key });
  });

  test("is exchanged as often as the grant may give access tokens, and refreshes count with it", async () => {
    const client = await storeClient();
    const { token, refreshToken } = await given(client);
    expectTokens(await refresh(client, refreshToken));

    const answers = await Promise.all(Array.from({ length: 12 }, () => exchange(client, token)));

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(9);
    const refused = answers.find(({ status }) => status !== 200);
    expect(refused && expectError(refused, 429, "rate_limited")).toContain("access tokens");
    expect(Number(refused?.headers.get("Retry-After"))).toBe(600);
    expectError(await refresh(client, refreshToken), 429, "rate_limited");
  });
});

describe("an exchange is refused", () => {
  test("for another client's token, for one of nobody, and for other kinds", async () => {
    const client = await storeClient();
    const other = await storeClient("server", { team_id: client.team });
    const { token, refreshToken } = await given(other);
    const { token: pat } = await issue(client.team);

    expect(expectError(await exchange(client, token), 400, "invalid_request")).toContain("another client");
    expectError(await exchange(client, pat), 400, "invalid_request");
    expectError(await exchange(client, refreshToken), 400, "invalid_request");
    expectError(await exchange(client, sealed("at")), 400, "invalid_request");
    expectError(await exchange(client, sealed("at", { key: "another" })), 400, "invalid_request");
    expectError(await exchange(client, "eyJhbGciOiJub25lIn0.e30."), 400, "invalid_request");
    expect(
      expectError(await exchange(client, sealed("at", { region: "eu" })), 400, "invalid_request"),
    ).toMatch(/region eu.*https:/);
    // Nor does any of that end the token.
    expectTokens(await exchange(other, token));
  });

  test("with a forged end of a right token", async () => {
    const client = await storeClient();
    const { token } = await given(client);

    expectError(
      await exchange(client, token.slice(0, -12) + sealed("at").slice(-12)),
      400,
      "invalid_request",
    );
    expectTokens(await exchange(client, token));
  });

  test("without, or with other, types than access tokens, and with an actor", async () => {
    const client = await storeClient();
    const { token } = await given(client);
    const base = { grant_type: EXCHANGE, ...credentials(client) };
    const jwt = "urn:ietf:params:oauth:token-type:jwt";

    for (const wrong of [
      { ...base, subject_token_type: ACCESS_TOKEN },
      { ...base, subject_token: token },
      { ...base, subject_token: token, subject_token_type: jwt },
      { ...base, subject_token: token, subject_token_type: ACCESS_TOKEN, requested_token_type: jwt },
      {
        ...base,
        subject_token: token,
        subject_token_type: ACCESS_TOKEN,
        requested_token_type: "urn:ietf:params:oauth:token-type:refresh_token",
      },
      {
        ...base,
        subject_token: token,
        subject_token_type: ACCESS_TOKEN,
        actor_token: token,
        actor_token_type: ACCESS_TOKEN,
      },
      { ...base, subject_token: token, subject_token_type: ACCESS_TOKEN, actor_token_type: ACCESS_TOKEN },
    ]) {
      expectError(await post("/oauth/v2/token", wrong), 400, "invalid_request");
    }
    expectTokens(await exchange(client, token, { requested_token_type: ACCESS_TOKEN }));
  });

  test("unless the client authenticates", async () => {
    const client = await storeClient();
    const { token } = await given(client);

    expectError(await exchange({ ...client, type: "browser" }, token), 401, "invalid_client");
    expectError(await exchange({ ...client, secret: sealed("cs") }, token), 401, "invalid_client");
  });

  test("once the token, its grant or its refresh token was revoked", async () => {
    const client = await storeClient();
    const first = await given(client);
    const second = await given(client);
    const derived = expectTokens(await exchange(client, second.token)).access_token;

    await post("/oauth/v2/token/revoke", { token: first.token, ...credentials(client) });
    await post("/oauth/v2/token/revoke", { token: second.refreshToken, ...credentials(client) });

    expect(expectError(await exchange(client, first.token), 400, "invalid_request")).toContain("revoked");
    expect(expectError(await exchange(client, second.token), 400, "invalid_request")).toContain("revoked");
    // What came of it by exchange has ended with the grant.
    expectError(await exchange(client, derived), 400, "invalid_request");
    const { key } = await makeService();
    expect(await check(key, { token: derived })).toMatchObject({ reason: "revoked_token" });
  });

  test("once its grant has ended, even where the token's own row does not say so", async () => {
    const client = await storeClient();
    const { token, grant } = await given(client);
    await env.DB.prepare("UPDATE grants SET revoked_at = 1 WHERE id = ?").bind(grant).run();

    expect(expectError(await exchange(client, token), 400, "invalid_request")).toContain("revoked");
  });

  test("once the person has left, the team is suspended or nothing is left of what the person held", async () => {
    const client = await storeClient();
    await ownerOf(client.team);
    const role = await makeRole(client.team, LOCK_SCOPE.split(" "));
    const leaver = await join(client.team, role.id);
    const demoted = await join(client.team, role.id);
    const stays = await given(client);
    const left = await given(client, { user_id: leaver.user, holder: leaver.user });
    const less = await given(client, { user_id: demoted.user, holder: demoted.user });

    await env.DB.prepare("DELETE FROM members WHERE id = ?").bind(leaver.id).run();
    expect(expectError(await exchange(client, left.token), 400, "invalid_request")).toContain(
      "no longer a member",
    );

    await call("PATCH", `/v1/teams/${client.team}/roles/${role.id}`, { body: { permissions: [VIEW] } });
    expect(expectTokens(await exchange(client, less.token)).scope).not.toContain(LOCK);
    expectError(
      await exchange(client, less.token, { scope: `${LOCK} ${VIEW} EMM.Groups.VIEW` }),
      400,
      "invalid_scope",
    );
    await env.DB.prepare("UPDATE roles SET permissions = '[]' WHERE id = ?").bind(role.id).run();
    expect(expectError(await exchange(client, less.token), 400, "invalid_request")).toContain(
      "nothing any more",
    );

    await call("PATCH", `/v1/teams/${client.team}`, { body: { status: "suspended" } });
    expect(expectError(await exchange(client, stays.token), 400, "invalid_grant")).toContain("suspended");
  });

  test("when the token ends between the look at it and the new one", async () => {
    const client = await storeClient();
    const { token } = await given(client);
    const before = await rows("SELECT id FROM access_tokens WHERE client_id = ?", client.id);
    const writer = await slowWriter();

    const answer = post(
      "/oauth/v2/token",
      {
        grant_type: EXCHANGE,
        subject_token: token,
        subject_token_type: ACCESS_TOKEN,
        ...credentials(client),
      },
      { at: writer.at },
    );
    await writer.reached;
    await post("/oauth/v2/token/revoke", { token, ...credentials(client) });
    writer.release();

    expectError(await answer, 400, "invalid_request");
    expect(await rows("SELECT id FROM access_tokens WHERE client_id = ?", client.id)).toEqual(before);
  });

  test("for a token in the query that is named otherwise, while its own name may be sent there", async () => {
    const client = await storeClient();
    const { token } = await given(client);
    const parameters = { grant_type: EXCHANGE, subject_token: token, subject_token_type: ACCESS_TOKEN };
    const query = new URLSearchParams({ ...parameters, ...credentials(client) });
    const form = new FormData();
    for (const [name, value] of query) form.append(name, value);
    const encoded = new Response(form);

    expectTokens(await post(`/oauth/v2/token?${query.toString()}`, {}));
    const multipart = await send("POST", "/oauth/v2/token", {
      as: null,
      headers: { "Content-Type": encoded.headers.get("Content-Type") ?? "" },
      body: new Uint8Array(await encoded.arrayBuffer()),
    });
    expect(multipart.status).toBe(200);
    expectError(await post(`/oauth/v2/token?access_token=${token}`, parameters), 400, "invalid_request");
    expectError(
      await post(`/oauth/v2/token?subject_token=${token}`, { ...parameters, ...credentials(client) }),
      400,
      "invalid_request",
    );
  });
});

/** What a token is good for. */
interface Reach {
  readonly permissions: ReadonlySet<string>;
  /** Null: anything. */
  readonly resources: ReadonlySet<string> | null;
  readonly expiresAt: number;
}

async function reachOf(token: string): Promise<Reach> {
  const row = await rowOf(token);
  if (row === undefined) throw new Error("no such token");
  return {
    permissions: new Set(JSON.parse(row.permissions) as string[]),
    resources: row.audience === null ? null : new Set(row.audience.split(" ")),
    expiresAt: row.expires_at,
  };
}

function expectWithin(next: Reach, before: Reach): void {
  expect([...next.permissions].filter((permission) => !before.permissions.has(permission))).toEqual([]);
  expect(next.expiresAt).toBeLessThanOrEqual(before.expiresAt);
  if (before.resources === null) return;
  expect(next.resources).not.toBeNull();
  expect([...(next.resources ?? [])].filter((resource) => !before.resources?.has(resource))).toEqual([]);
}

test(
  "whatever is asked for in whatever order, no chain of exchanges ever widens",
  { timeout: 120_000 },
  async () => {
    const everything = [...LOCK_SCOPE.split(" "), WIPE, "EMM.Team.MANAGE", "MDMOnDemand.MDMUser.READ"];
    const step = fc.record({
      scope: fc.option(fc.subarray(everything, { minLength: 1 })),
      resources: fc.subarray([API, OTHER_API, "https://third.example"]),
      waitMs: fc.integer({ min: 0, max: 900_000 }),
      // Of the tokens that there are so far: also an older, wider one is tried.
      from: fc.nat(),
    });
    const client = await storeClient("server", { permissions: JSON.stringify(everything.toSorted()) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const start = expectTokens(
          await post("/oauth/v2/token", { grant_type: "client_credentials", ...credentials(client) }),
        ).access_token;
        const tokens = [start];
        for (const { scope, resources, waitMs, from } of steps) {
          clock.advance(waitMs);
          const token = tokens[from % tokens.length] ?? start;
          const before = await reachOf(token);
          const answer = await exchange(client, token, [
            ...(scope === null ? [] : [["scope", scope.join(" ")] as const]),
            ...resources.map((resource) => ["resource", resource] as const),
          ]);
          if (answer.status !== 200) continue;
          const next = expectTokens(answer).access_token;
          expectWithin(await reachOf(next), before);
          expectWithin(await reachOf(next), await reachOf(start));
          tokens.push(next);
        }
      }),
      { numRuns: 40 },
    );
  },
);

test("a token of a user that was stored for another client's grant cannot be claimed by naming its id", async () => {
  const client = await storeClient();
  const victim = await storeClient("server", { team_id: client.team });
  const token = await storeToken(
    client.team,
    { kind: "at", client_id: victim.id, expires_at: Date.now() + 60_000 },
    sealed("at"),
  );

  expectError(await exchange(client, token, { subject_client_id: client.id }), 400, "invalid_request");
});
