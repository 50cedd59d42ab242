import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { authorize, httpAuthority, type AuthorizeOptions } from "../../src/guard/index.ts";
import { startJeton, type RunningJeton } from "../running-jeton.ts";

let jeton: RunningJeton;
let team = "";
let serviceKey = "";
let token = "";

beforeAll(async () => {
  jeton = await startJeton();
  team = await jeton.makeTeam();
  serviceKey = await jeton.makeService();
  const permissions = ["EMM.Devices.VIEW", "EMM.DeviceCommands.LOCK"];
  ({ token } = await jeton.issue(team, { permissions, profile_id: "p1" }));
}, 120_000);

afterAll(() => jeton?.stop());

interface Sending {
  readonly as?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly key?: string;
  readonly options?: Partial<AuthorizeOptions>;
}

/** Guards a request by the running Jeton, over HTTP. */
function guarded({ as = token, headers = {}, key = serviceKey, options = {} }: Sending = {}) {
  const request = new Request("https://api.example/", {
    headers: { Authorization: `Bearer ${as}`, ...headers },
  });
  return authorize(request, {
    authority: httpAuthority({ url: jeton.url, serviceKey: key }),
    team: () => team,
    permissions: ["EMM.DeviceCommands.LOCK"],
    ...options,
  });
}

async function refusalOf(sending: Sending): Promise<Response> {
  const authorization = await guarded(sending);
  expect(authorization.allowed).toBe(false);
  return authorization.allowed ? new Response() : authorization.response;
}

describe("over HTTP, at a running Jeton,", () => {
  test("a good token is let through, and described", async () => {
    const authorization = await guarded();
    expect(authorization).toMatchObject({
      allowed: true,
      token: { kind: "pat", team, profile_id: "p1" },
      answer: { allowed: true, reason: null },
    });
  });

  test("so is one that comes by Zoho-oauthtoken", async () => {
    const headers = { Authorization: `Zoho-oauthtoken ${token}` };
    expect((await guarded({ headers })).allowed).toBe(true);
  });

  /** Forward-auth makes its refusals itself: what it says and what the guard sends on must be one thing. */
  test.each([
    ["garbage", "garbage", "EMM.DeviceCommands.LOCK"],
    ["a permission that is missing", null, "EMM.DeviceCommands.WIPE"],
  ])("%s is refused word for word as Jeton itself refuses", async (_, credential, permission) => {
    const as = credential ?? token;
    const headers = { "Accept-Language": "fr" };
    const response = await refusalOf({ as, headers, options: { permissions: [permission] } });
    const direct = await fetch(`${jeton.url}/v1/forward-auth?team=${team}&permission=${permission}`, {
      headers: { ...headers, Authorization: `Bearer ${as}`, "X-Jeton-Service-Key": serviceKey },
    });
    expect(response.status).toBe(direct.status);
    expect(await response.json()).toEqual(await direct.json());
    for (const name of ["WWW-Authenticate", "Content-Type", "Content-Language", "Cache-Control", "Vary"]) {
      expect([name, response.headers.get(name)]).toEqual([name, direct.headers.get(name)]);
    }
    expect(response.headers.get("Content-Language")).toBe("fr");
  });

  test("another team's request is refused", async () => {
    const response = await refusalOf({ options: { team: () => "team_other" } });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error_code: "TOK0002" });
  });

  test("a rate limit is charged by the cost, told on success, and its end is told in full", async () => {
    const limited = await jeton.issue(team, {
      permissions: ["EMM.Devices.VIEW", "EMM.DeviceCommands.LOCK"],
      rate_limit: { limit: 5, window_seconds: 600 },
    });
    const sending = { as: limited.token, options: { cost: 5 } };
    expect(await guarded(sending)).toMatchObject({
      allowed: true,
      headers: { "RateLimit-Limit": "5", "RateLimit-Remaining": "0" },
    });
    const response = await refusalOf(sending);
    expect(response.status).toBe(429);
    expect(Number(response.headers.get("Retry-After"))).toBeGreaterThan(590);
    expect(response.headers.get("RateLimit-Remaining")).toBe("0");
  });

  test("an address counts when the platform tells it, and not when its caller does", async () => {
    const inside = await jeton.issue(team, {
      permissions: ["EMM.Devices.VIEW", "EMM.DeviceCommands.LOCK"],
      allowed_ips: ["198.51.100.7"],
    });
    const from = (headers: Record<string, string>) => guarded({ as: inside.token, headers });
    expect((await from({ "CF-Connecting-IP": "198.51.100.7" })).allowed).toBe(true);
    expect((await from({ "X-Forwarded-For": "198.51.100.7" })).allowed).toBe(false);
  });

  test("a credential longer than Jeton reads is refused as what it is: no token", async () => {
    const response = await refusalOf({ as: "x".repeat(70_000) });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error_code: "COM0013" });
  });

  test("a bad service key is thrown, and so is a permission that no catalogue has", async () => {
    for (const key of ["", "garbage", token]) {
      await expect(guarded({ key })).rejects.toThrow("Jeton refused the question");
    }
    const options = { permissions: ["EMM.DeviceCommands.EXPLODE"] };
    await expect(guarded({ options })).rejects.toThrow("Jeton refused the question");
  });
});

// The last one: it stops what the others ask.
test("when Jeton is gone, nobody is let through", async () => {
  await jeton.stop();
  const causes: unknown[] = [];
  const response = await refusalOf({ options: { onUnavailable: (cause) => causes.push(cause) } });
  expect([response.status, response.headers.get("Retry-After")]).toEqual([503, "1"]);
  expect(causes).toHaveLength(1);
});
