import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createServer, type RequestListener, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { authorize, httpAuthority } from "../../src/guard/index.ts";
import { allowed } from "./stub-authority.ts";

const QUESTION = { token: "jtn_pat_us_x", permissions: ["EMM.Devices.VIEW"], team: "team_1" };

/** Guards one request by what answers at `fetch`. */
async function guardedBy(fetch: (request: Request) => Promise<Response>, timeoutMs = 5_000) {
  const causes: unknown[] = [];
  const authority = httpAuthority({
    url: "https://jeton.example",
    serviceKey: "jtn_sk_us_x",
    fetch,
    timeoutMs,
  });
  const request = new Request("https://api.example/", { headers: { Authorization: "Bearer jtn_pat_us_x" } });
  const authorization = await authorize(request, {
    authority,
    team: "any",
    permissions: [],
    onUnavailable: (cause) => causes.push(cause),
  });
  const status = authorization.allowed ? 200 : authorization.response.status;
  const retryAfter = authorization.allowed ? null : authorization.response.headers.get("Retry-After");
  return { status, retryAfter, causes };
}

function answering(body: unknown, init: ResponseInit = {}): () => Promise<Response> {
  return () => Promise.resolve(new Response(typeof body === "string" ? body : JSON.stringify(body), init));
}

describe("a question over HTTP", () => {
  test("is POST /v1/check of the region, with the service key and the caller's languages", async () => {
    const sent: Request[] = [];
    const authority = httpAuthority({
      url: "https://jeton.example/somewhere/",
      serviceKey: "jtn_sk_us_x",
      fetch: (request) => {
        sent.push(request);
        return answering(allowed())();
      },
    });
    expect(await authority.check(QUESTION, { acceptLanguage: "fr" })).toEqual(allowed());
    const [request] = sent;
    expect([request?.method, request?.url]).toEqual(["POST", "https://jeton.example/v1/check"]);
    expect(request?.headers.get("Authorization")).toBe("Bearer jtn_sk_us_x");
    expect(request?.headers.get("Accept-Language")).toBe("fr");
    expect(request?.headers.get("Content-Type")).toBe("application/json");
    expect(await request?.json()).toEqual(QUESTION);
  });

  test("to no address at all is a mistake that shows when the Worker starts", () => {
    expect(() => httpAuthority({ url: "jeton.example", serviceKey: "jtn_sk_us_x" })).toThrow(TypeError);
  });
});

describe("nobody is let through by", () => {
  test.each([
    ["a failing network", () => Promise.reject(new TypeError("fetch failed"))],
    ["a page", answering("<!doctype html><title>Welcome</title>")],
    ["nothing", answering("")],
    ["a 200 of somebody else", answering({ ok: true })],
    ["a 200 that says allowed and nothing else", answering({ allowed: true })],
    ["a 204", () => Promise.resolve(new Response(null, { status: 204 }))],
    ["a verdict with another status than 200", answering(allowed(), { status: 202 })],
    ["a redirect", () => Promise.resolve(Response.redirect("https://evil.example/", 307))],
    ["a gateway's page", answering("<h1>502 Bad Gateway</h1>", { status: 502 })],
    ["a gateway's JSON", answering({ message: "forbidden" }, { status: 403 })],
    ["JSON's null", answering("null")],
  ])("%s: 503 with Retry-After, and the owner is told", async (_, fetch) => {
    const { status, retryAfter, causes } = await guardedBy(fetch);
    expect([status, retryAfter]).toEqual([503, "1"]);
    expect(causes).toHaveLength(1);
  });

  test("a server that is busy says for how long", async () => {
    const error = { error_code: "COM0004", error_description: "Busy.", localized_error_description: "Busy." };
    const headers = { "Retry-After": "9" };
    expect(await guardedBy(answering(error, { status: 503, headers }))).toMatchObject({
      status: 503,
      retryAfter: "9",
    });
    expect(await guardedBy(answering(error, { status: 429, headers }))).toMatchObject({
      status: 503,
      retryAfter: "9",
    });
  });
});

describe("on a real network", () => {
  const servers: Server[] = [];
  const seen: string[] = [];
  let silent = "";
  let redirecting = "";
  let closed = "";

  async function listen(handler: RequestListener): Promise<string> {
    const server = createServer(handler);
    servers.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  beforeAll(async () => {
    silent = await listen(() => {});
    const trap = await listen((request, response) => {
      seen.push(request.url ?? "");
      response.end(JSON.stringify(allowed()));
    });
    redirecting = await listen((_, response) => {
      response.writeHead(307, { Location: `${trap}/v1/check` }).end();
    });
    closed = await listen(() => {});
    const server = servers.at(-1);
    server?.close();
  });

  afterAll(() => {
    for (const server of servers) server.close().closeAllConnections();
  });

  async function ask(url: string, timeoutMs: number): Promise<number> {
    const authority = httpAuthority({ url, serviceKey: "jtn_sk_us_x", timeoutMs });
    const request = new Request("https://api.example/", {
      headers: { Authorization: "Bearer jtn_pat_us_x" },
    });
    const authorization = await authorize(request, { authority, team: "any", permissions: [] });
    return authorization.allowed ? 200 : authorization.response.status;
  }

  test("a server that never answers is given up on", async () => {
    expect(await ask(silent, 50)).toBe(503);
  });

  test("a port that nobody listens on is as good", async () => {
    expect(await ask(closed, 5_000)).toBe(503);
  });

  test("a redirect is not followed: the caller's token goes to Jeton alone", async () => {
    expect(await ask(redirecting, 5_000)).toBe(503);
    expect(seen).toEqual([]);
  });
});
