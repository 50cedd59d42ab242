import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Browser } from "../clients/browser.ts";
import { RegionProcesses, text, type Answer } from "./region-processes.ts";

/*
 * Three regions that share nothing, each a process of its own (contract, section 9): a client of one of them acts in
 * the others, one region is killed in the middle, and catches up when it is back.
 */

const LONG_MS = 240_000;
const CODES = ["us", "eu", "in"] as const;
type Code = (typeof CODES)[number];

const REDIRECT = "http://127.0.0.1:9/callback";
const NEW_REDIRECT = "http://127.0.0.1:9/new";
const SCOPE = "EMM.Devices.VIEW";

const regions = new RegionProcesses("three-regions", CODES);
const teams = new Map<Code, string>();
const services = new Map<Code, string>();

function linkTo(code: Code, redirectUri = REDIRECT): string {
  const query = {
    response_type: "code",
    access_type: "offline",
    scope: SCOPE,
    state: "s",
    prompt: "consent",
  };
  const parameters = new URLSearchParams({ ...query, client_id: client.id, redirect_uri: redirectUri });
  return `${regions.urlOf(code)}/oauth/v2/auth?${parameters.toString()}`;
}

/** The owner of a region's team, at their browser. */
function ownerOf(code: Code): Browser {
  return new Browser(regions.urlOf(code), {
    email: `owner@${code}.example`,
    password: `a password in ${code}`,
  });
}

interface Back {
  readonly code: string;
  readonly location: string | null;
  readonly accountsServer: string | null;
}

async function accept(code: Code, redirectUri = REDIRECT): Promise<Back> {
  const back = await ownerOf(code).accept(linkTo(code, redirectUri));
  if (!back.startsWith(redirectUri)) throw new Error(`not sent back but to ${back}`);
  const { searchParams } = new URL(back);
  return {
    code: searchParams.get("code") ?? "",
    location: searchParams.get("location"),
    accountsServer: searchParams.get("accounts-server"),
  };
}

function redeem(code: Code, grant: string, secret: string, redirectUri = REDIRECT): Promise<Answer> {
  return regions.token(code, {
    grant_type: "authorization_code",
    code: grant,
    redirect_uri: redirectUri,
    client_id: client.id,
    client_secret: secret,
  });
}

function refresh(code: Code, refreshToken: string, secret: string): Promise<Answer> {
  return regions.token(code, {
    grant_type: "refresh_token",
    refresh_token: refreshToken,
    client_id: client.id,
    client_secret: secret,
  });
}

/** Whether the client authenticates: a refresh would count against what it may be issued, however often it is asked. */
function introspect(code: Code, secret: string): Promise<Answer> {
  return regions.form(code, "/oauth/v2/introspect", {
    token: "none",
    client_id: client.id,
    client_secret: secret,
  });
}

function check(code: Code, accessToken: string): Promise<Answer> {
  return regions.ask(
    code,
    "POST",
    "/v1/check",
    { token: accessToken, permissions: [SCOPE] },
    services.get(code),
  );
}

/** What is on its way arrives soon; each time home is asked something, so that it looks what is due. */
function eventually<T>(look: () => Promise<T>): Promise<T> {
  const nudged = async (): Promise<T> => {
    if (regions.isRunning("us"))
      await fetch(`${regions.urlOf("us")}/oauth/v2/introspect`, { method: "POST" });
    return look();
  };
  return vi.waitFor(nudged, { timeout: 60_000, interval: 250 });
}

const client = { id: "", path: "", secrets: {} as Record<Code, string> };
/** What the client got for the owner of each region. */
const held = { eu: { access: "", refresh: "" }, in: { access: "", refresh: "" } };

beforeAll(async () => {
  await regions.start();
  for (const code of CODES) {
    const owner = { email: `owner@${code}.example`, password: `a password in ${code}` };
    const made = await regions.ask(code, "POST", "/v1/teams", { name: `Team ${code}`, slug: "team", owner });
    teams.set(code, (made.body["team"] as { readonly id: string }).id);
    services.set(code, text(await regions.ask(code, "POST", "/v1/services", { name: "api" }), "key"));
  }
}, LONG_MS);

afterAll(() => regions.stop(), LONG_MS);

