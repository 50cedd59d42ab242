import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startJeton, type RunningJeton } from "../running-jeton.ts";
import { readRecipe } from "./recipe.ts";

/*
 * Traefik and Envoy are not in Debian. What their documentation says that they send for such a configuration is
 * sent here, with every name and address taken from the recipe's own file, to a running Jeton.
 */

let jeton: RunningJeton;
let team = "";
let key = "";
let locker = "";
let viewer = "";

beforeAll(async () => {
  jeton = await startJeton();
  team = await jeton.makeTeam();
  key = await jeton.makeService();
  const permissions = ["EMM.Devices.VIEW"];
  viewer = (await jeton.issue(team, { permissions, allowed_ips: ["198.51.100.7"] })).token;
  locker = (await jeton.issue(team, { permissions: [...permissions, "EMM.DeviceCommands.LOCK"] })).token;
}, 120_000);

afterAll(() => jeton?.stop());

/** Everything that a pattern's first group finds. */
function findAll(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, found = ""]) => found);
}

/** The one thing that it finds. */
function find(text: string, pattern: RegExp): string {
  const found = new Set(findAll(text, pattern));
  expect(found.size, String(pattern)).toBe(1);
  return [...found][0] ?? "";
}

function namesIn(list: string): string[] {
  return list.split(",").map((name) => name.trim());
}

/** Of these headers, the ones that there are and that the proxy sends. */
function headersOf(all: Readonly<Record<string, string | null>>, sent: readonly string[]): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(all)) {
    if (value !== null && sent.includes(name)) headers.set(name, value);
  }
  return headers;
}

describe("Traefik's question by its recipe", () => {
  const recipe = readRecipe("traefik/dynamic.yml");
  const addresses = findAll(recipe, /address: "([^"]+)"/g);
  const sent = namesIn(find(recipe, /authRequestHeaders: \[([^\]]+)\]/g));
  const copied = namesIn(find(recipe, /authResponseHeaders: \[([^\]]+)\]/g));

  /** Traefik writes X-Real-Ip itself, and adds its X-Forwarded headers whatever the list says. */
  function ask(operation: string, credential: string | null, ip = "203.0.113.9"): Promise<Response> {
    const address = addresses.find((each) => each.includes(`.${operation}&`)) ?? "";
    const url = address.replace("{{ $team }}", team).replace("http://127.0.0.1:8787", jeton.url);
    const all: Record<string, string | null> = {
      Authorization: credential && `Bearer ${credential}`,
      "Accept-Language": "de",
      "X-Jeton-Service-Key": key,
      "X-Real-Ip": ip,
      "X-Jeton-Client-IP": "198.51.100.7",
      Accept: "text/html",
    };
    const headers = headersOf(all, sent);
    headers.set("X-Forwarded-For", "198.51.100.7");
    headers.set("X-Forwarded-Uri", "/teams/other/devices");
    return fetch(url, { headers });
  }

  test("is one for each permission, of one team each", () => {
    expect(addresses).toHaveLength(2);
    for (const address of addresses) expect(address).toContain("?team={{ $team }}&permission=EMM.");
  });

  test("is answered with every header that Traefik copies", async () => {
    const allowed = await ask("LOCK", locker);
    expect(allowed.status).toBe(200);
    for (const name of copied) expect(allowed.headers.has(name), name).toBe(true);
    expect(allowed.headers.get("X-Jeton-Team")).toBe(team);
  });

  test("is refused in full", async () => {
    expect((await ask("VIEW", null)).status).toBe(401);
    const refused = await ask("LOCK", viewer, "198.51.100.7");
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ error_code: "TOK0001" });
    expect(refused.headers.get("Content-Language")).toBe("de");
  });

  test("tells the address of the connection, and no caller's own word", async () => {
    expect((await ask("VIEW", viewer, "198.51.100.7")).status).toBe(200);
    expect((await ask("VIEW", viewer, "203.0.113.9")).status).toBe(403);
  });

  test("carries the service key, which is taken away before the API", () => {
    expect(sent).toContain("X-Jeton-Service-Key");
    expect(recipe).toMatch(/jeton-done:\n +headers:\n +customRequestHeaders:\n +X-Jeton-Service-Key: ""/);
    const chains = findAll(recipe, /middlewares: \[([^\]]+)\]/g).map(namesIn);
    expect(chains.map((chain) => [chain[0], chain.at(-1)])).toEqual(
      chains.map(() => ["jeton-ask", "jeton-done"]),
    );
  });
});

