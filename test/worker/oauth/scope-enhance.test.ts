import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { join, makeRole, signIn, slowWriter, type Person } from "../people.ts";
import { makeProver, prove, type Prover } from "./proofs.ts";
import { call, driveClock, makeTeam, rows, sealed, wholeStore } from "../support.ts";
import {
  credentials,
  expectError,
  expectTokens,
  LOCK,
  LOCK_SCOPE,
  ownerPerson,
  post,
  redeem,
  REDIRECT,
  refresh,
  storeClient,
  storeCode,
  WIPE,
  type TestClient,
} from "./support.ts";
import {
  decide,
  expectConsent,
  expectProblem,
  expectReturn,
  expectReturnedError,
  expectSignIn,
  ISSUER,
  visitor,
  type Visitor,
} from "./visitor.ts";

// Before the first request: the Worker keeps the clock that it finds then.
const clock = driveClock();

const ENHANCE = "/oauth/v2/token/scopeenhance";
const PAGE = "/oauth/v2/token/addextrascope";

interface Ready {
  readonly client: TestClient;
  readonly person: Person;
  readonly owner: Visitor;
  readonly refreshToken: string;
  readonly grant: string;
}

async function ready(
  type: "server" | "browser" = "server",
  more: Record<string, unknown> = {},
): Promise<Ready> {
  const client = await storeClient(type, more);
  const person = await ownerPerson(client.team);
  const { code, grant } = await storeCode(client);
  const { refresh_token = "" } = expectTokens(await redeem(client, code));
  return { client, person, owner: visitor(person), refreshToken: refresh_token, grant };
}

const ask = (client: TestClient, refreshToken: string, more: Record<string, string> = {}) =>
  post(ENHANCE, {
    ...credentials(client),
    grant_type: "update_scopes_token",
    refresh_token: refreshToken,
    ...more,
  });

async function enhanceToken({ client, refreshToken }: Ready): Promise<string> {
  const { status, body } = await ask(client, refreshToken);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.access_token ?? "";
}

function pageOf(client: TestClient, token: string, more: Record<string, string> = {}): string {
  const query = new URLSearchParams({
    response_type: "update_scopes",
    client_id: client.id,
    redirect_uri: REDIRECT,
    scope: WIPE,
    enhance_token: token,
    logout: "false",
    state: "s t",
    ...more,
  });
  return `${PAGE}?${query.toString()}`;
}

const granted = async (grant: string) => {
  const [row] = await rows<{ permissions: string }>("SELECT permissions FROM grants WHERE id = ?", grant);
  return JSON.parse(row?.permissions ?? "[]") as string[];
};

describe("an enhance token", () => {
  test("is given for a refresh token, for ten minutes, with the state", async () => {
    const { client, refreshToken } = await ready();
    const { status, body, headers } = await ask(client, refreshToken, { state: "abc" });
    expect(status).toBe(200);
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(body).toEqual({
      access_token: expect.stringMatching(/^jtn_et_us_/) as unknown,
      token_type: "Bearer",
      expires_in: 600,
      state: "abc",
    });
    expect(await wholeStore()).not.toContain(body.access_token);
  });

  test("is refused for a wrong grant_type, an unknown, foreign or ended refresh token, and without authentication", async () => {
    const { client, refreshToken, grant } = await ready();
    const other = await storeClient();
    expectError(
      await ask(client, refreshToken, { grant_type: "refresh_token" }),
      400,
      "unsupported_grant_type",
    );
    expectError(await ask(client, sealed("rt")), 400, "invalid_grant");
    expectError(await ask(client, "nonsense"), 400, "invalid_grant");
    expect(expectError(await ask(client, sealed("rt", { region: "eu" })), 400, "invalid_grant")).toMatch(
      /eu/,
    );
    expectError(await ask(other, refreshToken), 400, "invalid_grant");
    expectError(await ask({ ...client, secret: "wrong" }, refreshToken), 401, "invalid_client");
    expectError(await ask(await storeClient("self"), refreshToken), 400, "unauthorized_client");
    await post("/oauth/v2/token/revoke", { token: refreshToken, ...credentials(client) });
    expectError(await ask(client, refreshToken), 400, "invalid_grant");
    expect(await rows("SELECT hash FROM enhance_tokens WHERE grant_id = ?", grant)).toEqual([]);
  });

  test("is given to a public client too, but not for a refresh token that was replaced, which ends nothing", async () => {
    const before = await ready("browser");
    const { client, refreshToken } = before;
    const next = expectTokens(await refresh(client, refreshToken)).refresh_token ?? "";
    expectError(await ask(client, refreshToken), 400, "invalid_grant");
    await enhanceToken({ ...before, refreshToken: next });
    expectTokens(await refresh(client, next));
  });
});

