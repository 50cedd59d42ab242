import { request } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { startJeton, type RunningJeton } from "../running-jeton.ts";
import { startApi, tapJeton, type Neighbour, type Tap } from "./neighbours.ts";
import type { ProxyProcess } from "./proxy-process.ts";
import { tryPort } from "../../scripts/local/port.ts";

/** What a recipe's test puts in place of what its file has. */
export interface Surroundings {
  readonly port: number;
  readonly jetonPort: number;
  readonly apiPort: number;
  readonly serviceKey: string;
}

interface Sending {
  readonly method?: string;
  readonly as?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Each promise takes several calls through several processes. */
const PATIENCE_MS = 20_000;

/** What a proxy must hold, whichever it is: the recipe's file is all that differs. */
export function promiseOf(startProxy: (surroundings: Surroundings) => Promise<ProxyProcess>): void {
  vi.setConfig({ testTimeout: PATIENCE_MS });
  let jeton: RunningJeton;
  let tap: Tap;
  let api: Neighbour;
  let proxy: ProxyProcess;
  let port = 0;
  let serviceKey = "";
  let team = "";
  let locker = "";

  beforeAll(async () => {
    jeton = await startJeton();
    [tap, api] = await Promise.all([tapJeton(jeton.url), startApi()]);
    serviceKey = await jeton.makeService();
    team = await jeton.makeTeam();
    locker = await issue({ permissions: ["EMM.Devices.VIEW", "EMM.DeviceCommands.LOCK"], profile_id: "p 1" });
    port = (await tryPort(0)) ?? 0;
    proxy = await startProxy({ port, jetonPort: tap.port, apiPort: api.port, serviceKey });
  }, 120_000);

  afterAll(async () => {
    await proxy?.stop();
    await Promise.all([tap?.stop(), api?.stop(), jeton?.stop()]);
  });

  beforeEach(() => {
    tap.answer(null);
    tap.look();
    api.look();
  });

  async function issue(options: Parameters<RunningJeton["issue"]>[1]): Promise<string> {
    return (await jeton.issue(team, options)).token;
  }

  /** Sends a path as it is written: `fetch` would tidy it up first. */
  function send(
    path: string,
    { method = "GET", as = locker, headers = {}, body }: Sending = {},
  ): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const sent = request({
      port,
      host: "127.0.0.1",
      method,
      path,
      headers: {
        ...(as === null ? {} : { Authorization: `Bearer ${as}` }),
        ...(body === undefined ? {} : { "Content-Type": "application/json", "Content-Length": body.length }),
        ...headers,
      },
    });
    sent.on("error", reject).on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("error", reject).on("end", () => {
        const received = new Headers();
        for (const [name, values = []] of Object.entries(response.headersDistinct)) {
          for (const value of values) received.append(name, value);
        }
        resolve({ status: response.statusCode ?? 0, headers: received, text });
      });
    });
    sent.end(body);
    return promise;
  }

  const devices = () => `/teams/${team}/devices`;
  const command = (name: string) => `${devices()}/dev_1/commands/${name}`;

  function expectRefusal(answer: Answer, status: number, code: string): void {
    expect(answer.status, answer.text).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({
      error_code: code,
      error_description: expect.any(String) as string,
      localized_error_description: expect.any(String) as string,
    });
    expect(answer.headers.get("Content-Type")).toBe("application/json;charset=UTF-8");
    expect(api.look()).toEqual([]);
  }

  describe("an allowed call", () => {
    test("reaches the API with its body, its query and what Jeton says of its token", async () => {
      const body = '{"message":"Return me"}';
      const answer = await send(`${command("lock")}?wait=1`, { method: "POST", body });
      expect([answer.status, answer.text]).toEqual([200, '{"api":"yes"}']);
      const [seen] = api.look();
      expect(seen).toMatchObject({ method: "POST", url: `${command("lock")}?wait=1`, body });
      expect(seen?.headers).toMatchObject({
        "content-type": "application/json",
        "x-jeton-team": team,
        "x-jeton-profile": "p%201",
      });
      expect(seen?.headers["x-jeton-token"]).toMatch(/^tok_/);
      expect(seen?.headers["x-jeton-permissions"]).toContain("EMM.DeviceCommands.LOCK,");
    });

    test("asks Jeton about its permission and the team of its path, without its body", async () => {
      await send(command("lock"), { method: "POST", body: '{"message":"Return me"}' });
      const [asked, ...more] = tap.look();
      expect(more).toEqual([]);
      expect(asked?.method).toBe("GET");
      const { pathname, searchParams } = new URL(asked?.url ?? "", "http://jeton");
      expect(pathname).toBe("/v1/forward-auth");
      expect(searchParams.get("team")).toBe(team);
      expect(searchParams.getAll("permission")).toEqual(["EMM.DeviceCommands.LOCK"]);
      expect(asked?.body).toBe("");
      expect(asked?.headers["content-length"] ?? "0").toBe("0");
      expect(asked?.headers["x-jeton-service-key"]).toBe(serviceKey);
      expect(asked?.headers["x-jeton-client-ip"]).toBe("127.0.0.1");
    });

    test("brings the API no credential: neither its token nor the proxy's key", async () => {
      await send(devices());
      const text = JSON.stringify(api.look());
      expect(text).not.toContain(locker);
      expect(text).not.toContain(serviceKey);
    });

    test("may be HEAD where GET is", async () => {
      const answer = await send(devices(), { method: "HEAD" });
      expect([answer.status, answer.text]).toEqual([200, ""]);
      expect(api.look()).toMatchObject([{ method: "HEAD" }]);
    });

    test("may accept what it likes, and come by seed 002's scheme", async () => {
      const headers = { Accept: "text/html", Authorization: `Zoho-oauthtoken ${locker}` };
      expect((await send(devices(), { as: null, headers })).status).toBe(200);
    });

    test("gets the API's own refusal as it is", async () => {
      const answer = await send(`${devices()}?own=refusal`);
      expect([answer.status, answer.text]).toEqual([403, '{"api":"no"}']);
      expect(answer.headers.get("X-Api")).toBe("here");
    });

    test("takes away nothing of the API's answer and adds nothing of Jeton's questions", async () => {
      const { headers } = await send(devices());
      expect(headers.get("Content-Type")).toBe("application/json");
      expect([...headers.keys()].filter((name) => name.startsWith("x-jeton"))).toEqual([]);
    });
  });

  describe("what a caller writes into headers of Jeton's", () => {
    const forged = {
      "X-Jeton-Token": "tok_forged",
      "X-Jeton-Team": "team_forged",
      // As good as the one above to an API that reads headers as CGI names them.
      X_Jeton_Team: "team_forged",
      "X-Jeton-Profile": "forged",
      "X-Jeton-Permissions": "EMM.DeviceCommands.WIPE,forged",
      "X-Jeton-Client-IP": "198.51.100.7",
      "X-Jeton-Service-Key": "forged",
      "X-Forwarded-For": "198.51.100.7",
      "X-Real-IP": "198.51.100.7",
    };

    test("never reaches the API", async () => {
      const plain = await issue({ permissions: ["EMM.Devices.VIEW"] });
      expect((await send(devices(), { as: plain, headers: forged })).status).toBe(200);
      const [seen] = api.look();
      const ours = Object.entries(seen?.headers ?? {}).filter(([name]) => /^x.jeton/.test(name));
      expect(ours.map(([name]) => name)).toContain("x-jeton-team");
      expect(JSON.stringify(ours)).not.toMatch(/forged|198\.51/);
    });

    test("never reaches Jeton: the address is that of the connection", async () => {
      const elsewhere = await issue({ permissions: ["EMM.Devices.VIEW"], allowed_ips: ["198.51.100.7"] });
      expectRefusal(await send(devices(), { as: elsewhere, headers: forged }), 403, "TOK0006");
      const here = await issue({ permissions: ["EMM.Devices.VIEW"], allowed_ips: ["127.0.0.1"] });
      expect((await send(devices(), { as: here, headers: forged })).status).toBe(200);
    });
  });

  describe("a refused call", () => {
    test("without a token is 401 with a bare challenge", async () => {
      const refused = await send(devices(), { as: null });
      expectRefusal(refused, 401, "COM0013");
      expect(refused.headers.get("WWW-Authenticate")).toBe('Bearer realm="jeton"');
    });

    test("with garbage is 401 with a challenge that says so", async () => {
      const refused = await send(devices(), { as: "garbage" });
      expectRefusal(refused, 401, "COM0013");
      const challenge = refused.headers.get("WWW-Authenticate") ?? "";
      expect(challenge).toContain('error="invalid_token"');
      expect(challenge.split("Bearer")).toHaveLength(2);
    });

    test("that may lock and not wipe is 403 and names what is missing", async () => {
      const refused = await send(command("wipe"), { method: "POST" });
      expectRefusal(refused, 403, "TOK0001");
      expect(JSON.parse(refused.text)).toMatchObject({ missing: ["EMM.DeviceCommands.WIPE"] });
      expect(refused.headers.get("WWW-Authenticate")).toContain('scope="EMM.DeviceCommands.WIPE"');
    });

    test("for another team's data is 403", async () => {
      const other = await jeton.makeTeam();
      expectRefusal(await send(`/teams/${other}/devices`), 403, "TOK0002");
    });

    test("beyond its rate limit is 429 with Retry-After, and what was left is told before", async () => {
      const limited = await issue({
        permissions: ["EMM.Devices.VIEW"],
        rate_limit: { limit: 1, window_seconds: 600 },
      });
      expect((await send(devices(), { as: limited })).headers.get("RateLimit-Remaining")).toBe("0");
      api.look();
      const refused = await send(devices(), { as: limited });
      expectRefusal(refused, 429, "COM0002");
      expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(590);
      expect(refused.headers.get("RateLimit-Limit")).toBe("1");
    });

    test("with two credentials is 400", async () => {
      const headers = { Authorization: `Bearer ${locker}, Bearer ${locker}` };
      expectRefusal(await send(devices(), { as: null, headers }), 400, "COM0014");
    });

    test("is told in its caller's language", async () => {
      const refused = await send(devices(), { as: null, headers: { "Accept-Language": "ja" } });
      expectRefusal(refused, 401, "COM0013");
      expect(refused.headers.get("Content-Language")).toBe("ja");
      expect(
        (JSON.parse(refused.text) as { localized_error_description: string }).localized_error_description,
      ).toMatch(/\p{Script=Hiragana}/u);
    });

    test("is not kept by anybody on the way", async () => {
      expect((await send(devices(), { as: null })).headers.get("Cache-Control")).toBe("no-store");
    });
  });

  describe("when Jeton does not say yes, nobody is let through:", () => {
    test.each([500, 502, 503, 400, 404])("it answers %i", async (status) => {
      tap.answer(status);
      const refused = await send(devices());
      expectRefusal(refused, 503, "COM0004");
      expect(refused.headers.get("Retry-After")).toBe("1");
    });
  });

  describe("a path", () => {
    test("that the recipe does not list reaches nothing, nor does one whose team is any", async () => {
      for (const [method, path] of [
        ["POST", devices()],
        ["DELETE", devices()],
        ["POST", command("adb")],
        ["GET", command("lock")],
        ["GET", "/"],
        ["GET", "/teams"],
        ["GET", `/teams/${team}`],
        ["GET", "/_jeton"],
        ["GET", "/teams/any/devices"],
        ["GET", `/x/teams/${team}/devices`],
      ] as const) {
        expectRefusal(await send(path, { method }), 404, "COM0008");
      }
      expect(tap.look()).toEqual([]);
    });

    test("that can be read in two ways reaches nothing", async () => {
      for (const path of [
        `/teams/${team}/devices/../devices`,
        `/teams/other/../${team}/devices`,
        `/teams/other/%2e%2e/${team}/devices`,
        `/teams//${team}/devices`,
        `//teams/${team}/devices`,
        `/teams/${team}%2Fx/devices`,
        `/teams/${team}/devices/dev_1%2Fcommands`,
        `/teams/${team}/devices/..;/x`,
        `/teams/${team}/devices/a\\..\\b`,
        `/teams/${team}&team=any/devices`,
        `/teams/${team}%26team=any/devices`,
      ]) {
        const { status } = await send(path);
        expect([400, 404], path).toContain(status);
      }
      expect([...api.look(), ...tap.look()]).toEqual([]);
    });

    test("cannot be mistaken for another by its query", async () => {
      expectRefusal(await send(`${command("wipe")}?x=/commands/lock`, { method: "POST" }), 403, "TOK0001");
      expect((await send(`${devices()}?name=a%2Fb//c`)).status).toBe(200);
    });
  });
}
