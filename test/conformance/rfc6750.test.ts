import { beforeAll, describe, expect, test } from "vitest";
import { issue, sealed, send, type IssuedToken } from "../worker/support.ts";
import { homeTeam, register, tokensOf } from "./support.ts";

let path = "";
let mayNot: IssuedToken;
let may: IssuedToken;

beforeAll(async () => {
  const team = await homeTeam();
  path = `/v1/teams/${team}/access-tokens`;
  mayNot = await issue(team);
  may = await issue(team, { permissions: ["EMM.AccessTokens.CREATE"] });
});

function ask(authorization: string | null, more: { path?: string; method?: string; body?: string } = {}) {
  const { method = "GET", body } = more;
  return send(method, more.path ?? path, {
    as: null,
    headers: authorization === null ? {} : { Authorization: authorization },
    ...(body === undefined ? {} : { body }),
  });
}

describe("how a token is sent (section 2)", () => {
  test("RFC 6750, section 2.1: the Authorization header is supported, its scheme in any case", async () => {
    for (const scheme of ["Bearer", "bearer", "BEARER"]) {
      expect((await ask(`${scheme} ${may.token}`)).status).toBe(200);
    }
  });

  test("RFC 6750, section 2: two methods in one request are a 400", async () => {
    const twice = await ask(`Bearer ${may.token}`, { path: `${path}?access_token=${may.token}` });
    expect(twice.status).toBe(400);
    expect((await ask(`Bearer ${may.token}, Bearer ${may.token}`)).status).toBe(400);
  });

  test("RFC 6750, section 2.2: a token in a form that is no form of the API's authenticates nobody", async () => {
    const response = await send("POST", path, {
      as: null,
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: `access_token=${may.token}`,
    });
    expect(response.status).toBe(401);
  });

  test("RFC 6750, section 2.3: a token in the query is refused, alone as well", async () => {
    expect((await ask(null, { path: `${path}?access_token=${may.token}` })).status).toBe(400);
  });
});

describe("how one is refused (section 3)", () => {
  test("RFC 6750, section 3: whoever sends no credential, or one that gives no access, is challenged for Bearer", async () => {
    for (const authorization of [null, "Basic eDp5", `Bearer ${sealed("at")}`, `Bearer ${mayNot.token}`]) {
      const { status, headers } = await ask(authorization);
      expect(status).toBe(authorization?.includes(mayNot.token) === true ? 403 : 401);
      expect(headers.get("WWW-Authenticate")).toMatch(/^Bearer [a-z_]+="/);
    }
  });

  test("RFC 6750, section 3: no attribute of a challenge is there twice, and all are printable", async () => {
    for (const authorization of [null, `Bearer ${sealed("at")}`, `Bearer ${mayNot.token}`]) {
      const challenge = (await ask(authorization)).headers.get("WWW-Authenticate") ?? "";
      // The challenge for DPoP comes after it.
      const [own = ""] = challenge.split(/, ?DPoP /);
      const names = [...own.matchAll(/([a-z_]+)="/g)].map(([, name]) => name);
      expect(new Set(names).size).toBe(names.length);
      for (const [, text = ""] of own.matchAll(/="([^"]*)"/g)) {
        expect(text).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/);
      }
    }
  });

  test("RFC 6750, section 3.1: whoever sends no credential is told no error code", async () => {
    expect((await ask(null)).headers.get("WWW-Authenticate")).not.toContain("error");
  });

  test("RFC 6750, section 3.1: an unknown, revoked or malformed token is a 401 with invalid_token", async () => {
    const revoked = await issue(await homeTeam(), { permissions: ["EMM.AccessTokens.CREATE"] });
    await send("DELETE", `${path}/${revoked.id}`);
    for (const token of [sealed("at"), revoked.token, "garbage"]) {
      const { status, headers } = await ask(`Bearer ${token}`);
      expect(status).toBe(401);
      expect(headers.get("WWW-Authenticate")).toContain('error="invalid_token"');
    }
  });

  test("RFC 6750, section 3.1: a token that may not is a 403 with insufficient_scope, which names the scope", async () => {
    const { status, headers } = await ask(`Bearer ${mayNot.token}`);
    expect(status).toBe(403);
    expect(headers.get("WWW-Authenticate")).toContain('error="insufficient_scope"');
    expect(headers.get("WWW-Authenticate")).toContain('scope="EMM.AccessTokens.VIEW"');
  });

  test("RFC 6750, section 3: all of it holds for user info, the OAuth server's own resource", async () => {
    const info = "/oauth/user/info";
    const none = await ask(null, { path: info });
    expect([none.status, none.headers.get("WWW-Authenticate")]).toEqual([
      401,
      expect.stringMatching(/^Bearer (?!.*error=)/) as unknown,
    ]);
    const unknown = await ask(`Bearer ${sealed("at")}`, { path: info });
    expect([unknown.status, unknown.headers.get("WWW-Authenticate")]).toEqual([
      401,
      expect.stringContaining('error="invalid_token"') as unknown,
    ]);
    const { access_token } = await tokensOf(await register());
    expect((await ask(`Bearer ${access_token}`, { path: `${info}?access_token=x` })).status).toBe(400);
  });
});

describe("what carries a token (section 5)", () => {
  test("RFC 6750, section 5.3: a token lives for an hour at most", async () => {
    expect((await tokensOf(await register())).expires_in).toBeLessThanOrEqual(3600);
  });
});
