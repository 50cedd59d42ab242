import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { makeClient, makeGrantToken, patchClient } from "../../clients.ts";
import { expectError, expectTokens, redeem, refresh, type TestClient } from "../../oauth/support.ts";
import { join, slowWriter } from "../../people.ts";
import {
  call,
  check,
  driveClock,
  expectAnswer,
  expectRefusal,
  makeService,
  makeTeam,
  rows,
  statusesOf,
  unique,
  wholeStore,
} from "../../support.ts";

const clock = driveClock();

let team = "";
beforeAll(async () => {
  team = (await makeTeam({ plan: "enterprise" })).id;
});

async function selfClient(more: object = {}): Promise<TestClient> {
  const { id, secret } = await makeClient(team, "self", more);
  return { id, secret: secret ?? "", team, type: "self" };
}

async function codeFor({ id }: TestClient, more: object = {}): Promise<string> {
  const { code } = expectAnswer(await makeGrantToken(team, id, more), 201, "GrantToken");
  return code ?? "";
}

describe("a self client's grant token", () => {
  test("is exchanged without a redirect URI, and always brings a refresh token", async () => {
    const client = await selfClient();
    const code = await codeFor(client, { scope: "EMM.DeviceCommands.LOCK,EMM.Devices.VIEW" });
    expect(code).toMatch(/^jtn_gc_us_[0-9A-Za-z]{36}$/);
    const tokens = expectTokens(await redeem(client, code));
    expect(tokens.scope.split(" ")).toContain("EMM.DeviceCommands.LOCK");
    const { key } = await makeService();
    const question = { token: tokens.access_token, permissions: ["EMM.DeviceCommands.LOCK"], team };
    expect(await check(key, question)).toMatchObject({
      allowed: true,
      token: { client_id: client.id, user_id: null },
    });
    expectTokens(await refresh(client, tokens.refresh_token ?? ""));
    expectError(await redeem(client, code, { state: "again" }), 400, "invalid_grant");
  });

  test.each([
    [undefined, 120],
    [2, 120],
    [3, 180],
    [5, 300],
    [7, 420],
    [10, 600],
  ])("of %s minutes lives %i seconds, and not one more", async (minutes, seconds) => {
    const client = await selfClient();
    const more = minutes === undefined ? {} : { duration_minutes: minutes };
    const made = expectAnswer(await makeGrantToken(team, client.id, more), 201, "GrantToken");
    expect(made.expires_in).toBe(seconds);
    const late = await codeFor(client, more);
    clock.advance(seconds * 1000 - 1);
    expectTokens(await redeem(client, made.code ?? ""));
    clock.advance(1);
    expect(expectError(await redeem(client, late), 400, "invalid_grant")).toContain("expired");
  });

  test.each([0, 1, 4, 6, 11, 2.5, "2", null])("is not made for %j minutes", async (minutes) => {
    const { id } = await selfClient();
    const answer = await makeGrantToken(team, id, { duration_minutes: minutes });
    expect(expectRefusal(answer, 400, "COM0005").error_description).toContain("duration_minutes");
  });

  test.each([
    ["scope", { scope: "" }, 400, "COM0005"],
    ["scope", { scope: " , " }, 400, "COM0005"],
    ["scope", { scope: undefined }, 400, "COM0005"],
    ["scope", { scope: "EMM.Nothing.VIEW" }, 400, "COM0005"],
    ["scope", { scope: "emm-full" }, 400, "COM0005"],
    ["scope", { scope: ["EMM.Devices.VIEW"] }, 400, "COM0005"],
    ["scope", { scope: Array.from({ length: 201 }, (_, n) => `A.B.C${n}`).join(" ") }, 400, "COM0005"],
    ["EMM.Devices.VIEW", { scope: "EMM.DeviceCommands.LOCK" }, 422, "COM0009"],
    ["description", { description: undefined }, 400, "COM0005"],
    ["description", { description: "" }, 400, "COM0005"],
    ["description", { description: "x".repeat(501) }, 400, "COM0005"],
    ["the body", { redirect_uri: "https://a.example" }, 400, "COM0005"],
  ] as const)("is not made with a wrong %s: %j", async (named, more, status, code) => {
    const { id } = await selfClient();
    const answer = await makeGrantToken(team, id, more);
    expect(expectRefusal(answer, status, code).error_description).toContain(named);
  });

  test.each(["browser", "server", "mobile", "device"] as const)(
    "is not made for a %s client",
    async (type) => {
      const { id } = await makeClient(team, type);
      expectRefusal(await makeGrantToken(team, id), 409, "COM0010");
    },
  );

  test("is stored as a hash alone, and in the audit trail with what it is for", async () => {
    const client = await selfClient();
    const code = await codeFor(client, { description: "nightly sync" });
    expect(await wholeStore()).not.toContain(code);
    const [grant] = await rows<{ id: string }>("SELECT id FROM grants WHERE client_id = ?", client.id);
    const [event] = await rows<{ type: string; detail: string }>(
      "SELECT type, detail FROM audit_events WHERE subject = ?",
      grant?.id,
    );
    expect(event?.type).toBe("grant.accepted");
    expect(JSON.parse(event?.detail ?? "")).toMatchObject({
      client: client.id,
      description: "nightly sync",
      duration_minutes: 2,
    });
  });

  test("again by the same Idempotency-Key is not made twice, nor shown again", async () => {
    const client = await selfClient();
    const sending = { headers: { "Idempotency-Key": unique("key") } };
    for (const expected of [expect.stringMatching(/^jtn_gc_/), null]) {
      const made = expectAnswer(await makeGrantToken(team, client.id, {}, sending), 201, "GrantToken");
      expect(made.code).toEqual(expected);
    }
    expect(await rows("SELECT id FROM grants WHERE client_id = ?", client.id)).toHaveLength(1);
  });
});

