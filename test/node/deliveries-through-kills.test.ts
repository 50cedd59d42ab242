import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { childRunning } from "../../bench/rig/cpu.ts";
import { buildWorker } from "../../scripts/local/build.ts";
import { startRegion, type RegionServer } from "../../scripts/local/region-server.ts";
import { OPERATOR_KEY } from "./operator.ts";

/*
 * The server is killed outright at random moments while tokens are being issued, and started again over the same
 * storage. Whatever it has acknowledged has its event, and each event arrives (contract, section 8).
 */

const KILLS = 5;
const CLIENTS = 4;

const folder = mkdtempSync(join(tmpdir(), "kills-"));
const vars = {
  DEVELOPMENT: "true",
  ALLOW_LOOPBACK_WEBHOOKS: "true",
  OPERATOR_KEY,
  TAG_KEYS: "jtn-dev-tag-key",
};

let bundle: string;
let receiver: Server;
let secret = "";
/** By subject: the ids of the events that arrived of it, and how often. */
const arrived = new Map<string, string[]>();
const unverified: string[] = [];

beforeAll(async () => {
  bundle = await buildWorker(join(folder, "worker"));
  receiver = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (part: string) => {
      body += part;
    });
    request.on("end", () => {
      take(body, request.headers as Record<string, string>);
      response.writeHead(204).end();
    });
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
}, 120_000);

afterAll(() => {
  receiver.closeAllConnections();
  receiver.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

function take(body: string, headers: Record<string, string>): void {
  try {
    new Webhook(secret).verify(body, headers);
  } catch {
    unverified.push(body);
    return;
  }
  const event = JSON.parse(body) as { id: string; data: { id: string } };
  arrived.set(event.data.id, [...(arrived.get(event.data.id) ?? []), event.id]);
}

function start(): Promise<RegionServer> {
  return startRegion({
    region: "us",
    port: 0,
    stateDir: join(folder, "state"),
    vars,
    bundle,
    onLog: () => {},
  });
}

/** Null: no answer came, and nobody knows whether it was done. */
async function post<T>({ url }: RegionServer, path: string, body: object): Promise<T | null> {
  try {
    const response = await fetch(url + path, {
      method: "POST",
      headers: { Authorization: `Bearer ${OPERATOR_KEY}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return response.status === 201 ? ((await response.json()) as T) : null;
  } catch {
    return null;
  }
}

/** Issues tokens from several clients at once until the server is gone; gives those that were acknowledged. */
async function loadUntilKilled(server: RegionServer, team: string, killAfter: number): Promise<string[]> {
  const acknowledged: string[] = [];
  let isKilled = false;
  const client = async (): Promise<void> => {
    while (!isKilled) {
      const made = await post<{ access_token: { id: string } }>(server, `/v1/teams/${team}/access-tokens`, {
        name: "load",
        permissions: ["EMM.Devices.VIEW"],
      });
      if (made !== null) acknowledged.push(made.access_token.id);
      if (acknowledged.length >= killAfter && !isKilled) {
        isKilled = true;
        process.kill(childRunning("workerd") ?? 0, "SIGKILL");
      }
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return acknowledged;
}

test("no event of an acknowledged change is lost, however often the server is killed", async () => {
  const first = await start();
  const team = await post<{ team: { id: string } }>(first, "/v1/teams", { name: "Kills", slug: "kills" });
  const teamId = team?.team.id ?? "";
  const { port } = receiver.address() as AddressInfo;
  const created = await post<{ secret: string }>(first, `/v1/teams/${teamId}/webhooks`, {
    url: `http://127.0.0.1:${port}/hook`,
    events: ["access_token.created"],
  });
  secret = created?.secret ?? "";
  expect(secret).toMatch(/^whsec_/);

  const acknowledged: string[] = [];
  let server = first;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const killAfter = 10 + Math.floor(Math.random() * 40);
    acknowledged.push(...(await loadUntilKilled(server, teamId, killAfter)));
    await server.stop().catch(() => undefined);
    server = await start();
  }
  const arrivedBeforeTheLast = arrived.size;
  expect(acknowledged.length).toBeGreaterThanOrEqual(KILLS * 10);

  try {
    // The platform fires the trigger each minute; messages that were in the queue are gone with the server.
    await expect
      .poll(
        async () => {
          await server.fireCron("* * * * *");
          return acknowledged.filter((id) => !arrived.has(id));
        },
        { timeout: 120_000, interval: 1_000 },
      )
      .toEqual([]);
    expect(arrivedBeforeTheLast).toBeGreaterThan(0);
    expect(unverified).toEqual([]);
    // Sent again or not: one change is one event.
    for (const ids of arrived.values()) expect(new Set(ids).size).toBe(1);
  } finally {
    await server.stop();
  }
}, 240_000);
