import { beforeAll, describe, expect, test } from "vitest";
import { call, expectRefusal, issue, makeService, makeTeam, type Answer, type Sending } from "../support.ts";

let team = "";
let key = "";
let token = "";

beforeAll(async () => {
  team = (await makeTeam()).id;
  ({ key } = await makeService());
  ({ token } = await issue(team));
});

/** Asks as nginx does, which passes on no other refusals than these two. */
function ask(sending: Sending = {}, query = `team=${team}&statuses=401,403`): Promise<Answer> {
  const headers = { "X-Jeton-Service-Key": key, ...sending.headers };
  return call("GET", `/v1/forward-auth?${query}`, { as: token, ...sending, headers });
}

function expectMapped(answer: Answer, status: number, code: string): void {
  expectRefusal(answer, 403, code);
  expect(answer.headers.get("X-Jeton-Status")).toBe(String(status));
  expectErrorHeader(answer);
}

/** What a proxy that drops the body can still pass on. */
function expectErrorHeader({ headers, body }: Answer): void {
  const header = headers.get("X-Jeton-Error") ?? "";
  expect(header).toMatch(/^[\x20-\x7e]+$/);
  expect(JSON.parse(header)).toEqual(body);
}

describe("with statuses=401,403", () => {
  test("an allowed call is 200 all the same", async () => {
    const answer = await ask();
    expect([answer.status, answer.headers.get("X-Jeton-Team")]).toEqual([200, team]);
    expect(answer.headers.get("X-Jeton-Status")).toBeNull();
  });

  test("401 and 403 stay what they are, with their challenge", async () => {
    const missing = await ask({ as: null });
    expectRefusal(missing, 401, "COM0013");
    expect(missing.headers.get("WWW-Authenticate")).toBe('Bearer realm="jeton"');
    expect(missing.headers.get("X-Jeton-Status")).toBe("401");
    expectErrorHeader(missing);
    const weak = await ask({}, `team=${team}&permission=EMM.DeviceCommands.WIPE&statuses=401,403`);
    expectRefusal(weak, 403, "TOK0001");
    expect(weak.headers.get("WWW-Authenticate")).toContain('scope="EMM.DeviceCommands.WIPE"');
    expect(weak.headers.get("X-Jeton-Status")).toBe("403");
    expectErrorHeader(weak);
  });

  test("429 becomes 403 and keeps its code, its Retry-After and what is left", async () => {
    const limit = { permissions: ["EMM.Devices.VIEW"], rate_limit: { limit: 1, window_seconds: 600 } };
    const { token: limited } = await issue(team, limit);
    await ask({ as: limited });
    const refused = await ask({ as: limited });
    expectMapped(refused, 429, "COM0002");
    expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(590);
    expect(refused.headers.get("RateLimit-Remaining")).toBe("0");
  });

  test("two credentials are the caller's fault, and become 403", async () => {
    const headers = { Authorization: `Bearer ${token}, Bearer ${token}` };
    expectMapped(await ask({ headers }), 400, "COM0014");
  });

  test.each([
    ["a bad service key", 500, "COM0004", {}, "team=any&statuses=401,403"],
    ["no team", 400, "COM0005", { key: true }, "statuses=401,403"],
    ["an unknown permission", 400, "COM0005", { key: true }, "team=any&permission=X.Y.Z&statuses=401,403"],
  ])("%s stays %i, so that it never looks like the caller's fault", async (_, status, code, sent, query) => {
    const headers = { "X-Jeton-Service-Key": "key" in sent ? key : "bad" };
    expectRefusal(await ask({ headers }, query), status, code);
  });

  test("the error is told in any language in a header of plain ASCII", async () => {
    for (const language of ["en", "ja", "fr", "ar", "zh", "hi", "de"]) {
      expectErrorHeader(await ask({ as: null, headers: { "Accept-Language": language } }));
    }
  });
});

describe("statuses", () => {
  test("may be any list, with spaces", async () => {
    const limit = { permissions: ["EMM.Devices.VIEW"], rate_limit: { limit: 1, window_seconds: 600 } };
    const { token: limited } = await issue(team, limit);
    await ask({ as: limited });
    const passed = await ask({ as: limited }, `team=${team}&statuses=401,%20403,%20429`);
    expectRefusal(passed, 429, "COM0002");
    expectMapped(await ask({ as: null }, `team=${team}&statuses=`), 401, "COM0013");
  });

  test("left out, every refusal comes as it is, and its body as the body alone", async () => {
    const refused = await ask({ as: null }, `team=${team}`);
    expectRefusal(refused, 401, "COM0013");
    expect(refused.headers.get("X-Jeton-Error")).toBeNull();
  });
});
