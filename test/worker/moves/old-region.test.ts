import { beforeAll, describe, expect, test } from "vitest";
import { storeCode } from "../oauth/support.ts";
import { furnish } from "./household.ts";
import { BY_CREDENTIAL, BY_OPERATOR, openEnds, WHILE_KEPT, type Left } from "./old-region.ts";
import { handOver, play, type Place } from "./support.ts";

let us: Place;
let left: Left;
let before: unknown;

const everything = () =>
  Promise.all(
    ["access_tokens", "refresh_tokens", "grants", "members", "webhooks", "clients", "client_secrets"].map(
      (table) => us.rows(`SELECT * FROM ${table} ORDER BY 1`),
    ),
  );

beforeAll(async () => {
  us = await play("us");
  const eu = await play("eu");
  const house = await furnish(us);
  const { code } = await storeCode(house.client);
  left = { ...house, ...(await openEnds(house)), code };
  await handOver(house.team.id, { from: us, to: eu });
  before = await everything();
});

describe("from the hand-over on, the region that a team has left names the other one", () => {
  test.each([...BY_CREDENTIAL, ...BY_OPERATOR, ...WHILE_KEPT])("to %s", async (_, ask, status, code) => {
    const said = await ask(left, us);
    expect([said.status, said.code], said.text).toEqual([status, code]);
    expect(said.text).toContain("https://tokens.example.eu");
  });

  test("and nothing of all that has changed a thing", async () => {
    expect(await everything()).toEqual(before);
  });
});