describe("a refresh token that is bound to a key", () => {
  test("gives an enhance token to who proves that key alone", async () => {
    const { client, refreshToken } = await ready("browser");
    const prover = await makeProver();
    await env.DB.prepare("UPDATE refresh_tokens SET proof_key = ? WHERE client_id = ?")
      .bind(prover.key, client.id)
      .run();
    const asked = { ...credentials(client), grant_type: "update_scopes_token", refresh_token: refreshToken };
    const url = `${ISSUER}${ENHANCE}`;
    const by = async (who: Prover) => ({ headers: { DPoP: await prove(who, { url }) } });
    expectError(await post(ENHANCE, asked), 400, "invalid_grant");
    expectError(await post(ENHANCE, asked, await by(await makeProver())), 400, "invalid_grant");
    expect((await post(ENHANCE, asked, await by(prover))).status).toBe(200);
  });
});

describe("the page for more", () => {
  test("shows only what is new, and the same refresh token has it from its next refresh on", async () => {
    const all = await ready();
    const { client, owner, refreshToken, grant, person } = all;
    const old = expectTokens(await refresh(client, refreshToken));
    const link = pageOf(client, await enhanceToken(all), { scope: `${LOCK},${WIPE}` });
    const { text } = await expectConsent(await owner.get(link));
    expect(text).toContain(WIPE);
    expect(text).not.toContain(LOCK);
    const { parameters } = expectReturn(await decide(owner, link));
    expect(parameters).toMatchObject({ status: "success", scope_enhanced: "true", state: "s t" });
    expect(await granted(grant)).toEqual([...LOCK_SCOPE.split(" "), WIPE].sort());
    expect(old.scope).toBe(LOCK_SCOPE);
    expect(expectTokens(await refresh(client, refreshToken)).scope.split(" ")).toContain(WIPE);
    const [event] = await rows<{ detail: string; actor_owner: string }>(
      "SELECT detail, actor_owner FROM audit_events WHERE type = 'grant.accepted' AND subject = ?",
      grant,
    );
    expect(event?.actor_owner).toBe(person.user);
    expect(JSON.parse(event?.detail ?? "")).toMatchObject({ incremental: true, permissions: [WIPE] });
    expect(await rows("SELECT permissions FROM consents WHERE client_id = ?", client.id)).toEqual([
      { permissions: JSON.stringify([WIPE]) },
    ]);
  });

  test("keeps the enhance token out of links of its own, also on the way through sign-in", async () => {
    const all = await ready();
    const { client, owner } = all;
    const token = await enhanceToken(all);
    const next = expectSignIn(await visitor(null).get(pageOf(client, token)));
    expect(next).toMatch(/^\/oauth\/v2\/token\/addextrascope\?handle=[0-9A-Za-z]{43}$/);
    const { text, action } = await expectConsent(await owner.get(pageOf(client, token)));
    expect(text + action).not.toContain(token);
    expect(await wholeStore()).not.toContain(token);
    expectReturn(await decide(owner, next));
  });

  test("asks nothing when nothing is new", async () => {
    const all = await ready();
    const { client, owner } = all;
    const link = pageOf(client, await enhanceToken(all), { scope: LOCK });
    expect(expectReturn(await owner.get(link)).parameters).toMatchObject({
      status: "success",
      scope_enhanced: "true",
      state: "s t",
    });
  });

  test("that is denied changes nothing and uses the enhance token up", async () => {
    const all = await ready();
    const { client, owner, grant } = all;
    const link = pageOf(client, await enhanceToken(all));
    const denied = await decide(owner, link, "deny");
    expect(expectReturn(denied.clone()).parameters["state"]).toBe("s t");
    expectReturnedError(denied, "access_denied");
    expect(expectReturnedError(await owner.get(link), "invalid_grant")).toMatch(/used before/);
    expect(await granted(grant)).toEqual(LOCK_SCOPE.split(" "));
    expect(
      await rows("SELECT subject FROM audit_events WHERE type = 'grant.denied' AND subject = ?", grant),
    ).toHaveLength(1);
  });

  test("has one winner among twenty decisions at once", async () => {
    const all = await ready();
    const { client, owner, grant } = all;
    const { action, fields } = await expectConsent(await owner.get(pageOf(client, await enhanceToken(all))));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        owner.post(action, { ...fields, decision: index % 2 === 0 ? "accept" : "deny" }),
      ),
    );
    const decided = await rows(
      "SELECT type FROM audit_events WHERE subject = ? AND type IN ('grant.accepted', 'grant.denied')",
      grant,
    );
    expect(decided).toHaveLength(1);
    const won = answers.filter((answer) => {
      const { parameters } = expectReturn(answer);
      return parameters["status"] === "success" || parameters["error"] === "access_denied";
    });
    expect(won).toHaveLength(1);
  });

  test("lets nothing be lost when two enhance tokens are accepted at once", async () => {
    const all = await ready("server", {
      permissions: JSON.stringify([...LOCK_SCOPE.split(" "), WIPE, "EMM.DeviceCommands.REBOOT"].sort()),
    });
    const { client, owner, grant } = all;
    const forms = await Promise.all(
      [WIPE, "EMM.DeviceCommands.REBOOT"].map(async (scope) =>
        expectConsent(await owner.get(pageOf(client, await enhanceToken(all), { scope }))),
      ),
    );
    await Promise.all(
      forms.map(async ({ action, fields }) =>
        expectReturn(await owner.post(action, { ...fields, decision: "accept" })),
      ),
    );
    expect(await granted(grant)).toEqual(
      [...LOCK_SCOPE.split(" "), WIPE, "EMM.DeviceCommands.REBOOT"].sort(),
    );
  });

  test("is for the grant's own user alone, and says no more than that", async () => {
    const all = await ready();
    const { client, owner, grant, person } = all;
    const token = await enhanceToken(all);
    const colleague = visitor(await join(client.team, "owner"));
    const response = await colleague.get(pageOf(client, token));
    const text = await response.clone().text();
    await expectProblem(response, 403, /Another account is needed/);
    expect(text).not.toContain(person.email);
    expect(text).toMatch(/error=access_denied&amp;/);
    // Nor by the form of who was shown the page, nor by their link.
    const { action, fields } = await expectConsent(await owner.get(pageOf(client, token)));
    expect((await colleague.get(action)).status).toBe(403);
    expect((await colleague.post(action, { ...fields, decision: "accept" })).status).toBe(403);
    expect((await colleague.post(action, { ...fields, decision: "deny" })).status).toBe(403);
    await expectProblem(
      await owner.post(action, { ...fields, decision: "accept" }, { "Sec-Fetch-Site": "cross-site" }),
      400,
      /did not come from this page/,
    );
    expect(await granted(grant)).toEqual(LOCK_SCOPE.split(" "));
    expectReturn(await owner.post(action, { ...fields, decision: "accept" }));
  });

  test("is out of reach for a session of another team's single sign-on", async () => {
    const all = await ready();
    const { client, person } = all;
    const other = await makeTeam();
    const sso = await signIn(person.user, { method: "sso", sso_team_id: other.id });
    expect((await visitor(sso).get(pageOf(client, await enhanceToken(all)))).status).toBe(403);
  });

  test("goes to registered redirect URIs alone, of the client whose token it is", async () => {
    const all = await ready();
    const { client, owner } = all;
    const token = await enhanceToken(all);
    await expectProblem(
      await owner.get(pageOf(client, token, { redirect_uri: "https://evil.example/" })),
      400,
      /redirect_uri/,
    );
    const other = await storeClient();
    expectReturnedError(await owner.get(pageOf(other, token)), "invalid_grant");
    await expectProblem(await owner.get(`${PAGE}?handle=unknown`), 400, /expired/);
    await expectProblem(await visitor(null).get(pageOf(client, "nonsense")), 400, /enhance token/);
  });

  test.each<[string, Record<string, string>, string]>([
    ["more than the client may have", { scope: "EMM.Billing.MANAGE" }, "invalid_scope"],
    ["an unknown scope", { scope: "EMM.Nothing.VIEW" }, "invalid_scope"],
    ["no scope", { scope: "" }, "invalid_scope"],
    ["another response_type", { response_type: "code" }, "invalid_request"],
    ["a token that nobody made", { enhance_token: sealed("et") }, "invalid_grant"],
    ["a token of another kind", { enhance_token: "jtn_rt_us_x" }, "invalid_grant"],
  ])("goes back with an error for %s", async (_what, more, error) => {
    const all = await ready();
    expectReturnedError(await all.owner.get(pageOf(all.client, await enhanceToken(all), more)), error);
  });

  test("gives no more than its user holds in the grant's team", async () => {
    const client = await storeClient();
    const role = await makeRole(client.team, LOCK_SCOPE.split(" "));
    const person = await join(client.team, role.id);
    const { code, grant } = await storeCode(client, {
      grant: { user_id: person.user, holder: person.user },
    });
    const { refresh_token = "" } = expectTokens(await redeem(client, code));
    const { body } = await ask(client, refresh_token);
    const why = expectReturnedError(
      await visitor(person).get(pageOf(client, body.access_token ?? "")),
      "access_denied",
    );
    expect(why).toContain(WIPE);
    expect(await granted(grant)).toEqual(LOCK_SCOPE.split(" "));
  });

  test("works no longer once the token has expired, the grant has ended or the team is suspended", async () => {
    const all = await ready();
    const { client, owner, refreshToken } = all;
    const early = await enhanceToken(all);
    const { action, fields } = await expectConsent(await owner.get(pageOf(client, early)));
    clock.advance(599_000);
    const late = await enhanceToken(all);
    clock.advance(1_000);
    expect(expectReturnedError(await owner.get(pageOf(client, early)), "invalid_grant")).toMatch(/expired/);
    await expectProblem(await owner.post(action, { ...fields, decision: "accept" }), 400, /expired/);
    await call("PATCH", `/v1/teams/${client.team}`, { body: { status: "suspended" } });
    await expectProblem(await owner.get(pageOf(client, late)), 400, /suspended/);
    expectError(await ask(client, refreshToken), 400, "invalid_grant");
    await call("PATCH", `/v1/teams/${client.team}`, { body: { status: "active" } });
    await expectConsent(await owner.get(pageOf(client, late)));
    await post("/oauth/v2/token/revoke", { token: refreshToken, ...credentials(client) });
    expectReturnedError(await owner.get(pageOf(client, late)), "invalid_grant");
  });

  test("signs the person out afterwards when the client wants that", async () => {
    const all = await ready();
    const { client } = all;
    for (const [decision, scope] of [
      ["deny", WIPE],
      ["accept", WIPE],
    ] as const) {
      const by = visitor(await signIn(all.person.user));
      const link = pageOf(client, await enhanceToken(all), { scope, logout: "true" });
      const response = await decide(by, link, decision);
      expect(response.headers.get("Set-Cookie")).toMatch(/jeton_session=;.*Max-Age=0/);
      expectReturn(response);
      expectSignIn(await by.get(pageOf(client, await enhanceToken(all))));
    }
    expect(
      await rows("SELECT id FROM sessions WHERE ended_at IS NULL AND user_id = ?", all.person.user),
    ).toHaveLength(1);
  });

  test("can be framed by nobody, and is read by no other origin", async () => {
    const all = await ready();
    const response = await all.owner.get(pageOf(all.client, await enhanceToken(all)), {
      Origin: "https://app.example",
    });
    const policy = response.headers.get("Content-Security-Policy") ?? "";
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("form-action");
    expect([...response.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  test("gives nothing when the grant ends between decision and change", async () => {
    const all = await ready();
    const { client, owner, person, grant } = all;
    const { action, fields } = await expectConsent(await owner.get(pageOf(client, await enhanceToken(all))));
    const { at, reached, release } = await slowWriter();
    const answer = visitor(person, at).post(action, { ...fields, decision: "accept" });
    await reached;
    await env.DB.prepare("UPDATE grants SET revoked_at = 1 WHERE id = ?").bind(grant).run();
    release();
    expectReturnedError(await answer, "invalid_grant");
    expect(await granted(grant)).toEqual(LOCK_SCOPE.split(" "));
  });
});
