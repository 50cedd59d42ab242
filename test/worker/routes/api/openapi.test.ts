import { expect, test } from "vitest";
import { REGION_CODES } from "../../../../src/domain/region.ts";
import { apiRoutes } from "../../../../src/routes/api/table.ts";
import { call, expectAnswer, startWorker } from "../../support.ts";

test("anyone reads the API's description, with the addresses that this deployment knows", async () => {
  const origins = { us: "https://us.tokens.test", eu: "https://eu.tokens.test" };
  const at = await startWorker({ ORIGINS: JSON.stringify(origins) });
  const document = expectAnswer(await call("GET", "/openapi.json", { as: null, at }), 200, "OpenApi");
  expect(document.openapi).toMatch(/^3\.1\./);
  expect(document.servers).toHaveLength(REGION_CODES.length);
  expect(document.servers.slice(0, 2).map(({ url }) => url)).toEqual(Object.values(origins));
  expect(Object.keys(document.paths)).toEqual([...new Set(apiRoutes.map(({ path }) => path))]);
});
