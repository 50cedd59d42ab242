import { exports } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { call, makeTeam, ORIGIN, rows, send } from "../support.ts";
import { signIn } from "../people.ts";
import {
  expectTokens,
  LOCK,
  LOCK_SCOPE,
  ownerPerson,
  redeem,
  REDIRECT,
  storeClient,
  type TestClient,
} from "./support.ts";
import {
  acceptedCode,
  AUTH,
  decide,
  expectConsent,
  expectProblem,
  expectReturn,
  expectReturnedError,
  expectSignIn,
  ISSUER,
  linkOf,
  visitor,
  type Visitor,
} from "./visitor.ts";

const CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeGpJ1u0a7Z3eCd9yvQ4".slice(0, 43);

async function ready(
  type: "browser" | "server" | "mobile" = "server",
  more: Record<string, unknown> = {},
): Promise<{ client: TestClient; owner: Visitor }> {
  const client = await storeClient(type, more);
  return { client, owner: visitor(await ownerPerson(client.team)) };
}

describe("an authorization request", () => {
  test("leads to a page that says what is asked, and accepting it to a code that gives what was asked", async () => {
    const { client, owner } = await ready();
    const link = linkOf(client, { access_type: "Offline", state: "a b+c&d=é%20✓" });
    const { text, action } = await expectConsent(await owner.get(link));
    expect(text).toContain("Lock a device");
    expect(text).toContain(LOCK);
    expect(text).toContain("Also while you are away");
    expect(action.startsWith(`${AUTH}?`)).toBe(true);

    const { parameters } = expectReturn(await decide(owner, link));
    expect(parameters).toEqual({
      code: expect.stringMatching(/^jtn_gc_us_/) as unknown,
      location: "us",
      "accounts-server": ISSUER,
      iss: ISSUER,
      state: "a b+c&d=é%20✓",
    });
    const tokens = expectTokens(await redeem(client, parameters["code"] ?? ""));
    expect(tokens.scope).toBe(LOCK_SCOPE);
    expect(tokens.refresh_token).toMatch(/^jtn_rt_/);
    const trail = await rows(
      "SELECT type, actor_owner, team_id, detail FROM audit_events WHERE type LIKE 'grant.%' ORDER BY rowid",
    );
    const person = await ownerPerson(client.team);
    expect(trail[0]).toMatchObject({
      type: "grant.accepted",
      actor_owner: person.user,
      team_id: client.team,
    });
    expect(JSON.stringify(trail)).not.toContain("jtn_");
  });

  test("brings no refresh token unless it asks for one, and the page says which", async () => {
    const { client, owner } = await ready();
    const link = linkOf(client);
    expect((await expectConsent(await owner.get(link))).text).toContain("Only now");
    const tokens = expectTokens(await redeem(client, await acceptedCode(owner, link)));
    expect(tokens).not.toHaveProperty("refresh_token");
  });

  test("that is denied goes back as access_denied, with the state, and is written down", async () => {
    const { client, owner } = await ready();
    const response = await decide(owner, linkOf(client, { state: "x" }), "deny");
    expectReturnedError(response.clone(), "access_denied");
    expect(expectReturn(response).parameters["state"]).toBe("x");
    const denied = await rows<{ team_id: string }>(
      "SELECT team_id FROM audit_events WHERE type = 'grant.denied' AND subject = ?",
      client.id,
    );
    expect(denied).toEqual([{ team_id: client.team }]);
    expect(await rows("SELECT id FROM grants WHERE client_id = ?", client.id)).toEqual([]);
  });

  test("of somebody who is not signed in goes to the sign-in page, and from there to the same request", async () => {
    const { client, owner } = await ready();
    const link = linkOf(client, { state: "a b&c", client_secret: "jtn_cs_never" });
    const next = expectSignIn(await visitor(null).get(link));
    expect(next).not.toContain("jtn_cs_never");
    expect(new URL(ORIGIN + next).searchParams.get("state")).toBe("a b&c");
    await expectConsent(await owner.get(next));
  });

  test("ends at the sign-in page when the session has ended, expired or was idle for too long", async () => {
    const { client } = await ready();
    const person = await ownerPerson(client.team);
    const now = Date.now();
    const body = { session_minutes: 60 };
    expect((await call("PATCH", `/v1/teams/${client.team}/security`, { body })).status).toBe(200);
    for (const over of [{ ended_at: now }, { expires_at: now - 1 }, { last_seen_at: now - 3_600_001 }]) {
      expectSignIn(await visitor(await signIn(person.user, over)).get(linkOf(client)));
    }
  });

  test.each<[string, Record<string, string | null>, string]>([
    ["another response_type", { response_type: "token" }, "unsupported_response_type"],
    ["no response_type", { response_type: null }, "invalid_request"],
    ["an answer elsewhere than in the query", { response_mode: "fragment" }, "invalid_request"],
    ["no scope", { scope: null }, "invalid_scope"],
    ["an unknown scope", { scope: "EMM.Nothing.VIEW" }, "invalid_scope"],
    ["a scope without what it needs", { scope: "EMM.DeviceCommands.LOCK" }, "invalid_scope"],
    ["more than the client may have", { scope: "EMM.Billing.MANAGE" }, "invalid_scope"],
    ["an access_type that is none", { access_type: "forever" }, "invalid_request"],
    ["a prompt that is not known", { prompt: "login" }, "invalid_request"],
    ["a plain challenge", { code_challenge: CHALLENGE, code_challenge_method: "plain" }, "invalid_request"],
    ["a challenge without method", { code_challenge: CHALLENGE }, "invalid_request"],
    ["a method without challenge", { code_challenge_method: "S256" }, "invalid_request"],
    [
      "a challenge that is no hash",
      { code_challenge: "short", code_challenge_method: "S256" },
      "invalid_request",
    ],
    ["a resource that is no URI", { resource: "nowhere" }, "invalid_target"],
    ["a resource with a fragment", { resource: "https://api.example/#x" }, "invalid_target"],
    ["a key thumbprint that is none", { dpop_jkt: "x" }, "invalid_request"],
  ])("with %s goes back with the error and the state", async (_what, more, error) => {
    const { client, owner } = await ready();
    const response = await owner.get(linkOf(client, { state: "kept", ...more }));
    const { parameters } = expectReturn(response);
    expect(parameters).toMatchObject({ error, state: "kept" });
    expect(parameters["error_description"]).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
    // RFC 9700, section 4.11.2: nobody is led there by a link of ours before they have signed in.
    expectSignIn(await visitor(null).get(linkOf(client, { state: "kept", ...more })));
  });

  test.each(["browser", "mobile"] as const)(
    "of a public client (%s) needs a code challenge",
    async (type) => {
      const { client, owner } = await ready(type);
      expectReturnedError(await owner.get(linkOf(client)), "invalid_request");
      const challenge = { code_challenge: CHALLENGE, code_challenge_method: "S256" };
      await expectConsent(await owner.get(linkOf(client, challenge)));
    },
  );

  test("that has a parameter twice is refused, and a state that came twice is not sent back", async () => {
    const { client, owner } = await ready();
    for (const again of ["scope=x", "state=t", "response_type=code", "unheard=1&unheard=2"]) {
      const { parameters } = expectReturn(await owner.get(`${linkOf(client)}&${again}`));
      expect(parameters["error"]).toBe("invalid_request");
      expect(parameters["state"]).toBe(again.startsWith("state") ? undefined : "s");
    }
    for (const again of [`client_id=${client.id}`, `redirect_uri=${encodeURIComponent(REDIRECT)}`]) {
      await expectProblem(await owner.get(`${linkOf(client)}&${again}`), 400, /more than once/);
    }
  });

  test("may name several resources, and what is not known is ignored", async () => {
    const { client, owner } = await ready();
    const link = `${linkOf(client, { nonce: "n", ui_locales: "fr" })}&resource=https://a.example/&resource=https://b.example/`;
    await acceptedCode(owner, link);
    expect(await rows("SELECT audience FROM grants WHERE client_id = ?", client.id)).toEqual([
      { audience: "https://a.example/ https://b.example/" },
    ]);
  });

  test("keeps what binds the code: challenge, key and redirect URI", async () => {
    const { client, owner } = await ready();
    const bound = { code_challenge: CHALLENGE, code_challenge_method: "S256", dpop_jkt: CHALLENGE };
    await acceptedCode(owner, linkOf(client, bound));
    expect(
      await rows(
        "SELECT code_challenge, proof_key, redirect_uri FROM grant_tokens WHERE client_id = ?",
        client.id,
      ),
    ).toEqual([{ code_challenge: CHALLENGE, proof_key: CHALLENGE, redirect_uri: REDIRECT }]);
  });
});