describe("the limit of ten grant tokens in ten minutes", () => {
  test("is exact: of 40 parallel requests, ten", async () => {
    const client = await selfClient();
    const answers = await Promise.all(Array.from({ length: 40 }, () => makeGrantToken(team, client.id)));
    expect(statusesOf(answers)).toEqual({ 201: 10, 429: 30 });
    expect(await rows("SELECT hash FROM grant_tokens WHERE client_id = ?", client.id)).toHaveLength(10);
    for (const answer of answers.filter(({ status }) => status === 429)) {
      expect(expectRefusal(answer, 429, "COM0002").error).toBe("rate_limited");
      expect(Number(answer.headers.get("Retry-After"))).toBe(600);
    }
  });

  test("says in seconds when one more is allowed, to the second, and a refusal lengthens no wait", async () => {
    const client = await selfClient();
    for (let made = 0; made < 10; made += 1) {
      await codeFor(client);
      clock.advance(10_000);
    }
    // The first was made 100 s ago.
    for (const [wait, passing] of [
      [500, 250],
      [500, 499_000],
      [1, 749],
    ] as const) {
      const refused = await makeGrantToken(team, client.id);
      expectRefusal(refused, 429, "COM0002");
      expect(Number(refused.headers.get("Retry-After"))).toBe(wait);
      clock.advance(passing);
    }
    expectRefusal(await makeGrantToken(team, client.id), 429, "COM0002");
    clock.advance(1);
    await codeFor(client);
    const next = await makeGrantToken(team, client.id);
    expect(Number(next.headers.get("Retry-After"))).toBe(10);
  });

  test("counts for each client by itself, and what is refused otherwise not at all", async () => {
    const [one, two] = [await selfClient(), await selfClient({ permissions: ["EMM.Team.VIEW"] })];
    for (let made = 0; made < 10; made += 1) await codeFor(one);
    for (let refused = 0; refused < 12; refused += 1) {
      expectRefusal(await makeGrantToken(team, two.id), 403, "TOK0001");
    }
    for (let made = 0; made < 10; made += 1) await codeFor(two, { scope: "EMM.Team.VIEW" });
  });

  test("is not forgotten by a limiter that was restarted", async () => {
    const client = await selfClient();
    for (let made = 0; made < 10; made += 1) await codeFor(client);
    const stub = env.LIMITER.get(env.LIMITER.idFromName(`grant_tokens:${client.id}`));
    await evictDurableObject(stub);
    expectRefusal(await makeGrantToken(team, client.id), 429, "COM0002");
  });
});

describe("a grant token that is being made while its client changes", () => {
  test("does not confer what the client may no longer be granted", async () => {
    const client = await selfClient();
    const { at, reached, release } = await slowWriter();
    const making = makeGrantToken(team, client.id, {}, { at });
    await reached;
    expectAnswer(await patchClient(team, client.id, { permissions: ["EMM.Team.VIEW"] }), 200, "Client");
    release();
    expectRefusal(await making, 403, "TOK0001");
    expect(await rows("SELECT id FROM grants WHERE client_id = ?", client.id)).toEqual([]);
  });

  test("is made once, and counted once, if it may still be", async () => {
    const client = await selfClient();
    const { at, reached, release } = await slowWriter();
    const making = makeGrantToken(team, client.id, {}, { at });
    await reached;
    expectAnswer(await patchClient(team, client.id, { name: "renamed" }), 200, "Client");
    release();
    expectAnswer(await making, 201, "GrantToken");
    for (let made = 1; made < 10; made += 1) await codeFor(client);
    expectRefusal(await makeGrantToken(team, client.id), 429, "COM0002");
  });

  test("is not made by somebody who is removed meanwhile", async () => {
    const client = await selfClient();
    await join(team, "owner");
    const person = await join(team, "owner");
    const { at, reached, release } = await slowWriter();
    const making = makeGrantToken(team, client.id, {}, { ...person.session, at });
    await reached;
    expectAnswer(await call("DELETE", `/v1/teams/${team}/members/${person.id}`), 200, "RemovedMember");
    release();
    expectRefusal(await making, 401, "COM0013");
    expect(await rows("SELECT id FROM grants WHERE client_id = ?", client.id)).toEqual([]);
  });
});
