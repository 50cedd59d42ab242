import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  base64url,
  Browser,
  claimsOf,
  CLIENT_ID,
  CLIENT_SECRET,
  expectProblem,
  finishSso,
  goBySso,
  makeKey,
  makeSsoTeam,
  openWorld,
  Provider,
  startSso,
  type Key,
  type Lies,
  type SsoTeam,
} from "../../openid-provider.ts";
import { invite } from "../../people.ts";
import { rows } from "../../support.ts";

let key: Key;
let other: Key;
let provider: Provider;
let team: SsoTeam;

beforeAll(async () => {
  key = await makeKey("RS256");
  other = await makeKey("RS256", key.jwk.kid);
});

beforeEach(async () => {
  provider = new Provider(key);
  openWorld(provider);
  team = await makeSsoTeam(provider);
});

afterEach(() => vi.unstubAllGlobals());

const via = () => ({ provider, connection: team.connection });

async function invited() {
  const claims = claimsOf(team.domain);
  await invite(team.id, "owner", { email: claims.email });
  return claims;
}

/** A MAC under a text that both sides know, which is what a confused verifier would take for a signature. */
function mac(secret: string): NonNullable<Lies["sign"]> {
  return async (input) => {
    const bytes = new TextEncoder().encode(secret);
    const hmac = { name: "HMAC", hash: "SHA-256" };
    const macKey = await crypto.subtle.importKey("raw", bytes, hmac, false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("HMAC", macKey, new TextEncoder().encode(input)));
  };
}

const now = () => Math.floor(Date.now() / 1000);

describe("an ID token", () => {
  test.each<[string, () => Lies]>([
    ["signed by another key of the same name", () => ({ sign: other.sign })],
    ["whose signature is of something else", () => ({ sign: () => key.sign("something else") })],
    ["with an empty signature", () => ({ sign: async () => "" })],
    ["with `alg: none`", () => ({ header: { alg: "none" }, sign: async () => "" })],
    ["with `alg: none` and a signature", () => ({ header: { alg: "none" } })],
    ["signed with the client secret", () => ({ header: { alg: "HS256" }, sign: mac(CLIENT_SECRET) })],
    [
      "signed with the public key as a secret",
      () => ({ header: { alg: "HS256" }, sign: mac(JSON.stringify(key.jwk)) }),
    ],
    ["with another key's id", () => ({ header: { kid: "unknown" } })],
    ["that brings its own key", () => ({ header: { kid: undefined, jwk: other.jwk }, sign: other.sign })],
    ["with a critical extension", () => ({ header: { crit: ["b64"], b64: false } })],
    ["with another flow's nonce", () => ({ claims: { nonce: "another" } })],
    ["without a nonce", () => ({ claims: { nonce: undefined } })],
    ["for another audience", () => ({ claims: { aud: "somebody-else" } })],
    ["for another party among several", () => ({ claims: { aud: [CLIENT_ID, "else"], azp: "else" } })],
    ["without an audience", () => ({ claims: { aud: undefined } })],
    ["of another issuer", () => ({ claims: { iss: "https://evil.example.com" } })],
    ["of an issuer with a slash more", () => ({ claims: { iss: `${provider.issuer}/` } })],
    ["that has expired", () => ({ claims: { exp: now() - 60 } })],
    ["without an end", () => ({ claims: { exp: undefined } })],
    ["that is not valid yet", () => ({ claims: { nbf: now() + 600 } })],
    ["without a subject", () => ({ claims: { sub: undefined } })],
    ["with a subject that is no text", () => ({ claims: { sub: 17 } })],
    ["with an endless subject", () => ({ claims: { sub: "s".repeat(300) } })],
  ])("%s lets nobody in", async (_what, lies) => {
    const claims = await invited();
    const browser = new Browser();
    const response = await goBySso(browser, via(), claims, { lies: lies() });
    await expectProblem(response, 503, /identity provider did not answer properly/);
    expect(await rows("SELECT id FROM users WHERE email = ?", claims.email)).toEqual([]);
    expect(await rows("SELECT * FROM sso_identities WHERE connection_id = ?", team.connection)).toEqual([]);
  });

  test("is refused with the cause in the team's audit trail, without what it said", async () => {
    const claims = await invited();
    const response = await goBySso(new Browser(), via(), claims, { lies: { claims: { aud: "secret-aud" } } });
    expect(response.status).toBe(503);
    const [event] = await rows<{ detail: string; actor: string }>(
      "SELECT actor, detail FROM audit_events WHERE team_id = ? AND type = 'sso.refused'",
      team.id,
    );
    expect(event?.actor).toBe(team.connection);
    expect(JSON.parse(event?.detail ?? "")).toEqual({
      reason: "provider_failed",
      cause: "OAUTH_JWT_CLAIM_COMPARISON_FAILED",
    });
  });

  test("is good with several audiences when it was issued to us", async () => {
    const claims = await invited();
    const lies = { claims: { aud: [CLIENT_ID, "else"], azp: CLIENT_ID } };
    expect((await goBySso(new Browser(), via(), claims, { lies })).status).toBe(303);
  });
});

