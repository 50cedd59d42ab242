import { beforeAll, describe, expect, test } from "vitest";
import { crc32 } from "../../../../src/domain/crc32.ts";
import { encodeBase62 } from "../../../../src/domain/base62.ts";
import {
  call,
  check,
  expectAnswer,
  expectRefusal,
  issue,
  makeService,
  makeTeam,
  sealed,
  startWorker,
  storeToken,
  type Verdict,
} from "../../support.ts";

const RESOURCE = "https://devices.example/api";

let team = "";
let key = "";
let token = "";

beforeAll(async () => {
  team = (await makeTeam()).id;
  ({ key } = await makeService({ resource: RESOURCE }));
  ({ token } = await issue(team, {
    profile_id: "p1",
    permissions: ["EMM.DeviceCommands.LOCK", "EMM.Devices.VIEW"],
  }));
});

function expectDenied(verdict: Verdict, reason: Verdict["reason"], status: number, code: string): void {
  expect(verdict).toMatchObject({ allowed: false, reason, error: { status, error_code: code } });
  expect(verdict.error?.error_description).not.toBe("");
}

/** For the first five reasons nothing of the token is told, whatever it is. */
function expectUnseen(verdict: Verdict, reason: Verdict["reason"], status: number, code: string): void {
  expectDenied(verdict, reason, status, code);
  expect(verdict).toMatchObject({ token: null, missing: [], rate_limit: null });
}

/** A checksum over a text of our own: whoever can compute it is not thereby believed. */
function withChecksum(body: string): string {
  return body + encodeBase62(crc32(body), 6);
}

describe("a good token", () => {
  test("is allowed, and described in full", async () => {
    const verdict = await check(key, {
      token,
      permissions: ["EMM.DeviceCommands.LOCK"],
      team,
      ip: "203.0.113.7",
      cost: 1,
    });
    expect(verdict).toEqual({
      allowed: true,
      reason: null,
      missing: [],
      token: {
        id: expect.stringMatching(/^tok_/) as string,
        kind: "pat",
        team,
        name: expect.any(String) as string,
        profile_id: "p1",
        client_id: null,
        user_id: null,
        permissions: [
          "EMM.DeviceCommands.LOCK",
          "EMM.Devices.VIEW",
          "EMM.EnrolmentTokens.VIEW",
          "EMM.Groups.VIEW",
          "EMM.Policies.VIEW",
          "EMM.Team.VIEW",
        ],
        expires_at: null,
      },
      rate_limit: null,
      as_of: expect.any(String) as string,
      error: null,
    });
  });

  test("is allowed when only the token is given", async () => {
    expect(await check(key, { token })).toMatchObject({ allowed: true, token: { team } });
  });

  test("has an as_of no older than the freshness bound and no younger than the answer", async () => {
    const before = Date.now();
    const { as_of } = await check(key, { token });
    expect(Date.parse(as_of)).toBeGreaterThan(before - 1_000);
    expect(Date.parse(as_of)).toBeLessThanOrEqual(Date.now());
  });

  test("is allowed as an OAuth access token too, at the resource to which it is bound", async () => {
    const body = { name: "Owned", slug: "owned", owner: { email: "owner@verdicts.example" } };
    const { team: owned, owner } = expectAnswer(
      await call("POST", "/v1/teams", { body }),
      201,
      "CreatedTeam",
    );
    const user_id = owner?.id ?? "";
    const row = { kind: "at", audience: RESOURCE, client_id: "cli_us_1", user_id };
    const bound = await storeToken(owned.id, row, sealed("at"));
    expect(await check(key, { token: bound })).toMatchObject({
      allowed: true,
      token: { kind: "at", client_id: "cli_us_1", user_id },
    });
  });
});

