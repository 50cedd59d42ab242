import { describe, expect, test } from "vitest";
import { authorize, type Authorization, type AuthorizeOptions } from "../../src/guard/index.ts";
import { allowed, refused, stubAuthority, TOKEN, type Asked } from "./stub-authority.ts";

const CREDENTIAL = "jtn_pat_us_000000000000000000000000000000000000";

interface Sending {
  readonly answer?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly url?: string;
  readonly options?: Partial<AuthorizeOptions>;
}

interface Outcome {
  readonly authorization: Authorization;
  readonly asked: Asked[];
  readonly causes: unknown[];
}

/** One request at the guard, with a credential unless told otherwise. */
async function guarded({ answer = allowed(), headers, url, options = {} }: Sending = {}): Promise<Outcome> {
  const { authority, asked } = stubAuthority(answer);
  const causes: unknown[] = [];
  const request = new Request(url ?? "https://api.example/teams/team_1/devices", {
    headers: headers ?? { Authorization: `Bearer ${CREDENTIAL}` },
  });
  const authorization = await authorize(request, {
    authority,
    team: () => "team_1",
    permissions: ["EMM.Devices.VIEW"],
    onUnavailable: (cause) => causes.push(cause),
    ...options,
  });
  return { authorization, asked, causes };
}

