import { env } from "cloudflare:workers";
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import worker from "../../../src/index.ts";
import { check, driveClock, makeService, makeTeam, rows, sealed, wholeStore } from "../support.ts";
import {
  expectError,
  expectTokens,
  LOCK,
  LOCK_SCOPE,
  post,
  redeem,
  REDIRECT,
  refresh,
  storeClient,
  storeCode,
  VIEW,
} from "./support.ts";

const VERIFIER = "a-verifier-of-more-than-forty-three-characters-long";
const CHALLENGE = createHash("sha256").update(VERIFIER).digest("base64url");

// Before the first request: the Worker keeps the clock that it finds then.
const clock = driveClock();

describe("a grant token", () => {
  test("is exchanged for an access token and a refresh token, and the access token may what was granted", async () => {
    const client = await storeClient();
    const { code, user } = await storeCode(client);

    const answer = await redeem(client, code, { state: "s t&ä" });

    const tokens = expectTokens(answer);
    expect(tokens).toEqual({
      access_token: expect.stringMatching(/^jtn_at_us_/) as unknown,
      refresh_token: expect.stringMatching(/^jtn_rt_us_/) as unknown,
      api_domain: "https://tokens.example.com",
      token_type: "Bearer",
      expires_in: 3600,
      scope: LOCK_SCOPE,
      state: "s t&ä",
    });
    expect(answer.headers.get("Pragma")).toBe("no-cache");
    const { key } = await makeService();
    const verdict = await check(key, { token: tokens.access_token, permissions: [LOCK], team: client.team });
    expect(verdict).toMatchObject({
      allowed: true,
      token: { kind: "at", client_id: client.id, user_id: user, team: client.team },
    });
  });

  test("brings no refresh token when it was asked for online", async () => {
    const client = await storeClient();
    const { code } = await storeCode(client, { grant: { access_type: "online" } });

    expect(expectTokens(await redeem(client, code))).not.toHaveProperty("refresh_token");
  });

  test("of a self client needs no redirect_uri, and one that its library sends is no matter", async () => {
    const client = await storeClient("self");
    const plain = await storeCode(client);
    const more = await storeCode(client);

    expectTokens(await redeem(client, plain.code));
    expectTokens(await redeem(client, more.code, { redirect_uri: REDIRECT }));
  });

  test("is taken from the query, a form and multipart alike", async () => {
    const client = await storeClient();
    const inQuery = await storeCode(client);
    const query = new URLSearchParams({
      grant_type: "authorization_code",
      code: inQuery.code,
      client_id: client.id,
      client_secret: client.secret,
      redirect_uri: REDIRECT,
    });
    expectTokens(await post(`/oauth/v2/token?${query.toString()}`, {}));

    const inMultipart = await storeCode(client);
    const form = new FormData();
    query.set("code", inMultipart.code);
    for (const [name, value] of query) form.append(name, value);
    const encoded = new Response(form);
    const { default: worker } = (await import("cloudflare:workers")).exports as unknown as {
      default: { fetch(request: Request): Promise<Response> };
    };
    const response = await worker.fetch(
      new Request("https://jeton.test/oauth/v2/token", {
        method: "POST",
        headers: { "Content-Type": encoded.headers.get("Content-Type") ?? "" },
        body: await encoded.arrayBuffer(),
      }),
    );
    expect(response.status).toBe(200);
  });

  test("is taken from a client that authenticates by Basic", async () => {
    const client = await storeClient();
    const { code } = await storeCode(client);
    const basic = btoa(`${client.id}:${encodeURIComponent(client.secret)}`);

    const answer = await post(
      "/oauth/v2/token",
      { grant_type: "authorization_code", code, redirect_uri: REDIRECT },
      { headers: { Authorization: `Basic ${basic}` } },
    );

    expectTokens(answer);
  });

  test("can be exchanged for less than was granted, and the refresh token keeps the rest", async () => {
    const client = await storeClient();
    const { code } = await storeCode(client);

    const tokens = expectTokens(await redeem(client, code, { scope: VIEW }));

    expect(tokens.scope.split(" ")).not.toContain(LOCK);
    expect(expectTokens(await refresh(client, tokens.refresh_token ?? "")).scope).toBe(LOCK_SCOPE);
  });

  test("is stored as a hash alone, and so are the tokens that it gives", async () => {
    const client = await storeClient();
    const { code } = await storeCode(client);

    const tokens = expectTokens(await redeem(client, code));

    const store = await wholeStore();
    for (const secret of [code, tokens.access_token, tokens.refresh_token ?? "", client.secret]) {
      expect(store).not.toContain(secret);
      expect(store).not.toContain(secret.slice(-36));
    }
  });
});