describe("malformed_token", () => {
  test("is the answer to garbage", async () => {
    const garbage = [
      "",
      " ",
      "x",
      "jtn_",
      "null",
      "Bearer",
      "jtn_pat_us_",
      "../../etc/passwd",
      "😀".repeat(40),
    ];
    const shaped = [
      `${token}x`,
      token.slice(1),
      token.slice(0, -1),
      ` ${token}`,
      `${token}\n`,
      token.toUpperCase(),
    ];
    const foreign = [
      token.replace("jtn_", "gho_"),
      token.replace("_us_", "_zz_"),
      token.replace("_pat_", "_xat_"),
    ];
    for (const text of [...garbage, ...shaped, ...foreign]) {
      expectUnseen(await check(key, { token: text }), "malformed_token", 401, "COM0013");
    }
  });

  test("is the answer to any one character changed", async () => {
    for (let index = "jtn_pat_us_".length; index < token.length; index += 1) {
      const other = token[index] === "a" ? "b" : "a";
      const typo = token.slice(0, index) + other + token.slice(index + 1);
      expectUnseen(await check(key, { token: typo }), "malformed_token", 401, "COM0013");
    }
  });

  test("is the answer to two neighbours swapped", async () => {
    const at = token.split("").findIndex((char, index) => index > 11 && char !== token[index + 1]);
    const swapped = token.slice(0, at) + (token[at + 1] ?? "") + (token[at] ?? "") + token.slice(at + 2);
    expectUnseen(await check(key, { token: swapped }), "malformed_token", 401, "COM0013");
  });
});

describe("wrong_region", () => {
  test("names the region and its address, also for a token that nobody ever made", async () => {
    const verdict = await check(key, { token: sealed("pat", { region: "eu", key: "a key of region eu" }) });
    expectUnseen(verdict, "wrong_region", 401, "TOK0003");
    const region = { code: "eu", base_url: "https://tokens.example.eu" };
    expect(verdict.region).toEqual(region);
    expect(verdict.error?.region).toEqual(region);
    expect(verdict.error?.error_description).toContain("https://tokens.example.eu");
  });

  test("is the answer for every kind that carries a region, in each of the other regions", async () => {
    for (const kind of ["pat", "at", "rt", "gc", "dc", "et", "sk"] as const) {
      expectUnseen(
        await check(key, { token: sealed(kind, { region: "jp" }) }),
        "wrong_region",
        401,
        "TOK0003",
      );
    }
    for (const region of ["eu", "in", "au", "jp", "ca", "cn", "sa", "uk"] as const) {
      expect((await check(key, { token: sealed("pat", { region }) })).region?.code).toBe(region);
    }
  });

  test("is never said of a client secret, which several regions may share", async () => {
    expectUnseen(
      await check(key, { token: sealed("cs", { region: "eu" }) }),
      "unknown_token",
      401,
      "COM0013",
    );
  });

  test("takes the address from ORIGINS where one is set", async () => {
    const at = await startWorker({ ORIGINS: '{"eu":"https://eu.owner.example/path"}' });
    const verdict = await check(key, { token: sealed("pat", { region: "eu" }) }, { at });
    expect(verdict.region).toEqual({ code: "eu", base_url: "https://eu.owner.example" });
  });
});

describe("unknown_token", () => {
  test("is the answer to a forged token with a right checksum and a wrong tag", async () => {
    const forged = withChecksum(`jtn_pat_us_${"A".repeat(24)}000000`);
    expectUnseen(await check(key, { token: forged }), "unknown_token", 401, "COM0013");
  });

  test("is the answer to a forged token whose tag is no tag of any key", async () => {
    expectUnseen(
      await check(key, { token: withChecksum(`jtn_pat_us_${"z".repeat(30)}`) }),
      "unknown_token",
      401,
      "COM0013",
    );
  });

  test("is the answer to another team's guess: a token's own text with a tag of the forger's key", async () => {
    expectUnseen(
      await check(key, { token: sealed("pat", { key: "forger" }) }),
      "unknown_token",
      401,
      "COM0013",
    );
  });

  test("is the answer when the tag is right but nothing was ever issued: the tag proves nothing", async () => {
    expectUnseen(await check(key, { token: sealed("pat") }), "unknown_token", 401, "COM0013");
    expectUnseen(await check(key, { token: sealed("at") }), "unknown_token", 401, "COM0013");
  });

  test("is the answer to every other kind, even one that is stored", async () => {
    for (const kind of ["rt", "gc", "dc", "et", "cs", "sk"] as const) {
      const stored = await storeToken(team, {}, sealed(kind));
      expectUnseen(await check(key, { token: stored }), "unknown_token", 401, "COM0013");
    }
    expectUnseen(await check(key, { token: key }), "unknown_token", 401, "COM0013");
  });

  test("is the answer to a stored token whose tag is forged: the tag is looked at before the store", async () => {
    const forged = await storeToken(team, {}, sealed("pat", { key: "forger" }));
    expectUnseen(await check(key, { token: forged }), "unknown_token", 401, "COM0013");
  });
});

