import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import {
  call,
  expectRefusal,
  issue,
  makeService,
  makeTeam,
  startWorker,
  type Answer,
  type Worker,
} from "../support.ts";

/** A Worker whose store answers nothing. */
function startWithoutStore(): Promise<Worker> {
  const DB = {
    prepare: (query: string) => env.DB.prepare(query),
    batch: () => Promise.reject(new Error("Network connection lost.")),
  } as unknown as D1Database;
  return startWorker({ DB });
}

const team = (await makeTeam()).id;
const { key } = await makeService();
const { token } = await issue(team);
const at = await startWithoutStore();

function ask(query: string, path = "/v1/forward-auth", headers = {}): Promise<Answer> {
  const sent = { "X-Jeton-Service-Key": key, ...headers };
  return call("GET", `${path}?${query}`, { as: token, headers: sent, at });
}

test("a store that does not answer lets nobody through: 503 with Retry-After", async () => {
  const refused = await ask(`team=${team}`);
  expectRefusal(refused, 503, "COM0004");
  expect(refused.headers.get("Retry-After")).toBe("1");
});

test("with statuses=401,403 that becomes 403 and keeps its Retry-After", async () => {
  const refused = await ask(`team=${team}&statuses=401,403`);
  const body = expectRefusal(refused, 403, "COM0004");
  expect(refused.headers.get("X-Jeton-Status")).toBe("503");
  expect(refused.headers.get("Retry-After")).toBe("1");
  expect(JSON.parse(refused.headers.get("X-Jeton-Error") ?? "")).toEqual(body);
});

test("Envoy, which passes any status on, gets the true one", async () => {
  const refused = await ask("for=/teams", "/v1/forward-auth/envoy", {
    "X-Jeton-Team": team,
    "X-Jeton-Permission": "EMM.Devices.VIEW",
  });
  expectRefusal(refused, 503, "COM0004");
});