describe("a grant token is refused", () => {
  test("when another client presents it, whose attempt ends nothing", async () => {
    const client = await storeClient();
    const other = await storeClient();
    const { code } = await storeCode(client);

    expect(expectError(await redeem(other, code), 400, "invalid_grant")).toContain("another client");
    expectTokens(await redeem(client, code));
  });

  test("with another redirect_uri or none, and that ends nothing", async () => {
    const client = await storeClient();
    const { code } = await storeCode(client);

    expectError(await redeem(client, code, { redirect_uri: `${REDIRECT}/` }), 400, "invalid_grant");
    expectError(await redeem(client, code, { redirect_uri: "" }), 400, "invalid_request");
    expectTokens(await redeem(client, code));
  });

  test("once its time is over, to the millisecond", async () => {
    const client = await storeClient();
    const early = await storeCode(client);
    const late = await storeCode(client);

    clock.advance(59_999);
    expectTokens(await redeem(client, early.code));
    clock.advance(1);
    expect(expectError(await redeem(client, late.code), 400, "invalid_grant")).toContain("expired");
  });

  test("that was made up, forged, of another kind or another region, without a word of it in the answer", async () => {
    const client = await storeClient();
    const { code } = await storeCode(client);
    const forged = `${code.slice(0, -1)}${code.endsWith("0") ? "1" : "0"}`;

    for (const wrong of [
      "nonsense",
      forged,
      sealed("gc"),
      sealed("rt"),
      sealed("gc", { key: "another key" }),
    ]) {
      const description = expectError(await redeem(client, wrong), 400, "invalid_grant");
      expect(description).not.toContain(wrong);
    }
    const elsewhere = expectError(await redeem(client, sealed("gc", { region: "eu" })), 400, "invalid_grant");
    expect(elsewhere).toContain("region eu");
    expect(elsewhere).toContain("https://tokens.example.eu");
    // A forged suffix changed nothing.
    expectTokens(await redeem(client, code));
  });

  test("when the client does not authenticate, or by a wrong or an old secret", async () => {
    const client = await storeClient();
    const { code } = await storeCode(client);
    await env.DB.prepare("UPDATE client_secrets SET expires_at = ? WHERE client_id = ?")
      .bind(Date.now() + 60_000, client.id)
      .run();

    expectError(await redeem({ ...client, secret: "" }, code), 401, "invalid_client");
    expectError(await redeem({ ...client, secret: sealed("cs") }, code), 401, "invalid_client");
    expectError(await redeem({ ...client, id: "cli_us_none" }, code), 401, "invalid_client");
    await env.DB.prepare("UPDATE client_secrets SET expires_at = 1 WHERE client_id = ?")
      .bind(client.id)
      .run();
    expectError(await redeem(client, code), 401, "invalid_client");
  });

  test("when the team is suspended, the user has gone, or holds nothing of it any more", async () => {
    const client = await storeClient();
    const { code, user } = await storeCode(client);
    const change = (query: string, ...bound: unknown[]) =>
      env.DB.prepare(query)
        .bind(...bound)
        .run();

    await change("UPDATE teams SET status = 'suspended' WHERE id = ?", client.team);
    expect(expectError(await redeem(client, code), 400, "invalid_grant")).toContain("suspended");
    await change("UPDATE teams SET status = 'active' WHERE id = ?", client.team);
    await change("UPDATE members SET role = 'rol_gone' WHERE user_id = ?", user);
    expect(expectError(await redeem(client, code), 400, "invalid_grant")).toContain("holds nothing");
    await change("DELETE FROM members WHERE user_id = ?", user);
    expect(expectError(await redeem(client, code), 400, "invalid_grant")).toContain("no longer a member");
  });

  test("with a scope beyond what was granted", async () => {
    const client = await storeClient();
    const { code } = await storeCode(client);

    const description = expectError(
      await redeem(client, code, { scope: "EMM.DeviceCommands.WIPE EMM.Devices.VIEW" }),
      400,
      "invalid_scope",
    );

    expect(description).toContain("EMM.DeviceCommands.WIPE");
    expectError(await redeem(client, code, { scope: "EMM.Nothing.VIEW" }), 400, "invalid_scope");
    expectError(await redeem(client, code, { scope: " , " }), 400, "invalid_scope");
  });

  test("from a client of a type that has no such grant", async () => {
    const device = await storeClient("device");
    const { code } = await storeCode(device);

    expectError(await redeem(device, code), 400, "unauthorized_client");
  });
});

