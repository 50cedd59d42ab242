import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ROOT } from "../../scripts/check/tool.ts";
import { buildWorker } from "../../scripts/local/build.ts";
import { tryPort } from "../../scripts/local/port.ts";
import { Browser } from "../clients/browser.ts";
import { addressIn, gone } from "./start-process.ts";

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

const folder = mkdtempSync(join(tmpdir(), "three-regions-"));
const ports = new Map<Code, number>();
const running = new Map<Code, Served>();
const teams = new Map<Code, string>();
const services = new Map<Code, string>();
let bundle = "";

interface Served {
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<unknown>;
}

interface Json {
  readonly [name: string]: unknown;
}

interface Answer {
  readonly status: number;
  readonly body: Json;
}

function urlOf(code: Code): string {
  return `http://127.0.0.1:${ports.get(code)}`;
}

function operatorKey(code: Code): string {
  return `an operator key of ${code}`;
}

async function serve(code: Code): Promise<void> {
  const secrets = join(folder, `${code}.secrets`);
  const origins = Object.fromEntries(CODES.map((each) => [each, urlOf(each)]));
  const lines = [
    `OPERATOR_KEY=${operatorKey(code)}`,
    `TAG_KEYS=a tag key of ${code} alone`,
    `ENCRYPTION_KEYS=an encryption key of ${code}`,
    `ORIGINS=${JSON.stringify(origins)}`,
    // Waiting for a change asks again and again.
    "ACCESS_TOKENS_PER_WINDOW=1000",
  ];
  writeFileSync(secrets, lines.join("\n"), { mode: 0o600 });
  const words = { region: code, state: join(folder, code), secrets, port: String(ports.get(code)), bundle };
  const child = spawn(
    process.execPath,
    ["scripts/serve.ts", ...Object.entries(words).flatMap(([name, value]) => [`--${name}`, value])],
    { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] },
  );
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part: string) => {
      said += part;
    });
  }
  const ended = once(child, "close");
  while (addressIn(said) === "") {
    const early = await Promise.race([once(child.stdout, "data").then(() => false), ended.then(() => true)]);
    if (early) throw new Error(`region ${code} ended early: ${said}`);
  }
  running.set(code, { kill: (signal) => child.kill(signal), ended });
}

/** As when a machine loses its power. */
async function kill(code: Code): Promise<void> {
  const served = running.get(code);
  served?.kill("SIGKILL");
  await served?.ended;
  await gone(urlOf(code));
  running.delete(code);
}

