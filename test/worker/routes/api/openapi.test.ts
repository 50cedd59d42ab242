import { Hono } from "hono";
import { expect, test } from "vitest";
import { OAUTH_PATHS } from "../../../../src/domain/oauth-endpoints.ts";
import { REGION_CODES } from "../../../../src/domain/region.ts";
import { apiRoutes } from "../../../../src/routes/api/table.ts";
import type { OAuthApp } from "../../../../src/routes/oauth/endpoint.ts";
import { serveOAuth } from "../../../../src/routes/oauth/serve.ts";
import { depsOf } from "../../../../src/wiring.ts";
import { call, expectAnswer, startWorker } from "../../support.ts";

test("anyone reads the API's description, with the addresses that this deployment knows", async () => {
  const origins = { us: "https://us.tokens.test", eu: "https://eu.tokens.test" };
  const at = await startWorker({ ORIGINS: JSON.stringify(origins) });
  const document = expectAnswer(await call("GET", "/openapi.json", { as: null, at }), 200, "OpenApi");
  expect(document.openapi).toMatch(/^3\.1\./);
  expect(document.servers).toHaveLength(REGION_CODES.length);
  expect(document.servers.slice(0, 2).map(({ url }) => url)).toEqual(Object.values(origins));
  const ofTable = [...new Set(apiRoutes.map(({ path }) => path))];
  expect(Object.keys(document.paths).slice(0, ofTable.length)).toEqual(ofTable);
});

test("what is served of the OAuth server is what is described, path by path", async () => {
  const isOAuth = (path: string) => /^\/(?:oauth|device|\.well-known)(?:\/|$)/.test(path);
  const app: OAuthApp = new Hono();
  serveOAuth(app, depsOf);
  const served = new Set(app.routes.map(({ path }) => path).filter(isOAuth));
  const { paths } = expectAnswer(await call("GET", "/openapi.json", { as: null }), 200, "OpenApi");
  expect(served.size).toBeGreaterThan(10);
  expect(Object.keys(paths).filter(isOAuth).toSorted()).toEqual([...served].toSorted());
});

test("every address of the metadata is described", async () => {
  const { paths } = expectAnswer(await call("GET", "/openapi.json", { as: null }), 200, "OpenApi");
  for (const path of Object.values(OAUTH_PATHS)) expect(paths).toHaveProperty([path]);
});