describe("a provider that answers at the token endpoint with", () => {
  const token = (body: object) => () => Response.json({ access_token: "a", token_type: "Bearer", ...body });
  test.each<[string, () => Response]>([
    ["no ID token", token({})],
    ["an ID token that is none", token({ id_token: "x.y.z" })],
    ["an encrypted ID token", token({ id_token: "a.b.c.d.e" })],
    ["an ID token of many objects", token({ id_token: `${base64url("[]")}.${base64url("[]")}.` })],
    ["no JSON", () => new Response("<html>", { headers: { "Content-Type": "text/html" } })],
    ["nothing", () => new Response(null, { status: 204 })],
    ["an error", () => Response.json({ error: "<script>" }, { status: 400 })],
    ["a fault", () => new Response("", { status: 500 })],
    ["a redirect", () => Response.redirect("https://10.0.0.1/", 307)],
    ["too much", token({ id_token: "x".repeat(300_000) })],
  ])("%s lets nobody in, and is no fault of ours", async (_what, answer) => {
    const response = await goBySso(new Browser(), via(), await invited(), { lies: { answer } });
    const html = await expectProblem(response, 503, /identity provider did not answer properly/);
    expect(html).not.toContain("<script>");
  });

  test("nothing at all, because it is down, lets nobody in", async () => {
    const claims = await invited();
    const browser = new Browser();
    const back = provider.authorize(await startSso(browser, team.connection), claims);
    openWorld();
    await expectProblem(await finishSso(browser, back), 503, /did not answer properly/);
    const response = await browser.post("/signin/sso", { connection: team.connection });
    await expectProblem(response, 503, /did not answer properly/);
  });
});

describe("a provider's metadata", () => {
  const start = () => new Browser().post("/signin/sso", { connection: team.connection });

  test.each([
    ["script", "javascript:alert(1)"],
    ["an address without TLS", "http://login.example.com/authorize"],
    ["somebody's network", "https://10.0.0.1/authorize"],
    ["nothing", undefined],
  ])("that leads a browser to %s leads nowhere", async (_what, address) => {
    provider.metadata = { ...provider.metadata, authorization_endpoint: address };
    await expectProblem(await start(), 503, /did not answer properly/);
  });

  test("of another issuer leads nowhere", async () => {
    for (const issuer of ["https://evil.example.com", `${provider.issuer}/`]) {
      provider.metadata = { ...provider.metadata, issuer };
      await expectProblem(await start(), 503, /did not answer properly/);
    }
  });

  test.each(["token_endpoint", "jwks_uri"])(
    "that names our own network as its %s is not obeyed",
    async (name) => {
      const claims = await invited();
      const inside = new Provider(key, "https://metadata.internal");
      openWorld(provider, inside);
      const browser = new Browser();
      const back = provider.authorize(await startSso(browser, team.connection), claims);
      for (const address of [`${inside.issuer}/token`, "https://127.0.0.1/", "http://login.example.com/"]) {
        provider.metadata = { ...provider.metadata, [name]: address };
        await expectProblem(await finishSso(browser, back), 503, /did not answer properly/);
        back.set("state", new URL(await startSso(browser, team.connection)).searchParams.get("state") ?? "");
      }
      expect(inside.asked).toEqual([]);
    },
  );

  test("that redirects is not followed", async () => {
    const elsewhere = new Provider(key);
    openWorld(provider, elsewhere);
    provider.overrides.set("/.well-known/openid-configuration", () =>
      Response.redirect(`${elsewhere.issuer}/.well-known/openid-configuration`, 302),
    );
    await expectProblem(await start(), 503, /did not answer properly/);
    expect(elsewhere.asked).toEqual([]);
  });

  test("that is longer than any is not read to its end", async () => {
    let sent = 0;
    const long = () =>
      new Response(
        new ReadableStream({
          pull: (controller) => {
            sent += 1;
            controller.enqueue(new Uint8Array(64 * 1024));
            if (sent === 40) controller.close();
          },
        }),
      );
    provider.overrides.set("/.well-known/openid-configuration", long);
    await expectProblem(await start(), 503, /did not answer properly/);
    expect(sent).toBeLessThan(10);
  });
});

describe("a way back from the provider", () => {
  async function back(change: (query: URLSearchParams) => void): Promise<Response> {
    const browser = new Browser();
    const query = provider.authorize(await startSso(browser, team.connection), await invited());
    change(query);
    return finishSso(browser, query);
  }

  test.each<[string, (query: URLSearchParams) => void]>([
    ["without `iss`, though it promises one", (query) => query.delete("iss")],
    ["with another issuer's", (query) => query.set("iss", "https://evil.example.com")],
    ["without a code", (query) => query.delete("code")],
    ["with two codes", (query) => query.append("code", "x")],
    ["with a code of nobody", (query) => query.set("code", "x")],
    ["with a token beside the code", (query) => query.set("id_token", "x")],
  ])("%s leads nowhere", async (_what, change) => {
    await expectProblem(await back(change), 503, /did not answer properly/);
  });

  test("with an error says so in our own words", async () => {
    const response = await back((query) => {
      query.delete("code");
      query.set("error", "access_denied");
      query.set("error_description", "<script>alert(1)</script> secret-detail");
    });
    const html = await expectProblem(response, 403, /did not sign you in/);
    expect(html).not.toMatch(/script|secret-detail|access_denied/);
  });

  test("of a provider that promises no `iss` needs none", async () => {
    provider.metadata = { ...provider.metadata, authorization_response_iss_parameter_supported: undefined };
    expect((await back((query) => query.delete("iss"))).status).toBe(303);
  });
});