describe("three regions", { timeout: LONG_MS }, () => {
  test("tell in the directory where each of them is", async () => {
    for (const code of CODES) {
      const { body } = await regions.ask(code, "GET", "/oauth/serverinfo");
      expect(body).toMatchObject({
        result: "success",
        locations: Object.fromEntries(CODES.map((each) => [each, regions.urlOf(each)])),
      });
    }
  });

  test("a client that is registered in one acts in the others by a secret of its own there", async () => {
    const path = `/v1/teams/${teams.get("us")}/clients`;
    const body = {
      type: "server",
      name: "App",
      redirect_uris: [REDIRECT],
      permissions: [SCOPE],
      regions: ["eu", "in"],
    };
    const made = await regions.ask("us", "POST", path, body);
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    client.id = (made.body["client"] as { readonly id: string }).id;
    client.path = `${path}/${client.id}`;
    const there = made.body["client_secrets"] as Record<"eu" | "in", string>;
    client.secrets = { us: text(made, "client_secret"), ...there };

    for (const code of ["eu", "in"] as const) {
      const back = await eventually(() => accept(code));
      expect(back).toMatchObject({ location: code, accountsServer: regions.urlOf(code) });
      // Home's secret is no secret here, and the code is none elsewhere.
      expect(await redeem(code, back.code, client.secrets.us)).toMatchObject({ status: 401 });
      const elsewhere = await redeem("us", back.code, client.secrets.us);
      expect(elsewhere.status).toBe(400);
      expect(text(elsewhere, "error_description")).toContain(regions.urlOf(code));

      const given = await redeem(code, back.code, client.secrets[code]);
      expect(given).toMatchObject({ status: 200, body: { api_domain: regions.urlOf(code) } });
      held[code] = { access: text(given, "access_token"), refresh: text(given, "refresh_token") };
      expect((await check(code, held[code].access)).body).toMatchObject({
        allowed: true,
        token: { team: teams.get(code) },
      });
      expect((await check("us", held[code].access)).body).toMatchObject({
        reason: "wrong_region",
        region: { code, base_url: regions.urlOf(code) },
      });
      expect(await refresh(code, held[code].refresh, client.secrets[code])).toMatchObject({ status: 200 });
    }
  });

  test("a person whose account is in another region goes on there, from then on by themselves", async () => {
    const link = linkTo("us");
    const signIn = new URL((await fetch(link, { redirect: "manual" })).headers.get("Location") ?? "", link);
    const page = await (await fetch(signIn)).text();
    expect(page.match(/name="region" value="(\w+)"/g)).toHaveLength(2);

    const chosen = await fetch(`${regions.urlOf("us")}/signin/region`, {
      method: "POST",
      redirect: "manual",
      headers: { "Sec-Fetch-Site": "same-origin" },
      body: new URLSearchParams({ next: signIn.searchParams.get("next") ?? "", region: "eu" }),
    });
    const there = chosen.headers.get("Location") ?? "";
    expect(new URL(there).origin).toBe(regions.urlOf("eu"));
    const { searchParams } = new URL(await ownerOf("eu").accept(there));
    expect([searchParams.get("location"), searchParams.get("accounts-server")]).toEqual([
      "eu",
      regions.urlOf("eu"),
    ]);
    expect(searchParams.get("state")).toBe("s");
    const code = searchParams.get("code") ?? "";
    expect(await redeem("eu", code, client.secrets.eu)).toMatchObject({ status: 200 });

    const Cookie = (chosen.headers.get("Set-Cookie") ?? "").split(";")[0] ?? "";
    const again = await fetch(link, { redirect: "manual", headers: { Cookie } });
    expect(again.headers.get("Location")).toBe(there);
  });

  test("by itself a client acts at home, where its team is, and is told so elsewhere", async () => {
    const asked = (code: Code) =>
      regions.token(code, {
        grant_type: "client_credentials",
        client_id: client.id,
        client_secret: client.secrets[code],
      });
    expect(await asked("us")).toMatchObject({ status: 200 });
    expect(text(await asked("eu"), "error_description")).toContain(regions.urlOf("us"));
  });

  test("what changes while one of them is down reaches the others, and that one when it is back", async () => {
    await regions.kill("eu");

    const changed = await regions.ask("us", "PATCH", client.path, { redirect_uris: [NEW_REDIRECT] });
    expect(changed.status).toBe(200);
    const rotated = await regions.ask("us", "POST", `${client.path}/secrets`, { regions: ["eu"] });
    const next = (rotated.body["client_secrets"] as { readonly eu: string }).eu;
    expect(await regions.ask("us", "PATCH", client.path, { regions: ["eu"] })).toMatchObject({ status: 200 });

    // One that is down keeps none of the others waiting.
    await eventually(async () => {
      expect(await introspect("in", client.secrets.in)).toMatchObject({ status: 401 });
    });
    await eventually(async () => {
      expect((await check("in", held.in.access)).body).toMatchObject({ reason: "revoked_token" });
    });

    await regions.serve("eu");
    // What it had acknowledged is there, as its storage has it.
    expect((await check("eu", held.eu.access)).body).toMatchObject({ allowed: true });
    await eventually(async () => {
      expect(await introspect("eu", client.secrets.eu)).toMatchObject({ status: 401 });
    });
    expect(await refresh("eu", held.eu.refresh, next)).toMatchObject({ status: 200 });
    client.secrets.eu = next;
    await expect(accept("eu", REDIRECT)).rejects.toThrow("not one that is registered");
    const back = await accept("eu", NEW_REDIRECT);
    expect(await redeem("eu", back.code, next, NEW_REDIRECT)).toMatchObject({ status: 200 });
  });

  test("without its home region a client goes on acting in another, and ends there when it is deleted", async () => {
    await regions.kill("us");
    expect(await refresh("eu", held.eu.refresh, client.secrets.eu)).toMatchObject({ status: 200 });
    await regions.serve("us");

    expect(await regions.ask("us", "DELETE", client.path)).toMatchObject({ status: 200 });

    await eventually(async () => {
      expect((await check("eu", held.eu.access)).body).toMatchObject({
        allowed: false,
        reason: "revoked_token",
      });
    });
    expect(await refresh("eu", held.eu.refresh, client.secrets.eu)).toMatchObject({ status: 401 });
  });
});
