import { beforeAll, describe, expect, test } from "vitest";
import { defaultOrigin } from "../../../src/deployments.ts";
import { hashCredential } from "../../../src/operations/credentials.ts";
import { makeAccount, PASSWORD, signedIn, type Account } from "../accounts.ts";
import { Browser } from "../openid-provider.ts";
import { accept, byCookie, invite } from "../people.ts";
import { expectAnswer, issue, makeService, ORIGIN, rows, sealed, send, unique } from "../support.ts";
import { makeTenant, type TenantPlace } from "../tenant.ts";
import { DEVICE_GRANT } from "./device-support.ts";
import { makeProver, prove } from "./proofs.ts";
import {
  credentials,
  expectError,
  expectTokens,
  LOCK_SCOPE,
  ownerOf,
  post,
  REDIRECT,
  store,
  storeClient,
  storeCode,
  type TestClient,
  type TokenBody,
} from "./support.ts";
import { expectConsent, linkOf } from "./visitor.ts";

const TOKEN = "/oauth/v2/token";
const USER_INFO = "/oauth/user/info";

let acme: TenantPlace;
/** In the tenant's team, and owner of another. */
let member: Account;
/** Registered by yet another team: whoever's application it is, it may ask there. */
let client: TestClient;

beforeAll(async () => {
  acme = await makeTenant();
  member = await makeAccount();
  client = await storeClient();
  const { secret } = await invite(acme.team.id, "owner", { email: member.email });
  const browser = await signedIn(member);
  expectAnswer(await accept(secret, {}, byCookie(browser.session ?? "")), 200, "JoinedMember");
});

const codeRequest = (by: TestClient, code: string) => ({
  grant_type: "authorization_code",
  code,
  redirect_uri: REDIRECT,
  ...credentials(by),
});

/** Tokens of a team other than the tenant's. */
async function foreignTokens(): Promise<TokenBody> {
  const { code } = await storeCode(client);
  return expectTokens(await post(TOKEN, codeRequest(client, code)));
}

/** A grant token of the tenant's own team. */
async function ownCode(): Promise<string> {
  const grant = { team_id: acme.team.id, user_id: await ownerOf(acme.team.id) };
  return (await storeCode(client, { grant })).code;
}

describe("authorization on a team's own domain", () => {
  test("is asked for that team alone, and comes back from that issuer, whose tokens say so", async () => {
    const browser = new Browser(acme.at);
    const link = linkOf(client, { access_type: "offline" });
    const away = await browser.get(link);
    const signIn = new URL(away.headers.get("Location") ?? "", ORIGIN);
    expect(signIn.pathname).toBe("/signin");
    const next = signIn.searchParams.get("next") ?? "";
    const entered = await browser.post("/signin", { email: member.email, password: PASSWORD, next });
    expect([entered.status, entered.headers.get("Location")]).toEqual([303, next]);
    const { teams, action, fields, text } = await expectConsent(await browser.get(next));
    expect(teams).toEqual([acme.team.id]);
    expect(text).toContain(`· ${acme.team.name}</title>`);
    // Another team of the person's cannot be chosen by hand.
    const forged = await browser.post(action, { ...fields, team: member.team, decision: "accept" });
    expect(forged.headers.get("Location") ?? "").not.toContain("code=");

    const back = await browser.post(action, { ...fields, decision: "accept" });
    const query = new URL(back.headers.get("Location") ?? "").searchParams;
    expect(Object.fromEntries(query)).toMatchObject({
      location: "us",
      "accounts-server": acme.issuer,
      iss: acme.issuer,
    });
    const given = await post(TOKEN, codeRequest(client, query.get("code") ?? ""), { at: acme.at });
    const tokens = expectTokens(given);
    expect(tokens.api_domain).toBe(acme.issuer);
    const [grant] = await rows("SELECT team_id FROM grants ORDER BY created_at DESC, rowid DESC LIMIT 1");
    expect(grant).toEqual({ team_id: acme.team.id });
    const { access_token: token } = tokens;
    expect((await send("GET", USER_INFO, { as: token, at: acme.at })).status).toBe(200);
    const foreign = (await foreignTokens()).access_token;
    expect((await send("GET", USER_INFO, { as: foreign, at: acme.at })).status).toBe(403);
    expect((await send("GET", USER_INFO, { as: foreign })).status).toBe(200);
  });

  test("says nothing of an error elsewhere than at that issuer", async () => {
    const browser = new Browser(acme.at);
    await browser.post("/signin", { email: member.email, password: PASSWORD });
    const { action, fields } = await expectConsent(await browser.get(linkOf(client, { prompt: "consent" })));
    const denied = await browser.post(action, { ...fields, decision: "deny" });
    const query = new URL(denied.headers.get("Location") ?? "").searchParams;
    expect([query.get("error"), query.get("iss")]).toEqual(["access_denied", acme.issuer]);
  });
});

