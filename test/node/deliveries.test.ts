import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildWorker } from "../../scripts/local/build.ts";
import { startRegion, type RegionServer } from "../../scripts/local/region-server.ts";
import { OPERATOR_KEY } from "./operator.ts";

/*
 * Events on their way through the real queue, with no scheduled job to help: whoever starts Jeton on their machine
 * sees them arrive.
 */

const folder = mkdtempSync(join(tmpdir(), "deliveries-"));
const POLLING = { timeout: 30_000, interval: 50 };

let server: RegionServer;
let receiver: Server;
/** Ids of webhooks' events that arrived, by path. */
const arrived: Record<string, string[]> = {};
const answers: Record<string, (response: ServerResponse) => void> = {};

beforeAll(async () => {
  const vars = {
    DEVELOPMENT: "true",
    ALLOW_LOOPBACK_WEBHOOKS: "true",
    OPERATOR_KEY,
    TAG_KEYS: "jtn-dev-tag-key",
  };
  server = await startRegion({
    region: "us",
    port: 0,
    stateDir: null,
    vars,
    bundle: buildWorker(folder),
    onLog: () => {},
  });
  receiver = createServer((request, response) => {
    const path = request.url ?? "";
    (arrived[path] ??= []).push(String(request.headers["webhook-id"]));
    (answers[path] ?? ((it) => it.writeHead(204).end()))(response);
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
}, 120_000);

afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function ask<T>(method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(server.url + path, {
    method,
    headers: { Authorization: `Bearer ${OPERATOR_KEY}`, "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}

let serial = 0;

/** A team with an endpoint at each of these paths. */
async function makeTeam(...paths: string[]): Promise<{ team: string; webhooks: string[] }> {
  serial += 1;
  const { team } = await ask<{ team: { id: string } }>("POST", "/v1/teams", {
    name: `Team ${serial}`,
    slug: `team-${serial}`,
  });
  const { port } = receiver.address() as AddressInfo;
  const webhooks: string[] = [];
  for (const path of paths) {
    const { webhook } = await ask<{ webhook: { id: string } }>("POST", `/v1/teams/${team.id}/webhooks`, {
      url: `http://127.0.0.1:${port}${path}`,
      events: ["access_token.created"],
    });
    webhooks.push(webhook.id);
  }
  return { team: team.id, webhooks };
}

async function issue(team: string): Promise<void> {
  await ask("POST", `/v1/teams/${team}/access-tokens`, { name: "x", permissions: ["EMM.Devices.VIEW"] });
}

interface Attempt {
  readonly status_code: number | null;
  readonly excerpt: string | null;
}

async function attemptsOf(team: string, webhook = ""): Promise<Attempt[]> {
  const { deliveries } = await ask<{ deliveries: { attempts: Attempt[] }[] }>(
    "GET",
    `/v1/teams/${team}/webhooks/${webhook}/deliveries`,
  );
  return deliveries.flatMap(({ attempts }) => attempts);
}

test("an event arrives soon after its change", async () => {
  const { team } = await makeTeam("/soon");
  await issue(team);
  await expect.poll(() => arrived["/soon"]?.length, POLLING).toBe(1);
});

test("an endpoint that does not answer delays no other, in its team or elsewhere", async () => {
  const held: ServerResponse[] = [];
  answers["/slow"] = (response) => held.push(response);
  const { team } = await makeTeam("/slow", "/quick");
  const { team: elsewhere } = await makeTeam("/elsewhere");
  for (let index = 0; index < 7; index += 1) await issue(team);
  await expect.poll(() => held.length, POLLING).toBe(5);
  await issue(elsewhere);
  await expect
    .poll(() => [arrived["/quick"]?.length, arrived["/elsewhere"]?.length], POLLING)
    .toEqual([7, 1]);
  // All the while the slow one has answered nothing, and holds five connections.
  expect(arrived["/slow"]).toHaveLength(5);
  answers["/slow"] = (response) => response.writeHead(204).end();
  for (const response of held) response.writeHead(204).end();
  await expect.poll(() => arrived["/slow"]?.length, POLLING).toBe(7);
});

test("an answer whose body never ends has arrived all the same", async () => {
  answers["/endless"] = (response) => {
    response.writeHead(200, { "Content-Type": "text/plain" }).write("the beginning");
  };
  const { team, webhooks } = await makeTeam("/endless");
  await issue(team);
  await expect
    .poll(() => attemptsOf(team, webhooks[0]), POLLING)
    .toMatchObject([{ status_code: 200, error: null }]);
});

test("what failed comes again, through the queue alone", async () => {
  answers["/hiccup"] = (response) => {
    delete answers["/hiccup"];
    response.writeHead(500, { "Content-Type": "text/plain" }).end("a hiccup");
  };
  const { team, webhooks } = await makeTeam("/hiccup");
  await issue(team);
  await expect.poll(() => arrived["/hiccup"]?.length, POLLING).toBe(2);
  expect(new Set(arrived["/hiccup"]).size).toBe(1);
  await expect
    .poll(() => attemptsOf(team, webhooks[0]), POLLING)
    .toMatchObject([{ status_code: 500, excerpt: "a hiccup" }, { status_code: 204 }]);
});

test("a redirect is not followed", async () => {
  const { port } = receiver.address() as AddressInfo;
  answers["/redirect"] = (response) =>
    response.writeHead(307, { Location: `http://127.0.0.1:${port}/inside` }).end();
  const { team, webhooks } = await makeTeam("/redirect");
  await issue(team);
  await expect
    .poll(() => attemptsOf(team, webhooks[0]), POLLING)
    .toMatchObject([{ status_code: 307, error: "redirect" }]);
  expect(arrived["/inside"]).toBeUndefined();
});
