import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../scripts/check/tool.ts";
import { buildWorker } from "../scripts/local/build.ts";
import { parseVars } from "../scripts/local/dev-vars.ts";
import { startRegion } from "../scripts/local/region-server.ts";
import type { LocalWorker } from "../scripts/local/runtime.ts";

export interface IssuedToken {
  readonly id: string;
  readonly token: string;
}

export interface TokenOptions {
  readonly permissions: readonly string[];
  readonly profile_id?: string;
  readonly allowed_ips?: readonly string[];
  readonly rate_limit?: { readonly limit: number; readonly window_seconds: number };
}

/** A region on real workerd with its own storage, and what its operator does with it. */
export interface RunningJeton {
  readonly url: string;
  makeTeam(): Promise<string>;
  /** Returns the service's key. */
  makeService(): Promise<string>;
  issue(team: string, options: TokenOptions): Promise<IssuedToken>;
  revoke(team: string, id: string): Promise<void>;
  /** Ends it; again: nothing more. */
  stop(): Promise<void>;
}

export interface JetonOptions {
  readonly vars?: Readonly<Record<string, string>>;
  /** Makes a Worker ready that runs beside it, in a folder where it may write. */
  readonly beside?: (folders: { stateDir: string; buildDir: string }) => Promise<LocalWorker>;
}

export async function startJeton({ vars = {}, beside }: JetonOptions = {}): Promise<RunningJeton> {
  const folder = mkdtempSync(join(tmpdir(), "jeton-"));
  const stateDir = join(folder, "state");
  const settings = {
    ...parseVars(readFileSync(join(ROOT, ".dev.vars.example"), "utf8"), "example"),
    ...vars,
  };
  const bundle = buildWorker(join(folder, "jeton"));
  const guests = beside === undefined ? [] : [await beside({ stateDir, buildDir: join(folder, "beside") })];
  const region = await startRegion({
    region: "us",
    port: 0,
    stateDir,
    vars: settings,
    bundle,
    beside: guests,
    onLog: () => {},
  });
  const operate = operatorOf(region.url, settings["OPERATOR_KEY"] ?? "");
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await region.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  let serial = 0;
  const unique = (): string => `test-${(serial += 1)}`;
  return {
    url: region.url,
    makeTeam: async () => {
      const slug = unique();
      return (await operate<{ team: { id: string } }>("/v1/teams", { name: slug, slug })).team.id;
    },
    makeService: async () => (await operate<{ key: string }>("/v1/services", { name: unique() })).key,
    issue: async (team, options) => {
      const path = `/v1/teams/${team}/access-tokens`;
      const made = await operate<{ token: string; access_token: { id: string } }>(path, {
        name: unique(),
        ...options,
      });
      return { id: made.access_token.id, token: made.token };
    },
    revoke: async (team, id) => {
      await operate(`/v1/teams/${team}/access-tokens/${id}/revoke`, {});
    },
    stop: () => (stopped ??= stop()),
  };
}

function operatorOf(url: string, key: string) {
  return async <T>(path: string, body: object): Promise<T> => {
    const response = await fetch(url + path, {
      method: "POST",
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  };
}
