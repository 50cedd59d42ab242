import { beforeAll, describe, expect, test } from "vitest";
import {
  call,
  check,
  expectAnswer,
  expectRefusal,
  issue,
  makeService,
  makeTeam,
  rows,
} from "../../support.ts";

const VIEW = "EMM.Devices.VIEW";

let team = "";
let key = "";
beforeAll(async () => {
  team = (await makeTeam()).id;
  ({ key } = await makeService());
});

function pathOf(id: string): string {
  return `/v1/teams/${team}/access-tokens/${id}`;
}

async function revocationEvents(id: string): Promise<Record<string, unknown>[]> {
  return rows("SELECT * FROM audit_events WHERE subject = ? AND type = 'access_token.revoked'", id);
}

describe("revoking", () => {
  test("answers the token as it now is and from when on no check accepts it", async () => {
    const { id } = await issue(team);
    const before = Date.now();
    const { access_token, effective_by } = expectAnswer(
      await call("POST", `${pathOf(id)}/revoke`),
      200,
      "RevokedAccessToken",
    );
    expect(access_token.id).toBe(id);
    expect(Date.parse(access_token.revoked_at ?? "")).toBeGreaterThanOrEqual(before);
    expect(Date.parse(effective_by)).toBeGreaterThanOrEqual(before + 1_000);
    expect(Date.parse(effective_by)).toBeLessThanOrEqual(Date.now() + 1_000);
  });

  test("again gets the same answer to the letter, by either form", async () => {
    const { id } = await issue(team);
    const first = await call("POST", `${pathOf(id)}/revoke`);
    expectAnswer(first, 200, "RevokedAccessToken");
    for (const again of [await call("POST", `${pathOf(id)}/revoke`), await call("DELETE", pathOf(id))]) {
      expect([again.status, again.text]).toEqual([200, first.text]);
    }
    expect(await revocationEvents(id)).toHaveLength(1);
  });

  test("by DELETE is the same as by POST", async () => {
    const { id } = await issue(team);
    const first = await call("DELETE", pathOf(id));
    expectAnswer(first, 200, "RevokedAccessToken");
    expect((await call("POST", `${pathOf(id)}/revoke`)).text).toBe(first.text);
  });

  test("twenty times in parallel leaves one audit event and gives one answer", async () => {
    const { id } = await issue(team);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        n % 2 === 0 ? call("POST", `${pathOf(id)}/revoke`) : call("DELETE", pathOf(id)),
      ),
    );
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(await revocationEvents(id)).toHaveLength(1);
    expect(await rows("SELECT seq FROM feed WHERE subject = ?", `token:${id}`)).toHaveLength(1);
  });

  test("tells who did it", async () => {
    const [{ id }, revoker] = [
      await issue(team),
      await issue(team, { permissions: ["EMM.AccessTokens.DELETE"] }),
    ];
    const headers = { "CF-Connecting-IP": "203.0.113.9" };
    expectAnswer(await call("DELETE", pathOf(id), { as: revoker.token, headers }), 200, "RevokedAccessToken");
    expect(await revocationEvents(id)).toMatchObject([
      { actor: revoker.id, team_id: team, ip: "203.0.113.9" },
    ]);
  });

  test("ends a token that has expired already, which changes what it is refused for", async () => {
    const { id, token } = await issue(team, { permissions: [VIEW], expires_in: 1 });
    expectAnswer(await call("DELETE", pathOf(id)), 200, "RevokedAccessToken");
    await expect
      .poll(async () => (await check(key, { token })).reason, { timeout: 4_000 })
      .toBe("revoked_token");
  });

  test("is for good: no call brings the token back", async () => {
    const { id } = await issue(team);
    const { access_token } = expectAnswer(await call("DELETE", pathOf(id)), 200, "RevokedAccessToken");
    for (const method of ["PUT", "PATCH"]) {
      expectRefusal(await call(method, pathOf(id), { body: { revoked_at: null } }), 405, "COM0001");
    }
    const shown = expectAnswer(await call("GET", pathOf(id)), 200, "AccessToken");
    expect(shown.access_token).toEqual(access_token);
  });

  test("of a token that does not exist is 404 and leaves nothing behind", async () => {
    for (const id of ["tok_00000000000000000000000000", "nonsense", "%00", "'%20OR%20'1'='1"]) {
      expectRefusal(await call("POST", `${pathOf(id)}/revoke`), 404, "COM0008");
      expectRefusal(await call("DELETE", pathOf(id)), 404, "COM0008");
    }
    expect(await revocationEvents("nonsense")).toEqual([]);
  });

  test("of another team's token is refused, and it works on", async () => {
    const stranger = await issue((await makeTeam()).id, { permission_sets: ["emm-full"] });
    const { id, token } = await issue(team);
    expectRefusal(await call("POST", `${pathOf(id)}/revoke`, { as: stranger.token }), 403, "TOK0002");
    expectRefusal(await call("DELETE", pathOf(id), { as: stranger.token }), 403, "TOK0002");
    expect((await check(key, { token })).allowed).toBe(true);
    expect(await revocationEvents(id)).toEqual([]);
  });

  test("needs AccessTokens.DELETE, also of oneself", async () => {
    const { id, token } = await issue(team, { permissions: ["EMM.AccessTokens.CREATE"] });
    expectRefusal(await call("DELETE", pathOf(id), { as: token }), 403, "TOK0001");
    const own = await issue(team, { permissions: ["EMM.AccessTokens.DELETE"] });
    expectAnswer(await call("DELETE", pathOf(own.id), { as: own.token }), 200, "RevokedAccessToken");
  });

  test("needs no body, and minds none", async () => {
    const { id } = await issue(team);
    expectAnswer(await call("POST", `${pathOf(id)}/revoke`, { body: "not json" }), 200, "RevokedAccessToken");
  });

  test("does not end the tokens that it made", async () => {
    const maker = await issue(team, { permissions: ["EMM.AccessTokens.CREATE", VIEW] });
    const made = await issue(team, { permissions: [VIEW] }, { as: maker.token });
    await call("DELETE", pathOf(maker.id));
    expect((await check(key, { token: made.token })).allowed).toBe(true);
  });
});

describe("a token cannot be changed", () => {
  test.each(["PUT", "PATCH"])("%s is 405 with what is allowed, for every caller and id", async (method) => {
    const { id } = await issue(team);
    for (const as of [undefined, null, "garbage"]) {
      for (const path of [pathOf(id), pathOf("nonsense"), `/v1/teams/nobody/access-tokens/${id}`]) {
        const answer = await call(method, path, {
          ...(as === undefined ? {} : { as }),
          body: { name: "new" },
        });
        expectRefusal(answer, 405, "COM0001");
        expect(answer.headers.get("Allow")).toBe("DELETE, GET, HEAD");
      }
    }
  });
});