describe("a redirect", () => {
  test.each([
    "https://app.example/callback/",
    "https://app.example/callback/../callback",
    "https://app.example/callback?x=1",
    "https://app.example/callback#x",
    "https://app.example/Callback",
    "https://APP.example/callback",
    "https://app.example:443/callback",
    "https://app.example:8443/callback",
    "https://app.example./callback",
    "https://app.example@evil.example/callback",
    "https://app.example.evil.example/callback",
    "https://evil.example/callback",
    "https://evil.example/https://app.example/callback",
    "https://app.example\\@evil.example/callback",
    "https://app.example%2Fcallback",
    "https://app.example/%63allback",
    "http://app.example/callback",
    "HTTPS://app.example/callback",
    "//app.example/callback",
    "javascript:alert(1)",
    "https://app.example/callback\r\nSet-Cookie: a=b",
    " https://app.example/callback",
    "https://app.example/callback%00",
    "",
  ])("to %j, which is not registered, never takes place", async (redirectUri) => {
    const { client, owner } = await ready();
    for (const by of [owner, visitor(null)]) {
      for (const more of [{}, { scope: "nonsense" }, { prompt: "none" }]) {
        const link = linkOf(client, { redirect_uri: redirectUri, ...more });
        await expectProblem(await by.get(link), 400, /redirect_uri/);
        await expectProblem(await by.post(link, { decision: "deny" }), 400, /redirect_uri/);
      }
    }
  });

  test("of a program on a device may differ in the port on a loopback address alone", async () => {
    const uris = ["http://127.0.0.1:7001/cb", "com.example.app:/cb", "http://[::1]/cb"];
    const { client, owner } = await ready("mobile", { redirect_uris: JSON.stringify(uris) });
    const challenge = { code_challenge: CHALLENGE, code_challenge_method: "S256" };
    for (const redirect_uri of ["http://127.0.0.1:51234/cb", "com.example.app:/cb", "http://[::1]:9/cb"]) {
      await acceptedCode(owner, linkOf(client, { redirect_uri, ...challenge }), redirect_uri);
    }
    for (const redirect_uri of [
      "http://127.0.0.1:51234/cb2",
      "http://localhost:7001/cb",
      "com.example.app:/cb2",
    ]) {
      await expectProblem(
        await owner.get(linkOf(client, { redirect_uri, ...challenge })),
        400,
        /redirect_uri/,
      );
    }
  });

  test("keeps the query that a registered redirect URI has", async () => {
    const uris = ["https://app.example/cb?tenant=7", "https://app.example/cb?"];
    const { client, owner } = await ready("server", { redirect_uris: JSON.stringify(uris) });
    const first = expectReturn(await decide(owner, linkOf(client, { redirect_uri: uris[0] ?? "" })), uris[0]);
    expect(first.uri).toMatch(/^https:\/\/app\.example\/cb\?tenant=7&code=/);
    const denied = await decide(
      owner,
      linkOf(client, { redirect_uri: uris[1] ?? "", prompt: "consent" }),
      "deny",
    );
    expect(denied.headers.get("Location")).toMatch(/^https:\/\/app\.example\/cb\?error=access_denied&/);
  });

  test("brings every state back as it was sent", async () => {
    const { client, owner } = await ready();
    const ascii = Array.from({ length: 127 }, (_, index) => String.fromCharCode(index + 1)).join("");
    for (const state of [ascii, "ü漢🜁", "%", "+", "a=b&iss=evil&code=x", "'\"<>`"]) {
      const response = await owner.get(linkOf(client, { state, scope: "nonsense" }));
      const { parameters } = expectReturn(response);
      expect(parameters["state"]).toBe(state);
      expect(parameters).not.toHaveProperty("code");
    }
  });
});