describe("proof of possession of the code (RFC 7636)", () => {
  const bound = { token: { code_challenge: CHALLENGE } };

  test("a code with a challenge needs its verifier", async () => {
    const client = await storeClient("mobile");
    const { code } = await storeCode(client, bound);

    expectError(await redeem(client, code), 400, "invalid_grant");
    expectError(await redeem(client, code, { code_verifier: `${VERIFIER}x` }), 400, "invalid_grant");
    expectError(await redeem(client, code, { code_verifier: CHALLENGE }), 400, "invalid_grant");
    expectTokens(await redeem(client, code, { code_verifier: VERIFIER }));
  });

  test("a verifier without a challenge is refused: somebody may have taken the challenge away (RFC 9700)", async () => {
    const client = await storeClient();
    const { code } = await storeCode(client);

    expectError(await redeem(client, code, { code_verifier: VERIFIER }), 400, "invalid_grant");
    expectTokens(await redeem(client, code));
  });
});

describe("a second use", () => {
  test("by the same request within 10 s gets the same tokens again", async () => {
    const client = await storeClient();
    const { code } = await storeCode(client);
    const first = expectTokens(await redeem(client, code));

    clock.advance(10_000);

    expect(expectTokens(await redeem(client, code))).toEqual(first);
  });

  test("a millisecond later is a replay, and ends what the first one gave", async () => {
    const client = await storeClient();
    const { code, grant } = await storeCode(client);
    const tokens = expectTokens(await redeem(client, code));

    clock.advance(10_001);
    expect(expectError(await redeem(client, code), 400, "invalid_grant")).toContain("used before");

    expectError(await refresh(client, tokens.refresh_token ?? ""), 400, "invalid_grant");
    clock.advance(1_001);
    const { key } = await makeService();
    expect(await check(key, { token: tokens.access_token })).toMatchObject({ reason: "revoked_token" });
    const events = await rows("SELECT type, actor, detail FROM audit_events WHERE subject = ?", grant);
    expect(events).toContainEqual({
      type: "grant.revoked",
      actor: client.id,
      detail: expect.stringContaining('"cause":"replay"') as unknown,
    });
  });

  test("by another request of the client, be it sooner, is a replay", async () => {
    const client = await storeClient();
    const { code } = await storeCode(client);
    const tokens = expectTokens(await redeem(client, code));

    expectError(await redeem(client, code, { state: "another" }), 400, "invalid_grant");

    expectError(await refresh(client, tokens.refresh_token ?? ""), 400, "invalid_grant");
  });

  test("by whoever cannot authenticate as the client, or has not the verifier, ends nothing", async () => {
    const client = await storeClient();
    const other = await storeClient();
    const { code } = await storeCode(client, { token: { code_challenge: CHALLENGE } });
    const tokens = expectTokens(await redeem(client, code, { code_verifier: VERIFIER }));

    expectError(await redeem({ ...client, secret: sealed("cs") }, code), 401, "invalid_client");
    expectError(await redeem(other, code, { code_verifier: VERIFIER }), 400, "invalid_grant");
    expectError(await redeem(client, code, { code_verifier: `${VERIFIER}y` }), 400, "invalid_grant");
    expectError(await redeem(client, code), 400, "invalid_grant");

    expectTokens(await refresh(client, tokens.refresh_token ?? ""));
  });

  test("finds the kept answer sealed, and erased once its time is over", async () => {
    const client = await storeClient();
    const { code } = await storeCode(client);
    const tokens = expectTokens(await redeem(client, code));
    const kept = () =>
      rows(
        "SELECT retry_answer FROM grant_tokens WHERE client_id = ? AND retry_answer IS NOT NULL",
        client.id,
      );
    expect(JSON.stringify(await kept())).not.toContain(tokens.access_token);
    expect(await kept()).toHaveLength(1);

    clock.advance(11_000);
    await worker.scheduled({} as never, env);

    expect(await kept()).toEqual([]);
  });

  test("of fifty at once, one wins: the others get the very same tokens", async () => {
    const client = await storeClient();
    const { code, grant } = await storeCode(client);

    const answers = await Promise.all(Array.from({ length: 50 }, () => redeem(client, code)));

    const given = new Set(answers.map((answer) => expectTokens(answer).access_token));
    expect(given.size).toBe(1);
    expect(await rows("SELECT id FROM access_tokens WHERE grant_id = ?", grant)).toHaveLength(1);
    expect(await rows("SELECT id FROM refresh_tokens WHERE grant_id = ?", grant)).toHaveLength(1);
  });

  test("of fifty different ones at once, one wins, and what it got has ended", async () => {
    const client = await storeClient();
    const { code, grant } = await storeCode(client);

    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => redeem(client, code, { state: `state-${index}` })),
    );

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await rows("SELECT id FROM access_tokens WHERE grant_id = ?", grant)).toHaveLength(1);
    expect(
      await rows("SELECT id FROM access_tokens WHERE grant_id = ? AND revoked_at IS NULL", grant),
    ).toEqual([]);
  });
});