describe("the token endpoint on a team's own domain", () => {
  test("redeems the team's grant tokens and refreshes what came of them", async () => {
    const tokens = expectTokens(await post(TOKEN, codeRequest(client, await ownCode()), { at: acme.at }));
    const request = {
      grant_type: "refresh_token",
      refresh_token: tokens.refresh_token ?? "",
      ...credentials(client),
    };
    const refreshed = expectTokens(await post(TOKEN, request, { at: acme.at }));
    expect(refreshed.api_domain).toBe(acme.issuer);
  });

  test("knows no grant token of another team, and leaves it as it was", async () => {
    const { code } = await storeCode(client);
    const request = codeRequest(client, code);
    expectError(await post(TOKEN, request, { at: acme.at }), 400, "invalid_grant");
    expect(expectTokens(await post(TOKEN, request)).api_domain).toBe(defaultOrigin("us"));
    // Nor is a used one's second use there a reason to end anything.
    expectError(await post(TOKEN, { ...request, state: "other" }, { at: acme.at }), 400, "invalid_grant");
  });

  test("knows no refresh token of another team", async () => {
    const { refresh_token: token = "" } = await foreignTokens();
    const request = { grant_type: "refresh_token", refresh_token: token, ...credentials(client) };
    expectError(await post(TOKEN, request, { at: acme.at }), 400, "invalid_grant");
    expectTokens(await post(TOKEN, request));
    const enhance = { ...request, grant_type: "update_scopes_token" };
    expectError(await post("/oauth/v2/token/scopeenhance", enhance, { at: acme.at }), 400, "invalid_grant");
  });

  test("exchanges no access token of another team", async () => {
    const { access_token: token } = await foreignTokens();
    const request = {
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: token,
      subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
      ...credentials(client),
    };
    expect((await post(TOKEN, request, { at: acme.at })).status).toBe(400);
    expectTokens(await post(TOKEN, request));
  });

  test("gives a client of another team no token for itself", async () => {
    const request = { grant_type: "client_credentials", ...credentials(client) };
    expectError(await post(TOKEN, request, { at: acme.at }), 401, "invalid_client");
    expectTokens(await post(TOKEN, request));
    const own = await storeClient("server", { team_id: acme.team.id });
    const given = { grant_type: "client_credentials", ...credentials(own) };
    expectTokens(await post(TOKEN, given, { at: acme.at }));
  });

  test("takes a proof for its own address, and none for the region's", async () => {
    const prover = await makeProver();
    const here = await prove(prover, { url: acme.issuer + TOKEN });
    const elsewhere = await prove(prover, { url: defaultOrigin("us") + TOKEN });
    const ask = async (DPoP: string) =>
      post(TOKEN, codeRequest(client, await ownCode()), { at: acme.at, headers: { DPoP } });
    expectError(await ask(elsewhere), 400, "invalid_dpop_proof");
    expect(expectTokens(await ask(here)).token_type).toBe("DPoP");
  });
});

test("a device is sent to the page of that issuer", async () => {
  const device = await storeClient("device");
  const request = { client_id: device.id, scope: LOCK_SCOPE };
  const { body } = await post("/oauth/v2/device", request, { at: acme.at });
  expect(body).toMatchObject({ verification_uri: `${acme.issuer}/device` });
});

test("a device is let in where its user's team is met, and nowhere else", async () => {
  const device = await storeClient("device");
  const { grant } = await storeCode(device);
  const code = sealed("dc");
  const now = Date.now();
  await store("device_codes", {
    hash: hashCredential(code),
    user_code_hash: unique("user-code"),
    client_id: device.id,
    permissions: JSON.stringify(LOCK_SCOPE.split(" ")),
    access_type: "online",
    status: "approved",
    claimed_by: "somebody",
    grant_id: grant,
    interval_seconds: 5,
    created_at: now,
    expires_at: now + 60_000,
  });
  const request = { grant_type: DEVICE_GRANT, device_code: code, client_id: device.id };
  expectError(await post(TOKEN, request, { at: acme.at }), 400, "invalid_grant");
  expectTokens(await post(TOKEN, request));
});

describe("what is asked about tokens on a team's own domain", () => {
  test("introspection knows the team's alone, as of that issuer", async () => {
    const { key } = await makeService();
    const ask = async (token: string) => {
      const headers = { "Content-Type": "application/x-www-form-urlencoded" };
      const body = new URLSearchParams({ token }).toString();
      const answer = await send("POST", "/oauth/v2/introspect", { as: key, headers, body, at: acme.at });
      return answer.json();
    };
    const foreign = await foreignTokens();
    expect(await ask(foreign.access_token)).toEqual({ active: false });
    expect(await ask(foreign.refresh_token ?? "")).toEqual({ active: false });
    const { token } = await issue(acme.team.id);
    expect(await ask(token)).toMatchObject({ active: true, iss: acme.issuer, team: acme.team.id });
  });

  test("revocation leaves another team's alone, and answers as if it were done", async () => {
    const { access_token: token, refresh_token: refresh = "" } = await foreignTokens();
    for (const sent of [token, refresh]) {
      const answer = await post(`${TOKEN}/revoke`, { token: sent, ...credentials(client) }, { at: acme.at });
      expect(answer.status).toBe(200);
    }
    expectTokens(
      await post(TOKEN, { grant_type: "refresh_token", refresh_token: refresh, ...credentials(client) }),
    );
  });
});