describe("an unsound client", () => {
  test("is told on a page, and nobody is sent anywhere", async () => {
    const { client, owner } = await ready();
    const gone = await storeClient("server", { deleted_at: 1 });
    await expectProblem(
      await owner.get(linkOf({ id: "cli_us_nobody" })),
      400,
      /No client has this client_id/,
    );
    await expectProblem(await owner.get(linkOf(gone)), 400, /No client has this client_id/);
    await expectProblem(await owner.get(linkOf({ id: "cli_eu_0000" })), 400, /region eu.*https:/);
    await expectProblem(await owner.get(linkOf(client, { client_id: null })), 400, /client_id/);
    for (const type of ["self", "device"] as const) {
      await expectProblem(await owner.get(linkOf(await storeClient(type))), 400, /cannot use this grant/);
    }
  });

  test("is told in JSON where that is what is read", async () => {
    const { owner } = await ready();
    const response = await owner.get(linkOf({ id: "cli_us_nobody" }), { Accept: "application/json" });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: "invalid_client" });
  });
});

describe("the page", () => {
  test("can be framed by nobody, and leaks no address", async () => {
    const { client, owner } = await ready();
    const { headers } = await owner.get(linkOf(client));
    const policy = headers.get("Content-Security-Policy") ?? "";
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("default-src 'none'");
    // Browsers hold it against each redirect that follows, also those that the application makes.
    expect(policy).not.toContain("form-action");
    expect(headers.get("X-Frame-Options")).toBe("DENY");
    expect(headers.get("Referrer-Policy")).toBe("no-referrer");
    expect(headers.get("Cache-Control")).toBe("no-store");
  });

  test("shows hostile names as text, and a home page only if it is a web page", async () => {
    const name = `<script>alert(1)</script>"'&\u202e`;
    const { client, owner } = await ready("server", { name, homepage_url: "javascript:alert(1)" });
    const { text } = await expectConsent(await owner.get(linkOf(client, { state: `"><script>` })));
    expect(text).not.toContain("<script");
    expect(text).toContain("<bdi>&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\u202e</bdi>");
    expect(text).not.toContain("javascript:");
    const plain = await ready();
    const shown = (await expectConsent(await plain.owner.get(linkOf(plain.client)))).text;
    expect(shown).toMatch(/<a href="https:\/\/app\.example" rel="noopener noreferrer"/);
  });

  test("marks what is strict", async () => {
    const { client, owner } = await ready();
    const asked = async (scope: string) =>
      (await expectConsent(await owner.get(linkOf(client, { scope })))).text;
    expect(await asked("EMM.DeviceCommands.WIPE,EMM.Devices.VIEW")).toMatch(/Strict/);
    expect(await asked("EMM.Devices.VIEW")).not.toMatch(/Strict/);
  });

  test("can be read by no script of another origin, and answers no other method", async () => {
    const { client, owner } = await ready();
    const cors = { Origin: "https://app.example", "Access-Control-Request-Method": "GET" };
    const page = await owner.get(linkOf(client), cors);
    expect([...page.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
    for (const method of ["OPTIONS", "PUT", "DELETE", "HEAD"]) {
      const response = await send(method, linkOf(client), { as: null, headers: cors });
      expect([method, response.status]).toEqual([method, 405]);
      expect([...response.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
  });

  test("takes a decision only from itself", async () => {
    const { client, owner } = await ready();
    const { action, fields } = await expectConsent(await owner.get(linkOf(client)));
    const accept = { ...fields, decision: "accept" };
    for (const site of ["cross-site", "same-site", "none"]) {
      const response = await owner.post(action, accept, { "Sec-Fetch-Site": site });
      await expectProblem(response, 400, /did not come from this page/);
    }
    const person = await ownerPerson(client.team);
    const bare = { Cookie: String(person.session.headers?.["Cookie"]), Origin: "https://evil.example" };
    const body = new URLSearchParams(accept);
    const forged = new Request(ORIGIN + action, { method: "POST", body, headers: bare, redirect: "manual" });
    await expectProblem(await exports.default.fetch(forged), 400, /did not come from this page/);
    expect(await rows("SELECT id FROM grants WHERE client_id = ?", client.id)).toEqual([]);
    expectReturn(await owner.post(action, accept));
  });

  test("decides nothing without a yes or no, and nothing for who is not signed in", async () => {
    const { client, owner } = await ready();
    const { action, fields } = await expectConsent(await owner.get(linkOf(client)));
    await expectConsent(await owner.post(action, fields), 400);
    await expectConsent(await owner.post(action, { ...fields, decision: "maybe" }), 400);
    expectSignIn(await visitor(null).post(action, { ...fields, decision: "accept" }));
    expect(await rows("SELECT id FROM grants WHERE client_id = ?", client.id)).toEqual([]);
  });

  test("counts for what it showed, and to whom", async () => {
    const { client, owner } = await ready();
    const { fields } = await expectConsent(await owner.get(linkOf(client, { scope: "EMM.Devices.VIEW" })));
    // The same answer to another question, by another person, and of a page that was never shown.
    const more = linkOf(client, { scope: "EMM.DeviceCommands.WIPE EMM.Devices.VIEW" });
    await expectConsent(await owner.post(more, { ...fields, decision: "accept" }), 400);
    const same = linkOf(client, { scope: "EMM.Devices.VIEW" });
    await expectConsent(await owner.post(same, { team: client.team, decision: "accept" }), 400);
    const other = await makeTeam();
    const stranger = visitor(await ownerPerson(other.id));
    await expectConsent(await stranger.post(same, { ...fields, team: other.id, decision: "accept" }), 400);
    expect(await rows("SELECT id FROM grants WHERE client_id = ?", client.id)).toEqual([]);
  });
});
