import { spawn, fork, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/check/tool.ts";
import { Asker } from "../rig/connection.ts";
import { renderRequest } from "../rig/request.ts";

const FOLDER = join(ROOT, "bench/peers");

/** Installs what is compared with, once; the main package stays free of it. */
export async function installPeers(): Promise<void> {
  if (existsSync(join(FOLDER, "node_modules/.package-lock.json"))) return;
  console.log("installing what is compared with: npm ci --prefix bench/peers");
  const child = spawn("npm", ["ci", "--prefix", FOLDER, "--no-audit", "--no-fund"], {
    cwd: FOLDER,
    stdio: ["ignore", "ignore", "inherit"],
    shell: process.platform === "win32",
  });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error("npm ci --prefix bench/peers failed");
}

/** Walks an authorization-code grant to its token, as a client and its user would. */
export async function obtainOAuthToken(url: string): Promise<string> {
  const asker = new Asker(url);
  const get = (path: string) => ask(asker, renderRequest({ method: "GET", path }));
  try {
    const redirect = "https://client.example/callback";
    const { client_id: client } = await get(`/client?redirect_uri=${encodeURIComponent(redirect)}`);
    const verifier = randomBytes(32).toString("base64url");
    const question = new URLSearchParams({
      response_type: "code",
      client_id: client ?? "",
      redirect_uri: redirect,
      scope: "devices.lock",
      state: "1",
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
    });
    const { location } = await get(`/authorize?${question.toString()}`);
    const exchange = {
      grant_type: "authorization_code",
      code: new URL(location ?? "").searchParams.get("code") ?? "",
      client_id: client ?? "",
      redirect_uri: redirect,
      code_verifier: verifier,
    };
    const { access_token: token } = await ask(asker, renderRequest({ path: "/token", form: exchange }));
    return token ?? "";
  } finally {
    asker.close();
  }
}

/** Signs a user up and makes an API key. */
export async function obtainApiKey(url: string): Promise<string> {
  const asker = new Asker(url);
  try {
    const { key } = await ask(asker, renderRequest({ path: "/set-up" }));
    return key ?? "";
  } finally {
    asker.close();
  }
}

async function ask(asker: Asker, request: string): Promise<Partial<Record<string, string>>> {
  const { status, text } = await asker.ask(request);
  if (status !== 200) throw new Error(`a peer answered ${status}: ${text}`);
  return JSON.parse(text) as Record<string, string>;
}

export interface Introspector {
  readonly url: string;
  readonly authorization: string;
  readonly token: string;
  readonly pid: number | null;
  stop(): Promise<void>;
}

/** Starts `oidc-provider` on Node and obtains a token from it. */
export async function startIntrospector(): Promise<Introspector> {
  const child = fork(join(FOLDER, "oidc-provider.js"), { stdio: ["ignore", "ignore", "ignore", "ipc"] });
  const { url, client } = await told(child);
  const authorization = `Basic ${btoa(`${client.id}:${client.secret}`)}`;
  const asker = new Asker(url);
  try {
    const form = { grant_type: "client_credentials", scope: "devices.lock" };
    const request = renderRequest({ path: "/token", headers: { Authorization: authorization }, form });
    const { access_token: token } = await ask(asker, request);
    return { url, authorization, token: token ?? "", pid: child.pid ?? null, stop: () => stop(child) };
  } finally {
    asker.close();
  }
}

interface Told {
  readonly url: string;
  readonly client: { readonly id: string; readonly secret: string };
}

function told(child: ChildProcess): Promise<Told> {
  const { promise, resolve, reject } = Promise.withResolvers<Told>();
  child.once("message", (message: Told) => resolve(message));
  child.once("exit", (code) => reject(new Error(`oidc-provider ended with ${code}`)));
  return promise;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.disconnect();
  await once(child, "exit");
}
