import { env } from "cloudflare:workers";
import { decodeProtectedHeader } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { auditRows, readReceipt, report } from "./leaks.ts";
import { fireJobs } from "./oauth/jobs.ts";
import { credentials, expectTokens, post, redeem, storeClient, storeCode } from "./oauth/support.ts";
import { join } from "./people.ts";
import {
  call,
  driveClock,
  expectAnswer,
  expectRefusal,
  issue,
  makeTeam,
  rows,
  sealed,
  startWorker,
} from "./support.ts";

const DAY_MS = 86_400_000;
const clock = driveClock();

let team = "";
beforeAll(async () => {
  team = (await makeTeam()).id;
});

const pathOf = (id: string) => `/v1/teams/${team}/access-tokens/${id}`;

async function revoke(id: string) {
  return expectAnswer(await call("POST", `${pathOf(id)}/revoke`), 200, "RevokedAccessToken");
}

describe("the receipt of a revocation", () => {
  test("says what was revoked, when, by when that holds, and by which event, as the answer does", async () => {
    const { id } = await issue(team);
    const { access_token, effective_by, receipt } = await revoke(id);
    const [event] = await auditRows("access_token.revoked", id);
    expect(await readReceipt(receipt)).toEqual({
      iss: "https://tokens.example.com",
      jti: `${event?.id}:${id}`,
      iat: Math.floor(Date.parse(access_token.revoked_at ?? "") / 1000),
      sub: id,
      txn: event?.id,
      kind: "pat",
      team,
      region: "us",
      revoked_at: access_token.revoked_at,
      effective_by,
    });
  });

  test("is the same whoever asks again, as long as its key is published; then it is signed anew", async () => {
    const { id } = await issue(team);
    const first = await revoke(id);
    clock.advance(90 * DAY_MS);
    await fireJobs();
    clock.advance(30 * DAY_MS - 1);
    expect(await revoke(id)).toEqual(first);
    await readReceipt(first.receipt);

    clock.advance(2);
    const { receipt, effective_by } = await revoke(id);
    expect(decodeProtectedHeader(receipt).kid).not.toBe(decodeProtectedHeader(first.receipt).kid);
    expect(effective_by).toBe(first.effective_by);
    await expect(readReceipt(first.receipt)).rejects.toThrow("no applicable key");
    expect(await readReceipt(receipt)).toMatchObject({ sub: id, effective_by });
    expect((await revoke(id)).receipt).toBe(receipt);
  });

  test("is kept no longer than its key", async () => {
    const { id } = await issue(team);
    await revoke(id);
    const kept = () => rows("SELECT subject FROM revocation_receipts WHERE subject = ?", id);
    expect(await kept()).toHaveLength(1);
    await env.DB.prepare("UPDATE signing_keys SET retired_at = 0").run();
    await fireJobs();
    expect(await kept()).toEqual([]);
  });

  test("that cannot be signed is had by asking again: the revocation stands", async () => {
    const { id } = await issue(team);
    // Everything up to the signature is done, and the first question for the key fails.
    const query = "SELECT revoked_at, revocation_effective_by FROM access_tokens WHERE id = ?";
    const settled = async () => (await rows<{ revocation_effective_by: number | null }>(query, id))[0];
    const failing = await startWorker({ DB: withoutKeys() });
    expectRefusal(await call("POST", `${pathOf(id)}/revoke`, { at: failing }), 500, "COM0004");
    expect((await settled())?.revocation_effective_by).toBeTypeOf("number");
    expect(await auditRows("access_token.revoked", id)).toHaveLength(1);

    const again = expectAnswer(await call("DELETE", pathOf(id)), 200, "RevokedAccessToken");
    expect(Date.parse(again.effective_by)).toBe((await settled())?.revocation_effective_by);
    expect(await readReceipt(again.receipt)).toMatchObject({ sub: id });
    expect(await auditRows("access_token.revoked", id)).toHaveLength(1);
  });

  test("of what the journal ended once more names no event", async () => {
    const { id, token } = await issue(team);
    await env.DB.prepare("UPDATE access_tokens SET revoked_at = 5, revoked_by = 'journal' WHERE id = ?")
      .bind(id)
      .run();
    const { receipt } = expectAnswer(await report(token), 200, "ReportedLeak");
    const claims = await readReceipt(receipt);
    expect(claims).toMatchObject({ jti: `5:${id}`, revoked_at: "1970-01-01T00:00:00.005Z" });
    expect(claims).not.toHaveProperty("txn");
  });
});

describe("revoking everything", () => {
  test("of a team gives a receipt of that, each time it is done", async () => {
    const path = `/v1/teams/${(await makeTeam()).id}/revoke-all`;
    const [, , id = ""] = path.split("/").slice(1);
    const first = expectAnswer(await call("POST", path), 200, "RevokedAll");
    const [event] = await auditRows("team.credentials_revoked", id);
    expect(await readReceipt(first.receipt)).toMatchObject({
      kind: "team",
      sub: id,
      team: id,
      txn: event?.id,
      effective_by: first.effective_by,
    });
    clock.advance(5_000);
    const second = expectAnswer(await call("POST", path), 200, "RevokedAll");
    expect(Date.parse(second.effective_by)).toBeGreaterThan(Date.parse(first.effective_by));
    expect((await readReceipt(second.receipt)).jti).not.toBe((await readReceipt(first.receipt)).jti);
  });

  test("of a person gives one that names no team", async () => {
    const { user } = await join(team, "owner");
    const { receipt } = expectAnswer(await call("POST", `/v1/users/${user}/revoke-all`), 200, "RevokedAll");
    expect(await readReceipt(receipt)).toMatchObject({ kind: "user", sub: user, team: null });
  });
});

describe("the revocation endpoint (RFC 7009)", () => {
  const revokeByClient = (parameters: Record<string, string>) =>
    post("/oauth/v2/token/revoke", parameters).then(({ headers }) => headers.get("Jeton-Receipt"));

  test("gives the receipt in a header, the same each time", async () => {
    const client = await storeClient();
    const { code, grant } = await storeCode(client);
    const { access_token, refresh_token = "" } = expectTokens(await redeem(client, code));
    const ofAccess = await revokeByClient({ token: access_token, ...credentials(client) });
    const ofRefresh = await revokeByClient({ token: refresh_token });
    expect(await readReceipt(ofAccess)).toMatchObject({ kind: "at", team: client.team });
    expect(await readReceipt(ofRefresh)).toMatchObject({ kind: "rt", team: client.team, grant });
    expect(await revokeByClient({ token: access_token, ...credentials(client) })).toBe(ofAccess);
    expect(await revokeByClient({ token: refresh_token })).toBe(ofRefresh);
  });

  test("gives none for an unknown token and another client's", async () => {
    const [client, other] = [await storeClient(), await storeClient()];
    const { access_token, refresh_token = "" } = expectTokens(
      await redeem(client, (await storeCode(client)).code),
    );
    for (const token of [access_token, refresh_token, sealed("rt"), sealed("at"), "x"]) {
      expect(await revokeByClient({ token, ...credentials(other) })).toBeNull();
    }
  });
});

/** A store that fails whoever asks for the keys that sign. */
function withoutKeys(): D1Database {
  return new Proxy(env.DB, {
    get: (db, name) => {
      if (name === "prepare") {
        return (query: string) => {
          if (query.includes("private_jwk")) throw new Error("down");
          return db.prepare(query);
        };
      }
      const member: unknown = Reflect.get(db, name);
      return typeof member === "function" ? (member.bind(db) as unknown) : member;
    },
  });
}