interface Refused {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

async function expectRefused({ authorization }: Outcome): Promise<Refused> {
  expect(authorization.allowed).toBe(false);
  const { response } = authorization as Extract<Authorization, { allowed: false }>;
  expect(response.headers.get("Content-Type")).toBe("application/json;charset=UTF-8");
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  return { status: response.status, headers: response.headers, body: await response.json() };
}

describe("what is asked", () => {
  test("is the token, the permissions and the team, and nothing that was not given", async () => {
    const { asked } = await guarded();
    expect(asked).toEqual([
      { input: { token: CREDENTIAL, permissions: ["EMM.Devices.VIEW"], team: "team_1" }, options: {} },
    ]);
  });

  test("takes Zoho-oauthtoken as it takes Bearer, in any case", async () => {
    for (const scheme of ["Bearer", "bearer", "Zoho-oauthtoken", "ZOHO-OAUTHTOKEN"]) {
      const { asked } = await guarded({ headers: { Authorization: `${scheme} ${CREDENTIAL}` } });
      expect(asked[0]?.input.token).toBe(CREDENTIAL);
    }
  });

  test("has the proof of a token under the scheme DPoP, and what it has to be for", async () => {
    const sent = { Authorization: `dPoP ${CREDENTIAL}`, DPoP: "a.proof.x" };
    const url = "https://api.example/teams/team_1/devices?secret=1#here";
    const { asked } = await guarded({ headers: sent, url });
    const proof = { jwt: "a.proof.x", method: "GET", url: "https://api.example/teams/team_1/devices" };
    expect(asked[0]?.input).toMatchObject({ token: CREDENTIAL, proof });
    const outside = "https://outside.example/devices";
    const behind = await guarded({ headers: sent, url, options: { url: () => `${outside}?a=b` } });
    expect(behind.asked[0]?.input.proof).toEqual({ ...proof, url: outside });
  });

  test("says that a token under the scheme DPoP came without a proof", async () => {
    const { asked } = await guarded({ headers: { Authorization: `DPoP ${CREDENTIAL}` } });
    expect(asked[0]?.input.proof).toMatchObject({ jwt: "" });
  });

  test("has no proof under any other scheme, whatever else was sent: the token is then a bearer token", async () => {
    for (const scheme of ["Bearer", "Zoho-oauthtoken"]) {
      const headers = { Authorization: `${scheme} ${CREDENTIAL}`, DPoP: "a.proof.x" };
      expect((await guarded({ headers })).asked[0]?.input).not.toHaveProperty("proof");
    }
  });

  test("has two proofs as what they are, and of an endless one no more than shows that it is none", async () => {
    const headers = { Authorization: `DPoP ${CREDENTIAL}`, DPoP: "one, two" };
    expect((await guarded({ headers })).asked[0]?.input.proof?.jwt).toBe("one, two");
    const endless = { ...headers, DPoP: "x".repeat(100_000) };
    expect((await guarded({ headers: endless })).asked[0]?.input.proof?.jwt).toHaveLength(8_192);
  });

  test("has the address that the platform wrote, and no other header's", async () => {
    const forged = {
      Authorization: `Bearer ${CREDENTIAL}`,
      "X-Forwarded-For": "198.51.100.7",
      "X-Real-IP": "198.51.100.7",
      "X-Jeton-Client-IP": "198.51.100.7",
      Forwarded: "for=198.51.100.7",
      "True-Client-IP": "198.51.100.7",
    };
    expect((await guarded({ headers: forged })).asked[0]?.input).not.toHaveProperty("ip");
    const real = { ...forged, "CF-Connecting-IP": "203.0.113.7" };
    expect((await guarded({ headers: real })).asked[0]?.input.ip).toBe("203.0.113.7");
  });

  test("has another address where the owner says which", async () => {
    const options = { ip: () => "192.0.2.1" };
    const headers = { Authorization: `Bearer ${CREDENTIAL}`, "CF-Connecting-IP": "203.0.113.7" };
    expect((await guarded({ headers, options })).asked[0]?.input.ip).toBe("192.0.2.1");
  });

  test('has the team that is found out for the request, and none with "any"', async () => {
    const options = { team: (request: Request) => Promise.resolve(new URL(request.url).pathname) };
    expect((await guarded({ options })).asked[0]?.input.team).toBe("/teams/team_1/devices");
    expect((await guarded({ options: { team: "any" } })).asked[0]?.input).not.toHaveProperty("team");
  });

  test("has an empty team as an empty team, which no token belongs to", async () => {
    const { asked } = await guarded({ options: { team: () => "" } });
    expect(asked[0]?.input.team).toBe("");
  });

  test("has the cost, and the caller's languages", async () => {
    const headers = { Authorization: `Bearer ${CREDENTIAL}`, "Accept-Language": "ja, en;q=0.5" };
    const { asked } = await guarded({ headers, options: { cost: 5 } });
    expect(asked[0]).toMatchObject({ input: { cost: 5 }, options: { acceptLanguage: "ja, en;q=0.5" } });
  });

  test("is short however long the credential is", async () => {
    const { asked } = await guarded({ headers: { Authorization: `Bearer ${"x".repeat(100_000)}` } });
    expect(asked[0]?.input.token.length).toBeLessThan(1_000);
  });

  test("has the longest key that can be imported in full", async () => {
    const key = "x".repeat(512);
    const { asked } = await guarded({ headers: { Authorization: `Bearer ${key}` } });
    expect(asked[0]?.input.token).toBe(key);
  });

  test("is asked each time: nothing is kept from one request to the next", async () => {
    const { authority, asked } = stubAuthority(allowed());
    const options = { authority, team: "any", permissions: [] } as const;
    const headers = { Authorization: `Bearer ${CREDENTIAL}` };
    for (const _ of [1, 2, 3]) await authorize(new Request("https://api.example/", { headers }), options);
    expect(asked).toHaveLength(3);
  });
});

describe("an allowed request", () => {
  test("brings the token, the whole answer and no headers when there is no limit", async () => {
    const { authorization } = await guarded();
    expect(authorization).toEqual({ allowed: true, token: TOKEN, answer: allowed(), headers: {} });
  });

  test("brings what is left of the rate limit", async () => {
    const rate_limit = { limit: 100, remaining: 99, reset_seconds: 60 };
    const { authorization } = await guarded({ answer: allowed({ rate_limit }) });
    expect(authorization).toMatchObject({
      headers: { "RateLimit-Limit": "100", "RateLimit-Remaining": "99", "RateLimit-Reset": "60" },
    });
  });
});

describe("without a question", () => {
  test.each([
    ["no header", {}],
    ["an empty header", { Authorization: "" }],
    ["a scheme alone", { Authorization: "Bearer" }],
    ["a scheme and blanks", { Authorization: "Bearer   " }],
    ["another scheme", { Authorization: "Basic dGVhbTpzZWNyZXQ=" }],
    ["a credential without a scheme", { Authorization: CREDENTIAL }],
    ["a credential in another header", { "X-Api-Key": CREDENTIAL, Cookie: `token=${CREDENTIAL}` }],
  ])("%s is 401 with a bare challenge", async (_, headers) => {
    const outcome = await guarded({ headers });
    const { status, headers: answered, body } = await expectRefused(outcome);
    expect(status).toBe(401);
    expect(answered.get("WWW-Authenticate")).toBe('Bearer realm="jeton"');
    expect(answered.get("Content-Language")).toBe("en");
    expect(body).toMatchObject({ error_code: "COM0013" });
    expect(outcome.asked).toEqual([]);
  });

  test.each([
    ["two credentials", "https://api.example/", { Authorization: `Bearer a, Bearer ${CREDENTIAL}` }],
    ["one in the query", `https://api.example/?access_token=${CREDENTIAL}`, {}],
    [
      "one in each",
      `https://api.example/?a=1&access%5Ftoken=${CREDENTIAL}`,
      { Authorization: `Bearer ${CREDENTIAL}` },
    ],
  ])("%s is 400, and not repeated", async (_, url, headers) => {
    const outcome = await guarded({ url, headers });
    const { status, headers: answered, body } = await expectRefused(outcome);
    expect(status).toBe(400);
    expect(answered.get("WWW-Authenticate")).toBeNull();
    expect(body).toMatchObject({ error_code: "COM0014" });
    expect(JSON.stringify(body)).not.toContain(CREDENTIAL);
    expect(outcome.asked).toEqual([]);
  });
});

describe("a refusal", () => {
  test("challenges for a proof where that was what was wrong (RFC 9449, section 7.1)", async () => {
    const answer = refused(401, "COM0013", { reason: "invalid_proof" });
    const { headers } = await expectRefused(await guarded({ answer }));
    expect(headers.get("WWW-Authenticate")).toBe(
      'DPoP realm="jeton", error="invalid_token", error_description="About COM0013.", ' +
        'algs="ES256 PS256 RS256 EdDSA Ed25519"',
    );
  });

  test("is sent on with its status and its body, member for member", async () => {
    const region = { code: "eu", base_url: "https://tokens.example.eu" };
    const { status, headers, body } = await expectRefused(
      await guarded({ answer: refused(401, "TOK0003", { reason: "wrong_region" }, { region }) }),
    );
    expect(status).toBe(401);
    expect(body).toEqual({
      error_code: "TOK0003",
      error_description: "About TOK0003.",
      localized_error_description: "Über TOK0003.",
      region,
    });
    expect(headers.get("WWW-Authenticate")).toBe(
      'Bearer realm="jeton", error="invalid_token", error_description="About TOK0003."',
    );
    expect(headers.get("Retry-After")).toBeNull();
  });

  test("of a missing permission names in the challenge the scope that would do", async () => {
    const missing = ["EMM.DeviceCommands.LOCK", "EMM.DeviceCommands.WIPE"];
    const answer = refused(
      403,
      "TOK0001",
      { reason: "missing_permission", missing, token: TOKEN },
      { missing },
    );
    const { status, headers, body } = await expectRefused(await guarded({ answer }));
    expect(status).toBe(403);
    expect(body).toMatchObject({ error_code: "TOK0001", missing });
    expect(headers.get("WWW-Authenticate")).toContain(
      'error="insufficient_scope", error_description="About TOK0001.", scope="EMM.DeviceCommands.LOCK EMM.DeviceCommands.WIPE"',
    );
  });

  test("of another team has no challenge: another credential is not what is missing", async () => {
    const { status, headers } = await expectRefused(await guarded({ answer: refused(403, "TOK0002") }));
    expect([status, headers.get("WWW-Authenticate")]).toEqual([403, null]);
  });

  test("of the rate limit tells when to come back and what is left", async () => {
    const rate_limit = { limit: 10, remaining: 0, reset_seconds: 42 };
    const answer = refused(429, "COM0002", { reason: "rate_limited", rate_limit }, { retry_after: 42 });
    const { status, headers, body } = await expectRefused(await guarded({ answer }));
    expect([status, headers.get("Retry-After")]).toEqual([429, "42"]);
    expect([headers.get("RateLimit-Limit"), headers.get("RateLimit-Remaining")]).toEqual(["10", "0"]);
    expect(body).not.toHaveProperty("retry_after");
    expect(body).not.toHaveProperty("status");
  });

  test("that can never be allowed has no Retry-After", async () => {
    const { status, headers } = await expectRefused(await guarded({ answer: refused(429, "COM0002") }));
    expect([status, headers.get("Retry-After")]).toEqual([429, null]);
  });

  test("says in which language it is told", async () => {
    const headers = { Authorization: `Bearer ${CREDENTIAL}`, "Accept-Language": "de-CH" };
    const { headers: answered } = await expectRefused(
      await guarded({ headers, answer: refused(403, "TOK0002") }),
    );
    expect([answered.get("Content-Language"), answered.get("Vary")]).toEqual(["de", "Accept-Language"]);
  });

  test("cannot break out of the challenge by what its description holds", async () => {
    const error_description = 'é "quoted"\r\nSet-Cookie: a=b\\';
    const answer = refused(401, "COM0013", {}, { error_description });
    const { headers } = await expectRefused(await guarded({ answer }));
    expect(headers.get("WWW-Authenticate")).toBe(
      `Bearer realm="jeton", error="invalid_token", error_description="- 'quoted'--Set-Cookie: a=b'"`,
    );
    expect(headers.get("Set-Cookie")).toBeNull();
  });
});

describe("when Jeton cannot be relied on, nobody is let through", () => {
  test("its own 503 is sent on with its Retry-After", async () => {
    const answer = refused(503, "COM0004", { reason: null }, { retry_after: 7 });
    const { status, headers, body } = await expectRefused(await guarded({ answer }));
    expect([status, headers.get("Retry-After")]).toEqual([503, "7"]);
    expect(body).toMatchObject({ error_code: "COM0004", error_description: "About COM0004." });
  });

  test.each([
    ["a failing call", new Error("Network connection lost.")],
    ["no answer", undefined],
    ["null", null],
    ["a text", "allowed"],
    ["a list", [allowed()]],
    ["an empty object", {}],
    ["another service's idea of success", { status: "ok" }],
    ["an answer that says neither", { ...allowed(), allowed: null }],
    ["allowed as a text", { ...allowed(), allowed: "true" }],
    ["allowed without a token", { ...allowed(), token: null }],
    ["allowed with a token that is none", { ...allowed(), token: "tok_1" }],
    ["allowed with a token without a team", { ...allowed(), token: { id: "tok_1" } }],
    ["a refusal without an error", { ...refused(403, "TOK0001"), error: null }],
    ["a refusal with an error that is none", { ...refused(403, "TOK0001"), error: { status: 403 } }],
    ["a refusal with the status of a success", refused(200, "COM0013")],
    ["a refusal with a status that is none", refused(99_999, "COM0013")],
    ["its fault", refused(500, "COM0004", { reason: null })],
    ["its 503 without a Retry-After", refused(503, "COM0004", { reason: null })],
    ["its being too busy for us, which is not the caller's doing", refused(429, "COM0002", { reason: null })],
  ])("%s is 503 with Retry-After", async (_, answer) => {
    const { status, headers, body } = await expectRefused(await guarded({ answer: answer ?? null }));
    expect([status, headers.get("Retry-After")]).toEqual([503, "1"]);
    expect(headers.get("WWW-Authenticate")).toBeNull();
    expect(body).toEqual({
      error_code: "COM0004",
      error_description: "No reliable answer is possible at the moment. Try again in 1 s.",
      localized_error_description: "No reliable answer is possible at the moment. Try again in 1 s.",
    });
  });

  test("the owner is told the cause, and the caller is not", async () => {
    const cause = new Error("connect ECONNREFUSED 10.0.0.7:443");
    const outcome = await guarded({ answer: cause });
    expect(outcome.causes).toEqual([cause]);
    expect(JSON.stringify((await expectRefused(outcome)).body)).not.toContain("10.0.0.7");
    expect((await guarded({ answer: {} })).causes).toEqual([new Error("What answered is not Jeton.")]);
    expect((await guarded()).causes).toEqual([]);
  });
});

describe("a mistake in the configuration is thrown, and is not the caller's fault", () => {
  test.each([
    ["a bad service key", 401, "COM0013"],
    ["a permission that no catalogue has", 400, "COM0005"],
  ])("%s", async (_, status, code) => {
    const answer = refused(status, code, { reason: null });
    await expect(guarded({ answer })).rejects.toThrow(`Jeton refused the question: About ${code}.`);
  });

  test("a team that is no text: the question would be about any team", async () => {
    for (const nothing of [undefined, null, 1, ["team_1"]]) {
      const options = { team: () => nothing as unknown as string };
      await expect(guarded({ options })).rejects.toThrow("`team` gave no team");
    }
  });

  test("a binding that is not there", async () => {
    for (const authority of [undefined, null, {}]) {
      const options = { authority: authority as never };
      await expect(guarded({ options })).rejects.toThrow("`authority` is missing");
    }
  });

  test("what the owner's own function throws", async () => {
    const options = { team: () => Promise.reject(new Error("no such route")) };
    await expect(guarded({ options })).rejects.toThrow("no such route");
  });
});

test("the types want a way to tell the team", () => {
  const { authority } = stubAuthority(allowed());
  // @ts-expect-error -- without `team` a token would act for any
  const without: AuthorizeOptions = { authority, permissions: [] };
  // @ts-expect-error -- "any" is the only word for it: a team's id in its place would be for every request
  const fixed: AuthorizeOptions = { authority, permissions: [], team: "team_1" };
  // @ts-expect-error -- a header that may be missing does not tell the team
  const perhaps: AuthorizeOptions = { authority, permissions: [], team: (r) => r.headers.get("Team") };
  expect([without, fixed, perhaps]).toHaveLength(3);
});
