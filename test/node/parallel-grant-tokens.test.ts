import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildWorker } from "../../scripts/local/build.ts";
import { startRegion, type RegionServer } from "../../scripts/local/region-server.ts";
import { OPERATOR_KEY } from "./operator.ts";

const folder = mkdtempSync(join(tmpdir(), "grant-tokens-"));
let server: RegionServer;

beforeAll(async () => {
  const vars = { DEVELOPMENT: "true", OPERATOR_KEY, TAG_KEYS: "jtn-dev-tag-key" };
  const bundle = buildWorker(folder);
  server = await startRegion({ region: "us", port: 0, stateDir: null, vars, bundle });
}, 60_000);

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

function post(path: string, body: object): Promise<Response> {
  return fetch(server.url + path, {
    method: "POST",
    headers: { Authorization: `Bearer ${OPERATOR_KEY}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

interface Made {
  readonly team: { readonly id: string };
  readonly client: { readonly id: string };
}

async function made(path: string, body: object): Promise<Made> {
  const answer: unknown = await (await post(path, body)).json();
  return answer as Made;
}

// Contract, section 6: ten grant tokens per ten minutes and client, exact. `fetch` opens a connection for each
// request that is under way.
test("of 40 parallel requests for a self client's grant token, exactly 10 get one", async () => {
  const { team } = await made("/v1/teams", { name: "Parallel", slug: "grants" });
  const clients = `/v1/teams/${team.id}/clients`;
  const { client } = await made(clients, { type: "self", name: "Sync" });

  const body = { scope: "EMM.Devices.VIEW", description: "parallel" };
  const answers = await Promise.all(
    Array.from({ length: 40 }, () => post(`${clients}/${client.id}/grant-tokens`, body)),
  );

  expect(answers.filter(({ status }) => status === 201)).toHaveLength(10);
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(30);
  for (const answer of refused) {
    expect(await answer.json()).toMatchObject({ error: "rate_limited", error_code: "COM0002" });
    const wait = Number(answer.headers.get("Retry-After"));
    expect(wait).toBeGreaterThan(590);
    expect(wait).toBeLessThanOrEqual(600);
  }
});
