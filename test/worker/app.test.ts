import { afterEach, beforeEach, describe, expect, test, vi, type MockInstance } from "vitest";
import { hashCredential } from "../../src/operations/credentials.ts";
import {
  call,
  expectRefusal,
  issue,
  makeService,
  makeTeam,
  OPERATOR_KEY,
  startWorker,
  storeWith,
  type Worker,
} from "./support.ts";

const CONSOLE = ["error", "warn", "log", "info", "debug"] as const;

let spies: MockInstance[] = [];
beforeEach(() => {
  spies = CONSOLE.map((level) => vi.spyOn(console, level).mockImplementation(() => undefined));
});
afterEach(() => {
  for (const spy of spies) spy.mockRestore();
});

function logged(): string {
  return spies.flatMap(({ mock }) => mock.calls.flat().map(String)).join("\n");
}

/** A Worker whose store fails with a message at every batch, which is at every change and check. */
async function failing(message: string): Promise<Worker> {
  return startWorker({ DB: storeWith(() => Promise.reject(new Error(message))) });
}

describe("a fault", () => {
  const PASSWORD = "a password that nobody may see";
  const team = { name: "Fault", slug: "fault", owner: { email: "fault@faults.example", password: PASSWORD } };

  test("is COM0004 with nothing about what happened inside", async () => {
    const at = await failing(`D1_ERROR: near "secret": syntax error at offset 7: SQLITE_ERROR ${PASSWORD}`);
    const answer = await call("POST", "/v1/teams", { body: team, at, headers: { "Accept-Language": "fr" } });
    expect([500, 503]).toContain(answer.status);
    expectRefusal(answer, answer.status, "COM0004");
    expect(answer.text).not.toMatch(/D1|SQL|syntax|secret|stack|src\//i);
    expect(answer.headers.get("Content-Language")).toBe("fr");
  });

  test("is logged once, without credentials, passwords, hashes or the store's own words", async () => {
    const id = (await makeTeam()).id;
    const { token } = await issue(id);
    const { key } = await makeService();
    const at = await failing(
      `D1_ERROR: ${PASSWORD} ${token} ${hashCredential(token)}\nparams: ${key},${OPERATOR_KEY}`,
    );
    const path = `/v1/teams/${id}/access-tokens`;
    const body = { name: "x", permissions: ["EMM.Devices.VIEW"] };
    const answers = [
      await call("POST", "/v1/teams", { body: team, at }),
      await call("POST", "/v1/check", { as: key, body: { token }, at }),
      await call("POST", path, { body, at }),
      await call("POST", path, { as: token, body, at }),
    ];
    for (const { status } of answers) expect([500, 503]).toContain(status);
    const log = logged();
    expect(log.split("\n")).toHaveLength(answers.length);
    for (const secret of [
      PASSWORD,
      token,
      key,
      hashCredential(token),
      hashCredential(key),
      OPERATOR_KEY,
      "D1_ERROR",
      "params",
    ]) {
      expect(log).not.toContain(secret);
    }
  });

  test("of a refused request leaves its Idempotency-Key free", async () => {
    const at = await failing("D1_ERROR: overloaded");
    const sending = { body: { ...team, slug: "fault-again" }, headers: { "Idempotency-Key": "fault" } };
    expect((await call("POST", "/v1/teams", { ...sending, at })).status).toBeGreaterThanOrEqual(500);
    expect((await call("POST", "/v1/teams", sending)).status).toBe(201);
  });
});

describe("what goes well", () => {
  test("is not logged at all, refusals included", async () => {
    const id = (await makeTeam()).id;
    const { token } = await issue(id);
    const { key } = await makeService();
    await call("POST", "/v1/check", { as: key, body: { token } });
    await call("POST", "/v1/check", { as: key, body: { token: "garbage" } });
    await call("POST", "/v1/teams", { body: "{" });
    await call("GET", "/v1/teams?access_token=secret");
    await call("GET", "/v2/teams", { as: token });
    expect(logged()).toBe("");
  });
});