describe("a token that exists", () => {
  test("is refused with wrong_audience at another service than the one that it is bound to", async () => {
    const elsewhere = await storeToken(team, { kind: "at", audience: "https://other.example" }, sealed("at"));
    expectUnseen(await check(key, { token: elsewhere }), "wrong_audience", 403, "TOK0008");
  });

  test("is refused with wrong_audience at a service without a resource", async () => {
    const bound = await storeToken(team, { kind: "at", audience: RESOURCE }, sealed("at"));
    const { key: plain } = await makeService();
    expectUnseen(await check(plain, { token: bound }), "wrong_audience", 403, "TOK0008");
  });

  test("is refused with wrong_team for another team, existing or not, and not described", async () => {
    const other = (await makeTeam()).id;
    for (const asked of [other, "team_00000000000000000000000000", "", "team_' OR 1=1 --"]) {
      expectUnseen(await check(key, { token, team: asked }), "wrong_team", 403, "TOK0002");
    }
  });

  test("is refused with revoked_token", async () => {
    const revoked = await storeToken(team, { revoked_at: Date.now() });
    const verdict = await check(key, { token: revoked, team });
    expectDenied(verdict, "revoked_token", 401, "TOK0005");
    expect(verdict.token?.team).toBe(team);
  });

  test("is refused with expired_token from the very millisecond of its expiry", async () => {
    const expired = await storeToken(team, { expires_at: Date.now() });
    expectDenied(await check(key, { token: expired }), "expired_token", 401, "TOK0004");
    const live = await storeToken(team, { expires_at: Date.now() + 60_000 });
    expect((await check(key, { token: live })).allowed).toBe(true);
  });

  test("is refused with team_suspended while its team is", async () => {
    const suspended = (await makeTeam()).id;
    const stranded = (await issue(suspended)).token;
    await call("PATCH", `/v1/teams/${suspended}`, { body: { status: "suspended" } });
    const verdict = await check(key, { token: stranded });
    expectDenied(verdict, "team_suspended", 403, "TOK0007");
  });

  test("is refused with missing_permission, naming each that is missing, once and sorted", async () => {
    const permissions = [
      "EMM.DeviceCommands.WIPE",
      "EMM.DeviceCommands.LOCK",
      "EMM.DeviceCommands.ADB",
      "EMM.DeviceCommands.WIPE",
    ];
    const verdict = await check(key, { token, permissions });
    expectDenied(verdict, "missing_permission", 403, "TOK0001");
    const missing = ["EMM.DeviceCommands.ADB", "EMM.DeviceCommands.WIPE"];
    expect(verdict.missing).toEqual(missing);
    expect(verdict.error?.missing).toEqual(missing);
    expect(verdict.token?.permissions).toContain("EMM.DeviceCommands.LOCK");
  });

  test("may do no more than it holds, though a grade above would bring it", async () => {
    const { token: viewer } = await issue(team, { permissions: ["EMM.Devices.VIEW"] });
    for (const permission of ["EMM.Groups.MANAGE", "EMM.DeviceCommands.LOCK", "EMM.Devices.VIEW"]) {
      const { allowed } = await check(key, { token: viewer, permissions: [permission] });
      expect(allowed, permission).toBe(permission === "EMM.Devices.VIEW");
    }
  });

  test("gets the error in the language of the asker's caller, ready to send on", async () => {
    const verdict = await check(
      key,
      { token, permissions: ["EMM.DeviceCommands.WIPE"] },
      { headers: { "Accept-Language": "de" } },
    );
    expect(verdict.error?.localized_error_description).toContain("EMM.DeviceCommands.WIPE");
    expect(verdict.error?.localized_error_description).not.toBe(verdict.error?.error_description);
  });
});

test("the question itself must come from a service: a token may not ask", async () => {
  expectRefusal(await call("POST", "/v1/check", { as: token, body: { token } }), 401, "COM0013");
});
