import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { buildWorker } from "../../scripts/local/build.ts";
import { startRegion, type RegionServer } from "../../scripts/local/region-server.ts";
import { OPERATOR_KEY } from "./operator.ts";

const folder = mkdtempSync(join(tmpdir(), "cold-start-"));
let bundle = "";
let server: RegionServer;
let log = "";

beforeAll(async () => {
  bundle = await buildWorker(folder);
});

// Every test meets a Worker that nobody has asked for anything yet.
beforeEach(async () => {
  const vars = { DEVELOPMENT: "true", OPERATOR_KEY, TAG_KEYS: "jtn-dev-tag-key" };
  log = "";
  const onLog = (text: string): void => {
    log += text;
  };
  server = await startRegion({ region: "us", port: 0, stateDir: null, vars, bundle, onLog });
});
afterEach(() => server.stop());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** One of each part that is loaded when it is first asked for, and what is nobody's. */
const EACH_PART: readonly Asked[] = [
  { method: "GET", path: "/healthz", status: 200 },
  { method: "POST", path: "/v1/check", status: 401 },
  { method: "GET", path: "/v1/services", status: 401 },
  { method: "DELETE", path: "/v1/services", status: 405 },
  { method: "GET", path: "/.well-known/oauth-authorization-server", status: 200 },
  { method: "POST", path: "/oauth/v2/token", status: 401 },
  { method: "GET", path: "/signin", status: 200 },
  { method: "GET", path: "/console", status: 303 },
  { method: "GET", path: "/v1/nothing-here", status: 404 },
  { method: "GET", path: "/nothing-here", status: 404 },
];

async function statusOf({ method, path }: Asked): Promise<number> {
  const answer = await fetch(`${server.directUrl}${path}`, { method, redirect: "manual" });
  await answer.text();
  return answer.status;
}

const FIRST = ["/v1/services", "/oauth/v2/token", "/signin", "/nothing-here"];

test.each(EACH_PART.filter(({ method, path }) => method !== "DELETE" && FIRST.includes(path)))(
  "the first request of all may be $method $path: $status",
  async (asked) => {
    expect(await statusOf(asked)).toBe(asked.status);
  },
);

test("whoever is first to ask for a part, and with whom, makes no difference: all are answered", async () => {
  const all = Array.from({ length: 6 }, () => EACH_PART).flat();
  expect(await Promise.all(all.map((asked) => statusOf(asked)))).toEqual(all.map(({ status }) => status));
  expect(log).not.toMatch(/"level":"error"/);
});

test("who asks first and goes away leaves nobody else waiting", async () => {
  const leaving = await Promise.all(EACH_PART.map((asked) => askAndLeave(asked)));
  expect(await Promise.all(EACH_PART.map((asked) => statusOf(asked)))).toEqual(
    EACH_PART.map(({ status }) => status),
  );
  expect(leaving).toEqual(EACH_PART.map(() => "left"));
  expect(log).not.toMatch(/"level":"error"/);
});

/** Sends a request whole, and is gone before it is answered. */
function askAndLeave({ method, path }: Asked): Promise<string> {
  const { hostname, port } = new URL(server.directUrl);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      const request = `${method} ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Length: 0\r\n\r\n`;
      socket.write(request, () => {
        socket.resetAndDestroy();
        resolve("left");
      });
    });
    socket.on("error", reject);
    socket.on("data", () => reject(new Error("was answered before it could leave")));
  });
}