describe("refresh tokens per client and window", () => {
  test("the 21st within ten minutes is refused with the true wait, and its code stays good", async () => {
    const client = await storeClient();
    for (let count = 0; count < 20; count += 1) {
      expectTokens(await redeem(client, (await storeCode(client)).code));
      clock.advance(1_000);
    }
    const { code } = await storeCode(client, { token: { expires_at: Date.now() + 3_600_000 } });

    const refused = await redeem(client, code);
    expectError(refused, 429, "rate_limited");
    // The first one was 20 s ago.
    expect(refused.headers.get("Retry-After")).toBe("580");
    clock.advance(579_999);
    expectError(await redeem(client, code), 429, "rate_limited");
    clock.advance(1);
    expectTokens(await redeem(client, code));
  });

  test("the 21st live one of a user and client ends the oldest, with its access tokens, an event and an audit row", async () => {
    const client = await storeClient();
    const user = (await storeCode(client)).user;
    const given: { access: string; refresh: string; grant: string }[] = [];
    for (let count = 0; count < 21; count += 1) {
      const { code, grant } = await storeCode(client, { grant: { user_id: user } });
      const tokens = expectTokens(await redeem(client, code));
      given.push({ access: tokens.access_token, refresh: tokens.refresh_token ?? "", grant });
      clock.advance(60_000);
    }

    const [first, second] = given;
    const description = expectError(await refresh(client, first?.refresh ?? ""), 400, "invalid_grant");
    expect(description).toContain("make room");
    expectTokens(await refresh(client, second?.refresh ?? ""));
    const { key } = await makeService();
    expect(await check(key, { token: first?.access ?? "" })).toMatchObject({ reason: "revoked_token" });
    expect(await check(key, { token: second?.access ?? "" })).toMatchObject({ allowed: true });
    const events = await rows<{ team_id: string; detail: string }>(
      "SELECT team_id, detail FROM audit_events WHERE type = 'refresh_token.evicted' AND team_id = ?",
      client.team,
    );
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ team_id: client.team });
    expect(JSON.parse(events[0]?.detail ?? "{}")).toMatchObject({
      grant: first?.grant,
      client: client.id,
      user,
    });
  });

  test("another user's refresh tokens are not counted with them", async () => {
    const client = await storeClient();
    const other = await storeCode(client, { grant: { user_id: null, holder: "tok_somebody" } });
    const kept = expectTokens(await redeem(client, other.code));
    for (let count = 0; count < 21; count += 1) {
      clock.advance(60_000);
      expectTokens(await redeem(client, (await storeCode(client)).code));
    }

    expectTokens(await refresh(client, kept.refresh_token ?? ""));
  });
});

test("a token of a grant that a token made has its maker's expiry and addresses as bounds", async () => {
  const client = await storeClient("self");
  const { code } = await storeCode(client, {
    grant: { user_id: null, not_after: Date.now() + 600_000, allowed_ips: '["203.0.113.7"]' },
  });

  const tokens = expectTokens(await redeem(client, code));

  expect(tokens.expires_in).toBeLessThanOrEqual(600);
  expect(tokens.expires_in).toBeGreaterThan(590);
  const { key } = await makeService();
  expect(await check(key, { token: tokens.access_token })).toMatchObject({ reason: "ip_not_allowed" });
  expect(await check(key, { token: tokens.access_token, ip: "203.0.113.7" })).toMatchObject({
    allowed: true,
  });
});

test("a resource that was not granted is refused, and a granted one is the token's audience", async () => {
  const client = await storeClient();
  const granted = { grant: { audience: "https://one.example https://two.example" } };
  const { code } = await storeCode(client, granted);

  expectError(await redeem(client, code, { resource: "https://three.example" }), 400, "invalid_target");
  const tokens = expectTokens(await redeem(client, code, { resource: "https://one.example" }));

  const one = await makeService({ resource: "https://one.example" });
  const two = await makeService({ resource: "https://two.example" });
  expect(await check(one.key, { token: tokens.access_token })).toMatchObject({ allowed: true });
  expect(await check(two.key, { token: tokens.access_token })).toMatchObject({ reason: "wrong_audience" });
  const both = expectTokens(await refresh(client, tokens.refresh_token ?? ""));
  expect(await check(two.key, { token: both.access_token })).toMatchObject({ allowed: true });
  await makeTeam();
});