describe("Envoy's question by its recipe", () => {
  const recipe = readRecipe("envoy/envoy.yaml");
  const prefix = find(recipe, /path_prefix: "([^"]+)"/g);
  const keyHeader = find(recipe, /key: ([\w-]+), value: "jtn_sk_/g);
  const permissions = findAll(recipe, /key: x-jeton-permission, value: ([\w.]+)/g);
  const [, allowList = ""] = /allowed_headers:\n +patterns:\n((?: +- exact: .+\n)+)/.exec(recipe) ?? [];
  const sent = findAll(allowList, /exact: ([\w-]+)/g);

  interface Asking {
    readonly method?: string;
    readonly path?: string;
    readonly permission?: string | undefined;
    readonly of?: string;
    readonly ip?: string;
  }

  /** The caller's method and path, and of its headers those on the list, after the filters before. */
  function ask(credential: string | null, asking: Asking = {}): Promise<Response> {
    const { method = "POST", path = `/teams/${team}/devices/d/commands/lock?a=1`, of = team } = asking;
    const { permission = permissions.at(-1) ?? "", ip = "203.0.113.9" } = asking;
    const all: Record<string, string | null> = {
      authorization: credential && `Bearer ${credential}`,
      "accept-language": "de",
      "x-jeton-permission": permission,
      "x-jeton-team": of,
      "x-jeton-client-ip": ip,
      "x-forwarded-for": "198.51.100.7",
      accept: "text/html",
    };
    const headers = headersOf(all, sent);
    headers.set(keyHeader, key);
    return fetch(`${jeton.url}${prefix}${path}`, { method, headers });
  }

  test("is about a permission of each route's own", () => {
    expect(permissions).toEqual(["EMM.Devices.VIEW", "EMM.DeviceCommands.LOCK"]);
  });

  test("is answered with every header that Envoy passes on", async () => {
    const allowed = await ask(locker);
    expect(allowed.status).toBe(200);
    const [, list = ""] = /allowed_upstream_headers:\n +patterns:\n((?: +- exact: .+\n)+)/.exec(recipe) ?? [];
    const copied = findAll(list, /exact: ([\w-]+)/g);
    expect(copied).toHaveLength(4);
    for (const name of copied) expect(allowed.headers.has(name), name).toBe(true);
  });

  test("is refused in full", async () => {
    const bare = await ask(null);
    expect([bare.status, bare.headers.get("WWW-Authenticate")]).toEqual([401, 'Bearer realm="jeton"']);
    const refused = await ask(viewer, { ip: "198.51.100.7" });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ error_code: "TOK0001" });
    expect(refused.headers.get("Content-Language")).toBe("de");
  });

  test("tells the address of the connection, and no caller's own word", async () => {
    const permission = permissions[0];
    expect((await ask(viewer, { method: "GET", permission, ip: "198.51.100.7" })).status).toBe(200);
    expect((await ask(viewer, { method: "GET", permission, ip: "203.0.113.9" })).status).toBe(403);
  });

  test("is about nobody's team where the path has none: its pattern then leaves the path whole", async () => {
    for (const of of ["/teams/any/devices", "/", "/teams/TEAM_X/devices"]) {
      expect((await ask(locker, { of })).status).toBe(403);
    }
  });
});
