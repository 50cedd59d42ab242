import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildWorker } from "../../scripts/local/build.ts";
import { startRegion } from "../../scripts/local/region-server.ts";
import { OPERATOR_KEY } from "../node/operator.ts";
import { Browser } from "./browser.ts";

export interface RegisteredClient {
  readonly id: string;
  readonly secret: string;
}

/** A running region with one team, its owner, and whatever an integrator does there by the API. */
export interface Region {
  readonly url: string;
  readonly team: string;
  /** The owner's browser, signed out. */
  browser(): Browser;
  register(body: object): Promise<RegisteredClient>;
  grantToken(client: string, scope: string): Promise<string>;
  check(
    token: string,
    permission: string,
  ): Promise<{ readonly allowed: boolean; readonly reason: string | null }>;
  stop(): Promise<void>;
}

const OWNER = { email: "owner@clients.example", password: "a password of some length" };

export async function startClientsRegion(): Promise<Region> {
  const folder = mkdtempSync(join(tmpdir(), "clients-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const vars = {
    DEVELOPMENT: "true",
    OPERATOR_KEY,
    TAG_KEYS: "jtn-dev-tag-key",
    ORIGINS: JSON.stringify({ us: url }),
  };
  const server = await startRegion({ region: "us", port, stateDir: null, vars, bundle: buildWorker(folder) });
  const { team } = await post<{ team: { id: string } }>(url, "/v1/teams", {
    name: "Clients",
    slug: "clients",
    owner: OWNER,
  });
  const { key } = await post<{ key: string }>(url, "/v1/services", { name: "api" });
  const clients = `/v1/teams/${team.id}/clients`;
  return {
    url,
    team: team.id,
    browser: () => new Browser(url, OWNER),
    register: async (body) => {
      const made = await post<{ client: { id: string }; client_secret: string | null }>(url, clients, body);
      return { id: made.client.id, secret: made.client_secret ?? "" };
    },
    grantToken: async (client, scope) => {
      const path = `${clients}/${client}/grant-tokens`;
      return (await post<{ code: string }>(url, path, { scope, description: "for a test" })).code;
    },
    check: (token, permission) => post(url, "/v1/check", { token, permissions: [permission] }, key),
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function post<T>(url: string, path: string, body: object, as: string = OPERATOR_KEY): Promise<T> {
  const response = await fetch(url + path, {
    method: "POST",
    headers: { Authorization: `Bearer ${as}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}