async function ask(
  code: Code,
  method: string,
  path: string,
  body?: object,
  as = operatorKey(code),
): Promise<Answer> {
  const response = await fetch(urlOf(code) + path, {
    method,
    headers: { Authorization: `Bearer ${as}`, "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const json: Json = JSON.parse(await response.text());
  return { status: response.status, body: json };
}

function token(code: Code, parameters: Record<string, string>): Promise<Answer> {
  return form(code, "/oauth/v2/token", parameters);
}

async function form(code: Code, path: string, parameters: Record<string, string>): Promise<Answer> {
  const body = new URLSearchParams(parameters);
  const response = await fetch(urlOf(code) + path, { method: "POST", body });
  const json: Json = JSON.parse(await response.text());
  return { status: response.status, body: json };
}

function text(answer: Answer, name: string): string {
  const value = answer.body[name];
  if (typeof value !== "string")
    throw new Error(`no ${name} in ${answer.status} ${JSON.stringify(answer.body)}`);
  return value;
}

function linkTo(code: Code, redirectUri = REDIRECT): string {
  const query = {
    response_type: "code",
    access_type: "offline",
    scope: SCOPE,
    state: "s",
    prompt: "consent",
  };
  const parameters = new URLSearchParams({ ...query, client_id: client.id, redirect_uri: redirectUri });
  return `${urlOf(code)}/oauth/v2/auth?${parameters.toString()}`;
}

/** The owner of a region's team, at their browser. */
function ownerOf(code: Code): Browser {
  return new Browser(urlOf(code), { email: `owner@${code}.example`, password: `a password in ${code}` });
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
  return token(code, {
    grant_type: "authorization_code",
    code: grant,
    redirect_uri: redirectUri,
    client_id: client.id,
    client_secret: secret,
  });
}

function refresh(code: Code, refreshToken: string, secret: string): Promise<Answer> {
  return token(code, {
    grant_type: "refresh_token",
    refresh_token: refreshToken,
    client_id: client.id,
    client_secret: secret,
  });
}

/** Whether the client authenticates: a refresh would count against what it may be issued, however often it is asked. */
function introspect(code: Code, secret: string): Promise<Answer> {
  return form(code, "/oauth/v2/introspect", { token: "none", client_id: client.id, client_secret: secret });
}

function check(code: Code, accessToken: string): Promise<Answer> {
  return ask(code, "POST", "/v1/check", { token: accessToken, permissions: [SCOPE] }, services.get(code));
}

/** What is on its way arrives soon; each time home is asked something, so that it looks what is due. */
function eventually<T>(look: () => Promise<T>): Promise<T> {
  const nudged = async (): Promise<T> => {
    if (running.has("us")) await fetch(`${urlOf("us")}/oauth/v2/introspect`, { method: "POST" });
    return look();
  };
  return vi.waitFor(nudged, { timeout: 60_000, interval: 250 });
}

const client = { id: "", path: "", secrets: {} as Record<Code, string> };
/** What the client got for the owner of each region. */
const held = { eu: { access: "", refresh: "" }, in: { access: "", refresh: "" } };

beforeAll(async () => {
  for (const code of CODES) ports.set(code, (await tryPort(0)) ?? 0);
  bundle = await buildWorker(join(folder, "bundle"));
  await Promise.all(CODES.map(serve));
  for (const code of CODES) {
    const owner = { email: `owner@${code}.example`, password: `a password in ${code}` };
    const made = await ask(code, "POST", "/v1/teams", { name: `Team ${code}`, slug: "team", owner });
    teams.set(code, (made.body["team"] as { readonly id: string }).id);
    services.set(code, text(await ask(code, "POST", "/v1/services", { name: "api" }), "key"));
  }
}, LONG_MS);

afterAll(async () => {
  for (const { kill: end } of running.values()) end("SIGKILL");
  await Promise.all([...running.values()].map(({ ended }) => ended));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}, LONG_MS);

describe("three regions", { timeout: LONG_MS }, () => {
  test("tell in the directory where each of them is", async () => {
    for (const code of CODES) {
      const { body } = await ask(code, "GET", "/oauth/serverinfo");
      expect(body).toMatchObject({
        result: "success",
        locations: Object.fromEntries(CODES.map((each) => [each, urlOf(each)])),
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
    const made = await ask("us", "POST", path, body);
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    client.id = (made.body["client"] as { readonly id: string }).id;
    client.path = `${path}/${client.id}`;
    const there = made.body["client_secrets"] as Record<"eu" | "in", string>;
    client.secrets = { us: text(made, "client_secret"), ...there };

    for (const code of ["eu", "in"] as const) {
      const back = await eventually(() => accept(code));
      expect(back).toMatchObject({ location: code, accountsServer: urlOf(code) });
      // Home's secret is no secret here, and the code is none elsewhere.
      expect(await redeem(code, back.code, client.secrets.us)).toMatchObject({ status: 401 });
      const elsewhere = await redeem("us", back.code, client.secrets.us);
      expect(elsewhere.status).toBe(400);
      expect(text(elsewhere, "error_description")).toContain(urlOf(code));

      const given = await redeem(code, back.code, client.secrets[code]);
      expect(given).toMatchObject({ status: 200, body: { api_domain: urlOf(code) } });
      held[code] = { access: text(given, "access_token"), refresh: text(given, "refresh_token") };
      expect((await check(code, held[code].access)).body).toMatchObject({
        allowed: true,
        token: { team: teams.get(code) },
      });
      expect((await check("us", held[code].access)).body).toMatchObject({
        reason: "wrong_region",
        region: { code, base_url: urlOf(code) },
      });
      expect(await refresh(code, held[code].refresh, client.secrets[code])).toMatchObject({ status: 200 });
    }
  });

  test("a person whose account is in another region goes on there, from then on by themselves", async () => {
    const link = linkTo("us");
    const signIn = new URL((await fetch(link, { redirect: "manual" })).headers.get("Location") ?? "", link);
    const page = await (await fetch(signIn)).text();
    expect(page.match(/name="region" value="(\w+)"/g)).toHaveLength(2);

    const chosen = await fetch(`${urlOf("us")}/signin/region`, {
      method: "POST",
      redirect: "manual",
      headers: { "Sec-Fetch-Site": "same-origin" },
      body: new URLSearchParams({ next: signIn.searchParams.get("next") ?? "", region: "eu" }),
    });
    const there = chosen.headers.get("Location") ?? "";
    expect(new URL(there).origin).toBe(urlOf("eu"));
    const { searchParams } = new URL(await ownerOf("eu").accept(there));
    expect([searchParams.get("location"), searchParams.get("accounts-server")]).toEqual(["eu", urlOf("eu")]);
    expect(searchParams.get("state")).toBe("s");
    const code = searchParams.get("code") ?? "";
    expect(await redeem("eu", code, client.secrets.eu)).toMatchObject({ status: 200 });

    const Cookie = (chosen.headers.get("Set-Cookie") ?? "").split(";")[0] ?? "";
    const again = await fetch(link, { redirect: "manual", headers: { Cookie } });
    expect(again.headers.get("Location")).toBe(there);
  });

  test("by itself a client acts at home, where its team is, and is told so elsewhere", async () => {
    const asked = (code: Code) =>
      token(code, {
        grant_type: "client_credentials",
        client_id: client.id,
        client_secret: client.secrets[code],
      });
    expect(await asked("us")).toMatchObject({ status: 200 });
    expect(text(await asked("eu"), "error_description")).toContain(urlOf("us"));
  });

  test("what changes while one of them is down reaches the others, and that one when it is back", async () => {
    await kill("eu");

    const changed = await ask("us", "PATCH", client.path, { redirect_uris: [NEW_REDIRECT] });
    expect(changed.status).toBe(200);
    const rotated = await ask("us", "POST", `${client.path}/secrets`, { regions: ["eu"] });
    const next = (rotated.body["client_secrets"] as { readonly eu: string }).eu;
    expect(await ask("us", "PATCH", client.path, { regions: ["eu"] })).toMatchObject({ status: 200 });

    // One that is down keeps none of the others waiting.
    await eventually(async () => {
      expect(await introspect("in", client.secrets.in)).toMatchObject({ status: 401 });
    });
    await eventually(async () => {
      expect((await check("in", held.in.access)).body).toMatchObject({ reason: "revoked_token" });
    });

    await serve("eu");
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
    await kill("us");
    expect(await refresh("eu", held.eu.refresh, client.secrets.eu)).toMatchObject({ status: 200 });
    await serve("us");

    expect(await ask("us", "DELETE", client.path)).toMatchObject({ status: 200 });

    await eventually(async () => {
      expect((await check("eu", held.eu.access)).body).toMatchObject({
        allowed: false,
        reason: "revoked_token",
      });
    });
    expect(await refresh("eu", held.eu.refresh, client.secrets.eu)).toMatchObject({ status: 401 });
  });
});
