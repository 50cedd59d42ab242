import { beforeAll, describe, expect, test } from "vitest";
import { REGISTRATION_TYPE } from "../../../src/domain/registration.ts";
import { defaultOrigin } from "../../../src/deployments.ts";
import type { Deps } from "../../../src/operations/deps.ts";
import { signJwt } from "../../../src/operations/oauth/sign-jwt.ts";
import { claimsOf, foreignId, type Message } from "../regions/support.ts";
import { expectAnswer, type Answer } from "../support.ts";
import { furnish, type Household } from "./household.ts";
import { confirm, moveTeam, play, type Move, type Place } from "./support.ts";

/*
 * A third region takes a client's registrations from the region where it lives: the one that its id names, or the one
 * to which that says the client has moved.
 */

let us: Place;
let eu: Place;
let india: Place;
let keys: Readonly<Record<"us" | "eu" | "in", Deps>>;
beforeAll(async () => {
  [us, eu, india] = [await play("us"), await play("eu"), await play("in")];
  keys = { us: await us.deps(), eu: await eu.deps(), in: await india.deps() };
});

/** A region's word about a client, sent to the third one. */
async function register(home: "us" | "eu", message: Message): Promise<Answer> {
  const claims = { ...claimsOf(home, message), aud: defaultOrigin("in") };
  return india.call("POST", "/v1/regions/clients", {
    as: null,
    body: await signJwt(keys[home], claims, REGISTRATION_TYPE),
    headers: { "Content-Type": "application/jwt" },
  });
}

const known = (id: string) => india.rows("SELECT home_region, name FROM clients WHERE id = ?", id);

async function registered(): Promise<{ house: Household; id: string }> {
  const house = await furnish(us);
  const { id } = house.client;
  const first = await register("us", { id, version: 1, enabled: { team: house.team.id, name: "From us" } });
  expectAnswer(first, 200, "TakenRegistration");
  expect(await known(id)).toEqual([{ home_region: "us", name: "From us" }]);
  return { house, id };
}

describe("a client that is enabled in a third region", () => {
  test("is registered there by its home, and by nobody else as long as it lives there", async () => {
    const { house, id } = await registered();
    const said = await register("eu", { id, version: 9, enabled: { team: house.team.id, name: "From eu" } });
    expect(said.status).toBeGreaterThanOrEqual(400);
    expect(said.status).toBeLessThan(500);
    expect(await known(id)).toEqual([{ home_region: "us", name: "From us" }]);
  });

  describe("and whose team has moved", () => {
    let house: Household;
    let id = "";
    let move: Move;
    beforeAll(async () => {
      ({ house, id } = await registered());
      move = await moveTeam(house.team.id, { from: us, to: eu });
    });

    const enabled = (name: string) => ({ team: house.team.id, name });

    test("is registered by its new home", async () => {
      const said = await register("eu", { id, version: 20, enabled: enabled("From eu") });
      expectAnswer(said, 200, "TakenRegistration");
      expect(await known(id)).toEqual([{ home_region: "eu", name: "From eu" }]);
    });

    test("and not by the old one any more, whatever number its word has", async () => {
      for (const version of [2, 21, 1_000_000]) {
        const said = await register("us", { id, version, enabled: enabled("From us again") });
        expect(said.status).toBeGreaterThanOrEqual(400);
        expect(said.status).toBeLessThan(500);
      }
      const off = await register("us", { id, version: 1_000_001, enabled: null });
      expect(off.status).toBeGreaterThanOrEqual(400);
      expect(await known(id)).toEqual([{ home_region: "eu", name: "From eu" }]);
    });

    test("nor by the old one once that has forgotten it, while the new one still may", async () => {
      await confirm(move, { from: us, to: eu });
      const home = await us.call("GET", `/v1/regions/clients/${id}`, { as: null });
      expect(expectAnswer(home, 200, "ClientHome")).toEqual({ client: id, home: "eu" });
      const old = await register("us", { id, version: 2_000_000, enabled: enabled("From us again") });
      expect(old.status).toBeGreaterThanOrEqual(400);
      const said = await register("eu", { id, version: 22, enabled: enabled("Still from eu") });
      expectAnswer(said, 200, "TakenRegistration");
      expect(await known(id)).toEqual([{ home_region: "eu", name: "Still from eu" }]);
    });
  });
});

describe("a region nobody vouches for", () => {
  test.each([
    ["a client of us that there is not", () => foreignId("us")],
    ["a client of the third region itself", () => foreignId("in")],
  ])("registers nothing: %s", async (_, make) => {
    const id = make();
    const said = await register("eu", { id, version: 1 });
    expect(said.status).toBeGreaterThanOrEqual(400);
    expect(said.status).toBeLessThan(500);
    expect(await known(id)).toEqual([]);
  });
});
